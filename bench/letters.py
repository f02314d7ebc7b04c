"""`make bench-letters`: how fast letters are built, delivered, planned and claimed.

Everything is measured beside its rival in the same run, in turns, so that a busy machine is
busy for both; what counts are the ratios. POSTGRES_URL names a server where a database may be
made; part (c) needs it.
"""

import argparse
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

from bench import drills

ROUNDS = 3
CROWDED = 3500  # timeslots


def main() -> None:
    build_all = int(os.environ.get("LETTERS", "600"))
    deliver_all = int(os.environ.get("DELIVERED", "1500"))
    reminders = int(os.environ.get("REMINDERS", "100000"))
    with tempfile.TemporaryDirectory() as folder:
        run("build", f"sqlite:///{folder}/bench.sqlite3", str(build_all))
    for vendor, url in drills.databases("letters"):
        run("delivery", url, vendor, str(deliver_all))
        if vendor == "PostgreSQL":
            run("claiming", url, str(reminders))


def run(part: str, url: str, *more: str) -> None:
    command = [sys.executable, "-m", "bench.letters", part, url, *more]
    subprocess.run(command, check=True, cwd=drills.ROOT)


# -- (a) building ----------------------------------------------------------------------------


def build(url: str, count: int) -> None:
    """Invitations to one guest list, from the ledger's rows to bytes ready for the wire.

    Both sides look their RSVPs up in the deliverer's batches. The rival renders templates and
    builds calendar object and message anew for each guest; a second, stricter one is handed
    ready words, and does with `icalendar` and `email` alone what is left.
    """
    drills.set_up(url)
    from itertools import batched

    from django.utils import timezone

    from outbox import delivery
    from outbox.letters import kind_named
    from outbox.message import new_message_id
    from outbox.models import Message
    from rsvps.contents import rsvps_of
    from rsvps.invites import post_invitation
    from tests import from_scratch
    from tests.factories import make_event, make_rsvp, make_timeslot

    now = timezone.now()
    timeslot = make_timeslot(make_event(), capacity=None)
    for _ in range(count):
        post_invitation(make_rsvp(timeslot), now=now)
    kind = kind_named("invitation")

    def ours() -> None:
        for batch in batched(Message.objects.filter(kind="invitation"), delivery.BATCH):
            delivery.gather(batch)
            for message in batch:
                delivery.render(message, kind, now)

    def each(write: Callable[..., bytes], **more) -> None:
        for batch in batched(Message.objects.filter(kind="invitation"), delivery.BATCH):
            rsvps = rsvps_of(batch)
            for message in batch:
                write(rsvps[message.pk], message, now, message_id=new_message_id(), **more)

    first = Message.objects.filter(kind="invitation").first()
    words = from_scratch.words(rsvps_of([first])[first.pk], first, now)
    compare(
        f"(a) invitations built, {count}",
        count,
        ("ours", ours),
        ("from scratch", lambda: each(from_scratch.invitation)),
        (
            "from scratch with ready words",
            lambda: each(from_scratch.put_together, words=words),
        ),
    )


# -- (b) delivering --------------------------------------------------------------------------


def delivery(url: str, vendor: str, count: int) -> None:
    """Also says how much of a core each letter costs: on a busy machine that is the limit."""
    for delay_ms in (2.0, 0.0):
        with drills.sink(delay_ms=delay_ms) as port:
            os.environ.update(SMTP_HOST="127.0.0.1", SMTP_PORT=str(port))
            body = ready_made_letter(url)
            bare, one, two = [], [], []
            for _ in range(ROUNDS):
                bare.append(bare_loop(port, body, count))
                one.append(deliverers(url, 1, count, body, port))
                two.append(deliverers(url, 2, count, body, port))
        (bare_rate, bare_cpu), (one_rate, one_cpu), (two_rate, _cpu) = map(median, (bare, one, two))
        print(
            f"(b) {vendor}, sink answers after {delay_ms:g} ms: bare smtplib loop "
            f"{bare_rate:.0f}/s, one deliverer {one_rate:.0f}/s "
            f"({one_rate / bare_rate:.2f} of it), two {two_rate:.0f}/s "
            f"({two_rate / one_rate:.2f} of one); CPU a letter {bare_cpu:.2f} ms and "
            f"{one_cpu:.2f} ms",
            flush=True,
        )


def median(rounds: list[tuple[float, float]]) -> tuple[float, float]:
    rates, costs = zip(*rounds, strict=True)
    return statistics.median(rates), statistics.median(costs)


def ready_made_letter(url: str) -> bytes:
    """About as long as an invitation: 20 kB."""
    return b"Subject: See you\r\n\r\n" + b"a line of a letter that somebody reads\r\n" * 500


def bare_loop(port: int, body: bytes, count: int) -> tuple[float, float]:
    """smtplib alone over one kept connection: letters a second, milliseconds of CPU a letter."""
    with smtplib.SMTP("127.0.0.1", port, "bench") as smtp:
        smtp.ehlo()
        begun, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            smtp.sendmail("hello@example.org", [f"guest{number}@example.org"], body)
        spent = time.process_time() - cpu
        return count / (time.perf_counter() - begun), spent / count * 1000


def deliverers(url: str, number: int, count: int, body: bytes, port: int) -> tuple[float, float]:
    """The same of that many deliverers over the same rows, in processes of their own."""
    command = [sys.executable, "-m", "bench.letters"]
    environment = drills.environment(url, SMTP_HOST="127.0.0.1", SMTP_PORT=str(port))
    subprocess.run([*command, "post", url, str(count)], check=True, cwd=drills.ROOT)
    workers = [
        subprocess.Popen(
            [*command, "deliver", url],
            cwd=drills.ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    for worker in workers:
        worker.stdout.readline()  # ready
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    spans = [[float(word) for word in worker.communicate()[0].split()] for worker in workers]
    begun, ended = min(span[0] for span in spans), max(span[1] for span in spans)
    return count / (ended - begun), sum(span[2] for span in spans) / count * 1000


def post(url: str, count: int) -> None:
    drills.set_up(url)
    from outbox.models import Message

    Message.objects.all().delete()
    drills.post(count, kind="drill_invitation", now=drills.NOW, body=ready_made_letter(url))


def deliver(url: str) -> None:
    """One deliverer; says ready, waits for a line, says when it began and ended."""
    os.environ.update(drills.environment(url))
    import django

    django.setup()
    drills.register_kinds()
    from outbox.delivery import Deliverer
    from outbox.models import Message

    deliverer = Deliverer(clock=lambda: drills.NOW)
    Message.objects.count()
    print("ready", flush=True)
    sys.stdin.readline()
    begun, cpu = time.time(), time.process_time()
    while deliverer.work():
        pass
    ended, spent = time.time(), time.process_time() - cpu
    deliverer.close()
    print(begun, ended, spent)


# -- (c) planning and claiming ---------------------------------------------------------------


def claiming(url: str, count: int) -> None:
    """The planner and the deliverers' claims, beside one UPDATE of the rows they make.

    The guests of 3,500 timeslots that begin at the same hour; every round plans anew.
    """
    drills.set_up(url)
    from django.db import connection

    from outbox import delivery, ledger
    from outbox.models import Message
    from rsvps import reminders
    from rsvps.models import ReminderRun

    make_crowd(count)
    now = drills.NOW

    def start_anew() -> None:
        Message.objects.all().delete()
        ReminderRun.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def plan() -> None:
        if reminders.plan(now) != count:
            raise SystemExit("not everybody was planned for")

    def update() -> None:
        Message.objects.all().update(
            state="claimed", lease_owner="x", lease_until=now + ledger.CLAIM_LEASE
        )

    def claim() -> None:
        while ledger.claim(owner="bench", now=now, limit=delivery.BATCH):
            pass

    planned, updated, claimed = [], [], []
    for _ in range(ROUNDS):
        for work, times in [(update, updated), (claim, claimed)]:
            start_anew()
            planned.append(timed(plan))
            times.append(timed(work))
    plan_s, update_s, claim_s = map(statistics.median, (planned, updated, claimed))
    print(
        f"(c) {count:,} reminders on PostgreSQL: planned in {plan_s:.1f} s, claimed by "
        f"{delivery.BATCH} in {claim_s:.1f} s; one bulk UPDATE of the same rows {update_s:.1f} s "
        f"({plan_s / update_s:.1f} x, {claim_s / update_s:.1f} x)",
        flush=True,
    )


def make_crowd(count: int) -> None:
    """`count` RSVPs at 3,500 timeslots whose reminder of the day before is due at drills.NOW."""
    from rsvps.models import Guest, Rsvp, Supporter
    from rsvps.states import RsvpStatus
    from tests.factories import make_event, make_timeslot

    now = drills.NOW
    asked = now - timedelta(days=3)
    event = make_event(timezone="America/New_York")
    starts_at = now + timedelta(days=1, hours=1)
    timeslots = [
        make_timeslot(event, starts_at=starts_at, seats_taken=count) for _ in range(CROWDED)
    ]
    supporters = Supporter.objects.bulk_create(
        [Supporter(email=f"guest{n}@example.org", created_at=asked) for n in range(count)],
        batch_size=1000,
    )
    guests = Guest.objects.bulk_create(
        [Guest(supporter=who, event=event, created_at=asked) for who in supporters],
        batch_size=1000,
    )
    Rsvp.objects.bulk_create(
        [
            Rsvp(
                guest=guest,
                supporter=guest.supporter,
                timeslot=timeslots[number % CROWDED],
                status=RsvpStatus.ACCEPTED,
                created_at=asked,
                changed_at=asked,
                told_at=asked,
            )
            for number, guest in enumerate(guests)
        ],
        batch_size=1000,
    )


# -- Measuring -------------------------------------------------------------------------------


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def compare(title: str, count: int, *contenders: tuple[str, Callable[[], None]]) -> None:
    """Print letters a second of each, and how many times as many the first one makes."""
    times: dict[str, list[float]] = {name: [] for name, _work in contenders}
    for _ in range(ROUNDS):
        for name, work in contenders:
            times[name].append(timed(work))
    (ours, best), *rivals = ((name, count / min(times[name])) for name, _work in contenders)
    others = ", ".join(f"{name} {rate:.0f}/s ({best / rate:.1f} x)" for name, rate in rivals)
    print(f"{title}: {ours} {best:.0f}/s, {others}", flush=True)


PARTS = {
    "build": lambda url, count: build(url, int(count)),
    "delivery": lambda url, vendor, count: delivery(url, vendor, int(count)),
    "post": lambda url, count: post(url, int(count)),
    "deliver": deliver,
    "claiming": lambda url, count: claiming(url, int(count)),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", default="all", choices=["all", *PARTS])
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    if arguments.part == "all":
        main()
    else:
        PARTS[arguments.part](*arguments.rest)
