"""manage.py verify_audit: is the record of what staff did as it was written?"""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hosts.sealing import verify


class Command(BaseCommand):
    help = "Look through the record's chain; ends with 1 where it is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            default="",
            metavar="POSITION:HASH",
            help="a head printed before, kept elsewhere: finds a chain cut off or written anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = options["anchor"]
        if anchor and not re.fullmatch(r"[1-9][0-9]*:[0-9a-f]{64}", anchor):
            raise CommandError("--anchor must look like the head this command prints.")
        verdict = verify(anchor=anchor)
        self.stdout.write(
            f"{verdict.sealed} links, {verdict.erased} with their personal part erased; "
            f"{verdict.waiting} records wait for the worker."
        )
        if verdict.problems:
            raise CommandError("The chain is broken:\n" + "\n".join(verdict.problems))
        self.stdout.write("The chain is whole.")
        if verdict.head:
            self.stdout.write(f"Head, to keep elsewhere: {verdict.head}")
