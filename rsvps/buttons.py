"""Letters with a button, and what pressing it does.

Whoever presses holds the letter, so the address is theirs: only then do held seats stand, a
second form counts, or an RSVP move to another address.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Min

from rsvps import blocks, consents, links, supporters, unasked
from rsvps.attending import NotWelcome, set_plan
from rsvps.capacity import lock_timeslots
from rsvps.invites import (
    post_confirm_address,
    post_given_up,
    post_invitation,
    post_new_address,
    post_resend,
    post_second_form,
)
from rsvps.models import Guest, Rsvp, Ticket
from rsvps.states import COMING, RsvpStatus

log = structlog.get_logger(__name__)

# The button works for a day; the seats wait for half an hour of it.
TICKET_LASTS = timedelta(days=1)
NEW_ADDRESSES_A_DAY = 3
RESEND_AFTER = timedelta(minutes=10)  # a letter takes its time
CONFIRM, SECOND_FORM, NEW_ADDRESS = "confirm", "second_form", "new_address"
RESEND = "resend"


class TicketSpent(Exception):
    """The button was pressed before, or its time is over."""


class AddressTaken(Exception):
    """The new address has an RSVP of its own to this event."""


# -- The letter ----------------------------------------------------------------------


def send(purpose: str, guest: Guest, payload: dict[str, Any], *, held: bool, now: datetime) -> None:
    """One fixed-text letter with a button, unless this address has had its share.

    Somebody who types another person's address again and again fills no letter box: one button
    per event and day, three letters a day in all (rsvps.unasked).
    """
    waiting = guest.tickets.filter(used_at__isnull=True, expires_at__gt=now)
    told = waiting.exclude(purpose=NEW_ADDRESS).exists() or (
        # An invitation nobody has acted on yet: what can be changed is behind its link.
        purpose == SECOND_FORM and unasked.is_unanswered(guest, now=now)
    )
    if told or unasked.had_their_share(guest.supporter, now=now):
        log.info("button_letter_withheld", guest=guest.pk)
        return
    lasts = timedelta(minutes=settings.SEAT_HOLD_MINUTES) if held else TICKET_LASTS
    _post(purpose, guest, payload, expires_at=now + lasts, held=held, now=now)


def _post(
    purpose: str,
    guest: Guest,
    payload: dict[str, Any],
    *,
    expires_at: datetime,
    held: bool,
    now: datetime,
) -> None:
    _ticket, token = links.new_ticket(
        purpose, guest=guest, payload=payload, lasts=TICKET_LASTS, now=now
    )
    if purpose == CONFIRM:
        post_confirm_address(guest, token=token, expires_at=expires_at, held=held, now=now)
    else:
        post_second_form(guest, token=token, expires_at=expires_at, now=now)
    unasked.note(guest.supporter, at=now)


# -- The button ----------------------------------------------------------------------


@transaction.atomic
def confirm(ticket: Ticket, *, now: datetime) -> list[Rsvp]:
    """What the button behind a mailed link does; answers the guest's RSVPs that changed.

    Raises TicketSpent, AddressTaken, EventClosed, NotWelcome, RsvpChanged, TimeslotFull or
    TimeslotUnavailable; then nothing has changed and the button can be pressed again.
    """
    payload, guest = ticket.payload, ticket.guest
    if guest is not None:  # before the ticket: a host who removes a guest takes that last
        supporters.lock(guest.supporter_id)
        wanted = [key for key, _version in payload.get("timeslots", ())]
        lock_timeslots({*wanted, *guest.rsvps.values_list("timeslot_id", flat=True)})
    if guest is None or not links.redeem(ticket, now=now):
        raise TicketSpent
    if ticket.purpose == NEW_ADDRESS:
        return _move_to(payload["email"], guest, now=now)
    if guest.blocked_at or blocks.is_kept_out(
        guest.event,
        emails=[guest.supporter.email],
        phones=[payload["phone"], guest.supporter.phone],
    ):
        raise NotWelcome
    # They hold the letter, so the address is theirs and its details are theirs to say.
    unasked.prove(guest.supporter, now=now)
    supporters.fill_in(
        guest.supporter,
        payload["name"],
        payload["phone"],
        payload["postal_code"],
        overwrite=True,
    )
    consents.record(guest.supporter, payload["consents"], now=now)
    changed = set_plan(
        guest,
        dict(payload["timeslots"]),
        party_size=payload["party_size"],
        note=payload["note"],
        keep_others=True,
        now=now,
    )
    Ticket.objects.filter(pk=ticket.pk).update(payload={})
    return changed


@transaction.atomic
def request_new_address(guest: Guest, email: str, *, now: datetime) -> None:
    """The guest wants letters at `email`: it counts once the button sent there is pressed.

    Raises NotWelcome for somebody the host removed: their old address would be free again.
    """
    _check_may_move(guest)
    since = now - timedelta(days=1)
    asked = Ticket.objects.filter(purpose=NEW_ADDRESS, created_at__gt=since)
    by_guest = asked.filter(guest=guest).count()
    if by_guest >= NEW_ADDRESSES_A_DAY or asked.filter(payload__email=email).exists():
        log.info("button_letter_withheld", guest=guest.pk)
        return
    _ticket, token = links.new_ticket(
        NEW_ADDRESS, guest=guest, payload={"email": email}, lasts=TICKET_LASTS, now=now
    )
    post_new_address(guest, to=email, token=token, expires_at=now + TICKET_LASTS, now=now)


def _check_may_move(guest: Guest) -> None:
    if guest.blocked_at or guest.rsvps.filter(status=RsvpStatus.REMOVED).exists():
        raise NotWelcome


def _move_to(email: str, guest: Guest, *, now: datetime) -> list[Rsvp]:
    """Give the guest's place at this event to the person at `email`; old links stop working.

    This event's only: a forwarded letter must not hand over everything a person goes to.
    """
    _check_may_move(guest)
    old = guest.supporter
    new, _created = supporters.get_or_create(email, now=now)
    if blocks.is_kept_out(guest.event, emails=[email], phones=[new.phone]):
        raise NotWelcome
    supporters.fill_in(new, old.name, old.phone, old.postal_code, overwrite=False)
    if Guest.objects.filter(supporter=new, event=guest.event).exclude(pk=guest.pk).exists():
        raise AddressTaken
    unasked.prove(new, now=now)
    moved = list(guest.rsvps.filter(status__in=COMING).select_related("timeslot", "guest"))
    organizers = {rsvp.pk: links.reply_address(rsvp) for rsvp in moved}
    guest.supporter = new
    guest.earlier_addresses = [*guest.earlier_addresses, blocks.address_digest(old.email)]
    guest.save(update_fields=["supporter", "earlier_addresses"])
    guest.rsvps.update(supporter=new)
    links.revoke(guest)
    links.revoke_replies(guest)
    links.expire_tickets(guest, now=now)
    for rsvp in moved:
        rsvp.guest, rsvp.supporter, rsvp.timeslot.event = guest, new, guest.event
        rsvp.revision += 1  # so that the invitation to the new address is a letter of its own
        rsvp.changed_at = now
        rsvp.save(update_fields=["revision", "changed_at"])
        if rsvp.timeslot.ends_at > now:
            post_given_up(rsvp, to=old.email, organizer=organizers[rsvp.pk], now=now)
            post_invitation(rsvp, now=now)
    return moved


# -- Lost letters --------------------------------------------------------------------


def resend(email: str, *, now: datetime) -> None:
    """Send the letter with this person's manage links again, where they have any.

    Where a button waits to be pressed, the letter with it goes out once more, within the day's
    share. Answers nothing: whoever asks must not learn whether the address is known.
    """
    supporter = supporters.locked(email)
    if supporter is None:
        return
    rsvps = supporter.rsvps.filter(timeslot__ends_at__gt=now)
    if rsvps.exclude(status__in=[RsvpStatus.UNCONFIRMED, RsvpStatus.REMOVED]).exists():
        post_resend(supporter, now=now)
    waiting = Ticket.objects.filter(
        guest__supporter=supporter, purpose=CONFIRM, used_at__isnull=True, expires_at__gt=now
    )
    for guest in Guest.objects.filter(tickets__in=waiting).distinct():
        guest.supporter = supporter
        _send_again(guest, now=now)


def _send_again(guest: Guest, *, now: datetime) -> None:
    """A new letter for the form that waits; the first one's button works as well."""
    waiting = guest.tickets.filter(purpose=CONFIRM, used_at__isnull=True, expires_at__gt=now)
    ticket = waiting.order_by("-created_at").first()
    on_its_way = ticket and now - ticket.created_at < RESEND_AFTER
    if ticket is None or on_its_way or unasked.had_their_share(guest.supporter, now=now):
        return
    seats = guest.rsvps.filter(status=RsvpStatus.UNCONFIRMED, hold_expires_at__gt=now)
    until = seats.aggregate(until=Min("hold_expires_at"))["until"]
    expires_at = until or ticket.expires_at
    _post(CONFIRM, guest, ticket.payload, expires_at=expires_at, held=until is not None, now=now)
