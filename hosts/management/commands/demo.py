"""`manage.py demo`: migrate, load the demo data once; later keep its dates in the present."""

from base64 import b32encode
from secrets import token_bytes

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from hosts import second_factor
from hosts.demo import country, forward
from hosts.models import Host, StaffRole, User

PASSWORD = "barnstorm-demo"  # noqa: S105
ACCOUNTS = [
    ("host", "Harriet Porchlight", StaffRole.NONE),
    ("reviewer", "Rosa Clothesline", StaffRole.REVIEWER),
    ("senior", "Samir Weathervane", StaffRole.SENIOR),
]


class Command(BaseCommand):
    help = "Load demo data, or move what is loaded into the present. Demo mode only."

    def handle(self, *args: object, **options: object) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data is never loaded outside demo mode (BARNSTORM_MODE=demo).")
        call_command("migrate", verbosity=0)
        now = timezone.now()
        if not User.objects.filter(email__endswith=f"@{country.DOMAIN}").exists():
            self.stdout.write("Loading demo data (once) ...")
            self._load(now)
        elif weeks := forward.move_forward(now=now):
            self.stdout.write(f"Moved the demo's dates forward by {weeks} weeks.")
        self.stdout.write("\n  Demo accounts (password for all: " + PASSWORD + "):")
        for name, _, role in ACCOUNTS:
            words = f"staff, {StaffRole(role).label.lower()}" if role else "hosts events"
            self.stdout.write(f"    {name + '@' + country.DOMAIN:<24} {words}")
        self.stdout.write(
            "  Staff are asked for a second factor, printed by\n"
            "    .venv/bin/python manage.py demo_code\n"
            "  Letters the site sends can be read at /letters/."
        )

    @transaction.atomic
    def _load(self, now) -> None:
        users = {}
        for name, full_name, role in ACCOUNTS:
            users[name] = User.objects.create_user(
                f"{name}@{country.DOMAIN}", PASSWORD, name=full_name, staff_role=role
            )
            EmailAddress.objects.filter(user=users[name]).update(verified=True)
        Host.objects.create(
            user=users["host"], phone="+16145550123", postal_code="43215", created_at=now
        )
        for name in ("reviewer", "senior"):
            secret = b32encode(token_bytes(20)).decode()
            second_factor.give_authenticator_app(users[name], secret=secret)
        country.build(reviewer=users["senior"], host=users["host"], now=now)
