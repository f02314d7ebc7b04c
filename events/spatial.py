"""The search table: which cells of the globe an event's timeslots are found in.

Cells are Uber's H3: hexagons named by 64-bit integers, seven small ones to each bigger one.
Only the public place is ever read here.
"""

import math
import secrets
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

import h3.api.basic_int as h3
from django.db import connection

from events import entries
from events.models import CalendarEntry, CountDue, Event, Listing, ListingChange, Timeslot
from events.states import AttendanceMode, EventState, EventType, YesNoUnknown

Vector = tuple[float, float, float]

RESOLUTIONS = (4, 5, 6, 7, 9)
COARSEST, FINEST = RESOLUTIONS[0], RESOLUTIONS[-1]
EARTH_MILES = 3958.7613  # mean radius (IUGG), in statute miles
MILES_PER_KM = 0.621371192
EDGE = [MILES_PER_KM * h3.average_hexagon_edge_length(r) for r in range(FINEST + 1)]
# From a cell's centre to its farthest corner, anywhere on the globe: measured at most 1.101
# times the average edge of its resolution.
REACH = [1.12 * edge for edge in EDGE]
# From a cell's centre to the farthest place whose finest cell descends from it. Children stick out
# of their parent: their centres lie up to 0.720 times its edge away, measured over the globe.
SPREAD = [sum(0.73 * edge for edge in EDGE[r:FINEST]) + REACH[FINEST] for r in range(FINEST + 1)]

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
    """The point on the unit sphere (degrees in). Distances compare as squared chords.

    Rounded to some micrometres: PostgreSQL refuses to square a number like 1e-200.
    """
    lat, lng = math.radians(latitude), math.radians(longitude)
    x, y, z = math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)
    return round(x, 12), round(y, 12), round(z, 12)


def squared_chord(miles: float) -> float:
    """The squared straight line through the unit sphere that spans `miles` on its surface."""
    return 4 * math.sin(min(miles / EARTH_MILES, math.pi) / 2) ** 2


def squared_distance(one: Vector, other: Vector) -> float:
    """The squared chord between two points: what the SQL computes, in the same order."""
    x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return x * x + y * y + z * z


def miles_of(squared: float) -> float:
    """The way over the ground, in miles, for a squared chord."""
    return 2 * EARTH_MILES * math.asin(min(1.0, math.sqrt(squared) / 2))


def resolution_for(miles: float) -> int:
    """The cells to search a circle by: few enough to open, small enough to waste little."""
    if miles <= 3:
        return 7
    if miles <= 12:
        return 6
    return 5 if miles <= 60 else 4


@lru_cache(maxsize=4096)
def cover(latitude: float, longitude: float, miles: float, resolution: int) -> tuple[int, ...]:
    """All cells of `resolution` that a circle of `miles` around the point may touch.

    Nearest first. Grown ring by ring from the point's own cell until a whole ring lies outside,
    which holds at the poles, across the antimeridian and around H3's twelve pentagons alike.
    """
    point = unit_vector(latitude, longitude)
    limit = math.sqrt(squared_chord(miles + REACH[resolution]))
    origin = h3.latlng_to_cell(latitude, longitude, resolution)
    found = [(0.0, origin)]
    for number in count(1):
        away = [(math.dist(point, middle), cell) for middle, cell in ring(origin, number)]
        near = [pair for pair in away if pair[0] <= limit]
        if not near:
            break
        found += near
    return tuple(cell for _away, cell in sorted(found))


@lru_cache(maxsize=16384)
def ring(origin: int, number: int) -> list[tuple[Vector, int]]:
    """The cells so many steps from a cell, and their middles."""
    return [(centre(cell), cell) for cell in h3.grid_ring(origin, number)]


@lru_cache(maxsize=65536)
def centre(cell: int) -> Vector:
    """The middle of a cell, as a point on the unit sphere."""
    return unit_vector(*h3.cell_to_latlng(cell))


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
    rows = listings(event, now=now) if event.state == EventState.APPROVED else []
    Listing.objects.bulk_create(rows)
    entries.write(event, [row.timeslot for row in rows])
    CountDue.objects.create(event_id=event.pk)  # read by events.totals
    change = ListingChange(
        shard=event.pk % ListingChange.SHARDS, token=secrets.randbits(62), changed_at=now
    )
    ListingChange.objects.bulk_create(
        [change],
        update_conflicts=True,
        unique_fields=["shard"],
        update_fields=["token", "changed_at"],
    )


def last_change() -> tuple[str, datetime | None]:
    """A fingerprint of all listings' facts, and when they last changed.

    Every public page asks this first, so it is one row of one statement, past the ORM: tokens
    are random, and so is what is left of their sum.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(token % 1099511627776), max(changed_at) FROM events_listingchange"
        )
        number, total, changed_at = cursor.fetchone()
    if isinstance(changed_at, str):  # SQLite keeps instants as text, in UTC
        changed_at = datetime.fromisoformat(changed_at).replace(tzinfo=UTC)
    return f"{number}.{total}", changed_at


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
    old = Listing.objects.filter(starts__lte=int((now - KEPT).timestamp()))
    if not old.exists():
        return 0
    CalendarEntry.objects.filter(timeslot__in=old.values("timeslot")).delete()
    return old.delete()[0]


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
