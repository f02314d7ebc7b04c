"""Addresses that take no letters: bounces, complaints and people who unsubscribed."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from outbox.letters import Kind
from outbox.models import Message, SoftBounce, Suppression
from outbox.states import SuppressionReason

SOFT_BOUNCES = 4
SOFT_BOUNCE_WINDOW = timedelta(days=14)


def address_digest(address: str) -> str:
    """A keyed hash of the normalised address: all that is kept of it here, also once erased.

    Without the key nobody can try out addresses on a copy of the table.
    """
    plain = hashlib.sha256(address.strip().lower().encode(errors="replace")).hexdigest()
    return keyed(plain)


def keyed(digest: str) -> str:
    return hmac.digest(settings.ADDRESS_KEY.encode(), digest.encode(), hashlib.sha256).hex()


def blocked_by(address: str, kind: Kind) -> SuppressionReason | None:
    """Why `address` must not get a letter of this kind, or None.

    Unsubscribing stops what people may refuse (reminders, thanks, news), never a change or a
    cancellation of something they attend. A complaint stops all but the codes somebody asks
    for to log in; a dead address stops everything.
    """
    reasons = set(
        Suppression.objects.filter(digest=address_digest(address)).values_list("reason", flat=True)
    )
    if not kind.optional:
        reasons.discard(SuppressionReason.UNSUBSCRIBED)
    if kind.account_mail:
        reasons.discard(SuppressionReason.COMPLAINT)
    return SuppressionReason(min(reasons)) if reasons else None


def suppress(address: str, reason: SuppressionReason, *, now: datetime) -> None:
    Suppression.objects.get_or_create(
        digest=address_digest(address), reason=reason, defaults={"created_at": now}
    )


def lift(address: str, *reasons: SuppressionReason) -> int:
    """Let letters reach `address` again; all reasons where none is named."""
    found = Suppression.objects.filter(digest=address_digest(address))
    if reasons:
        found = found.filter(reason__in=reasons)
    return found.delete()[0]


def unsubscribe(address: str, *, now: datetime) -> None:
    suppress(address, SuppressionReason.UNSUBSCRIBED, now=now)


def is_unsubscribed(address: str) -> bool:
    return Suppression.objects.filter(
        digest=address_digest(address), reason=SuppressionReason.UNSUBSCRIBED
    ).exists()


@transaction.atomic
def count_soft_bounce(message: Message, *, now: datetime) -> bool:
    """Count a letter that came back for now; True where it is the one too many."""
    digest = address_digest(message.recipient)
    SoftBounce.objects.get_or_create(message=message, defaults={"digest": digest, "at": now})
    recent = SoftBounce.objects.filter(digest=digest, at__gt=now - SOFT_BOUNCE_WINDOW).count()
    if recent < SOFT_BOUNCES:
        return False
    suppress(message.recipient, SuppressionReason.SOFT_BOUNCES, now=now)
    return True


def forget_soft_bounces(now: datetime) -> int:
    return SoftBounce.objects.filter(at__lt=now - SOFT_BOUNCE_WINDOW).delete()[0]


def erase(address: str, *, now: datetime) -> None:
    """The person wants to be forgotten: what stays is that they take no reminders or news."""
    SoftBounce.objects.filter(digest=address_digest(address)).delete()
    unsubscribe(address, now=now)
