"""Who is coming, as those who hold the event may know it, and writing to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from events.models import Event, Timeslot
from hosts import cohosting, decision_letters, letters
from hosts.desk import upcoming_first
from hosts.models import RecordKind, User
from hosts.records import record
from outbox import overview
from outbox.models import Message
from rsvps import attending, invites
from rsvps.models import Guest, Rsvp
from rsvps.states import COMING, GONE, RsvpStatus

log = structlog.get_logger(__name__)

MESSAGE = "host_message"  # the kind rsvps.letters renders
# Enough for "bring water" and "we moved indoors"; more is a newsletter.
MESSAGES_A_DAY = 3


# Letters about an event that do not go to its guests.
_TO_THE_DESK = frozenset(
    {
        letters.SUBMITTED,
        letters.NEW_RSVPS,
        cohosting.REQUEST,
        decision_letters.WAITING,
        *(kind for kind, _title in decision_letters.KINDS.values()),
    }
)


class TooManyMessages(Exception):
    """The event's guests have heard from its hosts often enough today."""


class NobodyComing(Exception):
    """There is nobody to write to."""


@dataclass(slots=True)
class DateGuests:
    """The guests of one timeslot. Sums are people, not RSVPs."""

    timeslot: Timeslot
    coming: list[Rsvp] = field(default_factory=list)
    asking: list[Rsvp] = field(default_factory=list)  # wait for the host's answer
    people: int = 0
    held: int = 0  # places held for people who have not confirmed their address yet
    gone: int = 0  # RSVPs cancelled or declined


def guests_by_date(event: Event, *, now: datetime) -> list[DateGuests]:
    """Every timeslot with its guests, dates to come first; guests by name."""
    dates = {slot.pk: DateGuests(slot) for slot in upcoming_first(event, now=now)}
    rsvps = Rsvp.objects.filter(timeslot__event=event).select_related("supporter")
    for rsvp in rsvps.order_by("supporter__name", "pk"):
        date = dates[rsvp.timeslot_id]
        rsvp.timeslot = date.timeslot
        if rsvp.status in COMING:
            date.coming.append(rsvp)
            date.people += rsvp.party_size
        elif rsvp.status == RsvpStatus.PENDING:
            date.asking.append(rsvp)
        elif rsvp.status == RsvpStatus.UNCONFIRMED:
            date.held += rsvp.party_size
        elif rsvp.status in GONE:
            date.gone += 1
    for date in dates.values():
        date.timeslot.event = event
    return list(dates.values())


def removed_guests(event: Event) -> QuerySet[Guest]:
    """Whom the host took off the list, kept out or answered no."""
    out = Q(blocked_at__isnull=False) | Q(rsvps__status=RsvpStatus.REMOVED)
    found = Guest.objects.filter(out, event=event).select_related("supporter")
    return found.distinct().order_by("supporter__name", "pk")


@transaction.atomic
def remove_guest(guest: Guest, *, words: str, block: bool, by: User, now: datetime) -> None:
    """Take a guest off the list, on record; with `block` they cannot sign up again.

    Raises attending.RsvpChanged.
    """
    attending.remove_guest(guest, by=by, now=now, words=words, block=block)
    said = "removed, and kept out" if block else "removed"
    _record(guest, said, by=by, now=now)


@transaction.atomic
def welcome_again(guest: Guest, *, by: User, now: datetime) -> bool:
    """Let a removed guest sign up again, on record; False where they could already."""
    changed = attending.welcome_again(guest, now=now)
    if changed:
        _record(guest, "welcome again", by=by, now=now)
    return changed


def _record(guest: Guest, words: str, *, by: User, now: datetime) -> None:
    record(
        RecordKind.GUEST,
        about=f"event:{guest.event_id}",
        by=by,
        now=now,
        words=words,
        details=f"guest:{guest.pk}",
    )


@transaction.atomic
def write_to_guests(
    event: Event, *, words: str, timeslots: Iterable[Timeslot], by: User, now: datetime
) -> int:
    """Write to everybody coming to these timeslots, once each; returns how many people.

    Raises TooManyMessages, NobodyComing.
    """
    # Two hosts pressing at once are counted one after the other.
    Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    sent = Message.objects.about(f"event:{event.pk}").filter(
        kind=MESSAGE, created_at__gt=now - timedelta(days=1)
    )
    if sent.values("step").distinct().count() >= MESSAGES_A_DAY:
        raise TooManyMessages
    count = invites.post_host_message(
        event, words=words, timeslots=list(timeslots), by=by.pk, now=now
    )
    if not count:
        raise NobodyComing
    log.info("host_wrote_to_guests", event_id=event.pk, by=by.pk, letters=count)
    return count


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message a host wrote to guests, for the desk and for staff."""

    sent_at: datetime
    words: str
    by: User | None
    people: int


def messages_sent(event: Event) -> list[SentMessage]:
    """What hosts wrote to the event's guests, the newest first, while the ledger keeps it."""
    rows = Message.objects.about(f"event:{event.pk}").filter(kind=MESSAGE).order_by("-created_at")
    found: dict[str, list[Message]] = {}
    for row in rows:
        found.setdefault(row.step, []).append(row)
    writers = User.objects.in_bulk({m[0].payload["by"] for m in found.values() if m[0].payload})
    return [
        SentMessage(
            sent_at=copies[0].created_at,
            words=copies[0].payload["words"],
            by=writers.get(copies[0].payload["by"]),
            people=len(copies),
        )
        for copies in found.values()
        if copies[0].payload
    ]


def letters_to_guests(event: Event) -> list[str]:
    """How the letters to the event's guests stand, a plain sentence for each kind."""
    return overview.in_words(f"event:{event.pk}", without=_TO_THE_DESK)
