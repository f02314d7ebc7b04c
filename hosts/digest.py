"""The daily list of new RSVPs: planned when due, from what the last list left off at."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from events.models import Event
from events.states import EventState
from hosts.letters import NEW_RSVPS
from hosts.models import CoHost
from outbox import ledger
from outbox.models import Message
from rsvps.models import Rsvp
from rsvps.states import COMING, RsvpStatus

# When the day's list is closed, by the event's clock: early enough to answer the same evening.
# It is made at five: what was being written at the closing minute stands by then.
CLOSES = time(16, 59)
# Somewhere in the world it is five each quarter of an hour, and never between two.
EVERY = timedelta(minutes=15)
# A list that a stopped machine missed is caught up with, so far back.
REACH = timedelta(days=7)


def plan(now: datetime) -> int:
    """Post the list of each event that has new RSVPs since its last; returns how many letters."""
    events = Event.objects.filter(
        state=EventState.APPROVED,
        pk__in=Rsvp.objects.filter(
            status__in=[*COMING, RsvpStatus.PENDING], created_at__gt=now - REACH
        ).values("timeslot__event"),
    ).select_related("host")
    return sum(_post_list(event, now=now) for event in events)


def last_close(zone: str, now: datetime) -> datetime:
    """The latest closing hour at the event that is not after `now`."""
    local = now.astimezone(ZoneInfo(zone))
    close = datetime.combine(local.date(), CLOSES, ZoneInfo(zone))
    if close > local:
        close = datetime.combine(local.date() - timedelta(days=1), CLOSES, ZoneInfo(zone))
    return close.astimezone(now.tzinfo)


def _post_list(event: Event, *, now: datetime) -> int:
    until = last_close(event.timezone, now)
    last = (
        Message.objects.filter(kind=NEW_RSVPS, topic=f"event:{event.pk}")
        .order_by("-pk")
        .values_list("payload__until", flat=True)
        .first()
    )
    since = datetime.fromisoformat(last) if last else now - REACH
    fresh = Rsvp.objects.filter(
        timeslot__event=event,
        status__in=[*COMING, RsvpStatus.PENDING],
        created_at__gt=since,
        created_at__lte=until,
    )
    if until <= since or not fresh.exists():
        return 0
    readers = {event.host_id: event.host.email}
    helping = CoHost.objects.filter(
        event=event, accepted_at__isnull=False, removed_at__isnull=True, user__is_active=True
    )
    readers |= dict(helping.values_list("user_id", "user__email"))
    for user_id, email in readers.items():
        ledger.post(
            NEW_RSVPS,
            to=email,
            subject=f"event:{event.pk}:user:{user_id}",
            step=until.isoformat(),
            topic=f"event:{event.pk}",
            payload={"user": user_id, "since": since.isoformat(), "until": until.isoformat()},
            zone=event.timezone,
            now=now,
        )
    return len(readers)
