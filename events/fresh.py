"""What was newly published near a place, by the public facts of the search table alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from events.models import Listing
from events.spatial import COARSEST, TYPE_CODES, cover, squared_chord, squared_distance, unit_vector
from events.streams import Hit, unix


@dataclass(frozen=True)
class Span:
    """Events published after `since`, up to and with `until`."""

    since: datetime
    until: datetime


class Fresh(NamedTuple):
    """One event's next timeslot."""

    published_at: datetime
    starts: int
    timeslot_id: int
    event_id: int
    type: int
    cell: int
    x: float
    y: float
    z: float


class FreshEvents:
    """The upcoming events at a place that were published in a span, found again by cell."""

    def __init__(self, span: Span, *, now: datetime) -> None:
        rows = Listing.objects.filter(
            event__published_at__gt=span.since,
            event__published_at__lte=span.until,
            starts__gt=unix(now),
            **{f"r{COARSEST}__gt": 0},
        ).values_list(
            "event__published_at",
            "starts",
            "timeslot_id",
            "event_id",
            "type",
            f"r{COARSEST}",
            "x",
            "y",
            "z",
        )
        self._by_cell: dict[int, list[Fresh]] = defaultdict(list)
        seen: set[int] = set()
        for row in rows.order_by("starts", "timeslot_id"):
            fresh = Fresh(*row)
            if fresh.event_id not in seen:
                seen.add(fresh.event_id)
                self._by_cell[fresh.cell].append(fresh)

    def near(
        self,
        latitude: float,
        longitude: float,
        *,
        miles: float,
        types: Iterable[str] = (),
        since: datetime,
    ) -> list[Hit]:
        """Those within so many miles, of these types (none means any), soonest first."""
        if not self._by_cell:
            return []
        point, limit = unit_vector(latitude, longitude), squared_chord(miles)
        codes = {TYPE_CODES[name] for name in types}
        found = []
        for cell in cover(latitude, longitude, miles, COARSEST):
            for row in self._by_cell.get(cell, ()):
                distance = squared_distance(point, (row.x, row.y, row.z))
                wanted = row.published_at > since and (not codes or row.type in codes)
                if wanted and distance <= limit:
                    found.append(Hit(row.starts, row.timeslot_id, row.event_id, distance))
        return sorted(found)
