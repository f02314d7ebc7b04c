"""What a card says about one result, in words."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.calendars import one_line, public_place, when_in_words, zone_name
from events.disclosure import Field, Role, may_see
from events.listed import ListedEvent, ListedTimeslot, Result
from events.states import AttendanceMode, EventType


class Leaf(NamedTuple):
    """A day as a leaf of a calendar: "Sat", "5", "Dec", and the date as machines read it."""

    weekday: str
    day: str
    month: str
    date: str


@dataclass(frozen=True)
class Card:
    """One event in a list, as strangers see it. Times are those where the event is."""

    event: ListedEvent
    timeslot: ListedTimeslot
    starts: datetime
    ends: datetime
    zone: str  # "EST"
    place: str
    distance: str

    @property
    def type_label(self) -> str:
        """As `get_type_display`, which translates every type there is to find one."""
        return str(EventType(self.event.type).label)

    @cached_property
    def leaf(self) -> Leaf:
        return leaf(self.starts)

    @cached_property
    def start(self) -> tuple[str, ...]:
        """For machines, its day, its time: "Sat, Dec 5", "9 a.m.".

        All at once: in a template each of them would cost as much as all do here.
        """
        return tuple(unbroken(date_format(self.starts, "c|D, M j|P")).split("|"))

    @cached_property
    def end(self) -> str:
        """Its time, after its day where that is another one."""
        return unbroken(date_format(self.ends, "P" if self.ends_same_day else "D, M j, P"))

    @property
    def ends_same_day(self) -> bool:
        return self.starts.date() == self.ends.date()

    @property
    def is_somewhere(self) -> bool:
        """Whether it has a place on the map."""
        return self.event.public_latitude is not None and not self.event.is_virtual_only


def card(result: Result) -> Card:
    """The card of a result."""
    event, timeslot = result.event, result.timeslot
    zone = ZoneInfo(event.timezone)
    starts = timeslot.starts_at.astimezone(zone)
    return Card(
        event=event,
        timeslot=timeslot,
        starts=starts,
        ends=timeslot.ends_at.astimezone(zone),
        zone=zone_name(starts),
        place=_place(result),
        distance="" if result.distance_miles is None else distance(result.distance_miles),
    )


def leaf(local: datetime) -> Leaf:
    """The day of an instant, given where the event is."""
    return Leaf(*date_format(local, "D|j|M|Y-m-d").split("|"))


def unbroken(times: str) -> str:
    """Times in words whose "a.m." and "p.m." stay on the line of their hour."""
    return times.replace(" a.m.", "\xa0a.m.").replace(" p.m.", "\xa0p.m.")


def distance(miles: float) -> str:
    """How far it is, no finer than whole miles (ten miles where it is far)."""
    if miles < 0.75:
        return _("less than a mile away")
    whole = round(miles) if miles < 100 else int(round(miles, -1))
    return ngettext("about %(miles)s mile away", "about %(miles)s miles away", whole) % {
        "miles": number_format(whole, decimal_pos=0, force_grouping=True)
    }


def facts(shown: Card) -> dict[str, object]:
    """The card for programs and the map."""
    event, timeslot = shown.event, shown.timeslot
    return {
        "id": event.pk,
        "url": event.get_absolute_url(),
        "title": event.title,
        "type": event.type,
        "type_label": shown.type_label,
        "official": event.official,
        "attendance_mode": event.attendance_mode,
        "private": event.is_private,
        "place": shown.place,
        "latitude": event.public_latitude,
        "longitude": event.public_longitude,
        "timeslot": timeslot.pk,
        "starts_at": shown.starts.isoformat(),
        "ends_at": shown.ends.isoformat(),
        "timezone": event.timezone,
        "when": when_in_words(timeslot.starts_at, timeslot.ends_at, event.timezone),
        "room_left": timeslot.room_left,
        "distance": shown.distance,
    }


def _place(result: Result) -> str:
    event = result.event
    if event.attendance_mode == AttendanceMode.VIRTUAL:
        return _("Online")
    area = public_place(event)
    if may_see(Role.STRANGER, Field.EXACT_PLACE, event):
        area = ", ".join(part for part in (one_line(event.door), area) if part)
    if event.attendance_mode == AttendanceMode.BOTH:
        return _("%(place)s, or online") % {"place": area}
    return area
