"""What lists show of the events that were found: public facts alone, as rows and not as models.

A page of results is one statement: what was found (events.streams), what is shown of it, and how
much there is in all. Making models of it would take longer than finding it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from events.facts import PublicEvent, PublicTimeslot
from events.spatial import miles_of
from events.statements import Sql, any_of, numbers
from events.streams import Hit


class _Timeslot(NamedTuple):
    pk: int
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    seats_taken: int


class ListedTimeslot(_Timeslot, PublicTimeslot):
    """A timeslot in a list."""


class _Event(NamedTuple):
    pk: int
    state: str
    type: str
    title: str
    official: bool
    attendance_mode: str
    address_visibility: str
    public_latitude: float | None
    public_longitude: float | None
    public_neighborhood: str
    public_city: str
    public_state_code: str
    public_postal_code: str
    timezone: str
    wheelchair: str
    door: str = ""  # venue or street of an event whose address anybody may see


class ListedEvent(_Event, PublicEvent):
    """An event in a list."""


class Result(NamedTuple):
    """One event, by the soonest of its timeslots that matches."""

    event: ListedEvent
    timeslot: ListedTimeslot
    distance_miles: float | None  # to the public place; None where none was asked from


def _columns(table: str, names: Iterable[str]) -> str:
    return ", ".join(f"{table}.{'id' if name == 'pk' else name}" for name in names)


# The exact place of a private event is not even read.
DOOR = (
    "CASE WHEN e.address_visibility <> 'public' THEN ''"
    " WHEN e.venue = '' THEN e.street ELSE e.venue END"
)
SHOWN = f"{_columns('t', _Timeslot._fields)}, {_columns('e', _Event._fields[:-1])}, {DOOR}"


class Reader:
    """Reads what the search finds and, in the same statements, what is shown of it.

    The first that finds anything says as well how many are `matching`, if told how to count.
    """

    def __init__(self, counting: Sql | None = None) -> None:
        self.counting = counting and counting.apart("all_")
        self.matching: int | None = None
        self.shown: dict[int, tuple[ListedEvent, ListedTimeslot]] = {}

    def __call__(self, found: Sql, order: str, limit: int) -> list[Hit]:
        """As `streams.hits`."""
        sql = Sql("WITH page(starts, timeslot_id, event_id, distance) AS MATERIALIZED (")
        sql.extend(found).add(f"ORDER BY {order} LIMIT {limit})")
        sql.add("SELECT page.starts, page.timeslot_id, page.event_id, page.distance,")
        if self.counting and self.matching is None:
            sql.add("(").extend(self.counting).add("),")
        else:
            sql.add("NULL,")
        sql.add(f"{SHOWN} FROM page")
        # CROSS JOIN, so that SQLite begins with the page.
        sql.add("CROSS JOIN events_timeslot AS t CROSS JOIN events_event AS e")
        sql.add("WHERE t.id = page.timeslot_id AND e.id = page.event_id")
        rows = sql.add(f"ORDER BY {order}").rows()
        for row in rows:
            self.matching = self.matching or row[4]
            self._keep(row[5:])
        return [Hit(*row[:4]) for row in rows]

    def results(self, hits: Sequence[Hit], *, near: bool) -> list[Result]:
        """What is shown of hits (`near` a place or not), in their order.

        One statement where any of them was found by others.
        """
        if missing := [hit.timeslot_id for hit in hits if hit.timeslot_id not in self.shown]:
            sql = Sql("SELECT").add(SHOWN).add("FROM events_timeslot AS t")
            sql.add("JOIN events_event AS e ON e.id = t.event_id")
            sql.add(f"WHERE {any_of('t.id', 'missing')}", missing=numbers(missing))
            for row in sql.rows():
                self._keep(row)
        return [
            Result(*self.shown[hit.timeslot_id], miles_of(hit.distance) if near else None)
            for hit in hits
            if hit.timeslot_id in self.shown
        ]

    def _keep(self, row: Sequence[Any]) -> None:
        pk, starts_at, ends_at, *room = row[: len(_Timeslot._fields)]
        timeslot = ListedTimeslot(pk, _aware(starts_at), _aware(ends_at), *room)
        self.shown[pk] = ListedEvent(*row[len(_Timeslot._fields) :]), timeslot


def _aware(instant: datetime) -> datetime:
    """SQLite keeps instants in UTC without saying so."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
