"""Print the second factor of the demo's staff. Demo mode only."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hosts.models import User
from hosts.second_factor import current_code


class Command(BaseCommand):
    help = "Prints the current authenticator code of the demo's staff accounts."

    def handle(self, **options) -> None:
        if not settings.DEMO:
            raise CommandError("Only in demo mode: real people carry their own second factor.")
        now = timezone.now()
        codes = [
            (user.email, code)
            for user in User.objects.exclude(staff_role="").order_by("email")
            if (code := current_code(user, now=now))
        ]
        if not codes:
            raise CommandError("There are no staff yet. Run: manage.py demo")
        for email, code in codes:
            self.stdout.write(f"{email}  {code}")
