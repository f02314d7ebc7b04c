"""A circle on the globe and the cells that cover it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from events.spatial import (
    COARSEST,
    REACH,
    Vector,
    centre,
    cover,
    resolution_for,
    squared_chord,
    squared_distance,
    unit_vector,
)


@dataclass(frozen=True)
class Circle:
    """A place on the globe (degrees) and how far around it (miles)."""

    latitude: float
    longitude: float
    miles: float

    @cached_property
    def centre(self) -> Vector:
        return unit_vector(self.latitude, self.longitude)

    @property
    def resolution(self) -> int:
        return resolution_for(self.miles)

    @cached_property
    def cells(self) -> tuple[int, ...]:
        return cover(self.latitude, self.longitude, self.miles, self.resolution)

    @property
    def stream_resolution(self) -> int:
        """One size larger: opening a stream costs more than passing over what is outside."""
        return max(COARSEST, self.resolution - 1)

    @cached_property
    def streams(self) -> tuple[int, ...]:
        """The cells that are read in order of time, each a stream of its own."""
        return cover(self.latitude, self.longitude, self.miles, self.stream_resolution)

    @property
    def middle(self) -> tuple[int, ...]:
        """The first of the streams whose centre is inside; at least the one around the place."""
        return self.streams[: max(1, self._nearer(self.streams, self.miles))]

    @property
    def inner(self) -> int:
        """How many of the cells, nearest first, lie inside with all they hold."""
        return self._nearer(self.cells, self.miles - REACH[self.resolution])

    def _nearer(self, cells: Sequence[int], miles: float) -> int:
        """How many of the cells, nearest first, have their centre within so many miles."""
        point, limit = self.centre, squared_chord(max(0.0, miles))
        return bisect_right(cells, limit, key=lambda cell: squared_distance(point, centre(cell)))
