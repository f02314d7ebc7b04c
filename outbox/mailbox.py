"""Fetching letters that came in from an IMAP mailbox kept for them alone."""

import ssl
from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime

from django.conf import settings
from imap_tools import AND, MailBox, MailMessageFlags
from imap_tools.mailbox import BaseMailBox

from outbox.inbound import take

AT_ONCE = 100
TIMEOUT_SECONDS = 30


def open_mailbox() -> AbstractContextManager[BaseMailBox]:
    """Log in to the mailbox of the settings, over TLS. Raises imap_tools' errors and OSError."""
    # imaplib's own context would give the password to whoever answers, certificate or not.
    return MailBox(
        settings.IMAP_HOST,
        settings.IMAP_PORT,
        timeout=TIMEOUT_SECONDS,
        ssl_context=ssl.create_default_context(),
    ).login(settings.IMAP_USER, settings.IMAP_PASSWORD, settings.IMAP_FOLDER)


def poll(mailbox: BaseMailBox, *, now: datetime) -> Counter[str]:
    """Take every unread letter; answers outcomes and their counts.

    What was understood is deleted; the rest stays, marked read, for people to look at.
    """
    tally: Counter[str] = Counter()
    for letter in list(mailbox.fetch(AND(seen=False), mark_seen=False, limit=AT_ONCE)):
        taken = take(letter.obj.as_bytes(), now=now)
        tally[taken.outcome] += 1
        if taken.understood:
            mailbox.delete([letter.uid or ""])
        else:
            mailbox.flag([letter.uid or ""], MailMessageFlags.SEEN, True)
    return tally
