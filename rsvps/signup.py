"""The RSVP form.

Whoever knows an address can type it, so a form alone may do little. To one date of a public
place it makes an RSVP; at a private home (and wherever the operator, the event or a rush asks)
it waits for the button in a fixed-text letter (rsvps.buttons); under an address that is on the
guest list already it changes nothing until then. What the form's sender reads, and how long it
takes, is the same in every case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from events.models import Event, Timeslot
from rsvps import blocks, buttons, consents, errands, links, supporters, unasked
from rsvps.alike import nobody, taken_back
from rsvps.attending import accept, add_rsvps, check_joinable
from rsvps.capacity import Claim, TimeslotUnavailable, check_room, take_seats
from rsvps.invites import post_resend
from rsvps.models import Guest, Supporter
from rsvps.states import RsvpStatus

MAX_PARTY = 20


@dataclass(frozen=True)
class SignupForm:
    """What one person asks for, normalised.

    `timeslots` is {id: version the person saw}; `consents` {purpose: the words they saw};
    `digest` names this very form, so that sending it twice counts once. In a `rush` of forms
    everybody is asked to press the button, and places go to whoever presses first.
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
    rush: bool = False

    @property
    def confirm_first(self) -> bool:
        """Whether the button must be pressed. Each date has an invitation of its own, and an
        address nobody has proved gets no more than one letter for a form."""
        return self.rush or len(self.timeslots) > 1 or asks_to_confirm(self.event)


@dataclass(frozen=True)
class SignupOutcome:
    """What the answer page says; it never depends on whether the address was known."""

    confirm_first: bool
    host_answers: bool
    held: bool = True  # the seats wait for the button


def asks_to_confirm(event: Event) -> bool:
    """Whether RSVPs to this event stand only after the button in a letter was pressed."""
    return (
        settings.CONFIRM_ALL_RSVPS
        or event.confirm_rsvps
        or event.approve_each_guest
        or (event.is_private and not event.is_virtual_only)
    )


@transaction.atomic
def sign_up(form: SignupForm, *, now: datetime) -> SignupOutcome:
    """Take a form in: new RSVPs, held seats, or a letter with a button.

    Raises EventClosed, TimeslotFull or TimeslotUnavailable; then nothing was taken.
    """
    outcome = SignupOutcome(form.confirm_first, form.event.approve_each_guest, not form.rush)
    supporter = supporters.locked(form.email)
    guest = supporter and Guest.objects.filter(supporter=supporter, event=form.event).first()
    if guest and form.digest and guest.form_digest == form.digest:
        return outcome  # sent twice
    slots = list(form.event.timeslots.filter(pk__in=form.timeslots).order_by("pk"))
    check_joinable(form.event, slots, now=now)
    missing = set(form.timeslots) - {slot.pk for slot in slots}
    if missing:
        raise TimeslotUnavailable(cancelled=missing)
    phones = [form.phone, supporter.phone if supporter else ""]
    if guest is None and not blocks.is_kept_out(form.event, emails=[form.email], phones=phones):
        guest, created = _new_guest(form, supporter, now=now)
        if created:
            _first_form(form, guest, slots, now=now)
            return outcome
        if form.digest and guest.form_digest == form.digest:
            return outcome  # sent twice at the same moment; their own seat may have been the last
    _as_a_stranger(form, slots, now=now)
    if guest and not guest.blocked_at:
        errands.leave(
            buttons.SECOND_FORM, form.email, event=form.event.pk, **_payload(form), now=now
        )
    return outcome


# -- A first form --------------------------------------------------------------------


def _new_guest(
    form: SignupForm, supporter: Supporter | None, *, now: datetime
) -> tuple[Guest, bool]:
    """The guest and whether this form made it: of two at once, one only did."""
    if supporter is None:
        supporter = _new_supporter(form, now=now)
    else:
        with taken_back():
            _new_supporter(_by_nobody(form), now=now)
    guest, created = Guest.objects.select_related("supporter").get_or_create(
        supporter=supporter,
        event=form.event,
        defaults={"form_digest": form.digest, "created_at": now},
    )
    guest.event = form.event
    if created:
        links.seal_guest(guest)
    return guest, created


def _new_supporter(form: SignupForm, *, now: datetime) -> Supporter:
    supporter, created = supporters.get_or_create(
        form.email, name=form.name, phone=form.phone, postal_code=form.postal_code, now=now
    )
    if not created:  # another form of theirs was faster, at this very moment
        supporters.lock(supporter.pk)
        supporter.refresh_from_db()
    return supporter


def _first_form(form: SignupForm, guest: Guest, slots: list[Timeslot], *, now: datetime) -> None:
    if form.rush:
        check_room(_claims(form))
        buttons.send(buttons.CONFIRM, guest, _payload(form), held=False, now=now)
        return
    hold = now + timedelta(minutes=settings.SEAT_HOLD_MINUTES) if form.confirm_first else None
    take_seats(_claims(form))
    rsvps = add_rsvps(guest, slots, form.party_size, form.note, now=now, hold_until=hold)
    if form.confirm_first:
        buttons.send(buttons.CONFIRM, guest, _payload(form), held=True, now=now)
        return
    # Nobody has proved this address: it may add what was missing, never overwrite.
    supporters.fill_in(guest.supporter, form.name, form.phone, form.postal_code, overwrite=False)
    consents.record(guest.supporter, form.consents, now=now)
    leaves_at = unasked.next_free(guest.supporter, now=now)
    for rsvp in rsvps:
        accept(rsvp, now=now, letter_at=leaves_at)
    unasked.note(guest.supporter, at=leaves_at)


def _claims(form: SignupForm) -> list[Claim]:
    return [Claim(key, form.party_size, version) for key, version in form.timeslots.items()]


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


# -- A second form -------------------------------------------------------------------


def _as_a_stranger(form: SignupForm, slots: list[Timeslot], *, now: datetime) -> None:
    """Do for nobody what a first form does, and take it back.

    So whoever types a known address is told what a stranger would be told, and a clock tells
    them no more: the same work was done.
    """
    stranger = _by_nobody(form)
    with taken_back():
        guest, _created = _new_guest(stranger, None, now=now)
        _first_form(stranger, guest, slots, now=now)


def _by_nobody(form: SignupForm) -> SignupForm:
    return replace(form, email=nobody())


def see_to_second_form(email: str, payload: dict[str, Any], now: datetime) -> None:
    """Somebody typed an address that is on the list already: only its owner may act on it."""
    supporter = supporters.locked(email)
    guest = Guest.objects.filter(supporter=supporter, event=payload.pop("event")).first()
    if supporter is None or guest is None or guest.blocked_at:
        return
    guest.supporter = supporter
    has = dict(guest.rsvps.seated().values_list("timeslot_id", "party_size"))
    waits = guest.rsvps.filter(status=RsvpStatus.UNCONFIRMED).exists()
    wanted = [key for key, _version in payload["timeslots"]]
    if not waits and all(has.get(key) == payload["party_size"] for key in wanted):
        # Nothing to decide. If it was not a moment ago, they are looking for their letter.
        looking = now - guest.created_at > buttons.RESEND_AFTER
        if looking and not unasked.had_their_share(supporter, now=now):
            post_resend(supporter, now=now)
            unasked.note(supporter, at=now)
        return
    stands = guest.rsvps.exclude(status=RsvpStatus.UNCONFIRMED).exists()
    purpose = buttons.SECOND_FORM if stands else buttons.CONFIRM
    buttons.send(purpose, guest, payload, held=waits, now=now)
