"""`make drill-kill`: deliverers and web workers killed at any moment, on both databases.

REMINDERS (10,000) are delivered by three deliverers of which a random one is killed KILLS (60)
times with `kill -9`. Then web workers die at every point between the first statement of an
RSVP and its response. What must come out: no letter lost; none doubled but for rows marked
uncertain, at most one for each kill and connection; no RSVP without its letter and no letter
without its RSVP. POSTGRES_URL names a server where a database may be made; without it the
drill runs on SQLite alone.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bench import drills

DELIVERERS = 3
# As in the product, only shorter: what a killed deliverer held is looked at again sooner.
LEASE = timedelta(seconds=6)


def main() -> None:
    reminders = int(os.environ.get("REMINDERS", "10000"))
    kills = int(os.environ.get("KILLS", "60"))
    print("| database | reminders | kills | sent | uncertain | lost | doubled | RSVP points |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for vendor, url in drills.databases("kill"):
        command = [sys.executable, "-m", "bench.drill_kill", "one", vendor, url]
        command += [str(reminders), str(kills)]
        subprocess.run(command, check=True, cwd=drills.ROOT)


def one(vendor: str, url: str, reminders: int, kills: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "taken.log"
        log.touch()
        drills.set_up(url, BARNSTORM_VAR=folder)
        begun = time.monotonic()
        with drills.sink(log=log) as port:
            more = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "BARNSTORM_VAR": folder}
            sent, uncertain = kill_deliverers(url, reminders, kills, log, more)
        taken = Counter(line.split()[0] for line in log.read_text().splitlines())
        doubled = sum(1 for count in taken.values() if count > 1)
        lost = lost_letters(taken)
        print(f"(letters took {time.monotonic() - begun:.0f} s)", file=sys.stderr)
        points = kill_web_workers()
    if lost or doubled or uncertain > kills or sent + uncertain != reminders:
        raise SystemExit(f"{vendor}: {sent=} {uncertain=} {lost=} {doubled=}")
    print(
        f"| {vendor} | {reminders:,} | {kills} | {sent:,} | {uncertain} | 0 | 0 | {points} |",
        flush=True,
    )


def kill_deliverers(
    url: str, reminders: int, kills: int, log: Path, more: dict[str, str]
) -> tuple[int, int]:
    """Deliver all of it with kills spread over the run; answers (sent, uncertain)."""
    from outbox.clock import database_now
    from outbox.models import Message

    drills.post(reminders, kind="drill_reminder", now=database_now())
    dice = random.Random(11)
    deliverers = [start(url, more) for _ in range(DELIVERERS)]
    done = 0
    while True:
        left = Message.objects.filter(state__in=["queued", "claimed", "transmitting"]).count()
        if not left:
            break
        # Kills are spread over the letters, so that they fall into the thick of it.
        if done < kills and reminders - left >= reminders * (done + 1) // (kills + 2):
            at = dice.randrange(DELIVERERS)
            deliverers[at].send_signal(signal.SIGKILL)
            deliverers[at].wait()
            deliverers[at] = start(url, more)
            done += 1
        time.sleep(dice.random() * 0.05)
    for deliverer in deliverers:
        deliverer.send_signal(signal.SIGTERM)
        deliverer.wait()
    if done != kills:
        raise SystemExit(f"only {done} kills happened")
    states = Counter(Message.objects.values_list("state", flat=True))
    return states["sent"], states["uncertain"]


def start(url: str, more: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.drill_kill", "deliver", url],
        cwd=drills.ROOT,
        env=drills.environment(url, **more),
        stderr=subprocess.DEVNULL,
    )


def deliver(url: str) -> None:
    """A deliverer as `manage.py deliver` runs it, with the drill's kinds and shorter leases."""
    os.environ.update(drills.environment(url))
    import django

    django.setup()
    drills.register_kinds()
    from outbox import ledger
    from outbox.loop import Loop

    ledger.CLAIM_LEASE = ledger.TRANSMIT_LEASE = LEASE
    loop = Loop()
    signal.signal(signal.SIGTERM, lambda *_: loop.stop())
    loop.run()


def lost_letters(taken: Counter[str]) -> int:
    """Letters said to be sent that never came."""
    from outbox.models import Message

    sent = Message.objects.filter(state="sent").values_list("recipient", flat=True)
    return sum(1 for recipient in sent if taken[recipient] == 0)


# -- Web workers -----------------------------------------------------------------------------


def kill_web_workers() -> int:
    """RSVP again and again, dying one point later each time; answers how many points."""
    from django.conf import settings
    from django.test import Client

    from tests.factories import make_event, make_timeslot

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.RSVP_POSTS_PER_NETWORK = settings.RSVP_POSTS_PER_EVENT = 1_000_000
    points = 0
    for private in (False, True):
        event = make_event(private=private)
        timeslot = make_timeslot(event, capacity=10_000)
        page = Client().get(f"/events/{event.pk}/rsvp/").content.decode()
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]
        form = {"timeslots": f"{timeslot.pk}.{timeslot.version}", "stamp": stamp}
        for point in range(1, 1000):
            finished = die_at(point, event.pk, form)
            check_balance(timeslot)
            if finished:
                break
            points += 1
    return points


def die_at(point: int, event_id: int, form: dict[str, str]) -> bool:
    """In a process of its own: send the form, and die at that point; True if it lived."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            send_form(point, event_id, form)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 1:
        raise SystemExit("the form could not be sent")
    return status == 0


def send_form(point: int, event_id: int, form: dict[str, str]) -> None:
    from django.db import connection
    from django.test import Client

    url = f"/events/{event_id}/rsvp/"
    form = form | {
        "name": "Alex Guest",
        "email": f"guest{event_id}x{point}@example.org",
        "postal_code": "43215",
        "party_size": "2",
        "note": "",
    }
    passed = 0

    def pass_point() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os._exit(9)

    def wrapper(execute, sql, params, many, context):
        pass_point()
        result = execute(sql, params, many, context)
        pass_point()
        return result

    commit = connection._commit

    def committing():
        pass_point()
        commit()
        pass_point()

    connection._commit = committing
    with connection.execute_wrapper(wrapper):
        response = Client().post(url, form)
    pass_point()
    assert response.status_code == 302, response.content.decode()


def check_balance(timeslot) -> None:
    """Seats, RSVPs and letters agree."""
    from django.db.models import Sum

    from outbox.models import Message
    from rsvps.models import Rsvp
    from rsvps.states import SEATED, RsvpStatus

    timeslot.refresh_from_db()
    rsvps = Rsvp.objects.filter(timeslot=timeslot)
    seats = rsvps.filter(status__in=SEATED).aggregate(seats=Sum("party_size"))["seats"] or 0
    about = f"event:{timeslot.event_id}"
    told = set(Message.objects.about(about).values_list("subject_key", flat=True))
    waiting = {f"guest:{rsvp.guest_id}" for rsvp in rsvps.filter(status=RsvpStatus.UNCONFIRMED)}
    coming = {f"rsvp:{rsvp.pk}" for rsvp in rsvps.filter(status=RsvpStatus.ACCEPTED)}
    if timeslot.seats_taken != seats or told != waiting | coming:
        raise SystemExit(
            f"{timeslot.seats_taken} seats taken, {seats} held; letters to {told}, "
            f"RSVPs of {waiting | coming}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", default="all", choices=["all", "one", "deliver"])
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    if arguments.part == "deliver":
        deliver(*arguments.rest)
    elif arguments.part == "one":
        vendor, url, reminders, kills = arguments.rest
        one(vendor, url, int(reminders), int(kills))
    else:
        main()
