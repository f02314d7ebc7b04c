"""What an event's public page says, worked out for a stranger.

The page is the same for everybody, so that it may be kept by caches and passed on; whoever may
see more sees it on a page of their own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from events.calendars import zone_name
from events.disclosure import Field, Role, may_see
from events.models import Event, Timeslot
from events.states import AttendanceMode, EventState, TimeslotState, YesNoUnknown

# People call the night of Saturday until they have slept.
SMALL_HOURS = timedelta(hours=5)


@dataclass(frozen=True)
class Row:
    """One timeslot as the page lists it."""

    timeslot: Timeslot
    zone: str  # the zone's short name at its start, e.g. "EST"
    one_night: bool  # ends on its day, or in the small hours after it
    cancelled: bool
    over: bool
    instructions: str

    @property
    def open(self) -> bool:
        return not (self.cancelled or self.over or self.timeslot.full)


@dataclass(frozen=True)
class EventPage:
    """An event as strangers see it. `place` holds lines; `exact` says whether it is the door."""

    event: Event
    rows: list[Row]
    cancelled: bool
    over: bool
    exact: bool
    place: list[str]
    host_name: str
    transit: str
    parking: str

    @property
    def open_rows(self) -> list[Row]:
        return [row for row in self.rows if row.open]

    @property
    def next(self) -> Row | None:
        """The timeslot the page leads with: the first to join, else the first listed."""
        return next(iter(self.open_rows or self.rows), None)

    @property
    def more(self) -> int:
        """How many timeslots can be joined beside the next one."""
        return len(self.open_rows) - 1

    @property
    def full(self) -> bool:
        """Nothing left to join, though there is something to come."""
        return not (self.cancelled or self.over or self.open_rows)

    @property
    def in_person(self) -> bool:
        return self.event.attendance_mode != AttendanceMode.VIRTUAL

    @property
    def online(self) -> bool:
        return self.event.attendance_mode != AttendanceMode.IN_PERSON

    @property
    def wheelchair(self) -> str:
        """Whether a wheelchair gets in, where there is a place to get into."""
        return self.event.wheelchair if self.in_person else YesNoUnknown.UNKNOWN


def show(event: Event, timeslots: list[Timeslot], *, now: datetime) -> EventPage:
    """The page of a public event. `timeslots` are all of its own, soonest first."""
    cancelled = event.state == EventState.CANCELLED
    coming = [timeslot for timeslot in timeslots if timeslot.ends_at > now]
    over = not any(timeslot.state == TimeslotState.OPEN for timeslot in coming)
    shown = timeslots if over else coming
    exact = may_see(Role.STRANGER, Field.EXACT_PLACE, event)
    may_read_arrival = may_see(Role.STRANGER, Field.ARRIVAL, event)
    to_the_door = may_read_arrival and not event.is_virtual_only
    named = may_see(Role.STRANGER, Field.CONTACT_NAME, event)
    return EventPage(
        event=event,
        rows=[_row(event, timeslot, now=now, arrival=may_read_arrival) for timeslot in shown],
        cancelled=cancelled,
        over=over and not cancelled,
        exact=exact,
        place=exact_lines(event) if exact else public_lines(event),
        host_name=event.contact_name if named else "",
        transit=event.transit_notes if to_the_door else "",
        parking=event.parking_notes if to_the_door else "",
    )


def nearby_url(event: Event) -> str:
    """Results around the event's public place."""
    place = event.public_postal_code or event.public_city
    return f"/events/?{urlencode({'near': place})}" if place else "/events/"


def exact_lines(event: Event) -> list[str]:
    """Venue, street, and city line; ask `may_see` for EXACT_PLACE first."""
    street = ", ".join(part for part in (event.street, event.unit) if part)
    city = _city(event.city, event.state_code, event.postal_code)
    return [line for line in (event.venue, street, city) if line]


def public_lines(event: Event) -> list[str]:
    """Neighborhood and city line, as anybody may know them."""
    city = _city(event.public_city, event.public_state_code, event.public_postal_code)
    return [line for line in (event.public_neighborhood, city) if line]


def _city(city: str, state_code: str, postal_code: str) -> str:
    region = " ".join(part for part in (state_code, postal_code) if part)
    return ", ".join(part for part in (city, region) if part)


def _row(event: Event, timeslot: Timeslot, *, now: datetime, arrival: bool) -> Row:
    zone = ZoneInfo(event.timezone)
    start, end = timeslot.starts_at.astimezone(zone), timeslot.ends_at.astimezone(zone)
    return Row(
        timeslot=timeslot,
        zone=zone_name(start),
        one_night=(end - SMALL_HOURS).date() <= start.date(),
        cancelled=event.state == EventState.CANCELLED or timeslot.state == TimeslotState.CANCELLED,
        over=timeslot.ends_at <= now,
        instructions=timeslot.instructions if arrival else "",
    )
