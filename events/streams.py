"""The SQL of the search: one ordered stream of listings per cell, merged.

A flat `cell IN (...) ORDER BY starts LIMIT 20` lets a planner walk the whole time index; a
stream per cell cannot go wrong, whatever the statistics say. PostgreSQL has LATERAL for it;
SQLite does the same with a correlated subquery. A first glance at the middle of the circle tells
by when the page is full, so that no stream is read to its own end.

One event is one result: a listing stands for its event if no earlier one of the same event is
among what was asked for.

Places, cells and what people typed go as parameters, so that the text stays the same and both
databases keep it prepared; planning a search takes PostgreSQL longer than answering it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import h3.api.basic_int as h3
from django.db import connection

from events import totals
from events.circles import BEGIN, Circle, below
from events.spatial import FINEST, Vector, squared_chord
from events.statements import Sql, any_of, cells_in, numbers, patches_in

LAST_ID = 2**63 - 1
DAY = 86_400
# A local day begins at most 14 hours before and ends at most 12 hours after the UTC day.
EAST, WEST = 14 * 3600, 12 * 3600
EPOCH = date(1970, 1, 1).toordinal()

# By distance: how many listings are read before it is known how far to look.
FIRST_READ = 60

# By time: in how many cells of the middle is glanced at, and that one of so many tells.
GLANCE_CELLS = 12
GLANCE = 2


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


# Reads the first listings of a statement in an order.
type Read = Callable[[Sql, str, int], list[Hit]]
SOONEST, NEAREST = "1, 2", "4, 1, 2"


def hits(found: Sql, order: str, limit: int) -> list[Hit]:
    """The first listings found, and nothing about them. (events.listed reads more.)"""
    return [Hit(*row) for row in found.add(f"ORDER BY {order} LIMIT {limit}").rows()]


def soonest(
    criteria: Criteria,
    circle: Circle | None,
    *,
    limit: int,
    after: tuple[int, int] | None = None,
    read: Read = hits,
) -> list[Hit]:
    """The next listings by (starts, timeslot), behind `after`; anywhere if no circle is given."""
    if circle is None:
        return read(_stream(criteria, "0.0", after=after), SOONEST, limit)
    cells, in_cell = cells_in("streams"), _in_cell(criteria, circle, after)
    first = f"ORDER BY l.starts, l.timeslot_id LIMIT {limit}"
    sql = Sql("WITH latest AS MATERIALIZED (").extend(_glance(in_cell, circle, limit))
    sql.add(")", streams=numbers(circle.streams))
    if connection.vendor == "postgresql":
        sql.add("SELECT s.starts, s.timeslot_id, s.event_id, s.distance")
        sql.add(f"FROM {cells} CROSS JOIN LATERAL (").extend(in_cell)
        sql.add(f"AND l.starts <= (SELECT starts FROM latest) {first}) AS s")
    else:
        # Up to a known instant there are but few; only else has each cell to end by itself.
        everywhere = f"{cells} CROSS JOIN events_listing AS l"
        sql.extend(_in_cell(criteria, circle, after, source=everywhere))
        sql.add(f"AND l.starts <= (SELECT starts FROM latest WHERE starts < {LAST_ID})")
        sql.add(f"UNION ALL SELECT l.starts, l.timeslot_id, l.event_id, {DISTANCE}")
        sql.add(f"FROM (SELECT 1 FROM latest WHERE starts = {LAST_ID})")
        sql.add(f"CROSS JOIN {everywhere} WHERE l.timeslot_id IN (SELECT s.timeslot_id FROM (")
        sql.extend(in_cell).add(f"{first}) AS s)")
    return read(sql, SOONEST, limit)


def _glance(in_cell: Sql, circle: Circle, limit: int) -> Sql:
    """The instant by which the page is full; the last there is where a glance cannot tell.

    Of some cells in the middle it asks by when each has a share of a page. As soon as enough of
    them have theirs, the page is full.
    """
    middle = circle.middle[:GLANCE_CELLS]
    share = math.ceil(limit / max(1, len(middle) // GLANCE))
    sql = Sql("SELECT coalesce((SELECT s.starts FROM (").extend(in_cell)
    sql.add("ORDER BY l.starts, l.timeslot_id LIMIT 1 OFFSET %(share)s - 1) AS s),")
    sql.add(f"{LAST_ID}) AS starts FROM {cells_in('middle')}")
    sql.add("ORDER BY 1 LIMIT 1 OFFSET %(enough)s - 1")
    enough = math.ceil(limit / share)
    return sql.add("", middle=numbers(middle), share=share, enough=enough)


def _in_cell(
    criteria: Criteria,
    circle: Circle,
    after: tuple[int, int] | None,
    *,
    source: str = "events_listing AS l",
) -> Sql:
    """What is in the cell `c.cell` and inside the circle, behind `after`."""
    sql = _stream(criteria, DISTANCE, after=after, source=source)
    sql.add(f"AND l.r{circle.stream_resolution} = c.cell AND")
    return sql.extend(_inside(circle))


def nearest(
    criteria: Criteria,
    circle: Circle,
    *,
    limit: int,
    after: tuple[float, int, int] | None = None,
    read: Read = hits,
) -> list[Hit]:
    """The next listings inside the circle by (distance, starts, timeslot), behind `after`.

    Cells are read from the middle outwards until some listings are found; then, up to the
    distance of the last that is wanted, whatever may be closer. One statement.
    """
    few = max(FIRST_READ, limit)
    outwards = _in_patches(criteria, after)
    sql = Sql("WITH patch(nearest, first, last, number) AS MATERIALIZED (")
    sql.extend(patches_in(circle.patches)).add("), near AS MATERIALIZED (")
    sql.extend(outwards).add(f"LIMIT {few})")
    # Where fewer were found, they are all there is; else their last cell may hold more.
    sql.add(", enough(distance, number) AS MATERIALIZED (SELECT (SELECT min(distance) FROM (")
    sql.add("SELECT %(reach)s AS distance UNION ALL SELECT * FROM (SELECT distance FROM near")
    sql.add(f"ORDER BY distance LIMIT 1 OFFSET {limit - 1}) AS wanted) AS bounds),")
    sql.add(f"CASE WHEN count(*) < {few} THEN {LAST_ID} ELSE max(number) END FROM near)")
    sql.add("", reach=squared_chord(circle.miles), **_origin(circle.centre))
    sql.add("SELECT starts, timeslot_id, event_id, distance FROM near")
    sql.add("WHERE number < (SELECT number FROM enough)")
    sql.add("AND distance <= (SELECT distance FROM enough)")
    sql.add("UNION ALL SELECT starts, timeslot_id, event_id, distance FROM (")
    sql.extend(outwards).add("AND c.number >= (SELECT number FROM enough)")
    sql.add("AND c.nearest <= (SELECT distance FROM enough)")
    sql.add(f"AND {DISTANCE} <= (SELECT distance FROM enough)) AS rest")
    return read(sql, NEAREST, limit)


def _in_patches(criteria: Criteria, after: tuple[float, int, int] | None) -> Sql:
    """What is in the patches, one after another, behind `after` by distance."""
    inside = f"r{FINEST} BETWEEN c.first AND c.last"
    if connection.vendor == "postgresql":
        # Its order names the index; without one, a planner may prefer all of time.
        order = f"ORDER BY f.r{FINEST}, f.starts, f.timeslot_id"
        one = f"SELECT * FROM events_listing AS f WHERE f.{inside} {order}"
        source = f"patch AS c CROSS JOIN LATERAL ({one}) AS l"
    else:
        source = f"patch AS c CROSS JOIN events_listing AS l ON l.{inside}"
    sql = _stream(criteria, f"c.number, {DISTANCE}", after=None, source=source)
    if after:
        sql.add(f"AND ({DISTANCE}, l.starts, l.timeslot_id) > (%(behind)s, %(then)s, %(last)s)")
        sql.add("", **dict(zip(("behind", "then", "last"), after, strict=True)))
    return sql


def occupied() -> tuple[int, ...]:
    """All cells of resolution BEGIN that hold anything, found by leaps through the index."""
    after = f"SELECT min(r{FINEST}) FROM events_listing WHERE r{FINEST} >"
    sql = Sql(f"WITH RECURSIVE finest(cell) AS (SELECT ({after} 0)")
    sql.add(f"UNION ALL SELECT ({after} (finest.cell | {below(BEGIN)})) FROM finest")
    sql.add("WHERE cell IS NOT NULL) SELECT cell FROM finest WHERE cell IS NOT NULL")
    return tuple(h3.cell_to_parent(cell, BEGIN) for (cell,) in sql.rows())


def counting(criteria: Criteria, circle: Circle | None, *, cap: int) -> Sql:
    """A statement that counts the events that match, no further than to `cap`.

    It begins in the middle of the circle, where none is passed over for lying outside. Where
    nothing is asked but the place, the middle has been counted already, some seconds ago.
    """
    if circle is None:
        stream = _stream(criteria, "0.0", after=None)
    else:
        source = f"{cells_in('cells')} CROSS JOIN events_listing AS l"
        stream = _stream(criteria, "0.0", after=None, source=source)
        stream.add(f"AND l.r{circle.resolution} = c.cell", cells=numbers(circle.cells))
        stream.add("AND (c.number <= %(inner)s OR", inner=circle.inner)
        stream.extend(_inside(circle)).add(")")
    one_by_one = Sql("SELECT count(*) FROM (").extend(stream).add(f"LIMIT {cap}) AS s")
    if circle is None or criteria != Criteria(criteria.now):
        return one_by_one
    sql = Sql("SELECT CASE WHEN (").extend(totals.held_by(circle.cells[: circle.inner]))
    return sql.add(f") >= {cap} THEN {cap} ELSE (").extend(one_by_one).add(") END")


def in_cells(
    criteria: Criteria,
    resolution: int,
    cells: Sequence[int] | None,
    *,
    limit: int,
    circle: Circle | None = None,
    read: Read = hits,
) -> list[Hit]:
    """Some of the listings in these cells (None means anywhere on the ground), in the circle."""
    # Which ones does not matter: asked for the soonest, a planner would walk all of time.
    sql = Sql("SELECT * FROM (").extend(_stream(criteria, "0.0", after=None))
    sql.extend(_in_any_of(f"l.r{resolution}", cells))
    if circle is not None:
        sql.add("AND").extend(_inside(circle))
    sql.add(f"LIMIT {limit}) AS some_of_them")
    return read(sql, SOONEST, limit)


def count_by_cell(
    criteria: Criteria, resolution: int, cells: Sequence[int] | None
) -> dict[int, int]:
    """How many events match in each of these cells; those without any are left out."""
    cell = f"l.r{resolution}"
    # The stream's fourth column is the distance elsewhere; here the cell stands in it.
    sql = Sql("SELECT s.distance, count(*) FROM (")
    sql.extend(_stream(criteria, cell, after=None)).extend(_in_any_of(cell, cells))
    return dict(sql.add(") AS s GROUP BY s.distance").rows())


def _in_any_of(column: str, cells: Sequence[int] | None) -> Sql:
    if cells is None:
        return Sql(f"AND {column} > 0")
    return Sql(f"AND {any_of(column, 'cells')}", cells=numbers(cells))


# The squared chord to the place that is searched from.
DISTANCE = (
    "((l.x - %(x)s) * (l.x - %(x)s) + (l.y - %(y)s) * (l.y - %(y)s)"
    " + (l.z - %(z)s) * (l.z - %(z)s))"
)


def _origin(place: Vector) -> dict[str, float]:
    return dict(zip("xyz", place, strict=True))


def _inside(circle: Circle) -> Sql:
    reach = squared_chord(circle.miles)
    return Sql(f"{DISTANCE} <= %(reach)s", reach=reach, **_origin(circle.centre))


def _stream(
    criteria: Criteria,
    distance: str,
    *,
    after: tuple[int, int] | None,
    source: str = "events_listing AS l",
) -> Sql:
    """Matching listings that stand for their events, behind `after`."""
    sql = Sql(f"SELECT l.starts, l.timeslot_id, l.event_id, {distance} AS distance FROM {source}")
    sql.add("WHERE").extend(_behind("l", criteria, after))
    if criteria.day_to is not None:
        before = (criteria.day_to + 1 - EPOCH) * DAY + WEST
        sql.add("AND l.starts < %(before)s", before=before)
    if criteria.types:
        sql.add(f"AND {any_of('l.type', 'types')}", types=numbers(criteria.types))
    if criteria.flags:
        sql.add("AND (l.flags & %(flags)s) = %(flags)s", flags=criteria.flags)
    if criteria.online:
        sql.add("AND l.online")
    _of_the_timeslot(sql, criteria, "l")
    return _first_of_its_event(sql, criteria)


def _behind(row: str, criteria: Criteria, after: tuple[int, int] | None) -> Sql:
    """That the listing comes behind `after`, and behind all that has begun."""
    begun = criteria.now
    if criteria.day_from is not None:
        begun = max(begun, (criteria.day_from - EPOCH) * DAY - EAST - 1)
    if after is None or after < (begun, LAST_ID):
        return Sql(f"{row}.starts > %(begun)s", begun=begun)
    starts, timeslot_id = after
    place = f"({row}.starts, {row}.timeslot_id)"
    return Sql(f"{place} > (%(starts)s, %(last_id)s)", starts=starts, last_id=timeslot_id)


def _of_the_timeslot(sql: Sql, criteria: Criteria, row: str) -> None:
    """What may differ from one timeslot of an event to the next."""
    if criteria.day_from is not None:
        sql.add(f"AND {row}.day >= %(day_from)s", day_from=criteria.day_from)
    if criteria.day_to is not None:
        sql.add(f"AND {row}.day <= %(day_to)s", day_to=criteria.day_to)
    if criteria.minutes is not None:
        first, end = criteria.minutes
        sql.add(f"AND {row}.minute >= %(minute)s", minute=first)
        sql.add(f"AND {row}.minute < %(minute_end)s", minute_end=end)
    if criteria.has_room:
        sql.add(
            "AND EXISTS (SELECT 1 FROM events_timeslot AS t"
            f" WHERE t.id = {row}.timeslot_id"
            " AND (t.capacity IS NULL OR t.seats_taken < t.capacity))"
        )


def _first_of_its_event(sql: Sql, criteria: Criteria) -> Sql:
    if criteria.minutes is None and not criteria.has_room:
        # Time alone decides, and timeslots come in its order: looking at the one before is
        # enough, and it stands in the same index row.
        if criteria.day_from is None:
            return sql.add("AND l.previous_starts <= %(now)s", now=criteria.now)
        return sql.add(
            "AND (l.previous_starts <= %(now)s OR l.previous_day < %(day_from)s)",
            now=criteria.now,
        )
    sql.add(
        "AND NOT EXISTS (SELECT 1 FROM events_listing AS e WHERE e.event_id = l.event_id"
        " AND e.starts > %(now)s AND (e.starts, e.timeslot_id) < (l.starts, l.timeslot_id)",
        now=criteria.now,
    )
    _of_the_timeslot(sql, criteria, "e")
    return sql.add(")")


def unix(instant: datetime) -> int:
    """Whole seconds since 1970, as the search table counts."""
    return int(instant.astimezone(UTC).timestamp())
