"""What a map shows of the part of the globe in view: points where they are few, else counts.

Points obey the whole question. Counts come from events.totals and obey its types and days
alone: whoever shows them has to say so (`Sight.shows_more`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import h3.api.basic_int as h3
from h3 import H3FailedError

from events import streams, totals
from events.circles import Circle
from events.listed import Reader, Result
from events.search import SearchQuery
from events.spatial import (
    COARSEST,
    EARTH_MILES,
    MILES_PER_KM,
    REACH,
    cover,
    miles_of,
    squared_distance,
    unit_vector,
)
from events.streams import Criteria, unix
from events.totals import Total

MOST_POINTS = 100
# Cells wider than the disk that stands for one: 50 to 130 pixels across.
CELLS_BY_ZOOM = (2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6, 6)  # in smaller ones from zoom 12 on
MOST_CELLS = 600  # of larger cells, where a view is as large as a wall
# Where the whole globe holds no more events than this, they are looked through one by one.
FEW_ANYWHERE = 2000


class View(NamedTuple):
    """A box of degrees, `west` possibly east of `east` at the antimeridian, and a map's zoom."""

    south: float
    west: float
    north: float
    east: float
    zoom: int

    @property
    def width(self) -> float:
        """In degrees; all around the globe where west and east are the same."""
        return (self.east - self.west) % 360 or 360.0

    @property
    def square_miles(self) -> float:
        per_degree = math.radians(1) * EARTH_MILES
        height = self.north - self.south
        return height * self.width * per_degree**2 * math.cos(self._middle_latitude)

    @property
    def _middle_latitude(self) -> float:
        return math.radians((self.south + self.north) / 2)

    def grown(self, miles: float) -> "View":
        """The view and so many miles around it."""
        up = math.degrees(miles / EARTH_MILES)
        south, north = max(-90.0, self.south - up), min(90.0, self.north + up)
        # A degree of longitude is shortest where the box comes nearest to a pole.
        across = up / max(0.01, math.cos(math.radians(min(90.0, max(-south, north)))))
        if self.width + 2 * across >= 360:
            return self._replace(south=south, north=north, west=-180.0, east=180.0)
        west, east = self.west - across, self.east + across
        return self._replace(south=south, north=north, west=west, east=east)

    def halves(self) -> list[tuple[float, float]]:
        """West and east of boxes that make up this one and are no wider than half the globe."""
        west = (self.west + 180) % 360 - 180
        between = (at for at in (0.0, 180.0, 360.0) if 0 < at - west < self.width)
        edges = [west, *between, west + self.width]
        return [(a - 360, b - 360) if a >= 180 else (a, b) for a, b in pairwise(edges)]

    def holds(self, latitude: float, longitude: float) -> bool:
        south, west, north, east, _zoom = self
        if not south <= latitude <= north:
            return False
        # `width`, at hand: a map asks this a thousand times.
        return (longitude - west) % 360 <= ((east - west) % 360 or 360.0)

    def corners(self) -> list[tuple[float, float]]:
        south, west, north, east = self[:4]
        return [(south, west), (south, east), (north, east), (north, west)]


class Bunch(NamedTuple):
    """So many events about here."""

    latitude: float
    longitude: float
    events: int


@dataclass(frozen=True)
class Sight:
    """Points or bunches, never both."""

    points: list[Result] = field(default_factory=list)
    bunches: list[Bunch] = field(default_factory=list)
    shows_more: bool = False  # counts pass over something that was asked for


def look(query: SearchQuery, view: View, *, now: datetime) -> Sight:
    """What is to be seen in the view; at most four statements."""
    asked = query.criteria(unix(now))
    counted = Criteria(asked.now, types=asked.types, day_from=asked.day_from, day_to=asked.day_to)
    resolution = _resolution(view)
    globe = resolution == totals.RESOLUTIONS[0]
    cells = [] if globe else cells_in(view, resolution)
    found = totals.whole_globe(resolution) if globe else totals.of_cells(cells)
    everywhere = sum(total.events for total in found)
    if globe:
        wider = view.grown(REACH[resolution])
        found = [total for total in found if wider.holds(*_middle(total))]
    counts = _counts(counted, resolution, found)
    if sum(counts.values()) <= MOST_POINTS:
        if globe and everywhere > FEW_ANYWHERE:
            cells = [total.cell for total in found]
        listed = max(resolution, COARSEST)
        wanted = None if globe and everywhere <= FEW_ANYWHERE else _refined(cells, listed)
        reader = Reader()
        # Of small cells most of what they hold may lie outside of so small a view.
        near = _circle(view.corners()) if resolution == totals.FINEST else None
        hits = streams.in_cells(
            asked, listed, wanted, limit=MOST_POINTS + 1, circle=near, read=reader
        )
        if len(hits) <= MOST_POINTS:
            results = reader.results(hits, near=False)
            return Sight(points=[result for result in results if _seen(result, view)])
        # The worker has not counted them yet.
        counts = streams.count_by_cell(counted, listed, wanted)
        places = {cell: _centre(cell) for cell in counts}
    else:
        places = {total.cell: _middle(total) for total in found if total.cell in counts}
    bunches = [Bunch(*at, counts[cell]) for cell, at in places.items() if view.holds(*at)]
    return Sight(bunches=bunches, shows_more=asked != counted)


def _counts(counted: Criteria, resolution: int, found: list[Total]) -> dict[int, int]:
    """How many events of each of these cells are of the types and on the days asked for.

    Cells without any are left out.
    """
    first, last, types = counted.day_from, counted.day_to, counted.types
    days = first is not None or last is not None
    if not (days or types):
        return {total.cell: total.events for total in found}
    if not found:
        return {}
    cells = [total.cell for total in found]
    if totals.are_kept(resolution, types=types, days=days):
        return totals.by_cell(cells, types=types, first=first, last=last)
    return streams.count_by_cell(counted, resolution, cells)


def _resolution(view: View) -> int:
    """Of the cells to count by."""
    zoomed = CELLS_BY_ZOOM[view.zoom] if view.zoom < len(CELLS_BY_ZOOM) else totals.FINEST
    while zoomed > totals.RESOLUTIONS[0]:
        if view.square_miles / _square_miles(zoomed) <= MOST_CELLS:
            break
        zoomed -= 1
    return zoomed


def _square_miles(resolution: int) -> float:
    return h3.average_hexagon_area(resolution) * MILES_PER_KM**2


def cells_in(view: View, resolution: int) -> list[int]:
    """All cells of the resolution that reach into the view."""
    wider = view.grown(REACH[resolution])
    cells: set[int] = set()
    for west, east in wider.halves():
        corners = wider._replace(west=west, east=east).corners()
        try:
            cells.update(h3.h3shape_to_cells(h3.LatLngPoly(corners), resolution))
        except H3FailedError:  # it gives up on some boxes beside a pole
            cells.update(_around(corners, resolution))
    return sorted(cells)


def _around(corners: list[tuple[float, float]], resolution: int) -> tuple[int, ...]:
    """The cells of a circle through a box's corners: the box and more."""
    circle = _circle(corners)
    return cover(circle.latitude, circle.longitude, circle.miles, resolution)


def _circle(corners: list[tuple[float, float]]) -> Circle:
    """Through the corners of a box that is no wider than half the globe."""
    (south, west), _, (north, east), _ = corners
    middle = (south + north) / 2, west + (east - west) % 360 / 2
    origin = unit_vector(*middle)
    farthest = max(squared_distance(origin, unit_vector(*corner)) for corner in corners)
    return Circle(*middle, miles_of(farthest) * 1.01)


def _refined(cells: Sequence[int], resolution: int) -> list[int]:
    """The same ground in cells of the resolution."""
    if not cells or h3.get_resolution(cells[0]) == resolution:
        return list(cells)
    return [child for cell in cells for child in h3.cell_to_children(cell, resolution)]


def _middle(total: Total) -> tuple[float, float]:
    flat = math.hypot(total.x, total.y)
    return math.degrees(math.atan2(total.z, flat)), math.degrees(math.atan2(total.y, total.x))


def _centre(cell: int) -> tuple[float, float]:
    latitude, longitude = h3.cell_to_latlng(cell)
    return latitude, longitude


def _seen(result: Result, view: View) -> bool:
    latitude, longitude = result.event.public_latitude, result.event.public_longitude
    return latitude is not None and longitude is not None and view.holds(latitude, longitude)
