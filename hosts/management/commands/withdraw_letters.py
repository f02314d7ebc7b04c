"""manage.py withdraw_letters: take back what a restored database holds and has gone out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hosts.forms.ledger import WithdrawForm


class Command(BaseCommand):
    help = "Withdraw the letters that wait and were due before an instant, as seniors do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("before", help="an instant in UTC: 2026-07-29T23:04:17")
        parser.add_argument(
            "--kind",
            default="once",
            help='a kind, "" for all but login codes, or once (the default): what must not'
            " come twice",
        )
        parser.add_argument("--event", type=int, help="only this event's")
        parser.add_argument("--yes", action="store_true", help="do it; without, only count")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        topic = f"event:{options['event']}" if options["event"] else ""
        chosen = {"before": options["before"], "kind": options["kind"], "topic": topic}
        form = WithdrawForm(chosen, now=now)
        if not form.is_valid():
            raise CommandError(form.errors.as_text())
        withdrawal = form.withdrawal()
        if options["yes"]:
            self.stdout.write(f"{withdrawal.carry_out(by=None, now=now)} withdrawn.")
        else:
            count = withdrawal.rows().count()
            self.stdout.write(f"{count} wait; --yes withdraws them.")
