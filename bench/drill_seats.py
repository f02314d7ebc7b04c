"""`make drill-seats`: everybody on the last seats at once, over HTTP, on PostgreSQL.

PEOPLE (200) send the form for ten seats at the same moment to four processes, RUNS (20) times;
two people want one last seat; one person sends twenty forms that differ. Exactly the seats there
are may be taken, everybody else is told, nobody sees an error, and once the worker's errands are
done each guest has one letter, of whatever kind. The same with a database that prefers
another isolation level, and with the guard switched off (bench.unguarded), which must oversell:
otherwise the drill would prove nothing. POSTGRES_URL names a server to make a database on.
"""

import http.client
import itertools
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from urllib.parse import urlencode

from bench import drills

PROCESSES = 4
SEATS = 10
TOLD = ("just filled up", "spot is left", "spots are left")


def main() -> None:
    people, runs = int(os.environ.get("PEOPLE", "200")), int(os.environ.get("RUNS", "20"))
    server = os.environ.get("POSTGRES_URL")
    if not server:
        sys.exit("Set POSTGRES_URL: a PostgreSQL server to make a database on.")
    print("| drill | runs | in | told | errors | oversold |\n| --- | --- | --- | --- | --- | --- |")
    with drills.fresh_database(server, "seats") as url, tempfile.TemporaryDirectory() as folder:
        drills.set_up(url, BARNSTORM_VAR=folder)
        odd = "-c default_transaction_isolation=serializable"
        with site(url, folder) as port:
            drill(f"{people} on {SEATS}", port, people=people, seats=SEATS, runs=runs)
            drill("2 on the last", port, people=2, seats=1, runs=runs)
            one_person(port, forms=20, runs=runs)
        with site(url, folder, PGOPTIONS=odd) as port:
            name = f"{people} on {SEATS}, server prefers SERIALIZABLE"
            drill(name, port, people=people, seats=SEATS, runs=max(1, runs // 5))
        without_the_constraint()
        with site(url, folder, app="bench.unguarded") as port:
            name = f"{people} on {SEATS}, guard off (control)"
            control(name, port, people=people, runs=max(3, runs // 5))


_numbers = itertools.count()


def strangers(people: int) -> list[str]:
    """Addresses never used before: one may be typed twenty times a day."""
    return [f"guest{next(_numbers)}@example.org" for _ in range(people)]


def drill(name: str, port: int, *, people: int, seats: int, runs: int) -> None:
    told = 0
    for _ in range(runs):
        addresses = strangers(people)
        slot, answers = rush(port, addresses, seats=seats)
        counted, letters = tally(answers), letters_to(addresses)
        slot.refresh_from_db()
        right = {"in": seats, "told": people - seats}
        if (
            counted != right
            or slot.seats_taken != seats
            or slot.rsvps.count() != seats
            or letters != seats
        ):
            sys.exit(f"{name}: {counted}, {slot.seats_taken} seats taken, {letters} letters")
        told += counted["told"]
    print(f"| {name} | {runs} | {seats * runs} | {told} | 0 | 0 |", flush=True)


def one_person(port: int, *, forms: int, runs: int) -> None:
    for run in range(runs):
        addresses = [f"alex{run}@example.org"] * forms
        slot, answers = rush(port, addresses, seats=None, parties=2)
        counted, letters = tally(answers), letters_to(addresses)
        if counted != {"in": forms} or slot.rsvps.count() != 1 or letters != 1:
            sys.exit(f"{counted}, {slot.rsvps.count()} RSVPs, {letters} letters")
    print(f"| one person, {forms} forms | {runs} | {runs} | 0 | 0 | 0 |", flush=True)


def control(name: str, port: int, *, people: int, runs: int) -> None:
    counted: Counter[str] = Counter()
    for _ in range(runs):
        _slot, answers = rush(port, strangers(people), seats=SEATS)
        counted += tally(answers)
    oversold = counted["in"] - SEATS * runs
    if oversold <= 0:
        sys.exit(f"{name}: nothing oversold, so the drill proves nothing")
    line = f"{counted['in']} | {counted['told']} | {counted['error']} | {oversold}"
    print(f"| {name} | {runs} | {line} |", flush=True)


def rush(port: int, addresses: list[str], *, seats: int | None, parties: int = 1):
    """Send one form for each address at the same moment, for parties of so many sizes; the
    timeslot, and (status, page)s."""
    from tests.factories import make_event, make_timeslot

    slot = make_timeslot(make_event(), capacity=seats)
    path = f"/events/{slot.event_id}/rsvp/"
    gate = Barrier(len(addresses))
    page, cookie = fetch(port, path)
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]

    def send(numbered: tuple[int, str]) -> tuple[int, str]:
        number, address = numbered
        form = {
            "csrfmiddlewaretoken": csrf,
            "stamp": stamp,
            "timeslots": f"{slot.pk}.{slot.version}",
            "name": "Alex Guest",
            "email": address,
            "postal_code": "43215",
            "party_size": str(1 + number % parties),
            "note": f"form {number % 2}",
        }
        gate.wait(timeout=60)
        return post(port, path, form, cookie)

    with ThreadPoolExecutor(len(addresses)) as pool:
        return slot, list(pool.map(send, enumerate(addresses)))


def fetch(port: int, path: str) -> tuple[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
    return response.read().decode(), cookie


def post(port: int, path: str, form: dict[str, str], cookie: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", path, urlencode(form), headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def tally(answers: list[tuple[int, str]]) -> Counter[str]:
    def outcome(status: int, page: str) -> str:
        if status == 302:
            return "in"
        return "told" if status == 200 and any(words in page for words in TOLD) else "error"

    return Counter(outcome(status, page) for status, page in answers)


def letters_to(addresses: list[str]) -> int:
    """How many letters of any kind wait for them, once the worker has run its errands."""
    from django.utils import timezone

    from outbox.models import Message
    from rsvps import errands
    from rsvps.models import Errand

    while errands.run(timezone.now()):
        pass
    if Errand.objects.exists():
        sys.exit("an errand failed; the log above says why")
    return Message.objects.filter(recipient__in=addresses).count()


def without_the_constraint() -> None:
    """The database's own check would refuse what the missing guard lets through."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_timeslot DROP CONSTRAINT timeslot_not_oversold")


@contextmanager
def site(url: str, folder: str, *, app: str = "config.wsgi", **more: str) -> Iterator[int]:
    """The site in four processes of gunicorn's; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = drills.environment(
        url,
        BARNSTORM_VAR=folder,
        BIND=f"127.0.0.1:{port}",
        WEB_WORKERS=str(PROCESSES),
        RSVP_POSTS_PER_CONNECTION="1000000",
        RSVP_POSTS_PER_NETWORK="1000000",
        RSVP_POSTS_PER_EVENT="1000000",
        RSVP_RUSH_PERCENT="1000000",
        **more,
    )
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
    process = subprocess.Popen([*command, f"{app}:application"], cwd=drills.ROOT, env=environment)
    try:
        for _ in range(400):
            try:
                if "ok" in fetch(port, "/healthz")[0]:
                    break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
