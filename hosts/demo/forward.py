"""Keeps the demo in the present: a second `make run`, weeks later, finds it upcoming again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from events import spatial
from events.models import Event, Timeslot
from hosts.demo.country import DOMAIN
from hosts.models import User
from rsvps.models import Rsvp


@transaction.atomic
def move_forward(*, now: datetime) -> int:
    """Move the demo's own events by whole weeks, so that Saturdays stay Saturdays.

    The demo was made on the day its first host joined; that day moves along, which is how
    this knows how far it has come. Wall times stay as they are across daylight saving. The
    version rises, so that reminders for the new dates are new reminders. Returns the weeks.
    """
    first = User.objects.filter(email__endswith=f"@{DOMAIN}").order_by("pk").first()
    if first is None:
        return 0
    weeks = (now - first.date_joined) // timedelta(weeks=1)
    if weeks < 1:
        return 0
    by = timedelta(weeks=weeks)
    events = {event.pk: event for event in Event.objects.filter(host__email__endswith=f"@{DOMAIN}")}
    slots = list(Timeslot.objects.filter(event__in=events.values()))
    for slot in slots:
        zone = ZoneInfo(events[slot.event_id].timezone)
        length = slot.ends_at - slot.starts_at
        slot.starts_at = (slot.starts_at.astimezone(zone) + by).astimezone(ZoneInfo("UTC"))
        slot.ends_at = slot.starts_at + length
        slot.version += 1
    Timeslot.objects.bulk_update(slots, ["starts_at", "ends_at", "version"], batch_size=500)
    Rsvp.objects.filter(timeslot__in=slots).update(
        created_at=F("created_at") + by, changed_at=F("changed_at") + by
    )
    for event in events.values():
        spatial.index_event(event, now=now)
    User.objects.filter(pk=first.pk).update(date_joined=first.date_joined + by)
    return weeks
