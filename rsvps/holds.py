"""Seats held for forms whose button was not pressed in time, and the strangers behind them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from rsvps.buttons import TICKET_LASTS
from rsvps.capacity import SeatsNotTaken, release_seats
from rsvps.models import Guest, Rsvp, Supporter, Ticket
from rsvps.states import RsvpStatus


def release_expired_holds(now: datetime) -> int:
    """Free the seats of forms whose button nobody pressed in time; answers how many forms.

    Their rows go: nobody ever said yes. The letter's button works on while its ticket is good,
    if there is still room.
    """
    expired = Rsvp.objects.filter(status=RsvpStatus.UNCONFIRMED, hold_expires_at__lte=now)
    return sum(_free(key, now=now) for key in list(expired.values_list("pk", flat=True)))


@transaction.atomic
def _free(key: int, *, now: datetime) -> bool:
    """Compare-and-set by DELETE: of two planners, or a planner and a button, one wins."""
    rsvp = Rsvp.objects.filter(pk=key).first()
    if rsvp is None:
        return False
    try:  # the timeslot's row first, so that whoever else is at it is waited for
        release_seats(rsvp.timeslot_id, rsvp.party_size)
    except SeatsNotTaken:
        return False
    still = Rsvp.objects.filter(
        pk=key,
        status=RsvpStatus.UNCONFIRMED,
        party_size=rsvp.party_size,
        hold_expires_at__lte=now,
    )
    if not still.delete()[0]:
        transaction.set_rollback(True)
        return False
    return True


def forget_strangers(now: datetime) -> int:
    """People who never pressed a button, once no button waits for them any more; how many."""
    Ticket.objects.filter(expires_at__lte=now).delete()
    old = now - TICKET_LASTS
    empty = Guest.objects.filter(
        created_at__lte=old, rsvps__isnull=True, tickets__isnull=True, blocked_at__isnull=True
    )
    strangers = list(empty.values_list("supporter_id", flat=True)[:500])
    empty.filter(supporter_id__in=strangers).delete()
    forget_supporters(strangers)
    return len(strangers)


def forget_supporters(keys: Sequence[int]) -> None:
    """Forget those of these people who have nothing here any more."""
    nothing_left = {"guests__isnull": True, "consents__isnull": True, "alerts__isnull": True}
    Supporter.objects.filter(pk__in=keys, **nothing_left).delete()
