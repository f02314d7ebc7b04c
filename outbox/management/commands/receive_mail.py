"""manage.py receive_mail: one letter from standard input, for a mail server's pipe."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from outbox.inbound import LARGEST, receive


class Command(BaseCommand):
    help = "Read one letter (a reply, a bounce, a complaint) from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recipient",
            action="append",
            default=[],
            help="an address it was sent to, as the mail server knows it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # One octet more than allowed is enough to know; the rest is not kept.
        raw = sys.stdin.buffer.read(LARGEST + 1)
        while sys.stdin.buffer.read(65_536):
            pass  # a mail server takes a pipe closed early for a failure
        try:
            outcome = receive(raw, now=timezone.now(), recipients=options["recipient"])
        except DatabaseError as error:
            # sysexits.h: the mail server keeps the letter and tries again.
            raise CommandError("try again later", returncode=os.EX_TEMPFAIL) from error
        self.stdout.write(outcome)
