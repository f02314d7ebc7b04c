"""Events written and RSVPs arriving at a steady rate, while `bench/search.py` searches.

Run by it with DATABASE_URL set, `python -m bench.writers SECONDS EVENTS RSVPS` (a second); says
how many of each it managed, and takes its events out again.

Some events are written beforehand as the site writes them; what the database was told then, it is
told again at the steady rate. It has the whole work of it. The site's Python, which would run on
other machines, takes little processor, and that at the lowest priority.
"""

import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

os.environ["BARNSTORM_MODE"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django

django.setup()

from django.db import connection, connections, transaction
from django.db.models import Max

from bench import world
from events import totals
from events.models import CountDue, Event, Timeslot, new_uid
from events.spatial import index_event
from events.states import AddressVisibility
from rsvps.capacity import TimeslotFull, TimeslotUnavailable
from rsvps.signup import SignupForm, sign_up

FORK = multiprocessing.get_context("fork")
WRITERS = 2  # processes that write events
REHEARSED = 300
ZIPS = world.Zips()


def write_event(rng: random.Random, host_id: int) -> Timeslot:
    """One public event with one timeslot, and its listing."""
    latitude, longitude, zone, code = ZIPS.draw(rng, 1)[0]
    event = Event(
        host_id=host_id,
        state="approved",
        type=rng.choice(world.TYPES),
        title="Written while others search",
        latitude=latitude,
        longitude=longitude,
        public_latitude=latitude,
        public_longitude=longitude,
        public_city="Sample",
        public_state_code="NY",
        public_postal_code=code,
        timezone=zone,
        created_at=world.NOW,
        updated_at=world.NOW,
        published_at=world.NOW,
    )
    starts_at = world.NOW + timedelta(hours=rng.randrange(1, 1000))
    with transaction.atomic():
        event.save(force_insert=True)
        timeslot = event.timeslots.create(
            starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), changed_at=world.NOW
        )
        index_event(event, now=world.NOW)
    return timeslot


class Rehearsal:
    """What the database is told when an event is written, to be told again as another event."""

    def __init__(self, rng: random.Random, host_id: int) -> None:
        self._told: list[tuple[str, Sequence]] = []
        with connection.execute_wrapper(self._note):
            first = write_event(rng, host_id)
        own = {first.event_id: "OUR-EVENT", first.pk: "OUR-TIMESLOT", first.uid: "OUR-UID"}
        self.statements = [
            connection.ops.compose_sql(sql, [own.get(value, value) for value in params])
            for sql, params in self._told
        ]

    def _note(self, execute: Callable, sql: str, params: Sequence, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "DELETE", "SELECT", "UPDATE")):
            self._told.append((sql, params))
        return execute(sql, params, *rest)

    def again(self) -> None:
        other = {"OUR-UID": new_uid()}
        tell("BEGIN")
        for text in self.statements:
            for name, value in other.items():
                text = text.replace(name, value)
            number = tell(text)
            for name, table in (("OUR-EVENT", "event"), ("OUR-TIMESLOT", "timeslot")):
                if text.startswith(f'INSERT INTO "events_{table}" '):
                    other[name] = number
        tell("COMMIT")


def again_and_again(rng: random.Random, rehearsed: Sequence[Rehearsal]) -> Callable[[], None]:
    return lambda: rng.choice(rehearsed).again()


def tell(text: str) -> str:
    """Say it to PostgreSQL with as little Python as can be; the first value it answers."""
    connection.ensure_connection()
    result = connection.connection.pgconn.exec_(text.encode())
    if result.error_message:
        raise RuntimeError(f"{text}: {result.error_message.decode()}")
    return (result.get_value(0, 0) or b"").decode() if result.ntuples else ""


def write_rsvp(rng: random.Random, most: int) -> None:
    """Somebody new says they come to one of the first events."""
    slot = Timeslot.objects.select_related("event").get(pk=rng.randrange(1, most))
    if slot.event.address_visibility == AddressVisibility.PRIVATE:
        return
    name = f"guest{rng.randrange(10**12)}"
    form = SignupForm(
        event=slot.event,
        timeslots={slot.pk: slot.version},
        name=name,
        email=f"{name}@example.org",
        postal_code="43215",
    )
    try:
        sign_up(form, now=world.NOW)
    except (TimeslotFull, TimeslotUnavailable):
        return  # an answer as well


class Pace:
    """Calls something so often a second, in a process of its own, and counts."""

    def __init__(self, rate: float, until: float, call: Callable[[], object]) -> None:
        self.rate, self.until, self.call = rate, until, call
        self.done = FORK.Value("i", 0)
        self.process = FORK.Process(target=self._run)
        self.process.start()

    def _run(self) -> None:
        os.nice(19)  # those who search come first, as if this ran elsewhere
        begun = time.monotonic()
        while time.monotonic() < self.until:
            self.call()
            self.done.value += 1
            time.sleep(max(0.0, begun + self.done.value / self.rate - time.monotonic()))


def main() -> None:
    seconds, events, rsvps = (float(word) for word in sys.argv[1:])
    first = Event.objects.aggregate(Max("pk"))["pk__max"] or 0
    slots = Timeslot.objects.aggregate(Max("pk"))["pk__max"] or 1
    host_id = Event.objects.values_list("host_id", flat=True)[0]
    rng = random.Random(first)
    rehearsed = [Rehearsal(rng, host_id) for _ in range(REHEARSED)]
    connections.close_all()  # each process makes its own
    print(flush=True)  # now it begins
    until = time.monotonic() + seconds
    writing = [
        # Each in an order of its own: they would wait for each other.
        Pace(events / WRITERS, until, again_and_again(random.Random(number), rehearsed))
        for number in range(WRITERS)
    ]
    coming = Pace(rsvps, until, lambda: write_rsvp(rng, slots))
    worker = Pace(0.2, until, lambda: totals.recount(world.NOW))  # as `manage.py deliver` does
    for pace in (*writing, coming, worker):
        pace.process.join()
    written = sum(pace.done.value for pace in writing)
    done = {"events": written / seconds, "rsvps": coming.done.value / seconds}
    print(json.dumps(done), flush=True)
    clear_away(first)


def clear_away(first: int) -> None:
    """The database as it was, for the next run."""
    written = Event.objects.filter(pk__gt=first)
    with connection.cursor() as cursor:
        for table in ("listing", "calendarentry", "timeslot"):
            cursor.execute(f"DELETE FROM events_{table} WHERE event_id > %s", [first])
        cursor.execute("UPDATE events_countedevent SET next_at = 0 WHERE event_id > %s", [first])
    written._raw_delete(written.db)
    CountDue.objects.filter(event_id__gt=first).delete()
    while totals.recount(world.NOW):
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
