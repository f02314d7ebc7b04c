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


class NotUnderstood(Exception):
    """The letter is for this handler, who makes no sense of it; the message is its outcome."""


@dataclass(frozen=True)
class Taken:
    """What became of a letter, in a word, and whether it needs no person's eyes any more."""

    outcome: str
    understood: bool


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
    return take(raw, now=now, recipients=recipients).outcome


def take(raw: bytes, *, now: datetime, recipients: Iterable[str] = ()) -> Taken:
    """As receive(), for a door that can keep what nobody understood."""
    taken = _shown_to_handlers(raw, now=now, recipients=recipients)
    _count(taken.outcome, now)
    return taken


def _shown_to_handlers(raw: bytes, *, now: datetime, recipients: Iterable[str]) -> Taken:
    if len(raw) > LARGEST:
        return Taken("too_large", understood=False)
    try:
        mail = read(raw, recipients=recipients)
        for handler in letters.inbound_handlers():
            outcome = handler(mail, now=now)
            if outcome is not None:
                return Taken(outcome[:40], understood=True)
    except DatabaseError:
        raise
    except NotUnderstood as error:
        return Taken(str(error)[:40], understood=False)
    except Exception:
        # The letter may be anything at all; it must not stop the ones behind it.
        log.exception("an inbound letter could not be handled")
        return Taken("broken", understood=False)
    return Taken("ignored", understood=False)


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
