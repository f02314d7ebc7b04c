import re
from pathlib import Path

import h3
import pytest
from django.conf import settings

from events import homes
from events.geocoding import write_public_place
from events.models import HomeCell
from events.states import Accuracy
from tests.factories import make_event

pytestmark = pytest.mark.django_db

PUBLIC = [
    "public_latitude",
    "public_longitude",
    "public_neighborhood",
    "public_city",
    "public_state_code",
    "public_postal_code",
    "public_county",
    "timezone",
]


def shown(event):
    write_public_place(event)
    return {name: getattr(event, name) for name in PUBLIC}


def points_in_cell(latitude, longitude):
    """Points of one cell near its corners, where ZIP codes and cities differ."""
    cell = h3.latlng_to_cell(latitude, longitude, 7)
    lat, lng = h3.cell_to_latlng(cell)
    return [
        (lat + (corner_lat - lat) * 0.95, lng + (corner_lng - lng) * 0.95)
        for corner_lat, corner_lng in h3.cell_to_boundary(cell)
    ]


@pytest.mark.parametrize("home", [(33.45, -112.07), (39.9612, -82.9988), (21.31, -157.86)])
def test_soft_area_on_maps_covers_every_home_of_the_cell(home):
    script = Path(settings.BASE_DIR, "static/js/basemap.js").read_text()
    radius = int(re.search(r"HOME_METRES = (\d+);", script)[1])
    cell = h3.latlng_to_cell(*home, homes.HOME_RESOLUTION)
    centre = h3.cell_to_latlng(cell)

    corners = [h3.great_circle_distance(centre, at, "m") for at in h3.cell_to_boundary(cell)]

    assert max(corners) <= radius


@pytest.mark.parametrize("home", [(39.9612, -82.9988), (40.7128, -74.0060), (39.1155, -94.6268)])
def test_moving_a_home_inside_its_cell_changes_nothing_public(home):
    seen = [
        shown(
            make_event(
                private=True,
                latitude=lat,
                longitude=lng,
                street=f"{number} Oak Street",
                postal_code=f"1000{number}",
                city=f"Town {number}",
            )
        )
        for number, (lat, lng) in enumerate(points_in_cell(*home))
    ]
    assert all(place == seen[0] for place in seen)


def test_public_place_of_a_home_is_that_of_its_cells_centre():
    event = make_event(private=True, city="Elsewhere", postal_code="99999")
    place = shown(event)
    centre = h3.cell_to_latlng(h3.latlng_to_cell(event.latitude, event.longitude, 7))
    assert (place["public_latitude"], place["public_longitude"]) == pytest.approx(centre, abs=1e-5)
    assert (place["public_city"], place["public_state_code"]) == ("Columbus", "OH")
    assert place["public_postal_code"].startswith("432")
    assert place["timezone"] == "America/New_York"


def test_public_address_is_shown_as_it_is():
    event = make_event(city="Columbus", postal_code="43215")
    place = shown(event)
    assert (place["public_latitude"], place["public_longitude"]) == (39.9612, -82.9988)
    assert (place["public_city"], place["public_county"]) == ("Columbus", "Franklin County")


@pytest.mark.parametrize(
    "street", ["41 South Elm Street", "41 s. elm st", "41 SOUTH ELM ST., Apt 4", "41 S Elm St #4"]
)
def test_one_address_has_one_digest_however_it_is_written(street):
    digest = homes.address_digest(make_event(private=True, street="41 S Elm Street"))
    assert homes.address_digest(make_event(private=True, street=street)) == digest


def test_digest_depends_on_the_key(settings):
    event = make_event(private=True)
    digest = homes.address_digest(event)
    settings.ADDRESS_KEY = "another"
    assert homes.address_digest(event) != digest


def test_noise_at_a_cells_edge_does_not_move_the_home():
    cell = h3.latlng_to_cell(39.9612, -82.9988, 7)
    (lat, lng), (corner_lat, corner_lng) = h3.cell_to_latlng(cell), h3.cell_to_boundary(cell)[0]
    for share in (0.97, 1.03, 0.99, 1.05):
        event = make_event(
            private=True,
            latitude=lat + (corner_lat - lat) * share,
            longitude=lng + (corner_lng - lng) * share,
            accuracy=Accuracy.STREET if share > 1 else Accuracy.ROOFTOP,
        )
        assert homes.home_cell(event) == h3.str_to_int(cell)
    assert HomeCell.objects.count() == 1


def test_better_position_replaces_the_zip_codes_centre():
    guess = make_event(private=True, latitude=39.99, longitude=-83.03, accuracy=Accuracy.ZIP)
    first = homes.home_cell(guess)
    found = make_event(private=True)
    assert homes.home_cell(found) != first
    assert homes.home_cell(guess) == homes.home_cell(found)


def test_home_without_a_street_is_not_remembered():
    homes.home_cell(make_event(private=True, street=""))
    assert not HomeCell.objects.exists()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("We are at Elm Street, second house", "street"),
        ("come to 41 S ELM ST", "street"),
        ("Ring at number 41!", "house number"),
        ("Call 614-555-0123", "phone"),
        ("Call (614) 555 01 23 first", "phone"),
        ("Write to Robin@Example.org", "email"),
    ],
)
def test_words_that_give_the_home_away_are_warned_of(text, what):
    event = make_event(private=True, description=text, contact_phone="+16145550123")
    assert any(what in warning for warning in homes.warnings(event))


@pytest.mark.parametrize(
    "text",
    ["We start at 4:41 pm", "41 people came last time", "Under the elm tree", "1412 reasons"],
)
def test_harmless_words_are_not_warned_of(text):
    assert homes.warnings(make_event(private=True, description=text, title="Tea")) == []


def test_public_address_needs_no_warning():
    assert homes.warnings(make_event(description="41 South Elm Street, 614-555-0123")) == []
