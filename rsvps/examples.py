"""Letters as they would look, with made-up people and places: for previews by staff."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from events.models import Event, Timeslot
from events.states import AddressVisibility, EventState, EventType, TimeslotState
from outbox.letters import Letter
from outbox.models import Message
from rsvps.contents import GivenUpLetter, HostMessageLetter, ResendLetter, RsvpLetter, TicketLetter
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import RsvpStatus
from rsvps.wording import facts_of

Example = Callable[[datetime], Letter]

_STATUS = {
    "rsvp_cancelled": RsvpStatus.CANCELLED,
    "no_room": RsvpStatus.DECLINED,
    "removed": RsvpStatus.REMOVED,
    "declined_by_host": RsvpStatus.REMOVED,
    "pending": RsvpStatus.PENDING,
}
_DAYS_AHEAD = {"reminder_day_before": 1, "reminder_on_the_day": 0, "thanks": 0}


def _timeslot(kind: str, now: datetime) -> Timeslot:
    zone = ZoneInfo("America/New_York")
    event = Event(
        pk=0,
        state=EventState.UNLISTED if kind == "unlisted" else EventState.APPROVED,
        type=EventType.HOUSE_PARTY,
        title="Lemonade and plans for the library",
        address_visibility=AddressVisibility.PRIVATE,
        street="41 South Elm Street",
        unit="Apt 4",
        city="Columbus",
        state_code="OH",
        postal_code="43215",
        public_city="Columbus",
        public_state_code="OH",
        public_postal_code="43215",
        timezone=zone.key,
        contact_name="Robin Sample",
        contact_phone="+16145550123",
        parking_notes="Free on Elm Street after 2.",
        updated_at=now,
    )
    day = now.astimezone(zone).date() + timedelta(days=_DAYS_AHEAD.get(kind, 5))
    start = datetime.combine(day, time(15), tzinfo=zone)
    return Timeslot(
        pk=0,
        event=event,
        state=TimeslotState.CANCELLED if kind == "cancellation" else TimeslotState.OPEN,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        instructions="The green door behind the hedge; ring twice.",
        changed_at=now,
    )


def of_whom(kind: str, now: datetime) -> Rsvp:
    """A made-up guest and event, unsaved, as a letter of this kind needs them."""
    timeslot = _timeslot(kind, now)
    supporter = Supporter(pk=0, email="alex@example.org", name="Alex Guest", proved_at=now)
    return Rsvp(
        pk=0,
        guest=Guest(pk=0, supporter=supporter, event=timeslot.event),
        supporter=supporter,
        timeslot=timeslot,
        status=_STATUS.get(kind, RsvpStatus.ACCEPTED),
        party_size=3,
    )


def _message(kind: str, now: datetime, payload: dict[str, Any]) -> Message:
    return Message(kind=kind, payload=payload, expires_at=now + timedelta(minutes=30))


def _payload(kind: str, rsvp: Rsvp) -> dict[str, Any]:
    if kind == "change":
        was = facts_of(rsvp.timeslot).as_json()
        hour = timedelta(hours=1)
        was["starts_at"] = (rsvp.timeslot.starts_at - hour).isoformat()
        was["ends_at"] = (rsvp.timeslot.ends_at - hour).isoformat()
        was["place"] = "12 North Oak Street, Columbus, OH 43215"
        return {"knew": "on", "was": was}
    if kind in {"cancellation", "removed", "declined_by_host"}:
        return {"words": "The pipes burst and the living room is a pond.\nI am so sorry!"}
    return {"was": 2, "why": "full" if kind == "no_room" else "new"}


def of_rsvp(kind: str, letter: RsvpLetter) -> Example:
    def example(now: datetime) -> Letter:
        rsvp = of_whom(kind, now)
        return letter.write(rsvp, _message(kind, now, _payload(kind, rsvp)), now)

    return example


def of_ticket(kind: str, letter: TicketLetter) -> Example:
    def example(now: datetime) -> Letter:
        message = _message(kind, now, {"token": "an-example-opens-nothing"})
        return letter.write(of_whom(kind, now).guest, message, now)

    return example


def of_given_up(letter: GivenUpLetter) -> Example:
    def example(now: datetime) -> Letter:
        message = _message("given_up", now, {"organizer": "rsvp+example@barnstorm.example"})
        message.recipient = "alex@example.org"
        return letter.write(_timeslot("given_up", now), message, now)

    return example


def of_resend(letter: ResendLetter) -> Example:
    def example(now: datetime) -> Letter:
        rsvp = of_whom("resend", now)
        return letter.write(rsvp.supporter, [rsvp], now)

    return example


def of_host_message(letter: HostMessageLetter) -> Example:
    def example(now: datetime) -> Letter:
        words = "It may rain on Saturday, so we meet inside.\n\nBring a chair if you can!"
        message = _message("host_message", now, {"words": words})
        return letter.write(of_whom("host_message", now).guest, message, now)

    return example
