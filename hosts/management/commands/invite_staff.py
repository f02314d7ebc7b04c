"""Make somebody staff, and write them a letter about it."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from hosts import staff
from hosts.models import StaffRole


class Command(BaseCommand):
    help = "Gives EMAIL the reviewer's role (or --senior) and mails an invitation."

    def add_arguments(self, parser) -> None:
        parser.add_argument("email")
        parser.add_argument("--senior", action="store_true", help="may give roles, too")

    def handle(self, *, email: str, senior: bool, **options) -> None:
        role = StaffRole.SENIOR if senior else StaffRole.REVIEWER
        email = email.strip()
        try:
            validate_email(email)
            user = staff.invite(email, role=role, by=None, now=timezone.now())
        except ValidationError:
            raise CommandError(f"{email} is not an email address.") from None
        except staff.RoleUnchanged:
            raise CommandError(f"{email} has the role {role.label!s} already.") from None
        self.stdout.write(f"{user.email} is now a {role.label.lower()}; a letter is on its way.")
        self.stdout.write("They set up a second factor when they first open the review desk.")
