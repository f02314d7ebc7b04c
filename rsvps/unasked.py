"""Letters that a form alone asks for, an RSVP or an alert: anybody can type anybody's address, so
each gets few.

Three a day. Whoever presses a button in a letter shows that the address is theirs: the count
begins anew, and their letters call them by the name they gave.
"""

from datetime import datetime, timedelta

from django.db import transaction

from outbox import ledger
from rsvps.models import Guest, Supporter

MOST, WINDOW = 3, timedelta(days=1)


def next_free(supporter: Supporter, *, now: datetime) -> datetime:
    """When another letter may leave for this address: now, or once the oldest of three is a day
    old. Hold the supporter's row while a letter is decided on."""
    if len(supporter.unasked_letters) < MOST:
        return now
    return max(now, datetime.fromisoformat(supporter.unasked_letters[-MOST]) + WINDOW)


def had_their_share(supporter: Supporter, *, now: datetime) -> bool:
    """Whether no such letter may leave for this address now."""
    return next_free(supporter, now=now) > now


def is_unanswered(guest: Guest, *, now: datetime) -> bool:
    """Whether this guest's first letter left, or waits to leave, within the last day, and no
    button was pressed since they came."""
    proved_at, came_at = guest.supporter.proved_at, guest.created_at
    if proved_at is not None and proved_at >= came_at:
        return False
    left = map(datetime.fromisoformat, guest.supporter.unasked_letters)
    first = next((at for at in left if at >= came_at), None)
    return first is not None and first > now - WINDOW


def note(supporter: Supporter, *, at: datetime) -> None:
    """A letter leaves at that instant."""
    supporter.unasked_letters = [*supporter.unasked_letters, at.isoformat()][-MOST:]
    supporter.save(update_fields=["unasked_letters"])


@transaction.atomic
def prove(supporter: Supporter, *, now: datetime) -> None:
    """The address is theirs: letters that were spread over days leave now."""
    waited = len(supporter.unasked_letters) == MOST
    supporter.proved_at, supporter.unasked_letters = now, []
    supporter.save(update_fields=["proved_at", "unasked_letters"])
    if waited:
        keys = [f"rsvp:{key}" for key in supporter.rsvps.values_list("pk", flat=True)]
        ledger.bring_forward(subjects=keys, kinds=["invitation"], now=now)
