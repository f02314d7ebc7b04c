"""manage.py poll_mailbox: fetch replies and bounces from an IMAP mailbox; for cron."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from imap_tools.errors import ImapToolsError

from outbox.mailbox import open_mailbox, poll


class Command(BaseCommand):
    help = "Fetch replies, bounces and complaints from the IMAP mailbox of the settings."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IMAP_HOST:
            raise CommandError("Set IMAP_HOST, IMAP_USER and IMAP_PASSWORD first.")
        try:
            with open_mailbox() as mailbox:
                tally = poll(mailbox, now=timezone.now())
        except (ImapToolsError, OSError) as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from error
        counts = ", ".join(f"{count} {name}" for name, count in sorted(tally.items()))
        self.stdout.write(counts or "nothing new")
