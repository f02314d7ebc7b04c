"""What letters to guests say about an event: facts as words, and what changed between two.

Facts are kept with the ledger's row of a change, so that a letter which replaces one that has
not left yet can still say what its reader was told last.
"""

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events import calendars
from events.changes import Changes
from events.disclosure import Field, Role, may_see
from events.models import Event, Timeslot
from events.states import AttendanceMode


@dataclass(frozen=True, slots=True)
class Facts:
    """When and where a timeslot is, as its guest may know it. Instants are ISO 8601."""

    starts_at: str
    ends_at: str
    zone: str
    place: str
    joining_url: str
    arrival: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    @property
    def when(self) -> str:
        start = datetime.fromisoformat(self.starts_at)
        end = datetime.fromisoformat(self.ends_at)
        return calendars.when_in_words(start, end, self.zone)


def facts_of(timeslot: Timeslot, role: Role = Role.GUEST) -> Facts:
    """The timeslot's facts now; what `role` may not see is empty."""
    event = timeslot.event
    in_person = not event.is_virtual_only
    online = event.attendance_mode != AttendanceMode.IN_PERSON
    joining = online and may_see(role, Field.JOINING_LINK, event)
    return Facts(
        starts_at=timeslot.starts_at.isoformat(),
        ends_at=timeslot.ends_at.isoformat(),
        zone=event.timezone,
        place=calendars.place_for(event, role) if in_person else "",
        joining_url=event.joining_url if joining else "",
        arrival=timeslot.instructions if may_see(role, Field.ARRIVAL, event) else "",
    )


def facts_before(changes: Changes, timeslot: Timeslot) -> Facts:
    """The timeslot's facts before `changes`, which have been written already."""
    old = copy.copy(timeslot)
    old.event = copy.copy(changes.event)
    for name, value in changes.place_before.items():
        setattr(old.event, name, value)
    if before := changes.before.get(timeslot.pk):
        old.starts_at, old.ends_at = before.starts_at, before.ends_at
        old.instructions = before.instructions
    return facts_of(old)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed: what it is, what it was, what it is now ("" for nothing)."""

    label: str
    old: str
    new: str


def differences(was: Mapping[str, Any], now: Facts) -> list[Difference]:
    """What changed between the facts a guest was told last (`was`, as JSON) and today's."""
    old = Facts(**was)
    pairs = [
        (_("Time"), old.when, now.when),
        (_("Place"), old.place, now.place),
        (_("Joining link"), old.joining_url, now.joining_url),
        (_("Finding it"), old.arrival, now.arrival),
    ]
    return [Difference(label, a, b) for label, a, b in pairs if a != b]


@dataclass(frozen=True, slots=True)
class DateBlock:
    """A date to be read from across the room."""

    weekday: str
    month: str
    day: str


def date_block(starts_at: datetime, timezone: str) -> DateBlock:
    local = starts_at.astimezone(ZoneInfo(timezone))
    return DateBlock(date_format(local, "D"), date_format(local, "M"), date_format(local, "j"))


def day_word(timeslot: Timeslot, now: datetime) -> str:
    """ "today", "tomorrow" or "on Saturday, January 9" at the event, seen from `now`."""
    zone = ZoneInfo(timeslot.event.timezone)
    start = timeslot.starts_at.astimezone(zone)
    days = (start.date() - now.astimezone(zone).date()).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    return _("on %(date)s") % {"date": date_format(start, "l, F j")}


def place_lines(event: Event, role: Role = Role.GUEST) -> list[str]:
    """The place as an envelope would have it, line by line."""
    if event.is_virtual_only:
        return []
    if not may_see(role, Field.EXACT_PLACE, event):
        area = calendars.place_for(event, role)
        return [_("Near %(area)s") % {"area": area}] if area else []
    street = calendars.one_line(", ".join(part for part in (event.street, event.unit) if part))
    town = calendars.one_line(f"{event.city}, {event.state_code} {event.postal_code}".strip(" ,"))
    return [line for line in (calendars.one_line(event.venue), street, town) if line]
