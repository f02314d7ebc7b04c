"""manage.py export_person: everything kept about one person, as JSON on standard output."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hosts import people
from hosts.exporting import export_person


class Command(BaseCommand):
    help = "Write everything kept about the person with this address, as JSON; on the record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        who = people.person(options["email"])
        if not people.is_known(who):
            raise CommandError("Nothing is kept under this address.")
        people.record_export(who, by=None, words="by a command", now=now)
        self.stdout.write(json.dumps(export_person(who, now=now), indent=2, ensure_ascii=False))
