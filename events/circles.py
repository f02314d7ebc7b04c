"""A circle on the globe and the cells that cover it."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import h3.api.basic_int as h3

from events.spatial import (
    COARSEST,
    FINEST,
    REACH,
    SPREAD,
    Vector,
    centre,
    cover,
    resolution_for,
    squared_chord,
    squared_distance,
    unit_vector,
)

# By distance: a cell is split where it may hold something closer than this many times its own
# size; so cells grow with the way to them.
CLOSE = 0.3
BEGIN = 3  # the resolution that splitting begins with
SPREAD_CHORDS = [math.sqrt(squared_chord(miles)) for miles in SPREAD]


class Patch(NamedTuple):
    """A cell of any size, by the numbers of the finest cells that descend from it."""

    nearest: float  # nothing in it is closer than this squared chord
    first: int
    last: int


@dataclass(frozen=True)
class Circle:
    """A place on the globe (degrees) and how far around it (miles)."""

    latitude: float
    longitude: float
    miles: float
    # The only cells of resolution BEGIN that are worth a look, where they are known.
    occupied: tuple[int, ...] | None = None

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
        """How many of the cells, nearest first, lie inside with all they hold.

        And with all that smaller cells hold which descend from them.
        """
        return self._nearer(self.cells, self.miles - SPREAD[self.resolution])

    @cached_property
    def patches(self) -> list[Patch]:
        """Cells that cover the circle, small in its middle and ever larger farther out.

        Those that may hold the nearest come first.
        """
        point, limit = self.centre, math.sqrt(squared_chord(self.miles))
        found: list[Patch] = []
        wider = self.miles + SPREAD[BEGIN] - REACH[BEGIN]
        cells: Sequence[int] = (
            cover(self.latitude, self.longitude, wider, BEGIN)
            if self.occupied is None
            else self.occupied
        )
        for resolution in range(BEGIN, FINEST + 1):
            split: list[int] = []
            spread = SPREAD_CHORDS[resolution]
            digits = below(resolution)
            for cell in cells:
                near = max(0.0, math.dist(point, centre(cell)) - spread)
                if near < CLOSE * spread and resolution < FINEST:
                    split += h3.cell_to_children(cell)
                elif near <= limit:
                    first = (cell & ~(15 << 52 | digits)) | FINEST << 52
                    found.append(Patch(near * near, first, first | digits))
            cells = split
        return sorted(found)

    def _nearer(self, cells: Sequence[int], miles: float) -> int:
        """How many of the cells, nearest first, have their centre within so many miles."""
        point, limit = self.centre, squared_chord(max(0.0, miles))
        return bisect_right(cells, limit, key=lambda cell: squared_distance(point, centre(cell)))


def below(resolution: int) -> int:
    """The bits of a cell's number in which its descendants differ.

    H3 writes one digit of three bits a resolution, the coarsest first, and the resolution itself
    above them: what descends from one cell stands together in the order of numbers.
    """
    return (1 << 3 * (15 - resolution)) - 1
