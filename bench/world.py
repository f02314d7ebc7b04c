"""A made-up country for the benchmarks: events around real ZIP codes, where people live.

The search rows hold exactly what `events.spatial` would have written, which `check` proves on a
sample.
"""

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import h3.api.basic_int as h3
import zipcodes
from django.db import connection, models, transaction

from events import totals
from events.cities import largest_cities
from events.models import CountedEvent, Event, Listing, Timeslot
from events.spatial import RESOLUTIONS, TYPE_CODES, Flag, listings, unit_vector
from events.states import AddressVisibility, AttendanceMode, EventState, TimeslotState
from hosts.models import User

# Far ahead, so that a database made today can be measured next month.
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
WEEKS = 8
BATCH = 20_000
COUNTED = [field.attname for field in CountedEvent._meta.concrete_fields]
TYPES = sorted(TYPE_CODES, key=TYPE_CODES.__getitem__)


def _name(city: str) -> str:
    return city.lower().removesuffix(" city")


class Zips:
    """Real ZIP codes, drawn by how many people live there."""

    def __init__(self) -> None:
        people: dict[tuple[str, str], int] = {}
        for place in largest_cities("US", limit=1_000_000):
            key = (_name(place.name), place.state_code)
            people[key] = max(people.get(key, 0), place.population)
        zones = available_timezones()
        rows = [
            row
            for row in zipcodes.list_all()
            if row["active"]
            and row["timezone"] in zones
            and float(row["lat"])
            and row["country"] == "US"
        ]
        shared: dict[tuple[str, str], int] = {}
        keys = [(_name(row["city"]), row["state"]) for row in rows]
        for key in keys:
            shared[key] = shared.get(key, 0) + 1
        weights = [max(400.0, people.get(key, 0) / shared[key]) for key in keys]
        self.weights = list(accumulate(weights))
        self.rows = [
            (float(r["lat"]), float(r["long"]), r["timezone"], r["zip_code"]) for r in rows
        ]

    def draw(self, rng: random.Random, number: int) -> list[tuple[float, float, str, str]]:
        return rng.choices(self.rows, cum_weights=self.weights, k=number)


class Rows:
    """Rows of one table: what is the same in all of them, and what differs."""

    def __init__(self, model: type[models.Model], **same: object) -> None:
        fields = model._meta.concrete_fields
        self.model = model
        self._columns = [field.column for field in fields]
        self._at = {field.attname: at for at, field in enumerate(fields)}
        # An instance knows the defaults, and its fields how the database wants them.
        self._template = [
            field.get_db_prep_save(field.value_from_object(model(**same)), connection)
            for field in fields
        ]
        self._rows: list[list[object]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, **differs: object) -> None:
        row = self._template.copy()
        for name, value in differs.items():
            row[self._at[name]] = value
        self._rows.append(row)

    def write(self) -> None:
        """Past the ORM, because a million rows are wanted."""
        table = self.model._meta.db_table
        columns = ", ".join(f'"{column}"' for column in self._columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in self._rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(self._columns))
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", self._rows)
        self._rows = []


def make(rows: int, *, seed: int = 1) -> None:
    """Fill the (empty, migrated) database with `rows` upcoming timeslots."""
    rng = random.Random(seed)
    host = User.objects.create_user(email=f"bench{seed}@example.org", name="Robin Bench")
    indexes = Listing._meta.indexes
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Listing, index)
    _write_world(rng, rows, host.pk)
    # An index made from all of its rows is made much sooner.
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Listing, index)
    _finish()


def _write_world(rng: random.Random, rows: int, host_id: int) -> None:
    always = {"created_at": NOW, "updated_at": NOW, "published_at": NOW}
    events = Rows(
        Event,
        host_id=host_id,
        state=EventState.APPROVED,
        description="Made up for a benchmark. " * 20,
        public_city="Sample",
        public_state_code="NY",
        **always,
    )
    slots = Rows(Timeslot, state=TimeslotState.OPEN, starts_at=NOW, ends_at=NOW, changed_at=NOW)
    listed = Rows(Listing)
    counted, tally = Rows(CountedEvent), totals.Tally()
    zips, made, event_id = Zips(), 0, 0
    while made < rows:
        event_id += 1
        place = _place(rng, zips)
        _add_event(rng, events, event_id, place)
        shown = CountedEvent(event_id, place.facts["r7"], place.facts["type"], "", 0)
        before: dict[str, object] = {}
        for starts_at in _times(rng, place.zone, min(rows - made, _how_many(rng))):
            made += 1
            _add_timeslot(rng, slots, made, event_id, starts_at)
            before = _listing(place, starts_at, before)
            listed.add(timeslot_id=made, event_id=event_id, **before)
            totals.extend(shown, starts=before["starts"], day=before["day"])
        counted.add(**{name: getattr(shown, name) for name in COUNTED})
        tally.add(shown, 1)
        if len(slots) >= BATCH or made == rows:
            with transaction.atomic():
                for table in (events, slots, listed, counted):
                    table.write()
    tally.write()


class Place(NamedTuple):
    """Where an event is, and what is the same for all of its timeslots in the search."""

    latitude: float
    longitude: float
    zone: ZoneInfo
    code: str
    private: bool
    facts: dict[str, object]


def _how_many(rng: random.Random) -> int:
    return 1 if rng.random() < 0.7 else rng.randint(2, 4)


def _place(rng: random.Random, zips: Zips) -> Place:
    latitude, longitude, zone, code = zips.draw(rng, 1)[0]
    latitude += rng.gauss(0, 0.02)
    longitude += rng.gauss(0, 0.025)
    private = rng.random() < 0.1
    if private:
        latitude, longitude = h3.cell_to_latlng(h3.latlng_to_cell(latitude, longitude, 7))
    type_ = "house_party" if private else rng.choice(TYPES)
    flags = Flag.IN_PERSON
    flags |= Flag.VIRTUAL if rng.random() < 0.15 else Flag(0)
    flags |= Flag.ACCESSIBLE if rng.random() < 1 / 3 else Flag(0)
    flags |= Flag.OFFICIAL if rng.random() < 0.05 else Flag(0)
    x, y, z = unit_vector(latitude, longitude)
    cells = {f"r{r}": h3.latlng_to_cell(latitude, longitude, r) for r in RESOLUTIONS}
    online = Flag.VIRTUAL in flags
    facts = {"type": TYPE_CODES[type_], "flags": int(flags), "online": online, "x": x, "y": y}
    return Place(latitude, longitude, ZoneInfo(zone), code, private, facts | {"z": z, **cells})


def _add_event(rng: random.Random, events: Rows, pk: int, place: Place) -> None:
    flags = Flag(place.facts["flags"])
    type_ = TYPES[place.facts["type"]]
    visibility = AddressVisibility.PRIVATE if place.private else AddressVisibility.PUBLIC
    events.add(
        id=pk,
        type=type_,
        title=f"{type_.replace('_', ' ').capitalize()} number {pk}",
        official=Flag.OFFICIAL in flags,
        attendance_mode=AttendanceMode.BOTH if Flag.VIRTUAL in flags else AttendanceMode.IN_PERSON,
        address_visibility=visibility,
        wheelchair="yes" if Flag.ACCESSIBLE in flags else rng.choice(["no", "unknown"]),
        latitude=place.latitude,
        longitude=place.longitude,
        public_latitude=place.latitude,
        public_longitude=place.longitude,
        public_postal_code=place.code,
        timezone=place.zone.key,
    )


def _times(rng: random.Random, zone: ZoneInfo, number: int) -> list[datetime]:
    day = NOW + timedelta(days=rng.randrange(WEEKS * 7))
    times: set[datetime] = set()
    while len(times) < number:
        start = day + timedelta(days=rng.randrange(10))
        hour = rng.choices(range(8, 22), [1, 3, 5, 4, 3, 3, 3, 3, 3, 5, 9, 8, 4, 1])[0]
        local = start.astimezone(zone).replace(hour=hour, minute=rng.choice([0, 0, 0, 30]))
        at = local.replace(second=0, microsecond=0).astimezone(UTC)
        if at > NOW:
            times.add(at)
    return sorted(times)


def _add_timeslot(
    rng: random.Random, slots: Rows, pk: int, event_id: int, starts_at: datetime
) -> None:
    capacity = rng.choice([None, None, 12, 20, 40, 100])
    taken = 0 if capacity is None else min(capacity, int(capacity * rng.random() * 1.1))
    slots.add(
        id=pk,
        event_id=event_id,
        starts_at=_instant(starts_at),
        ends_at=_instant(starts_at + timedelta(hours=rng.choice([1, 2, 3]))),
        capacity=capacity,
        seats_taken=taken,
        uid=f"{pk}@bench",
    )


def _listing(place: Place, starts_at: datetime, before: dict[str, object]) -> dict[str, object]:
    local = starts_at.astimezone(place.zone)
    return {
        "starts": int(starts_at.timestamp()),
        "day": local.toordinal(),
        "minute": local.hour * 60 + local.minute,
        **place.facts,
        "previous_starts": before.get("starts", 0),
        "previous_day": before.get("day", 0),
    }


def _instant(at: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(at)


def _finish() -> None:
    """Bring the statistics and the visibility map up to date, as autovacuum would."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in (Event, Timeslot):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                    f" greatest(1, (SELECT max(id) FROM {table})))"
                )
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")


def check(sample: int = 200) -> None:
    """The made listings are those the site itself would write."""
    for event in Event.objects.order_by("?")[:sample]:
        expected = [_values(row) for row in listings(event, now=NOW)]
        stored = Listing.objects.filter(event=event).order_by("starts", "pk")
        assert [_values(row) for row in stored] == expected


def _values(row: Listing) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
