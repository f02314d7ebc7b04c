"""The SQL of the search: one ordered stream of listings per cell, merged.

A flat `cell IN (...) ORDER BY starts LIMIT 20` lets a planner walk the whole time index; a
stream per cell cannot go wrong, whatever the statistics say. PostgreSQL has LATERAL for it;
SQLite does the same with a correlated subquery.

One event is one result: a listing stands for its event if no earlier one of the same event is
among what was asked for.

Only numbers of our own making are written into the text; what people typed goes as parameters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models.expressions import RawSQL

from events.spatial import (
    REACH,
    RESOLUTIONS,
    Vector,
    centre,
    cover,
    miles_of,
    resolution_for,
    squared_chord,
    squared_distance,
    unit_vector,
)

COARSEST = RESOLUTIONS[0]
LAST_ID = 2**63 - 1
DAY = 86_400
# A local day begins at most 14 hours before and ends at most 12 hours after the UTC day.
EAST, WEST = 14 * 3600, 12 * 3600
EPOCH = date(1970, 1, 1).toordinal()

# By distance: the first circle tried, in miles; where it holds fewer than SPARSE, which says
# little about density, the next is FAR_STEP times as wide. One ALMOST as wide as what was asked
# for saves nothing.
FIRST_RUNG = 2
SPARSE = 3
FAR_STEP = 6
ALMOST = 0.7


class Hit(NamedTuple):
    """A listing that was found; `distance` is a squared chord, 0 where there is no circle."""

    starts: int
    timeslot_id: int
    event_id: int
    distance: float


@dataclass(frozen=True)
class Criteria:
    """What is asked of a listing besides its place, in the numbers of the search table."""

    now: int  # Unix seconds; what began by then is out
    types: tuple[int, ...] = ()
    flags: int = 0
    online: bool = False
    day_from: int | None = None
    day_to: int | None = None
    minutes: tuple[int, int] | None = None  # from, and before
    has_room: bool = False


@dataclass(frozen=True)
class Circle:
    """A place on the globe (degrees) and how far around it (miles)."""

    latitude: float
    longitude: float
    miles: float

    @property
    def centre(self) -> Vector:
        return unit_vector(self.latitude, self.longitude)

    @property
    def resolution(self) -> int:
        return resolution_for(self.miles)

    @property
    def cells(self) -> tuple[int, ...]:
        return cover(self.latitude, self.longitude, self.miles, self.resolution)

    @property
    def stream_resolution(self) -> int:
        """One size larger: opening a stream costs more than passing over what is outside."""
        return max(COARSEST, self.resolution - 1)

    @property
    def streams(self) -> tuple[int, ...]:
        """The cells that are read in order of time, each a stream of its own."""
        return cover(self.latitude, self.longitude, self.miles, self.stream_resolution)


class Rung(NamedTuple):
    """A circle, and how many it must hold for no wider one to be read."""

    circle: Circle
    enough: int


class _Sql:
    """Text and parameters, put together in the order they are read."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: list[Any] = []

    def add(self, text: str, *params: Any) -> "_Sql":
        self.parts.append(text)
        self.params.extend(params)
        return self

    def extend(self, other: "_Sql") -> "_Sql":
        return self.add(" ".join(other.parts), *other.params)

    def rows(self) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(" ".join(self.parts), self.params)
            return cursor.fetchall()

    def hits(self) -> "list[Hit]":
        return [Hit(*row) for row in self.rows()]


def soonest(
    criteria: Criteria, circle: Circle | None, *, after: tuple[int, int] | None, limit: int
) -> list[Hit]:
    """The next listings by (starts, timeslot), behind `after`; anywhere if no circle is given."""
    if circle is None:
        sql = _stream(criteria, "0.0", after=after).add("ORDER BY 1, 2 LIMIT %s", limit)
    elif connection.vendor == "postgresql":
        sql = _lateral(criteria, circle, after, limit)
    else:
        sql = _correlated(criteria, circle, after, limit)
    return sql.hits()


def soonest_ids(criteria: Criteria, *, limit: int) -> RawSQL:
    """The timeslots `soonest` finds anywhere, as a subquery of somebody else's statement."""
    stream = _stream(criteria, "0.0", after=None).add("ORDER BY 1, 2 LIMIT %s", limit)
    sql = _Sql().add("SELECT s.timeslot_id FROM (").extend(stream).add(") AS s")
    return RawSQL(" ".join(sql.parts), sql.params)  # noqa: S611


def _lateral(criteria: Criteria, circle: Circle, after: tuple[int, int] | None, limit: int) -> _Sql:
    sql = _Sql().add(
        "SELECT s.starts, s.timeslot_id, s.event_id, s.distance"
        " FROM unnest(%s::bigint[]) AS c(cell) CROSS JOIN LATERAL (",
        list(circle.streams),
    )
    sql.extend(_in_cell(criteria, circle, after, limit)).add(") AS s")
    return sql.add("ORDER BY 1, 2 LIMIT %s", limit)


def _correlated(
    criteria: Criteria, circle: Circle, after: tuple[int, int] | None, limit: int
) -> _Sql:
    distance = _distance(circle.centre)
    sql = _Sql().add("WITH c(cell) AS (VALUES")
    sql.add(", ".join(["(%s)"] * len(circle.streams)), *circle.streams)
    sql.add(f") SELECT l.starts, l.timeslot_id, l.event_id, {distance}")
    sql.add("FROM c CROSS JOIN events_listing AS l WHERE l.timeslot_id IN (")
    sql.add("SELECT s.timeslot_id FROM (")
    sql.extend(_in_cell(criteria, circle, after, limit)).add(") AS s)")
    return sql.add("ORDER BY 1, 2 LIMIT %s", limit)


def _in_cell(criteria: Criteria, circle: Circle, after: tuple[int, int] | None, limit: int) -> _Sql:
    """The next listings of the cell `c.cell` that are inside the circle."""
    sql = _stream(criteria, _distance(circle.centre), after=after)
    sql.add(f"AND l.r{circle.stream_resolution} = c.cell")
    _inside(sql, circle)
    return sql.add("ORDER BY l.starts, l.timeslot_id LIMIT %s", limit)


def nearest(
    criteria: Criteria,
    circle: Circle,
    *,
    after: tuple[float, int, int] | None,
    limit: int,
    at_least: int = 0,
) -> list[Hit] | None:
    """The next listings inside the circle by (distance, starts, timeslot), behind `after`.

    A small circle first, then one as large as its density asks for: at most two statements.
    None where the first holds fewer than `at_least`: the caller had better probe farther at once.
    """
    miles = max(FIRST_RUNG, miles_of(after[0]) * 1.2 if after else 0)
    if miles >= circle.miles * ALMOST:
        return _within(criteria, circle, after, limit).hits()
    hits = _within(criteria, replace(circle, miles=miles), after, limit).hits()
    if len(hits) == limit:
        return hits
    if len(hits) < at_least:
        return None
    # Were they spread evenly, the next circle would hold half as many again as are wanted.
    step = max(1.5, math.sqrt(1.5 * limit / len(hits))) if len(hits) >= SPARSE else FAR_STEP
    rungs = [*smaller(circle, limit, miles=miles * step), Rung(circle, limit)]
    sql = _climb(criteria, rungs, after, limit).add(_climbed(rungs))
    return sql.add("ORDER BY 4, 1, 2 LIMIT %s", limit).hits()


def smaller(circle: Circle, wanted: int, *, miles: float = FIRST_RUNG * FAR_STEP) -> list[Rung]:
    """The rung before a circle, where reading less may do."""
    return [Rung(replace(circle, miles=miles), wanted)] if miles < circle.miles * ALMOST else []


def probe(criteria: Criteria, rungs: Sequence[Rung], *, limit: int) -> tuple[list[Hit], list[int]]:
    """The nearest inside the first circle that holds enough and, where none does, all cells
    that hold anything. One statement.

    The occupied cells (of the coarsest resolution) are found by leaping through their index.
    """
    cell = f"r{COARSEST}"
    sql = _climb(criteria, rungs, None, limit).add(", occupied(cell) AS (")
    sql.add(f"SELECT (SELECT min({cell}) FROM events_listing WHERE {cell} > 0) WHERE")
    sql.add(_short(rungs))
    sql.add(f"UNION ALL SELECT (SELECT min(l.{cell}) FROM events_listing AS l")
    sql.add(f"WHERE l.{cell} > o.cell) FROM occupied AS o WHERE o.cell IS NOT NULL)")
    sql.add("SELECT starts, timeslot_id, event_id, distance, 0 AS cell FROM (")
    sql.add(_climbed(rungs)).add(") AS near")
    sql.add("UNION ALL SELECT 0, 0, 0, 0.0, cell FROM occupied WHERE cell IS NOT NULL")
    rows = sql.add("ORDER BY 4, 1, 2").rows()
    hits = [Hit(*row[:4]) for row in rows if not row[4]]
    return hits[:limit], [row[4] for row in rows if row[4]]


def _climb(
    criteria: Criteria, rungs: Sequence[Rung], after: tuple[float, int, int] | None, limit: int
) -> _Sql:
    """Each circle a table `rung0`, `rung1` ..., empty once one before it holds enough."""
    sql = _Sql().add("WITH RECURSIVE")
    for number, rung in enumerate(rungs):
        sql.add(f"{', ' if number else ''}rung{number} AS MATERIALIZED (")
        # A condition on each row would have SQLite read the rows; no row to join with does not.
        gate = f"(SELECT 1 WHERE {_short(rungs[:number])}) AS gate CROSS JOIN " if number else ""
        sql.extend(_within(criteria, rung.circle, after, limit, gate)).add(")")
    return sql


def _climbed(rungs: Sequence[Rung]) -> str:
    """What the rungs hold; a wider one holds all of those before it."""
    return " UNION ".join(f"SELECT * FROM rung{number}" for number in range(len(rungs)))


def _short(rungs: Sequence[Rung]) -> str:
    """The condition that none of these holds enough."""
    return " AND ".join(
        f"(SELECT count(*) FROM rung{number}) < {rung.enough}" for number, rung in enumerate(rungs)
    )


def nearest_in(criteria: Criteria, origin: Vector, occupied: list[int], *, limit: int) -> list[Hit]:
    """The nearest listings however far, by (distance, starts, timeslot). One statement.

    The closest cells are read first, and all others only where one of them may hold something
    nearer than what was found.
    """
    cells = sorted((squared_distance(origin, centre(cell)), cell) for cell in occupied)
    close, rest = cells[:32], cells[32:]
    sql = _Sql().add("WITH close AS MATERIALIZED (")
    sql.extend(_among_cells(criteria, origin, [cell for _away, cell in close], limit))
    sql.add(") SELECT * FROM close")
    if rest:
        # What lies in any further cell is at least this far away.
        safe = squared_chord(max(0.0, miles_of(rest[0][0]) - REACH[COARSEST]))
        short = f"(SELECT count(*) FROM close WHERE distance < {safe!r}) < {limit}"
        sql.add("UNION SELECT * FROM (")
        gate = f"(SELECT 1 WHERE {short}) AS gate CROSS JOIN "
        sql.extend(_among_cells(criteria, origin, None, limit, gate)).add(") AS beyond")
    return sql.add("ORDER BY 4, 1, 2 LIMIT %s", limit).hits()


def _among_cells(
    criteria: Criteria, origin: Vector, cells: list[int] | None, limit: int, gate: str = ""
) -> _Sql:
    sql = _stream(criteria, _distance(origin), after=None, gate=gate)
    _in_any_of(sql, f"l.r{COARSEST}", cells)
    return sql.add("ORDER BY 4, 1, 2 LIMIT %s", limit)


def count(criteria: Criteria, circle: Circle | None, *, cap: int) -> int:
    """How many events match, counted no further than `cap`."""
    stream = _among(criteria, circle) if circle else _stream(criteria, "0.0", after=None)
    sql = _Sql().add("SELECT count(*) FROM (").extend(stream).add("LIMIT %s) AS s", cap)
    return sql.rows()[0][0]


def in_cells(
    criteria: Criteria, resolution: int, cells: Sequence[int] | None, *, limit: int
) -> list[Hit]:
    """Some of the listings in these cells (None means anywhere on the ground), in no order."""
    sql = _stream(criteria, "0.0", after=None)
    _in_any_of(sql, f"l.r{resolution}", cells)
    return sql.add("LIMIT %s", limit).hits()


def count_by_cell(
    criteria: Criteria, resolution: int, cells: Sequence[int] | None
) -> dict[int, int]:
    """How many events match in each of these cells; those without any are left out."""
    cell = f"l.r{resolution}"
    # The stream's fourth column is the distance elsewhere; here the cell stands in it.
    sql = _Sql().add("SELECT s.distance, count(*) FROM (")
    sql.extend(_in_any_of(_stream(criteria, cell, after=None), cell, cells))
    return dict(sql.add(") AS s GROUP BY s.distance").rows())


def _in_any_of(sql: _Sql, column: str, cells: Sequence[int] | None) -> _Sql:
    if cells is None:
        return sql.add(f"AND {column} > 0")
    return sql.add(f"AND {column} IN ({_marks(cells) or 'NULL'})", *cells)


def _within(
    criteria: Criteria,
    circle: Circle,
    after: tuple[float, int, int] | None,
    limit: int,
    gate: str = "",
) -> _Sql:
    """What is inside the circle, nearest first."""
    sql = _among(criteria, circle, gate)
    if after:
        distance = _distance(circle.centre)
        sql.add(f"AND ({distance}, l.starts, l.timeslot_id) > (%s, %s, %s)", *after)
    return sql.add("ORDER BY 4, 1, 2 LIMIT %s", limit)


def _among(criteria: Criteria, circle: Circle, gate: str = "") -> _Sql:
    """What is inside the circle, in no order."""
    cells = circle.cells
    sql = _stream(criteria, _distance(circle.centre), after=None, gate=gate)
    sql.add(f"AND l.r{circle.resolution} IN ({_marks(cells)})", *cells)
    _inside(sql, circle)
    return sql


def _distance(origin: Vector) -> str:
    """The squared chord to a point. Numbers of our own making, so they may stand in the SQL."""
    x, y, z = (repr(value) for value in origin)
    return (
        f"((l.x - ({x})) * (l.x - ({x})) + (l.y - ({y})) * (l.y - ({y}))"
        f" + (l.z - ({z})) * (l.z - ({z})))"
    )


def _inside(sql: _Sql, circle: Circle) -> None:
    sql.add(f"AND {_distance(circle.centre)} <= %s", squared_chord(circle.miles))


def _stream(
    criteria: Criteria, distance: str, *, after: tuple[int, int] | None, gate: str = ""
) -> _Sql:
    """Matching listings that stand for their events, behind `after`; none where the gate, which
    is joined to each of them, has no row."""
    position = max(after or (0, 0), (criteria.now, LAST_ID))
    if criteria.day_from is not None:
        position = max(position, ((criteria.day_from - EPOCH) * DAY - EAST - 1, LAST_ID))
    sql = _Sql().add(
        f"SELECT l.starts, l.timeslot_id, l.event_id, {distance} AS distance"
        f" FROM {gate}events_listing AS l WHERE (l.starts, l.timeslot_id) > (%s, %s)",
        *position,
    )
    if criteria.day_to is not None:
        sql.add("AND l.starts < %s", (criteria.day_to + 1 - EPOCH) * DAY + WEST)
    if criteria.types:
        sql.add(f"AND l.type IN ({_marks(criteria.types)})", *criteria.types)
    if criteria.flags:
        sql.add("AND (l.flags & %s) = %s", criteria.flags, criteria.flags)
    if criteria.online:
        sql.add("AND l.online")
    _of_the_timeslot(sql, criteria, "l")
    return _first_of_its_event(sql, criteria)


def _of_the_timeslot(sql: _Sql, criteria: Criteria, row: str) -> None:
    """What may differ from one timeslot of an event to the next."""
    if criteria.day_from is not None:
        sql.add(f"AND {row}.day >= %s", criteria.day_from)
    if criteria.day_to is not None:
        sql.add(f"AND {row}.day <= %s", criteria.day_to)
    if criteria.minutes is not None:
        sql.add(f"AND {row}.minute >= %s AND {row}.minute < %s", *criteria.minutes)
    if criteria.has_room:
        sql.add(
            "AND EXISTS (SELECT 1 FROM events_timeslot AS t"
            f" WHERE t.id = {row}.timeslot_id"
            " AND (t.capacity IS NULL OR t.seats_taken < t.capacity))"
        )


def _first_of_its_event(sql: _Sql, criteria: Criteria) -> _Sql:
    if criteria.minutes is None and not criteria.has_room:
        # Time alone decides, and timeslots come in its order: looking at the one before is
        # enough, and it stands in the same index row.
        if criteria.day_from is None:
            return sql.add("AND l.previous_starts <= %s", criteria.now)
        return sql.add(
            "AND (l.previous_starts <= %s OR l.previous_day < %s)",
            criteria.now,
            criteria.day_from,
        )
    sql.add(
        "AND NOT EXISTS (SELECT 1 FROM events_listing AS e WHERE e.event_id = l.event_id"
        " AND e.starts > %s AND (e.starts, e.timeslot_id) < (l.starts, l.timeslot_id)",
        criteria.now,
    )
    _of_the_timeslot(sql, criteria, "e")
    return sql.add(")")


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def unix(instant: datetime) -> int:
    """Whole seconds since 1970, as the search table counts."""
    return int(instant.astimezone(UTC).timestamp())
