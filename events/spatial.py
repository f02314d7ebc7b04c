"""The search table: which cells of the globe an event's timeslots are found in.

Cells are Uber's H3: hexagons named by 64-bit integers, seven small ones to each bigger one.
Only the public place is ever read here.
"""

import math
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3

from events.models import Event, Listing, Timeslot
from events.states import AttendanceMode, EventState, EventType, YesNoUnknown

Vector = tuple[float, float, float]

RESOLUTIONS = (4, 5, 6, 7)
EARTH_MILES = 3958.7613  # mean radius (IUGG), in statute miles

# A listing stays this long after its timeslot began, for people who are paging through a
# search that started earlier; `search` itself shows only what begins after its `now`.
KEPT = timedelta(days=1)

# Stored numbers: never renumber, only add.
TYPE_CODES: dict[str, int] = {
    EventType.OTHER: 0,
    EventType.HOUSE_PARTY: 1,
    EventType.CANVASS: 2,
    EventType.PHONE_BANK: 3,
    EventType.TEXT_BANK: 4,
    EventType.RALLY: 5,
    EventType.TOWN_HALL: 6,
    EventType.TRAINING: 7,
    EventType.MEETING: 8,
    EventType.BARNSTORM: 9,
    EventType.DEBATE_WATCH: 10,
    EventType.FUNDRAISER: 11,
    EventType.COMMUNITY_SERVICE: 12,
}


class Flag(IntFlag):
    """Facts of an event that a search may ask for. Stored: never renumber, only add."""

    IN_PERSON = 1
    VIRTUAL = 2
    ACCESSIBLE = 4
    OFFICIAL = 8


def unit_vector(latitude: float, longitude: float) -> Vector:
    """The point on the unit sphere (degrees in). Distances compare as squared chords."""
    lat, lng = math.radians(latitude), math.radians(longitude)
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


def squared_chord(miles: float) -> float:
    """The squared straight line through the unit sphere that spans `miles` on its surface."""
    return 4 * math.sin(min(miles / EARTH_MILES, math.pi) / 2) ** 2


def miles_of(squared: float) -> float:
    """The way over the ground, in miles, for a squared chord."""
    return 2 * EARTH_MILES * math.asin(min(1.0, math.sqrt(squared) / 2))


def flags_of(event: Event) -> Flag:
    """What a search may ask of the event."""
    mode = event.attendance_mode
    flags = Flag(0)
    if mode != AttendanceMode.VIRTUAL:
        flags |= Flag.IN_PERSON
    if mode != AttendanceMode.IN_PERSON:
        flags |= Flag.VIRTUAL
    if event.wheelchair == YesNoUnknown.YES:
        flags |= Flag.ACCESSIBLE
    if event.official:
        flags |= Flag.OFFICIAL
    return flags


def index_event(event: Event, *, now: datetime) -> None:
    """Write the event's listings anew; none where the event may not be found.

    Runs inside its caller's transaction, after the change it follows.
    """
    Listing.objects.filter(event=event).delete()
    if event.state == EventState.APPROVED:
        Listing.objects.bulk_create(listings(event, now=now))


def listings(event: Event, *, now: datetime) -> list[Listing]:
    """The event's listings, unsaved, in order of time."""
    timeslots = event.timeslots.open().filter(starts_at__gt=now - KEPT)
    rows: list[Listing] = []
    before: Listing | None = None
    for timeslot in timeslots.order_by("starts_at", "pk"):
        before = _listing(event, timeslot, before)
        rows.append(before)
    return rows


def prune(now: datetime) -> int:
    """Delete the listings of timeslots that began long enough ago; a planner of the ledger."""
    before = int((now - KEPT).timestamp())
    return Listing.objects.filter(starts__lte=before).delete()[0]


def _listing(event: Event, timeslot: Timeslot, before: Listing | None) -> Listing:
    flags = flags_of(event)
    local = timeslot.starts_at.astimezone(ZoneInfo(event.timezone))
    latitude, longitude = event.public_latitude, event.public_longitude
    x = y = z = 0.0
    cells = dict.fromkeys((f"r{resolution}" for resolution in RESOLUTIONS), 0)
    # An online event may carry its host's ZIP; it is not *at* that place.
    if Flag.IN_PERSON in flags and latitude is not None and longitude is not None:
        x, y, z = unit_vector(latitude, longitude)
        cells = {f"r{r}": h3.latlng_to_cell(latitude, longitude, r) for r in RESOLUTIONS}
    return Listing(
        timeslot=timeslot,
        event=event,
        starts=int(timeslot.starts_at.astimezone(UTC).timestamp()),
        day=local.date().toordinal(),
        minute=local.hour * 60 + local.minute,
        type=TYPE_CODES[event.type],
        flags=int(flags),
        online=Flag.VIRTUAL in flags,
        x=x,
        y=y,
        z=z,
        **cells,
        previous_starts=before.starts if before else 0,
        previous_day=before.day if before else 0,
    )
