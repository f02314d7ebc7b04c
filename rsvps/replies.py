"""What guests' calendars answer: iMIP replies (RFC 6047, METHOD:REPLY of RFC 5546 3.2.3).

A reply comes to the unguessable address its invitation came from. Whatever is not exactly one
guest's own, current answer changes nothing; it is counted by its outcome.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import icalendar
from django.db import transaction
from django.db.models import Q

from events.calendars import is_cancelled
from events.states import EventState
from outbox.inbound import InboundMail, NotUnderstood
from outbox.message import ascii_domain
from rsvps import attending, links
from rsvps.capacity import TimeslotUnavailable, lock_timeslots
from rsvps.invites import last_sequence_sent
from rsvps.models import Rsvp
from rsvps.states import COMING, GONE, RsvpStatus

LARGEST = 256 * 1024
# Clocks of phones are wrong by minutes; a stamp of next year would silence every later reply.
CLOCKS_DIFFER_BY = timedelta(days=1)
_ANSWERS = {
    "ACCEPTED": RsvpStatus.ACCEPTED,
    "TENTATIVE": RsvpStatus.TENTATIVE,
    "DECLINED": RsvpStatus.DECLINED,
}


class _Overtaken(Exception):
    """A newer reply was acted on meanwhile; undoes what this one did."""


class NotAReply(Exception):
    """The letter holds no readable REPLY; the message says why, as a word to count by."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one calendar answers. `stamp` is DTSTAMP; `attendee` a bare lower-case address."""

    uid: str
    attendee: str
    answer: RsvpStatus
    sequence: int
    stamp: datetime


def receive(mail: InboundMail, *, now: datetime) -> str | None:
    """The inbound handler: answers what became of the reply, or None where it is none.

    Raises NotUnderstood for whatever else comes to the address, such as a person's own words.
    """
    tokens = mail.tokens("rsvp")
    if not tokens:
        return None
    try:
        reply = read(mail)
    except NotAReply as error:
        raise NotUnderstood(f"reply: {error}") from error
    if len(tokens) > 1:
        return "reply: several addresses"
    rsvp = links.rsvp_by_reply_token(tokens[0])
    if rsvp is None:
        return "reply: unknown address"
    try:
        return _apply(reply, rsvp, now=now)
    except (attending.RsvpChanged, _Overtaken):
        return "reply: overtaken"


def read(mail: InboundMail) -> Reply:
    """The one REPLY in a letter. Raises NotAReply."""
    try:
        calendar = icalendar.Calendar.from_ical(_calendar_part(mail))
        entries = calendar.walk("VEVENT")
        method = str(calendar.get("METHOD", "")).upper()
        if method != "REPLY":
            # COUNTER, REFRESH, ADD and whatever else: never acted on.
            raise NotAReply(f"method {method.lower()[:12]}" if method.isalpha() else "no method")
        if len(entries) != 1:
            raise NotAReply("not one event")
        return _read_entry(entries[0])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotAReply("unreadable") from error


def _read_entry(entry: icalendar.Component) -> Reply:
    if "RECURRENCE-ID" in entry or "RRULE" in entry:
        raise NotAReply("recurring")
    attendee = entry.get("ATTENDEE")
    if attendee is None or isinstance(attendee, list):
        raise NotAReply("not one attendee")
    answer = _ANSWERS.get(str(attendee.params.get("PARTSTAT", "")).upper())
    if answer is None:
        raise NotAReply("no answer")
    stamp = entry.decoded("DTSTAMP")
    if not isinstance(stamp, datetime):
        raise NotAReply("unreadable")
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return Reply(
        uid=str(entry["UID"]),
        attendee=bare_address(str(attendee)),
        answer=answer,
        # Without SEQUENCE it is zero (RFC 5545 3.8.7.4).
        sequence=int(entry.get("SEQUENCE", 0)),
        stamp=stamp.astimezone(UTC),
    )


def _calendar_part(mail: InboundMail) -> bytes:
    """The bytes of the one calendar part. Raises NotAReply.

    Most programs send text/calendar; where there is none, one application/ics file will do
    (Gmail and Thunderbird send both, the same object twice).
    """
    for wanted in ("text/calendar", "application/ics"):
        parts = mail.parts(wanted)
        if len(parts) > 1:
            raise NotAReply("several calendars")
        if parts:
            data = parts[0].get_payload(decode=True)
            if not isinstance(data, bytes) or len(data) > LARGEST:
                raise NotAReply("too large")
            return data
    raise NotAReply("no calendar")


def bare_address(value: str) -> str:
    """ "MAILTO:Alex%40example.org" -> "alex@example.org"."""
    scheme, colon, rest = value.partition(":")
    address = rest if colon and scheme.strip().lower() == "mailto" else value
    local, at, domain = unquote(address.partition("?")[0]).strip().lower().rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"


@transaction.atomic
def _apply(reply: Reply, rsvp: Rsvp, *, now: datetime) -> str:
    """Act on a reply that came to `rsvp`'s own address; answers the outcome."""
    # All of the guest's, as coming back does: half of them first could be a circle.
    lock_timeslots(rsvp.guest.rsvps.values_list("timeslot_id", flat=True))
    if refusal := _refusal(reply, rsvp, now=now):
        return refusal
    outcome = _answer(reply, rsvp, now=now)
    newest = Q(reply_stamp__isnull=True) | Q(reply_stamp__lt=reply.stamp)
    if not Rsvp.objects.filter(newest, pk=rsvp.pk).update(reply_stamp=reply.stamp):
        raise _Overtaken
    return outcome


def _refusal(reply: Reply, rsvp: Rsvp, *, now: datetime) -> str | None:
    """Why the reply must change nothing; None where it may."""
    sent = last_sequence_sent(rsvp)
    if reply.uid != rsvp.timeslot.uid:
        return "reply: wrong event"
    if reply.attendee != rsvp.supporter.email:
        return "reply: unknown attendee"
    if sent < 0 or rsvp.status not in COMING | GONE | {RsvpStatus.PENDING}:
        return "reply: no invitation"
    if reply.sequence < sent:
        return "reply: outdated"
    if reply.stamp > now + CLOCKS_DIFFER_BY:
        return "reply: from the future"
    if rsvp.reply_stamp is not None and reply.stamp <= rsvp.reply_stamp:
        return "reply: older than the last"
    if rsvp.timeslot.ends_at <= now:
        return "reply: event is over"
    return None


def _answer(reply: Reply, rsvp: Rsvp, *, now: datetime) -> str:
    if reply.answer == rsvp.status or (reply.answer == RsvpStatus.DECLINED and rsvp.status in GONE):
        return "reply: nothing new"
    if reply.answer == RsvpStatus.DECLINED:
        attending.decline(rsvp, now=now)
        return "reply: declined"
    if rsvp.status in COMING:
        attending.set_answer(rsvp, reply.answer, now=now)
        return f"reply: {reply.answer}"
    if rsvp.status == RsvpStatus.PENDING:
        return _waits(rsvp, now=now)
    if is_cancelled(rsvp.timeslot) or rsvp.timeslot.event.state != EventState.APPROVED:
        attending.take_entry_away(rsvp, why="off", now=now)
        return "reply: nothing to come to"
    return _come_back(reply, rsvp, now=now)


def _come_back(reply: Reply, rsvp: Rsvp, *, now: datetime) -> str:
    """Through capacity like anyone else; a calendar that says yes without a seat is mended."""
    try:
        attending.come_back(rsvp, now=now)
    except TimeslotUnavailable:
        attending.take_entry_away(rsvp, why="full", now=now)
        return "reply: no room"
    except (attending.EventClosed, attending.NotWelcome):
        attending.take_entry_away(rsvp, why="off", now=now)
        return "reply: nothing to come to"
    if rsvp.status == RsvpStatus.PENDING:
        return _waits(rsvp, now=now)
    if reply.answer == RsvpStatus.TENTATIVE:
        attending.set_answer(rsvp, reply.answer, now=now)
    return "reply: came back"


def _waits(rsvp: Rsvp, *, now: datetime) -> str:
    """The entry of an earlier RSVP looks like a seat, and the host has not answered yet."""
    attending.take_entry_away(rsvp, why="waits", now=now)
    return "reply: waits for the host"
