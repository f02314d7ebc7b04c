"""How many upcoming events each cell of the globe holds: the map's counted bunches.

A request that changes listings only notes whose they were (spatial.index_event), which makes
nobody wait. The worker counts what was noted, and what has begun since, a batch at a time
(`recount`). It knows what every event is counted as, so it touches nothing but the differences.
Totals are some seconds old. (docs/decisions/0004-map.md)
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple

import h3.api.basic_int as h3
from django.db import connection, models, transaction

from events.models import CellDayTotal, CellTotal, CountDue, CountedEvent, Listing
from events.spatial import centre
from events.statements import Sql, any_of, numbers
from outbox import turns

RESOLUTIONS = (2, 3, 4, 5, 6, 7)
FINEST = RESOLUTIONS[-1]
# Totals by type or by day, and by both, are kept so far down; in smaller cells events.maps counts
# afresh.
FINEST_BY_EITHER = 6
FINEST_BY_BOTH = 4
ANY_TYPE = -1
ANY_DAY = 0
MILLION = 1_000_000

BATCH = 500
MOST_BATCHES = 40  # in one turn of the worker
_ROWS = 1000  # in one statement
_TURN = 0x62726E73_746F74  # any number, the same in every process


class DayKey(NamedTuple):
    """The key of a CellDayTotal."""

    cell: int
    type: int
    day: int
    previous: int


class Total(NamedTuple):
    """What one cell holds; x, y, z is the sum of where."""

    cell: int
    events: int
    x: int
    y: int
    z: int


# -- reading -----------------------------------------------------------------------------------


def whole_globe(resolution: int) -> list[Total]:
    """Every cell of the resolution that holds anything."""
    # The first bits of a cell's number say its resolution.
    first = (1 << 59) | (resolution << 52)
    wanted = "cell >= %(first)s AND cell < %(end)s"
    return _totals(Sql(wanted, first=first, end=first + (1 << 52)))


def of_cells(cells: Sequence[int]) -> list[Total]:
    """Those of the cells that hold anything."""
    return _totals(Sql(any_of("cell", "cells"), cells=numbers(cells)))


def held_by(cells: Sequence[int]) -> Sql:
    """A statement that adds up how many events these cells hold; null if they hold none."""
    sql = Sql("SELECT sum(events) FROM events_celltotal WHERE")
    return sql.add(any_of("cell", "held"), held=numbers(cells))


def are_kept(resolution: int, *, types: Sequence[int], days: bool) -> bool:
    """Whether `by_cell` knows cells of the resolution under such filters."""
    if types and days:
        return resolution <= FINEST_BY_BOTH
    return resolution <= (FINEST_BY_EITHER if types or days else FINEST)


def by_cell(
    cells: Sequence[int], *, types: Sequence[int], first: int | None, last: int | None
) -> dict[int, int]:
    """How many events of these types (none means any) are on days from `first` to `last`.

    Days are ordinals. Where `are_kept` says so; cells without any are left out.
    """
    days = Sql(f"day = {ANY_DAY}")
    if last is not None:
        days = Sql("day >= %(first)s AND previous < %(first)s", first=first or ANY_DAY + 1)
        days.add("AND day <= %(last)s", last=last)
    elif first is not None:
        days = Sql("day <= %(first)s", first=-first)
    # One by one: PostgreSQL reads whole cells for a list of types.
    each = Sql("", cells=numbers(cells))
    for number, code in enumerate(types or [ANY_TYPE]):
        each.add("UNION ALL" if number else "").add("SELECT cell, events FROM events_celldaytotal")
        each.add(f"WHERE {any_of('cell', 'cells')} AND type = {code} AND").extend(days)
    sql = Sql("SELECT cell, sum(events) FROM (").extend(each).add(") AS found GROUP BY cell")
    return {cell: int(events) for cell, events in sql.rows() if events}


def _totals(wanted: Sql) -> list[Total]:
    sql = Sql("SELECT cell, events, x, y, z FROM events_celltotal WHERE").extend(wanted)
    return [Total(*row) for row in sql.rows()]


# -- counting ----------------------------------------------------------------------------------


def recount(now: datetime) -> int:
    """A planner: count anew what is due; answers how many events were."""
    done = 0
    for _turn in range(MOST_BATCHES):
        counted = count_batch(now)
        done += counted
        if not counted:
            break
    return done


def count_batch(now: datetime, *, size: int = BATCH) -> int:
    """Count the next events that are due, in one transaction; answers how many, 0 for none."""
    begun = CountedEvent.objects.filter(next_at__lte=int(now.timestamp()))
    # Looking costs nothing; only what is there is worth SQLite's write lock.
    if not (CountDue.objects.exists() or begun.exists()):
        return 0
    with transaction.atomic():
        if not turns.have(_TURN):
            return 0
        noted = list(CountDue.objects.order_by("pk")[:size])
        ids = {row.event_id for row in noted}
        ids.update(begun.order_by("next_at").values_list("pk", flat=True)[:size])
        counted = CountedEvent.objects.filter(pk__in=ids)
        before = list(counted)
        after = _as_listed(ids, now=now)
        tally = Tally()
        for event in before:
            tally.add(event, -1)
        for event in after:
            tally.add(event, 1)
        tally.write()
        counted.delete()
        CountedEvent.objects.bulk_create(after)
        CountDue.objects.filter(pk__in=[row.pk for row in noted]).delete()
    return len(ids)


def _as_listed(ids: Iterable[int], *, now: datetime) -> list[CountedEvent]:
    """How these events are to be counted now; those that nobody can go to any more are not."""
    found: dict[int, CountedEvent] = {}
    rows = Listing.objects.filter(event__in=ids, starts__gt=int(now.timestamp()), r7__gt=0)
    columns = rows.order_by("starts", "timeslot_id").values_list(
        "event_id", "starts", "r7", "type", "day"
    )
    for event_id, starts, cell, type_, day in columns:
        event = found.setdefault(event_id, CountedEvent(event_id, cell, type_, "", 0))
        extend(event, starts=starts, day=day)
    return list(found.values())


def extend(event: CountedEvent, *, starts: int, day: int) -> None:
    """Say of an event to be counted that it has a timeslot then as well; in order of time."""
    event.next_at = event.next_at or starts
    if not event.days.endswith(str(day)):
        event.days = f"{event.days} {day}".lstrip()


class Tally:
    """Differences, gathered and then added to the totals in one go."""

    def __init__(self) -> None:
        self._cells: Counter[int] = Counter()  # of the finest resolution
        self._days: Counter[DayKey] = Counter()

    def add(self, event: CountedEvent, sign: int) -> None:
        """Count an event (1), or take it out again (-1)."""
        self._cells[event.cell] += sign
        days = [int(day) for day in event.days.split()]
        for resolution in range(RESOLUTIONS[0], FINEST_BY_EITHER + 1):
            cell = h3.cell_to_parent(event.cell, resolution)
            self._days[DayKey(cell, event.type, ANY_DAY, 0)] += sign
            # Each with the day before it, and the last one as a negative number.
            for previous, day in [*zip([0, *days], days, strict=False), (0, -days[-1])]:
                self._days[DayKey(cell, ANY_TYPE, day, previous)] += sign
                if resolution <= FINEST_BY_BOTH:
                    self._days[DayKey(cell, event.type, day, previous)] += sign

    def write(self) -> None:
        """Change the tables. No total that became 0 is left behind."""
        sums = [(cell, *total) for cell, total in self._sums().items()]
        _upsert(CellTotal, ["cell"], ["events", "x", "y", "z"], sums)
        days = [(*key, events) for key, events in self._days.items() if events]
        _upsert(CellDayTotal, list(DayKey._fields), ["events"], days)
        _drop_empty(CellTotal, ["cell"], sums)
        _drop_empty(CellDayTotal, list(DayKey._fields), days)

    def _sums(self) -> dict[int, list[int]]:
        """Events, x, y and z by the cells of all resolutions."""
        sums: dict[int, list[int]] = {}
        for cell, events in self._cells.items():
            if not events:
                continue
            where = [round(value * MILLION) * events for value in centre(cell)]
            for resolution in RESOLUTIONS:
                total = sums.setdefault(h3.cell_to_parent(cell, resolution), [0, 0, 0, 0])
                for at, number in enumerate((events, *where)):
                    total[at] += number
        return sums


def _upsert(
    model: type[models.Model],
    keys: list[str],
    sums: list[str],
    rows: Iterable[tuple[int, ...]],
) -> None:
    """Insert the rows; where their keys stand already, add the other columns to what is there."""
    table = model._meta.db_table
    columns = ", ".join(keys + sums)
    added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in sums)
    mark = f"({', '.join(['%s'] * len(keys + sums))})"
    with connection.cursor() as cursor:
        # In one order, so that neighbours in the index are written together.
        for some in batched(sorted(rows), _ROWS):
            cursor.execute(
                f"INSERT INTO {table} AS t ({columns}) VALUES {', '.join([mark] * len(some))}"  # noqa: S608
                f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}",
                [number for row in some for number in row],
            )


def _drop_empty(
    model: type[models.Model], keys: list[str], rows: Iterable[tuple[int, ...]]
) -> None:
    """Delete those of the rows that have come down to no events."""
    table = model._meta.db_table
    lessened = [row[: len(keys)] for row in rows if row[len(keys)] < 0]
    mark = f"({', '.join(['%s'] * len(keys))})"
    with connection.cursor() as cursor:
        for some in batched(lessened, _ROWS):
            cursor.execute(
                f"DELETE FROM {table} WHERE ({', '.join(keys)}) IN"  # noqa: S608
                f" (VALUES {', '.join([mark] * len(some))}) AND events = 0",
                [number for key in some for number in key],
            )
