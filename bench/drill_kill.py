"""`make drill-kill`: deliverers and web workers killed at any moment, on both databases.

REMINDERS (10,000) of as many guests fall due one party after the other, and a tenth as many
newcomers are invited meanwhile. Three deliverers plan and send them all, of which a random one
is killed KILLS (60) times with `kill -9`. Then web workers die at every point of every request
that takes or frees a seat (bench.web_deaths). What must come out: nobody left out and no letter
lost; none doubled but for invitations in doubt, whose copies are the same to the byte; at most
one letter in doubt for each kill and connection; no RSVP without its letter and no letter
without its RSVP. POSTGRES_URL names a server where a database may be made; without it the drill
runs on SQLite alone.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import drills
from bench.web_deaths import kill_web_workers

if TYPE_CHECKING:
    from bench.killed_night import Night

DELIVERERS = 3
# As in the product, only shorter: what a killed deliverer held is looked at again sooner, and
# an invitation in doubt is sent again sooner.
LEASE = timedelta(seconds=6)
RETRY = timedelta(seconds=2)
LONGEST_WAIT = 900.0  # seconds, once the killing is over


def main() -> None:
    reminders = int(os.environ.get("REMINDERS", "10000"))
    kills = int(os.environ.get("KILLS", "60"))
    columns = ["database", "reminders", "kills", "sent", "uncertain", "lost", "doubled"]
    columns += ["invitations", "in doubt, sent again", "seconds", "web workers killed"]
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
        from bench.killed_night import Night

        # Reminders fall due as fast as they left when all of them were due at once.
        night = Night(reminders, spread=timedelta(seconds=kills))
        begun = time.monotonic()
        with drills.sink(log=log) as port:
            kill_deliverers(night, kills, log, port)
        seconds = time.monotonic() - begun
        account = night.account(log)
        points = kill_web_workers()
    if account.lost or account.doubled or account.doubts > kills:
        raise SystemExit(f"{vendor}: {account}")
    print(
        f"| {vendor} | {reminders:,} | {kills} | {account.sent:,} | {account.uncertain} | 0 | 0 "
        f"| {night.invitations:,} | {account.sent_again} | {seconds:.0f} | {points} |",
        flush=True,
    )


def kill_deliverers(night: "Night", kills: int, log: Path, port: int) -> None:
    """Have all of it planned and sent, with kills spread over the run."""
    dice = random.Random(11)
    expected = night.reminders + night.invitations
    deliverers = [start(port) for _ in range(DELIVERERS)]
    taken, done = 0, 0
    with log.open("rb") as letters:
        # Kills are spread over the letters, so that they fall into the thick of it.
        while done < kills:
            time.sleep(dice.random() * 0.05)
            taken += sum(1 for _line in letters)
            if taken < expected * (done + 1) // (kills + 2):
                continue
            night.invite_some()
            at = dice.randrange(DELIVERERS)
            stop(deliverers[at], signal.SIGKILL)
            deliverers[at] = start(port)
            done += 1
            if done % 10 == 0:
                print(f"({done} kills, {taken:,} letters taken)", file=sys.stderr, flush=True)
    while night.invite_some():
        pass
    ends = time.monotonic() + LONGEST_WAIT
    while not night.is_settled() and time.monotonic() < ends:
        time.sleep(0.5)
    for deliverer in deliverers:
        stop(deliverer, signal.SIGTERM)


def start(port: int) -> int:
    """A deliverer as `manage.py deliver` runs it, in a process of its own; answers its number.

    With shorter leases, and forked: starting Python anew sixty times would take longer than
    the letters.
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
        ledger.FIRST_RETRY = RETRY
        loop = Loop()
        signal.signal(signal.SIGTERM, lambda *_: loop.stop())
        loop.run()
    finally:
        os._exit(0)


def stop(deliverer: int, number: signal.Signals) -> None:
    os.kill(deliverer, number)
    os.waitpid(deliverer, 0)


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
