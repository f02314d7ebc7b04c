"""manage.py pause_letters: hold back every letter but account mail, without a browser."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from outbox import ledger


class Command(BaseCommand):
    help = "Hold back all letters but login codes, before a restored site's worker starts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="Paused from the command line.")
        parser.add_argument("--resume", action="store_true", help="let them go out again")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["resume"]:
            ledger.resume()
            self.stdout.write("Letters go out again.")
            return
        ledger.pause(now=timezone.now(), reason=options["reason"], by="command")
        self.stdout.write("Paused. Staff resume on the page of letters.")
