"""manage.py deliver: plan and send letters; several may run at once."""

import signal
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from outbox import delivery, heartbeat
from outbox.clock import database_now
from outbox.loop import Loop
from outbox.smtp import ServerUnavailable


class Command(BaseCommand):
    help = "Plan what is due and send letters, until told to stop; several may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due, then end")
        parser.add_argument(
            "--now",
            metavar="INSTANT",
            help="with --once: as if it were this instant (ISO 8601, UTC unless it says)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["now"] and not options["once"]:
            raise CommandError("--now goes with --once only.")
        if options["now"]:
            self._once(_instant(options["now"]))
            return
        now = database_now()
        if reason := heartbeat.pause_if_restored(now):
            self.stderr.write(self.style.WARNING(f"Paused. {reason}"))
        if options["once"]:
            heartbeat.beat(now)
            self._once(now)
            return
        self._loop()

    def _once(self, now: datetime) -> None:
        try:
            tally = delivery.deliver_once(now=now)
        except ServerUnavailable as error:
            raise CommandError(f"The mail server cannot be reached: {error}") from error
        counts = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()))
        self.stdout.write(counts or "nothing to send")

    def _loop(self) -> None:
        loop = Loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        self.stdout.write("Delivering letters; Ctrl-C stops after the one in hand.")
        loop.run()
        self.stdout.write("Stopped.")


def _instant(text: str) -> datetime:
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None:
        raise CommandError(f"--now must look like 2026-07-29T23:00:00Z, not {text!r}.")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
