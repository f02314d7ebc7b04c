"""`make drill-kill`: deliverers and web workers killed at any moment, on both databases.

REMINDERS (10,000) are delivered by three deliverers of which a random one is killed KILLS (60)
times with `kill -9`. Then web workers die at every point of every request that takes or frees
a seat (bench.web_deaths). What must come out: no letter lost; none doubled but for rows marked
uncertain, at most one for each kill and connection; no RSVP without its letter and no letter
without its RSVP. POSTGRES_URL names a server where a database may be made; without it the
drill runs on SQLite alone.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bench import drills
from bench.web_deaths import kill_web_workers

DELIVERERS = 3
# As in the product, only shorter: what a killed deliverer held is looked at again sooner.
LEASE = timedelta(seconds=6)


def main() -> None:
    reminders = int(os.environ.get("REMINDERS", "10000"))
    kills = int(os.environ.get("KILLS", "60"))
    columns = ["database", "reminders", "kills", "sent", "uncertain", "lost", "doubled"]
    columns += ["seconds", "web workers killed"]
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
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
            sent, uncertain = kill_deliverers(reminders, kills, log, port)
        seconds = time.monotonic() - begun
        taken = Counter(line.split()[0] for line in log.read_text().splitlines())
        doubled = sum(1 for count in taken.values() if count > 1)
        lost = lost_letters(taken)
        points = kill_web_workers()
    if lost or doubled or uncertain > kills or sent + uncertain != reminders:
        raise SystemExit(f"{vendor}: {sent=} {uncertain=} {lost=} {doubled=}")
    print(
        f"| {vendor} | {reminders:,} | {kills} | {sent:,} | {uncertain} | 0 | 0 "
        f"| {seconds:.0f} | {points} |",
        flush=True,
    )


def kill_deliverers(reminders: int, kills: int, log: Path, port: int) -> tuple[int, int]:
    """Deliver all of it with kills spread over the run; answers (sent, uncertain)."""
    from outbox.clock import database_now
    from outbox.models import Message

    drills.post(reminders, kind="drill_reminder", now=database_now())
    dice = random.Random(11)
    deliverers = [start(port) for _ in range(DELIVERERS)]
    taken, done = 0, 0
    with log.open("rb") as letters:
        # Kills are spread over the letters, so that they fall into the thick of it.
        while done < kills:
            time.sleep(dice.random() * 0.05)
            taken += sum(1 for _line in letters)
            if taken < reminders * (done + 1) // (kills + 2):
                continue
            at = dice.randrange(DELIVERERS)
            stop(deliverers[at], signal.SIGKILL)
            deliverers[at] = start(port)
            done += 1
            if done % 10 == 0:
                print(f"({done} kills, {taken:,} letters taken)", file=sys.stderr, flush=True)
    while Message.objects.filter(state__in=["queued", "claimed", "transmitting"]).exists():
        time.sleep(0.5)
    for deliverer in deliverers:
        stop(deliverer, signal.SIGTERM)
    states = Counter(Message.objects.values_list("state", flat=True))
    return states["sent"], states["uncertain"]


def start(port: int) -> int:
    """A deliverer as `manage.py deliver` runs it, in a process of its own; answers its number.

    With the drill's kinds and shorter leases, and forked: starting Python anew sixty times
    would take longer than the letters.
    """
    from django.conf import settings
    from django.db import connections

    from outbox import ledger
    from outbox.loop import Loop

    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the kills of others leave behind
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
        ledger.CLAIM_LEASE = ledger.TRANSMIT_LEASE = LEASE
        loop = Loop()
        signal.signal(signal.SIGTERM, lambda *_: loop.stop())
        loop.run()
    finally:
        os._exit(0)


def stop(deliverer: int, number: signal.Signals) -> None:
    os.kill(deliverer, number)
    os.waitpid(deliverer, 0)


def lost_letters(taken: Counter[str]) -> int:
    """Letters said to be sent that never came."""
    from outbox.models import Message

    sent = Message.objects.filter(state="sent").values_list("recipient", flat=True)
    return sum(1 for recipient in sent if taken[recipient] == 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", default="all", choices=["all", "one"])
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    if arguments.part == "one":
        vendor, url, reminders, kills = arguments.rest
        one(vendor, url, int(reminders), int(kills))
    else:
        main()
