"""`make drill-july29`: the night of 29 July 2015, at its real size (SCALE=0.1 for a tenth of it).

House parties at real ZIP codes in every zone, a production server and deliverers, and people
in real time over HTTP; then the reminder hours of each zone, by `deliver --once --now`. It ends
with an account that balances, or with exit code 1.

SCALE (default 1), FILE=night.csv for another night, MINUTES for the length of the first part,
POSTGRES_URL for a server to make a database on (else a SQLite file). Killed and started again
with the same words, it goes on where it was.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench import drills
from bench.july29 import browser, plan, report

DELIVERERS = SHARES = WALKERS = 2
# Guests a second, so that the whole night's first part takes an hour.
PACE = 30


class Drill:
    """One night in one folder; `state` is what a killed drill must know to go on."""

    def __init__(self) -> None:
        self.server = os.environ.get("POSTGRES_URL", "")
        self.scale = float(os.environ.get("SCALE") or 1)
        self.file = os.environ.get("FILE", "")
        vendor = "postgresql" if self.server else "sqlite"
        name = f"{Path(self.file).stem}-file" if self.file else f"{self.scale:g}"
        var = Path(os.environ.get("BARNSTORM_VAR") or drills.ROOT / "var")
        self.folder = (var / f"july29-{vendor}-{name}").resolve()
        self.state: dict[str, Any] = {}
        self.running = ExitStack()

    # -- the steps

    def run(self) -> None:
        self.begin()
        with self.running:
            self.set_up_django()
            if "built" not in self.state:
                self.build()
            if self.state["phase"] == "evening":
                self.evening()
            if self.state["phase"] == "reminders":
                self.reminders()
            fine = report.show(self.folder, self.state)
        if not fine:
            sys.exit(
                "The account does not balance. The database stands; so does " + str(self.folder)
            )
        self.drop_database()
        self.keep(phase="done")

    def begin(self) -> None:
        """Go on where a killed drill was, or start anew."""
        saved = self.folder / "state.json"
        if saved.exists():
            self.state = json.loads(saved.read_text())
        if self.state.get("phase") not in {"evening", "reminders"}:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            self.start_anew()
        elif self.state["phase"] == "evening" and self.is_the_day():
            sys.exit(f"That night's events are under way. Remove {self.folder} to start anew.")
        else:
            print(f"Going on where the drill in {self.folder} was.", flush=True)
            self.end_leftovers()

    def is_the_day(self) -> bool:
        return datetime.now(UTC).date() >= date.fromisoformat(self.state["day"])

    def start_anew(self) -> None:
        database = f"sqlite:///{self.folder}/night.sqlite3"
        if self.server:
            name = f"barnstorm_july29_{os.getpid()}"
            _sql(self.server, f"CREATE DATABASE {name}")
            database = urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))
        day = datetime.now(UTC).date() + timedelta(days=1)
        self.keep(database=database, day=day.isoformat(), phase="evening", elapsed=0.0, pids=[])

    def keep(self, **more: Any) -> None:
        self.state |= more
        fresh = self.folder / "state.new"
        fresh.write_text(json.dumps(self.state))
        fresh.rename(self.folder / "state.json")

    def end_leftovers(self) -> None:
        """End what a killed drill left running: its own processes, by number and command."""
        for pid in self.state["pids"]:
            command = _ps("command=", [pid])
            if any("gunicorn" in line or "deliver" in line for line in command):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        time.sleep(2 if self.state["pids"] else 0)

    def drop_database(self) -> None:
        if self.server:
            from django.db import connections

            connections.close_all()
            name = urlsplit(self.state["database"]).path.strip("/")
            _sql(self.server, f"DROP DATABASE {name} WITH (FORCE)")

    # -- the world

    def environment(self) -> dict[str, str]:
        """A production site's, behind a proxy that speaks HTTPS."""
        return os.environ | {
            "BARNSTORM_MODE": "production",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BARNSTORM_VAR": str(self.folder),
            "DATABASE_URL": self.state["database"],
            "SECRET_KEY": "a-key-for-one-night-of-a-drill-" + "0123456789abcdefghij",
            "SITE_URL": browser.SITE,
            "ALLOWED_HOSTS": browser.HOST,
            "MAIL_FROM": f"hello@{browser.HOST}",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.state.get("smtp_port", 25)),
            "SMTP_SECURITY": "none",
        }

    def set_up_django(self) -> None:
        os.environ.update(self.environment())
        import django

        django.setup()

    def build(self) -> None:
        from django.core.management import call_command

        from bench.july29 import world

        began = time.monotonic()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        if self.file:
            parties = plan.read(Path(self.file))
        else:
            from bench.world import Zips

            count = round(plan.PARTIES * self.scale)
            parties = plan.make(self.scale, _places(Zips(), count))
        plan.write(self.folder / "night.csv", parties)
        world.build(parties, day=date.fromisoformat(self.state["day"]), folder=self.folder)
        guests = sum(party.rsvps for party in parties)
        minutes = os.environ.get("MINUTES")
        seconds = float(minutes) * 60 if minutes else max(60.0, guests / PACE)
        self.keep(built=True, seconds=seconds, parties=len(parties), guests=guests)
        print(
            f"{len(parties):,} parties for {guests:,} guests made in"
            f" {time.monotonic() - began:.0f} s; they come within {seconds / 60:.1f} minutes.",
            flush=True,
        )

    # -- the first part, in real time

    def evening(self) -> None:
        self.start_postbox()
        port = _free_port()
        more = {"BIND": f"127.0.0.1:{port}", "LOG_LEVEL": "WARNING"}
        gunicorn = ["-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"]
        server = self.start("server", gunicorn, **more)
        deliverers = [
            self.start(f"deliverer-{n}", ["manage.py", "deliver"]) for n in range(DELIVERERS)
        ]
        self.keep(pids=[one.pid for one in (server, *deliverers)])
        _wait_for(port)
        # Workers read the places before they answer; the doors open after that.
        for _ in range(4):
            browser.Browser(port, "10.0.0.1", lambda *_: None).get("/healthz", "")
        began = time.time() - self.state["elapsed"]
        people = [
            self.start(
                f"people-{n}",
                ["-m", "bench.july29.people", self.folder, n, SHARES, port, began],
                pipe=True,
            )
            for n in range(SHARES)
        ]
        peaks: dict[str, int] = self.state.get("memory", {})
        while any(one.poll() is None for one in people):
            self.watch(peaks, server, deliverers)
            self.keep(elapsed=time.time() - began, memory=peaks)
            time.sleep(2)
        if any(one.returncode for one in people):
            sys.exit(f"Somebody fell over: see {self.folder}/people-*.log")
        self.keep(evening_seconds=time.time() - began)
        while _letters_wait():
            self.watch(peaks, server, deliverers)
            time.sleep(1)
        for one in (server, *deliverers):
            one.send_signal(signal.SIGTERM)
            one.wait()
        stopped = datetime.now(UTC).isoformat()
        self.keep(phase="reminders", stopped_at=stopped, walked=[], walk_seconds=0.0, memory=peaks)

    def watch(
        self,
        peaks: dict[str, int],
        server: subprocess.Popen,
        deliverers: list[subprocess.Popen],
    ) -> None:
        """Note the most memory (resident, MiB) the server and the deliverers have had."""
        for one in (server, *deliverers):
            if one.poll() is not None:
                sys.exit(f"A process of the site ended by itself: see {self.folder}/*.log")
        workers = [int(line) for line in _ps("pid=", children_of=server.pid)]
        for name, pids in {
            "server": [server.pid, *workers],
            "deliverers": [one.pid for one in deliverers],
        }.items():
            resident = sum(int(line) for line in _ps("rss=", pids)) // 1024
            peaks[name] = max(peaks.get(name, 0), resident)

    # -- the second part: the reminder hours of each zone

    def reminders(self) -> None:
        from bench.july29.account import instants

        self.start_postbox()
        walkers = [
            self.start(f"walker-{n}", ["-m", "bench.july29.walker"], pipe=True)
            for n in range(WALKERS)
        ]
        self.keep(pids=[])
        since = datetime.fromisoformat(self.state["stopped_at"]) - timedelta(minutes=10)
        due = instants(since)
        # Once more at the end: whatever should not be sent would be by then.
        for instant in [*due, due[-1] + timedelta(days=1)]:
            moment = (instant + timedelta(seconds=30)).isoformat()
            if moment in self.state["walked"]:
                continue
            began = time.monotonic()
            for walker in walkers:
                print(moment, file=walker.stdin, flush=True)
            for walker in walkers:
                if walker.stdout.readline().strip() != "done":
                    sys.exit(f"deliver --once failed: see {self.folder}/walker-*.log")
            self.keep(
                walked=[*self.state["walked"], moment],
                walk_seconds=self.state["walk_seconds"] + time.monotonic() - began,
            )

    # -- processes

    def start(
        self, name: str, command: list[Any], *, pipe: bool = False, **more: str
    ) -> subprocess.Popen:
        """A process of the drill; it is ended with it."""
        log = self.running.enter_context((self.folder / f"{name}.log").open("ab"))
        one = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=drills.ROOT,
            env=self.environment() | more,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe else log,
            stderr=log,
            text=True,
        )
        self.running.callback(_end, one)
        return one

    def start_postbox(self) -> None:
        port = _free_port()
        self.state["smtp_port"] = port
        self.start("postbox", ["-m", "bench.july29.postbox", port, self.folder], pipe=True)
        _wait_for(port)


def _end(one: subprocess.Popen) -> None:
    if one.poll() is None:
        one.terminate()
        try:
            one.wait(20)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def _places(zips: Any, count: int) -> list[tuple[float, float, str, str]]:
    """One in every zone there is, the rest where people live."""
    import random

    chance = random.Random(plan.SEED)
    one_each = list({row[2]: row for row in zips.rows}.values())[: count // 2]
    return one_each + zips.draw(chance, count - len(one_each))


def _letters_wait() -> bool:
    from django.utils import timezone

    from outbox.models import Message

    now = timezone.now()
    return Message.objects.due(now).exists() or Message.objects.in_flight().exists()


def _sql(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _ps(column: str, pids: list[int] = (), *, children_of: int | None = None) -> list[str]:
    which = ["--ppid", str(children_of)] if children_of else ["-p", ",".join(map(str, pids))]
    found = subprocess.run(["ps", "-o", column, *which], capture_output=True, text=True)
    return found.stdout.split("\n")[:-1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _wait_for(port: int) -> None:
    for _ in range(600):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    sys.exit("The server does not answer.")


if __name__ == "__main__":
    Drill().run()
