"""Letters that come in: each is shown to the handlers, counted, and never answered.

Bounces and complaints are the ledger's own (outbox.bounces); the others, such as calendars'
replies, are registered by the apps that know them.
"""

import email
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F

from outbox import letters
from outbox.models import InboundTally

log = logging.getLogger(__name__)

LARGEST = 256 * 1024  # octets
# Where servers write whom a letter was delivered to; To and Cc come last and may lie.
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


@dataclass(frozen=True)
class InboundMail:
    """One letter, read but not believed.

    `recipients` are addresses it came to, as the mail server told or its headers say.
    """

    message: EmailMessage
    recipients: tuple[str, ...]

    def tokens(self, purpose: str) -> list[str]:
        """The tokens in recipients of the form purpose+<token>@MAIL_DOMAIN."""
        pattern = re.compile(
            rf"{re.escape(purpose)}\+([A-Za-z0-9_.-]+)@{re.escape(settings.MAIL_DOMAIN)}",
            re.IGNORECASE,
        )
        found = [pattern.fullmatch(address) for address in self.recipients]
        return list(dict.fromkeys(match[1] for match in found if match))

    def parts(self, content_type: str) -> list[EmailMessage]:
        """Every part of that type, whatever it is nested in."""
        return [
            part
            for part in self.message.walk()
            if part.get_content_type() == content_type and isinstance(part, EmailMessage)
        ]


def receive(raw: bytes, *, now: datetime, recipients: Iterable[str] = ()) -> str:
    """Take one letter; answers what became of it, in a word that is counted by day.

    `recipients` are the envelope's, where the mail server tells them. Raises DatabaseError,
    so that the mail server keeps the letter and tries again.
    """
    outcome = _outcome(raw, now=now, recipients=recipients)
    _count(outcome, now)
    return outcome


def _outcome(raw: bytes, *, now: datetime, recipients: Iterable[str]) -> str:
    if len(raw) > LARGEST:
        return "too_large"
    try:
        mail = read(raw, recipients=recipients)
        for handler in letters.inbound_handlers():
            outcome = handler(mail, now=now)
            if outcome is not None:
                return outcome[:40]
    except DatabaseError:
        raise
    except Exception:
        # The letter may be anything at all; it must not stop the ones behind it.
        log.exception("an inbound letter could not be handled")
        return "broken"
    return "ignored"


def read(raw: bytes, *, recipients: Iterable[str] = ()) -> InboundMail:
    """Parse a letter, with the addresses it came to."""
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  the policy makes them
    named = [str(value) for name in _DELIVERED for value in message.get_all(name, [])]
    found = [*recipients, *(address for _name, address in getaddresses(named))]
    return InboundMail(message, tuple(dict.fromkeys(address for address in found if address)))


def _count(outcome: str, now: datetime) -> None:
    row, _created = InboundTally.objects.get_or_create(day=now.date(), outcome=outcome)
    InboundTally.objects.filter(pk=row.pk).update(count=F("count") + 1)
