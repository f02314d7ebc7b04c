"""The daily list of new RSVPs: planned when due, from what the last list left off at."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.cache import cache

from events.models import Event
from events.states import EventState
from hosts.letters import NEW_RSVPS
from hosts.models import CoHost
from outbox import ledger
from outbox.models import Message
from rsvps.models import Rsvp
from rsvps.states import COMING, RsvpStatus

# When the day's list is closed, by the event's clock: early enough to answer the same evening.
CLOSES = time(17)
# A list that a stopped machine missed is caught up with, so far back.
REACH = timedelta(days=7)
# RSVPs that were being written at the closing hour are on the list too.
SETTLES = timedelta(minutes=1)
# Somewhere in the world a list closes each quarter of an hour, and never between two.
QUARTER = timedelta(minutes=15)


def plan(now: datetime) -> int:
    """A planner: once a quarter of an hour, post the lists that are due.

    Each event's holds its new RSVPs since its last one. Returns how many letters.
    """
    now -= SETTLES
    quarter = (now - datetime.min.replace(tzinfo=UTC)) // QUARTER
    if not cache.add(f"new-rsvps-{quarter}", True, QUARTER.total_seconds()):
        return 0
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
