"""manage.py erase_person: forget one person everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hosts import erasing, people


class Command(BaseCommand):
    help = "Forget the person with this address everywhere; on the record. There is no way back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        who = people.person(options["email"])
        if not people.is_known(who):
            raise CommandError("Nothing is kept under this address.")
        try:
            erasing.erase_person(who, by=None, words="by a command", now=timezone.now())
        except erasing.StillStaff:
            raise CommandError("They are on staff: a senior takes their role first.") from None
        except erasing.EventsAhead as why:
            numbers = ", ".join(str(event.pk) for event in why.events)
            raise CommandError(f"Cancel their events first: {numbers}.") from None
        except erasing.GuestsBeingTold:
            raise CommandError("Letters about their events are leaving; try again later.") from None
        self.stdout.write("Forgotten.")
