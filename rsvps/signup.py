"""The RSVP form and the buttons behind mailed links that make it count.

Whoever knows an address can type it, so a form alone may do little: at a private home (and
wherever the operator, the event or a flood asks) it holds seats for half an hour until the
button in a fixed-text letter is pressed; under an address that is on the guest list already it
changes nothing until then. What the form's sender reads is the same in every case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Min

from events.models import Event, Timeslot
from rsvps import blocks, consents, links
from rsvps.attending import (
    NotWelcome,
    accept,
    add_rsvps,
    check_joinable,
    set_plan,
)
from rsvps.capacity import (
    Claim,
    TimeslotUnavailable,
    check_room,
    lock_timeslots,
    take_seats,
)
from rsvps.invites import (
    post_confirm_address,
    post_given_up,
    post_invitation,
    post_new_address,
    post_resend,
    post_second_form,
)
from rsvps.models import Guest, Rsvp, Supporter, Ticket
from rsvps.states import COMING, RsvpStatus

log = structlog.get_logger(__name__)

MAX_PARTY = 20
# The button works for a day; the seats wait for half an hour of it.
TICKET_LASTS = timedelta(days=1)
BUTTON_LETTERS_A_DAY = 3
RESEND_AFTER = timedelta(minutes=10)  # a letter takes its time
CONFIRM, SECOND_FORM, NEW_ADDRESS = "confirm", "second_form", "new_address"


class TicketSpent(Exception):
    """The button was pressed before, or its time is over."""


class AddressTaken(Exception):
    """The new address has an RSVP of its own to this event."""


@dataclass(frozen=True)
class SignupForm:
    """What one person asks for, normalised.

    `timeslots` is {id: version the person saw}; `consents` {purpose: the words they saw};
    `digest` names this very form, so that sending it twice counts once. `confirm_first` asks
    for the button even where the event does not.
    """

    event: Event
    timeslots: Mapping[int, int]
    name: str
    email: str
    postal_code: str = ""
    phone: str = ""
    party_size: int = 1
    note: str = ""
    consents: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    confirm_first: bool = False


@dataclass(frozen=True)
class SignupOutcome:
    """What the answer page says; it never depends on whether the address was known."""

    confirm_first: bool
    host_answers: bool


def asks_to_confirm(event: Event) -> bool:
    """Whether RSVPs to this event stand only after the button in a letter was pressed."""
    return (
        settings.CONFIRM_ALL_RSVPS
        or event.confirm_rsvps
        or event.approve_each_guest
        or (event.is_private and not event.is_virtual_only)
    )


# -- The form ------------------------------------------------------------------------


@transaction.atomic
def sign_up(form: SignupForm, *, now: datetime) -> SignupOutcome:
    """Take a form in: new RSVPs, held seats, or a letter with a button.

    Raises EventClosed, TimeslotFull or TimeslotUnavailable; then nothing was taken.
    """
    confirm_first = form.confirm_first or asks_to_confirm(form.event)
    outcome = SignupOutcome(confirm_first, form.event.approve_each_guest)
    # Locked, where it exists: the same person twenty times at once is one person.
    supporter = Supporter.objects.select_for_update(no_key=True).filter(email=form.email).first()
    guest = supporter and Guest.objects.filter(supporter=supporter, event=form.event).first()
    if guest and form.digest and guest.form_digest == form.digest:
        return outcome  # sent twice
    slots = list(form.event.timeslots.filter(pk__in=form.timeslots).order_by("pk"))
    check_joinable(form.event, slots, now=now)
    missing = set(form.timeslots) - {slot.pk for slot in slots}
    if missing:
        raise TimeslotUnavailable(cancelled=missing)
    if guest is None and not blocks.is_kept_out(form.event, emails=[form.email], phone=form.phone):
        guest, created = _new_guest(form, supporter, now=now)
        if created:
            _first_form(form, guest, slots, confirm_first=confirm_first, now=now)
            return outcome
        if form.digest and guest.form_digest == form.digest:
            return outcome  # sent twice at the same moment; their own seat may have been the last
    check_room(_claims(form))  # what a stranger would be told
    if guest and not guest.blocked_at:
        _second_form(form, guest, now=now)
    return outcome


def _claims(form: SignupForm) -> list[Claim]:
    return [Claim(key, form.party_size, version) for key, version in form.timeslots.items()]


def _new_guest(
    form: SignupForm, supporter: Supporter | None, *, now: datetime
) -> tuple[Guest, bool]:
    """The guest and whether this form made it: of two at once, one only did."""
    if supporter is None:
        supporter, created = Supporter.objects.get_or_create(
            email=form.email,
            defaults={
                "name": form.name,
                "phone": form.phone,
                "postal_code": form.postal_code,
                "created_at": now,
            },
        )
        if created:
            links.seal_supporter(supporter)
    guest, created = Guest.objects.select_related("supporter").get_or_create(
        supporter=supporter,
        event=form.event,
        defaults={"form_digest": form.digest, "created_at": now},
    )
    guest.event = form.event
    if created:
        links.seal_guest(guest)
    return guest, created


def _first_form(
    form: SignupForm, guest: Guest, slots: list[Timeslot], *, confirm_first: bool, now: datetime
) -> None:
    hold = now + timedelta(minutes=settings.SEAT_HOLD_MINUTES) if confirm_first else None
    take_seats(_claims(form))
    rsvps = add_rsvps(guest, slots, form.party_size, form.note, now=now, hold_until=hold)
    if confirm_first:
        _send_button(CONFIRM, guest, _payload(form), now=now)
        return
    # Nobody has proved this address: it may add what was missing, never overwrite.
    _fill_in(guest.supporter, form.name, form.phone, form.postal_code, overwrite=False)
    consents.record(guest.supporter, form.consents, now=now)
    for rsvp in rsvps:
        accept(rsvp, now=now)


def _second_form(form: SignupForm, guest: Guest, *, now: datetime) -> None:
    """Somebody typed an address that is on the list already: only its owner may act on it."""
    has = dict(guest.rsvps.seated().values_list("timeslot_id", "party_size"))
    waits = guest.rsvps.filter(status=RsvpStatus.UNCONFIRMED).exists()
    if not waits and all(has.get(key) == form.party_size for key in form.timeslots):
        # Nothing to decide. If it was not a moment ago, they are looking for their letter.
        if now - guest.created_at > RESEND_AFTER:
            post_resend(guest.supporter, now=now)
        return
    _send_button(CONFIRM if waits else SECOND_FORM, guest, _payload(form), now=now)


def _payload(form: SignupForm) -> dict[str, Any]:
    """What waits for the button. Kept no longer than the ticket is good."""
    return {
        "timeslots": [[key, version] for key, version in form.timeslots.items()],
        "party_size": form.party_size,
        "note": form.note,
        "name": form.name,
        "phone": form.phone,
        "postal_code": form.postal_code,
        "consents": dict(form.consents),
    }


def _send_button(purpose: str, guest: Guest, payload: dict[str, Any], *, now: datetime) -> None:
    """One fixed-text letter with a button, unless this address has had its share.

    Somebody who types another person's address again and again fills no letter box: one letter
    per event while the seats are held, three a day in all.
    """
    hold = timedelta(minutes=settings.SEAT_HOLD_MINUTES)
    same_event = Ticket.objects.filter(guest=guest, created_at__gt=now - hold, used_at__isnull=True)
    if same_event.exclude(purpose=NEW_ADDRESS).exists() or _had_their_share(guest.supporter, now):
        log.info("button_letter_withheld", guest=guest.pk)
        return
    _post_button(purpose, guest, payload, expires_at=now + hold, now=now)


def _had_their_share(supporter: Supporter, now: datetime) -> bool:
    lately = Ticket.objects.filter(
        guest__supporter=supporter, created_at__gt=now - timedelta(days=1)
    )
    return lately.exclude(purpose=NEW_ADDRESS).count() >= BUTTON_LETTERS_A_DAY


def _post_button(
    purpose: str, guest: Guest, payload: dict[str, Any], *, expires_at: datetime, now: datetime
) -> None:
    _ticket, token = links.new_ticket(
        purpose, guest=guest, payload=payload, lasts=TICKET_LASTS, now=now
    )
    post = post_confirm_address if purpose == CONFIRM else post_second_form
    post(guest, token=token, expires_at=expires_at, now=now)


# -- The button ----------------------------------------------------------------------


@transaction.atomic
def confirm(ticket: Ticket, *, now: datetime) -> list[Rsvp]:
    """What the button behind a mailed link does; answers the guest's RSVPs that changed.

    Raises TicketSpent, AddressTaken, EventClosed, NotWelcome, RsvpChanged, TimeslotFull or
    TimeslotUnavailable; then nothing has changed and the button can be pressed again.
    """
    payload, guest = ticket.payload, ticket.guest
    if guest is not None:  # before the ticket: a host who removes a guest takes that last
        lock_timeslots(guest.rsvps.values_list("timeslot_id", flat=True))
    if guest is None or not links.redeem(ticket, now=now):
        raise TicketSpent
    if ticket.purpose == NEW_ADDRESS:
        return _move_to(payload["email"], guest, now=now)
    if guest.blocked_at or blocks.is_kept_out(
        guest.event, emails=[guest.supporter.email], phone=payload["phone"]
    ):
        raise NotWelcome
    # They hold the letter, so the address is theirs and its details are theirs to say.
    _fill_in(
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


def request_new_address(guest: Guest, email: str, *, now: datetime) -> None:
    """The guest wants letters at `email`: it counts once the button sent there is pressed.

    Raises NotWelcome for somebody the host removed: their old address would be free again.
    """
    _check_may_move(guest)
    since = now - timedelta(days=1)
    asked = Ticket.objects.filter(purpose=NEW_ADDRESS, created_at__gt=since)
    by_guest = asked.filter(guest=guest).count()
    if by_guest >= BUTTON_LETTERS_A_DAY or asked.filter(payload__email=email).exists():
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
    if blocks.is_kept_out(guest.event, emails=[email]):
        raise NotWelcome
    old = guest.supporter
    new, created = Supporter.objects.get_or_create(
        email=email,
        defaults={
            "name": old.name,
            "phone": old.phone,
            "postal_code": old.postal_code,
            "created_at": now,
        },
    )
    if created:
        links.seal_supporter(new)
    if Guest.objects.filter(supporter=new, event=guest.event).exclude(pk=guest.pk).exists():
        raise AddressTaken
    lock_timeslots(guest.rsvps.values_list("timeslot_id", flat=True))
    moved = list(guest.rsvps.filter(status__in=COMING).select_related("timeslot", "guest"))
    organizers = {rsvp.pk: links.reply_address(rsvp) for rsvp in moved}
    guest.supporter = new
    guest.earlier_addresses = [*guest.earlier_addresses, blocks.address_digest(old.email)]
    guest.save(update_fields=["supporter", "earlier_addresses"])
    guest.rsvps.update(supporter=new)
    links.revoke(guest)
    links.revoke_replies(guest)
    for rsvp in moved:
        rsvp.guest, rsvp.supporter, rsvp.timeslot.event = guest, new, guest.event
        rsvp.revision += 1  # so that the invitation to the new address is a letter of its own
        rsvp.changed_at = now
        rsvp.save(update_fields=["revision", "changed_at"])
        if rsvp.timeslot.ends_at > now:
            post_given_up(rsvp, to=old.email, organizer=organizers[rsvp.pk], now=now)
            post_invitation(rsvp, now=now)
    return moved


def mend_name(guest: Guest, name: str) -> None:
    """Hosts greet the guest by this name from now on."""
    guest.supporter.name = name
    guest.supporter.save(update_fields=["name"])


def _fill_in(
    supporter: Supporter, name: str, phone: str, postal_code: str, *, overwrite: bool
) -> None:
    typed = {"name": name, "phone": phone, "postal_code": postal_code}
    fields = [
        name
        for name, value in typed.items()
        if value
        and value != getattr(supporter, name)
        and (overwrite or not getattr(supporter, name))
    ]
    for name in fields:
        setattr(supporter, name, typed[name])
    if fields:
        supporter.save(update_fields=fields)


# -- Lost letters --------------------------------------------------------------------


def resend(email: str, *, now: datetime) -> None:
    """Send the letter with this person's manage links again, where they have any.

    Where seats are held for them and no button has been pressed, the letter with the button goes
    out once more, within the day's share. Answers nothing: whoever asks must not learn whether
    the address is known.
    """
    supporter = Supporter.objects.filter(email=email).first()
    if supporter is None:
        return
    rsvps = supporter.rsvps.filter(timeslot__ends_at__gt=now)
    if rsvps.exclude(status__in=[RsvpStatus.UNCONFIRMED, RsvpStatus.REMOVED]).exists():
        post_resend(supporter, now=now)
    held = rsvps.filter(status=RsvpStatus.UNCONFIRMED, hold_expires_at__gt=now)
    for guest in Guest.objects.filter(rsvps__in=held).distinct():
        _send_button_again(guest, now=now)


def _send_button_again(guest: Guest, *, now: datetime) -> None:
    """A new letter for the form that waits; the first one's button works as well."""
    waiting = guest.tickets.filter(purpose=CONFIRM, used_at__isnull=True).order_by("-created_at")
    ticket, held = waiting.first(), guest.rsvps.filter(status=RsvpStatus.UNCONFIRMED)
    on_its_way = ticket and now - ticket.created_at < RESEND_AFTER
    if ticket is None or on_its_way or _had_their_share(guest.supporter, now):
        return
    until = held.aggregate(until=Min("hold_expires_at"))["until"]
    _post_button(CONFIRM, guest, ticket.payload, expires_at=until, now=now)
