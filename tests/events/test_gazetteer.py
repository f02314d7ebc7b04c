import os
import subprocess
import sys
import threading

import pytest

from events.gazetteer import find, nearest, suggest, zone_at


def labels(places):
    return [place.label for place in places]


WRITTEN = [
    "97201",
    "97201 Portland",
    " 97201 ",
    "97201-1234",
    "97201 1234",
    "Portland, OR 97201",
    "97201, USA",
]


@pytest.mark.parametrize("text", [*WRITTEN, "12 Main Street, Portland, OR 97201"])
def test_zip_is_found_however_it_is_written(text):
    (place,) = find(text)
    assert (place.kind, place.postal_code, place.label) == ("zip", "97201", "Portland, OR 97201")
    assert (place.county, place.timezone) == ("Multnomah County", "America/Los_Angeles")


@pytest.mark.parametrize("text", ["00000", "99999", "09001", "asdfqwerty", "", "  ", ",", "95, 10"])
def test_unknown_place_finds_nothing(text):
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("portland, or", "Portland, OR"),
        (" portland ,  or ", "Portland, OR"),
        ("portland oregon", "Portland, OR"),
        ("Portland, Maine, USA", "Portland, ME"),
        ("12 main street, portland, or", "Portland, OR"),
        ("st louis mo", "St. Louis, MO"),
        ("Saint Louis, MO", "St. Louis, MO"),
        ("ft worth", "Fort Worth, TX"),
        ("new york city", "New York City, NY"),
        ("New York", "New York City, NY"),
        ("new york, ny", "New York City, NY"),
        ("NYC", "New York City, NY"),
        ("Philly", "Philadelphia, PA"),
        ("L.A.", "Los Angeles, CA"),
        ("DC", "Washington, DC"),
        ("Washington, D.C.", "Washington, DC"),
        ("Miami", "Miami, FL"),
        ("Boise City, ID", "Boise, ID"),
        ("Marylhurst, OR", "Marylhurst, OR"),
        ("paris france", "Paris, France"),
        ("London, UK", "London, United Kingdom"),
        ("Montreal", "Montréal, QC, Canada"),
        ("zurich", "Zürich, Switzerland"),
        ("m5v 2t6", "Downtown Toronto, ON M5V, Canada"),
    ],
)
def test_city_is_found_by_the_names_people_use(text, label):
    assert labels(find(text)) == [label]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1600 Pennsylvania Ave, Washington, DC", "Washington, DC"),
        ("1600 Pennsylvania Ave NW, Washington DC", "Washington, DC"),
        ("350 5th Ave, New York", "New York City, NY"),
        ("350 Fifth Avenue New York NY", "New York City, NY"),
        ("12 Main St Springfield IL", "Springfield, IL"),
        ("12 Main Street Apt 4, Springfield, Illinois, USA", "Springfield, IL"),
        ("100 N Broadway St Louis MO", "St. Louis, MO"),
        ("12 Court Street, Austin texas usa", "Austin, TX"),
        ("Austin texas usa", "Austin, TX"),
    ],
)
def test_address_without_a_zip_is_read_down_to_its_city(text, label):
    assert labels(find(text)) == [label]


def test_street_without_a_town_is_no_place():
    assert find("12 Main St") == find("12 Main Street, Qwrtzxx") == []


def test_state_and_its_country_offer_the_largest_cities():
    assert labels(find("Ohio, USA"))[0] == "Columbus, OH"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Pheonix", "Phoenix, AZ"),
        ("pheonix az", "Phoenix, AZ"),
        ("Cincinatti", "Cincinnati, OH"),
        ("Philidelphia", "Philadelphia, PA"),
        ("Talahasee", "Tallahassee, FL"),
        ("Albuqerque, NM", "Albuquerque, NM"),
    ],
)
def test_small_typing_mistake_is_forgiven(text, label):
    assert labels(find(text)) == [label]


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("Portland", ["Portland, OR", "Portland, ME"]),
        ("springfield", ["Springfield, MO", "Springfield, MA", "Springfield, IL"]),
        ("Paris", ["Paris, France", "Paris, TX"]),
        ("Kansas City", ["Kansas City, MO", "Kansas City, KS"]),
        ("Ohio", ["Columbus, OH", "Cleveland, OH"]),
        ("Oregon", ["Portland, OR", "Eugene, OR", "Oregon, OH"]),
        ("Washington state", ["Seattle, WA", "Spokane, WA"]),
        ("Windsor, CA", ["Windsor, CA", "Windsor, ON, Canada"]),
        ("London, CA", ["London, ON, Canada"]),
    ],
)
def test_name_of_several_places_offers_them_largest_first(text, among):
    found = labels(find(text))
    assert [label for label in found if label in among] == among
    assert "Sandusky, OH" not in found  # once called Portland


def test_every_offer_is_found_again_by_its_label():
    for text in ("Portland", "Springfield", "Paris", "Washington", "San Juan", "Franklin, PA"):
        for place in find(text):
            assert place in [*find(place.label)] or find(place.label)[0].geoname_id == (
                place.geoname_id
            )


def test_position_is_read_and_named_after_what_is_near():
    (place,) = find("45.5231, -122.6765")
    assert (place.kind, place.latitude, place.longitude) == ("position", 45.5231, -122.6765)
    assert place.label.startswith("Near Portland, OR 972")
    assert find("45.5231N 122.6765W") == [place]


def test_control_characters_and_endless_text_are_harmless():
    assert labels(find("\x00portland,\u202e or")) == ["Portland, OR"]
    assert find("x" * 100_000) == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("portl", "Portland, OR"),
        ("portland, m", "Portland, ME"),
        ("portland or", "Portland, OR"),
        ("st l", "St. Louis, MO"),
        ("9720", "Portland, OR 97201"),
        ("phoneix", "Phoenix, AZ"),
        ("m5v", "Downtown Toronto, ON M5V, Canada"),
    ],
)
def test_suggestions_come_likeliest_first(typed, first):
    assert suggest(typed)[0].label == first


def test_suggestions_are_empty_where_nothing_fits():
    assert suggest("") == suggest("zzzzzz") == suggest("97") == []


def test_nearest_gives_city_zip_county_and_zone():
    place = nearest(41.921, -87.69)
    assert (place.name, place.state_code, place.postal_code) == ("Chicago", "IL", "60647")
    assert (place.county, place.neighborhood) == ("Cook County", "Logan Square")
    assert place.timezone == "America/Chicago"


def test_nearest_keeps_to_its_own_country():
    assert nearest(42.3314, -83.0458).country == "US"  # Detroit
    assert nearest(42.3100, -83.0400).country == "CA"  # Windsor, over the river


def test_zone_follows_the_point():
    assert zone_at(33.45, -112.07) == "America/Phoenix"
    assert zone_at(36.16, -115.14) == "America/Los_Angeles"
    assert zone_at(0, -140).startswith("Etc/")


def test_threads_each_read_on_their_own():
    expected = labels(find("Portland"))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(labels(find("Portland")))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


# Forking is left to a process of its own: this one has threads.
FORKING = """
import os, django
django.setup()
from events.gazetteer import find
expected = find("Portland")
child = os.fork()
if child == 0:
    os._exit(0 if find("Portland") == expected else 1)
assert os.waitpid(child, 0)[1] == 0
"""


def test_forked_process_reads_on_its_own():
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", FORKING], check=True, env=environ, timeout=60)
