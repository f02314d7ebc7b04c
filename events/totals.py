"""How many upcoming events each cell of the globe holds: the map's counted bunches.

A request that changes listings only notes whose they were (spatial.index_event), which makes
nobody wait. The worker counts what was noted, and what has begun since, a batch at a time
(`recount`). It knows what every event is counted as, so it touches nothing but the differences.
Totals are some seconds old. (docs/decisions/0004-map.md)
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import batched
from typing import NamedTuple

import h3.api.basic_int as h3
from django.db import connection, models, transaction
from django.db.models import Q, Sum

from events.models import CellDayTotal, CellTotal, CountDue, CountedEvent, Listing
from events.spatial import centre
from outbox import turns

RESOLUTIONS = (2, 3, 4, 5, 6, 7)
FINEST = RESOLUTIONS[-1]
# Totals by type and by day are kept so far down; in smaller cells events.maps counts afresh.
FINEST_BY_TYPE = 6
FINEST_BY_DAY = 4
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
    return _totals(Q(cell__gte=first, cell__lt=first + (1 << 52)))


def of_cells(cells: Sequence[int]) -> list[Total]:
    """Those of the cells that hold anything."""
    return _totals(Q(cell__in=cells))


def are_kept(resolution: int, *, types: Sequence[int], days: bool) -> bool:
    """Whether `by_cell` knows cells of the resolution under such filters."""
    finest = FINEST_BY_DAY if days else FINEST_BY_TYPE if types else FINEST
    return resolution <= finest


def by_cell(
    cells: Sequence[int], *, types: Sequence[int], first: int | None, last: int | None
) -> dict[int, int]:
    """How many events of these types (none means any) are on days from `first` to `last`.

    Days are ordinals. Where `are_kept` says so; cells without any are left out.
    """
    wanted = Q(cell__in=cells, type__in=types or [ANY_TYPE])
    if first is None and last is None:
        wanted &= Q(day=ANY_DAY)
    else:
        earliest = ANY_DAY + 1 if first is None else first
        wanted &= Q(day__gte=earliest, previous__lt=earliest)
        wanted &= Q(day__lte=date.max.toordinal() if last is None else last)
    rows = CellDayTotal.objects.filter(wanted).values_list("cell").annotate(Sum("events"))
    return {cell: events for cell, events in rows if events}


def _totals(wanted: Q) -> list[Total]:
    rows = CellTotal.objects.filter(wanted, events__gt=0)
    return [Total(*row) for row in rows.values_list("cell", "events", "x", "y", "z")]


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
        _change_totals(before, after)
        counted.delete()
        CountedEvent.objects.bulk_create(after)
        CountDue.objects.filter(pk__in=[row.pk for row in noted]).delete()
    return len(ids)


def _as_listed(ids: Iterable[int], *, now: datetime) -> list[CountedEvent]:
    """How these events are to be counted now; those that nobody can go to any more are not."""
    found: dict[int, CountedEvent] = {}
    rows = Listing.objects.filter(event__in=ids, starts__gt=int(now.timestamp()), r7__gt=0)
    for row in rows.order_by("starts", "timeslot_id"):
        event = found.get(row.event_id)
        if event is None:
            found[row.event_id] = CountedEvent(
                event_id=row.event_id,
                cell=row.r7,
                type=row.type,
                days=str(row.day),
                next_at=row.starts,
            )
        elif not event.days.endswith(str(row.day)):
            event.days += f" {row.day}"
    return list(found.values())


def _change_totals(before: Iterable[CountedEvent], after: Iterable[CountedEvent]) -> None:
    cells: Counter[int] = Counter()  # by cells of the finest resolution
    days: Counter[DayKey] = Counter()
    for events, sign in ((before, -1), (after, 1)):
        for event in events:
            cells[event.cell] += sign
            for key in _day_keys(event):
                days[key] += sign
    _add_to_cells(cells)
    _add_to_days(days)


def _day_keys(event: CountedEvent) -> Iterable[DayKey]:
    """The rows of CellDayTotal that an event is counted in."""
    days = [int(day) for day in event.days.split()]
    for resolution in RESOLUTIONS:
        if resolution <= FINEST_BY_TYPE:
            cell = h3.cell_to_parent(event.cell, resolution)
            yield DayKey(cell, event.type, ANY_DAY, 0)
        if resolution <= FINEST_BY_DAY:
            for previous, day in zip([0, *days], days, strict=False):
                yield DayKey(cell, event.type, day, previous)
                yield DayKey(cell, ANY_TYPE, day, previous)


def _add_to_cells(changes: Counter[int]) -> None:
    sums: dict[int, list[int]] = {}
    for cell, events in changes.items():
        where = [round(value * MILLION) * events for value in centre(cell)] if events else []
        for resolution in RESOLUTIONS if events else ():
            total = sums.setdefault(h3.cell_to_parent(cell, resolution), [0, 0, 0, 0])
            for at, number in enumerate((events, *where)):
                total[at] += number
    _upsert(CellTotal, ["cell"], ["events", "x", "y", "z"], [(c, *s) for c, s in sums.items()])


def _add_to_days(changes: Counter[DayKey]) -> None:
    rows = [(*key, events) for key, events in changes.items() if events]
    _upsert(CellDayTotal, list(DayKey._fields), ["events"], rows)
    emptied = [row[:-1] for row in rows if row[-1] < 0]
    table = CellDayTotal._meta.db_table
    with connection.cursor() as cursor:
        for some in batched(emptied, _ROWS):
            marks = ", ".join(["(%s, %s, %s, %s)"] * len(some))
            cursor.execute(
                f"DELETE FROM {table} WHERE (cell, type, day, previous) IN (VALUES {marks})"  # noqa: S608
                " AND events = 0",
                [number for key in some for number in key],
            )


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
