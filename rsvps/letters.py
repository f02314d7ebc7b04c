"""The kinds of letter guests get, and whether one is still wanted at the moment of sending.

What they say stands in rsvps.contents.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from events import calendars
from events.models import Timeslot
from events.states import EventState
from outbox.letters import Kind, Letter, register
from outbox.models import Message
from rsvps import examples, links, reminders
from rsvps.contents import (
    GivenUpLetter,
    HostMessageLetter,
    ResendLetter,
    RsvpLetter,
    TicketLetter,
    always,
    had_entry,
    rsvp_of,
    rsvps_of,
    subject_id,
    what_changed,
    whole_event,
)
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import COMING, GONE, RsvpStatus

COMING_OR_WAITING = (*COMING, RsvpStatus.PENDING)

# -- Still wanted? -----------------------------------------------------------------------

Wanted = Callable[[Message, datetime], str | None]


def _wanted(check: Callable[[Rsvp, Message, datetime], str | None]) -> Wanted:
    def wanted(message: Message, now: datetime) -> str | None:
        rsvp = rsvp_of(message)
        if rsvp is None:
            return "the RSVP is gone"
        if rsvp.supporter.email != message.recipient:
            return "the person has another address now"
        return check(rsvp, message, now)

    return wanted


def _standing(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    """For what says how a timeslot stands: it does, and nothing newer has been posted."""
    if rsvp.timeslot.version != message.version:
        return "changed since"
    if rsvp.revision != message.revision:
        return "the RSVP changed since"
    if rsvp.timeslot.ends_at <= now:
        return "the event is over"
    return None


def _invitation_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if rsvp.status not in COMING:
        return "no longer coming"
    if calendars.is_cancelled(rsvp.timeslot):
        return "cancelled since"
    return _standing(rsvp, message, now)


def _change_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if rsvp.status not in COMING_OR_WAITING:
        return "no longer coming"
    return _standing(rsvp, message, now)


def _unlisted_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if rsvp.timeslot.event.state != EventState.UNLISTED:
        return "listed again since"
    return _change_wanted(rsvp, message, now)


def _cancellation_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    """Its version does not matter: a cancelled timeslot may be moved, which concerns nobody."""
    if rsvp.status not in COMING_OR_WAITING or rsvp.revision != message.revision:
        return "no longer coming"
    if not calendars.is_cancelled(rsvp.timeslot):
        return "takes place after all"
    return "the event is over" if rsvp.timeslot.ends_at <= now else None


def _answer_wanted(*statuses: str) -> Wanted:
    """For what answers or tells of one guest's own state: it is still theirs."""

    def check(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
        if rsvp.status not in statuses or rsvp.revision != message.revision:
            return "the RSVP changed since"
        return "the event is over" if rsvp.timeslot.ends_at <= now else None

    return _wanted(check)


def _is_off(timeslot: Timeslot) -> str | None:
    """Why nobody is to be told where and when it is; None while it takes place in public."""
    if timeslot.event.state != EventState.APPROVED or calendars.is_cancelled(timeslot):
        return "cancelled or unlisted since"
    return None


def _own_wanted(*statuses: str) -> Wanted:
    """For what tells of one guest's own RSVP, and when and where it is for.

    A change withdraws it and posts it anew. This looks again, lest a retry's kept bytes tell
    strangers' mailboxes where a home is after its event is gone.
    """

    def check(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
        if rsvp.status not in statuses:
            return "the RSVP changed since"
        return _is_off(rsvp.timeslot) or _standing(rsvp, message, now)

    return _wanted(check)


def _reminder_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if rsvp.status not in COMING:
        return "no longer coming"
    if why := _is_off(rsvp.timeslot):
        return why
    return "changed since" if rsvp.timeslot.version != message.version else None


def _before_start(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if rsvp.timeslot.starts_at <= now:
        return "the event has begun"
    return _reminder_wanted(rsvp, message, now)


def _on_the_day_wanted(rsvp: Rsvp, message: Message, now: datetime) -> str | None:
    if reminders.reminded_late(rsvp.timeslot, rsvp.pk):
        return "reminded late on the day before"
    return _before_start(rsvp, message, now)


def _ticket_wanted(message: Message, now: datetime) -> str | None:
    ticket = links.find_ticket(message.payload["token"])
    if ticket is None or ticket.guest is None or not links.is_good(ticket, now=now):
        return "the button in it no longer works"
    # Of a cancelled event the page behind the button says so.
    if ticket.guest.event.state not in {EventState.APPROVED, EventState.CANCELLED}:
        return "unlisted since"
    return None


def _host_message_wanted(message: Message, now: datetime) -> str | None:
    guest = (
        Guest.objects.filter(pk=subject_id(message)).select_related("supporter", "event").first()
    )
    if guest is None or not Rsvp.objects.coming().filter(guest=guest).exists():
        return "no longer coming"
    if guest.supporter.email != message.recipient:  # it holds the link the new address got
        return "the person has another address now"
    if guest.event.state not in {EventState.APPROVED, EventState.CANCELLED}:
        return "unlisted since"
    return None


def _given_up_wanted(message: Message, now: datetime) -> str | None:
    rsvp = Rsvp.objects.filter(pk=subject_id(message)).select_related("supporter").first()
    if rsvp is None:
        return "the RSVP is gone"
    return "the address is theirs again" if rsvp.supporter.email == message.recipient else None


def _resend_wanted(message: Message, now: datetime) -> str | None:
    return (
        None if Supporter.objects.filter(pk=subject_id(message)).exists() else "the person is gone"
    )


# -- The kinds ---------------------------------------------------------------------------

# How timeslots and places in them stand: with a calendar object, so a copy does no harm.
_STANDING: list[tuple[str, str, Wanted, RsvpLetter]] = [
    (
        "invitation",
        "Invitation",
        _wanted(_invitation_wanted),
        RsvpLetter("invitation", calendars.request),
    ),
    (
        "change",
        "Change of time or place",
        _wanted(_change_wanted),
        RsvpLetter("change", calendars.request, what_changed),
    ),
    (
        "cancellation",
        "Event or date cancelled",
        _wanted(_cancellation_wanted),
        RsvpLetter("cancellation", calendars.cancel, whole_event),
    ),
    (
        "unlisted",
        "No longer listed",
        _wanted(_unlisted_wanted),
        RsvpLetter("unlisted", calendars.request),
    ),
    (
        "rsvp_cancelled",
        "RSVP cancelled",
        _answer_wanted(*GONE),
        RsvpLetter("rsvp_cancelled", calendars.cancel),
    ),
    (
        "removed",
        "Taken off the list",
        # Welcome again, they are as if they had cancelled; the entry must go all the same.
        _answer_wanted(RsvpStatus.REMOVED, *GONE),
        RsvpLetter("removed", calendars.cancel),
    ),
    (
        "no_room",
        "No room to come back to",
        _answer_wanted(*GONE, RsvpStatus.PENDING),
        RsvpLetter("no_room", calendars.cancel, when=always),
    ),
    ("pending", "Waiting for the host", _own_wanted(RsvpStatus.PENDING), RsvpLetter("pending")),
    (
        "party_change",
        "New party size",
        _own_wanted(*COMING_OR_WAITING),
        RsvpLetter("party_change"),
    ),
    (
        "declined_by_host",
        "Declined by the host",
        _answer_wanted(RsvpStatus.REMOVED, *GONE),
        RsvpLetter("declined_by_host", calendars.cancel, when=had_entry),
    ),
]
_TICKETS = [
    ("confirm", "Confirm your address"),
    ("second_form", "Confirm a second form"),
    ("new_address", "Confirm a new address"),
]
# By the clock: kept from the night, and from people who unsubscribed.
_PLANNED: list[tuple[str, str, Wanted]] = [
    ("reminder_day_before", "Reminder the day before", _wanted(_before_start)),
    ("reminder_on_the_day", "Reminder on the day", _wanted(_on_the_day_wanted)),
    ("thanks", "Thanks, and how was it?", _wanted(_reminder_wanted)),
]


def register_letters() -> None:
    """Tell the ledger of every kind of letter to guests; called once, when the app is ready."""
    for name, title, wanted, letter in _STANDING:
        _register(
            name, title, wanted, letter.render, examples.of_rsvp(name, letter), gather=rsvps_of
        )
    for name, title in _TICKETS:
        ticket = TicketLetter(name)
        _register(name, title, _ticket_wanted, ticket.render, examples.of_ticket(name, ticket))
    for name, title, wanted in _PLANNED:
        planned = RsvpLetter(name)
        example = examples.of_rsvp(name, planned)
        _register(
            name,
            title,
            wanted,
            planned.render,
            example,
            gather=rsvps_of,
            quiet=True,
            optional=True,
            in_doubt="leave",
        )
    given_up = GivenUpLetter()
    example = examples.of_given_up(given_up)
    _register("given_up", "Address given up", _given_up_wanted, given_up.render, example)
    resend = ResendLetter()
    example = examples.of_resend(resend)
    _register("resend", "Lost your letter?", _resend_wanted, resend.render, example)
    message = HostMessageLetter()
    _register(
        "host_message",
        "Message from the host",
        _host_message_wanted,
        message.render,
        examples.of_host_message(message),
        optional=True,
        in_doubt="leave",
    )


def _register(
    name: str,
    title: str,
    wanted: Wanted,
    render: Callable[[Message, datetime], Letter],
    example: Callable[[datetime], Letter],
    *,
    gather: Callable[[Sequence[Message]], Mapping[int, object]] | None = None,
    quiet: bool = False,
    optional: bool = False,
    in_doubt: Literal["resend", "leave"] = "resend",
) -> None:
    register(
        Kind(
            name=name,
            title=title,
            wanted=wanted,
            render=render,
            example=example,
            gather=gather,
            quiet=quiet,
            optional=optional,
            in_doubt=in_doubt,
        )
    )
