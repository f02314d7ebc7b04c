"""A made-up country for the benchmarks: events around real ZIP codes, where people live.

Written past the ORM (COPY, executemany), because a million rows are wanted; the search rows hold
exactly what `events.spatial` would have written, which `check` proves on a sample.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo, available_timezones

import h3.api.basic_int as h3
import zipcodes
from django.db import connection, transaction

from events.cities import largest_cities
from events.models import Event, Listing, Timeslot
from events.spatial import TYPE_CODES, Flag, listings, unit_vector
from events.states import AddressVisibility, AttendanceMode, EventState, TimeslotState
from hosts.models import User

# Far ahead, so that a database made today can be measured next month.
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
WEEKS = 8
BATCH = 20_000


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


def make(rows: int, *, seed: int = 1) -> None:
    """Fill the (empty, migrated) database with `rows` upcoming timeslots."""
    rng = random.Random(seed)
    host = User.objects.create_user(email=f"bench{seed}@example.org", name="Robin Bench")
    with transaction.atomic():
        made, event_id = 0, 0
        zips = Zips()
        while made < rows:
            events, slots, listed = [], [], []
            while made < rows and len(slots) < BATCH:
                event_id += 1
                event = _event(rng, zips, event_id, host.pk)
                times = _times(rng, event, min(rows - made, _how_many(rng)))
                own = [_timeslot(rng, event, made + n + 1, at) for n, at in enumerate(times)]
                made += len(own)
                events.append(event)
                slots += own
                listed += _listings(event, own)
            for model, objects in ((Event, events), (Timeslot, slots), (Listing, listed)):
                _write(model, objects)
    _finish()


def _how_many(rng: random.Random) -> int:
    return 1 if rng.random() < 0.7 else rng.randint(2, 4)


def _event(rng: random.Random, zips: Zips, pk: int, host_id: int) -> Event:
    latitude, longitude, zone, code = zips.draw(rng, 1)[0]
    latitude += rng.gauss(0, 0.02)
    longitude += rng.gauss(0, 0.025)
    private = rng.random() < 0.1
    if private:
        latitude, longitude = h3.cell_to_latlng(h3.latlng_to_cell(latitude, longitude, 7))
    type_ = "house_party" if private else rng.choice(list(TYPE_CODES))
    return Event(
        pk=pk,
        host_id=host_id,
        state=EventState.APPROVED,
        type=type_,
        title=f"{type_.replace('_', ' ').capitalize()} number {pk}",
        description="Made up for a benchmark. " * 20,
        official=rng.random() < 0.05,
        attendance_mode=rng.choices(AttendanceMode.values, [85, 0, 15])[0],
        address_visibility=AddressVisibility.PRIVATE if private else AddressVisibility.PUBLIC,
        wheelchair=rng.choice(["yes", "no", "unknown"]),
        latitude=latitude,
        longitude=longitude,
        public_latitude=latitude,
        public_longitude=longitude,
        public_city="Sample",
        public_state_code="NY",
        public_postal_code=code,
        timezone=zone,
        created_at=NOW,
        updated_at=NOW,
        published_at=NOW,
    )


def _times(rng: random.Random, event: Event, number: int) -> list[datetime]:
    zone = ZoneInfo(event.timezone)
    day = NOW + timedelta(days=rng.randrange(WEEKS * 7))
    times = set()
    while len(times) < number:
        start = day + timedelta(days=rng.randrange(10))
        hour = rng.choices(range(8, 22), [1, 3, 5, 4, 3, 3, 3, 3, 3, 5, 9, 8, 4, 1])[0]
        local = start.astimezone(zone).replace(hour=hour, minute=rng.choice([0, 0, 0, 30]))
        at = local.replace(second=0, microsecond=0).astimezone(UTC)
        if at > NOW:
            times.add(at)
    return sorted(times)


def _timeslot(rng: random.Random, event: Event, pk: int, at: datetime) -> Timeslot:
    capacity = rng.choice([None, None, 12, 20, 40, 100])
    taken = 0 if capacity is None else min(capacity, int(capacity * rng.random() * 1.1))
    return Timeslot(
        pk=pk,
        event=event,
        state=TimeslotState.OPEN,
        starts_at=at,
        ends_at=at + timedelta(hours=rng.choice([1, 2, 3])),
        capacity=capacity,
        seats_taken=taken,
        changed_at=NOW,
    )


def _listings(event: Event, timeslots: list[Timeslot]) -> list[Listing]:
    zone = ZoneInfo(event.timezone)
    latitude, longitude = event.public_latitude or 0.0, event.public_longitude or 0.0
    x, y, z = unit_vector(latitude, longitude)
    cells = {f"r{r}": h3.latlng_to_cell(latitude, longitude, r) for r in (4, 5, 6, 7)}
    flags = Flag.IN_PERSON
    flags |= Flag.VIRTUAL if event.attendance_mode == AttendanceMode.BOTH else Flag(0)
    flags |= Flag.ACCESSIBLE if event.wheelchair == "yes" else Flag(0)
    flags |= Flag.OFFICIAL if event.official else Flag(0)
    rows: list[Listing] = []
    for timeslot in timeslots:
        local = timeslot.starts_at.astimezone(zone)
        rows.append(
            Listing(
                timeslot_id=timeslot.pk,
                event_id=event.pk,
                starts=int(timeslot.starts_at.timestamp()),
                day=local.toordinal(),
                minute=local.hour * 60 + local.minute,
                type=TYPE_CODES[event.type],
                flags=int(flags),
                online=Flag.VIRTUAL in flags,
                x=x,
                y=y,
                z=z,
                **cells,
                previous_starts=rows[-1].starts if rows else 0,
                previous_day=rows[-1].day if rows else 0,
            )
        )
    return rows


def _write(model, objects: list) -> None:
    fields = model._meta.concrete_fields
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in fields)
    rows: Iterator[tuple] = (
        tuple(
            field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields
        )
        for row in objects
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))


def _finish() -> None:
    """Bring the statistics and the visibility map up to date, as autovacuum would."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in (Event, Timeslot, Listing):
                table = model._meta.db_table
                if model is not Listing:
                    cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                        f" (SELECT max(id) FROM {table}))"
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
