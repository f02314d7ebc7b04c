"""Patches: the cells, small and large, by which a search goes outwards."""

import random
from itertools import pairwise

import h3.api.basic_int as h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.circles import Circle
from events.spatial import FINEST, squared_chord, squared_distance, unit_vector
from tests.events import worlds


@worlds.patiently
@given(
    centre=worlds.centres,
    miles=st.floats(1, 500) | st.sampled_from([10, 25, 50, 100]),
    seed=st.integers(0, 10_000),
)
def test_what_is_in_the_circle_is_in_one_patch_and_no_closer_than_it_says(centre, miles, seed):
    circle = Circle(*centre, miles)
    patches = circle.patches
    limit = squared_chord(miles)
    for latitude, longitude in around(circle, random.Random(seed)):
        away = squared_distance(unit_vector(latitude, longitude), circle.centre)
        number = h3.latlng_to_cell(latitude, longitude, FINEST)
        holding = [patch for patch in patches if patch.first <= number <= patch.last]
        if away <= limit:
            assert len(holding) == 1
        for patch in holding:
            assert patch.nearest <= away


def around(circle, rng):
    """Points near the place at every scale, and on the corners of cells."""
    for _ in range(300):
        far = circle.miles / 69 * rng.random() ** rng.choice([0.5, 1, 4])
        latitude = max(-90.0, min(90.0, circle.latitude + rng.uniform(-far, far)))
        longitude = circle.longitude + rng.uniform(-far, far) * rng.choice([1, 3])
        longitude = (longitude + 180) % 360 - 180
        yield latitude, longitude
        yield from h3.cell_to_boundary(h3.latlng_to_cell(latitude, longitude, rng.randrange(10)))


@pytest.mark.parametrize("miles", [1, 10, 100, 500])
def test_patches_come_nearest_first_apart_and_few(miles):
    patches = Circle(39.96, -83.0, miles).patches
    assert [patch.nearest for patch in patches] == sorted(patch.nearest for patch in patches)
    ranges = sorted((patch.first, patch.last) for patch in patches)
    assert all(one[1] < other[0] for one, other in pairwise(ranges))
    assert len(patches) < 400
