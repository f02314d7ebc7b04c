"""A street in the place box: exact where a provider is set, else its ZIP code or city."""

import pytest

from events.place_box import read
from tests.factories import make_event, make_timeslot

ADDRESS = "41 South Elm Street, Columbus, OH 43215"


def test_street_address_is_found_to_the_house(provider):
    (place,) = read(ADDRESS)
    assert (place.kind, place.latitude, place.longitude) == ("address", 39.965, -83.001)
    assert place.name == "Columbus"
    assert provider.asked == ["41 South Elm Street, Columbus, OH 43215, US"]


def test_same_street_is_asked_for_once(provider):
    assert read(ADDRESS) == read(ADDRESS)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "text", ["41 S Elm St, Columbus", "41b Elm, Columbus, OH", "Elm St. E, Columbus, OH"]
)
def test_street_is_known_without_its_zip(provider, text):
    assert [place.kind for place in read(text)] == ["address"]


@pytest.mark.parametrize(
    "text",
    ["43215", "43215 Columbus", "Columbus, OH", "St Louis", "39.96,-83.00", "M5V 2T6", "Qwxyzt"],
)
def test_what_names_no_street_asks_nobody(provider, text):
    read(text)
    assert provider.asked == []


def test_without_a_provider_the_zip_in_the_text_answers():
    (place,) = read(ADDRESS)
    assert (place.kind, place.postal_code) == ("zip", "43215")


def test_country_in_the_text_is_not_said_twice(provider):
    read("41 South Elm Street, Columbus, OH, USA")
    assert provider.asked == ["41 South Elm Street, Columbus, OH, USA"]


@pytest.mark.parametrize(("status", "says"), [(503, []), (200, b"<html>"), (200, [{}]), (200, [])])
def test_failing_or_unknowing_provider_leaves_the_zip(provider, status, says):
    provider.status, provider.says = status, says
    (place,) = read(ADDRESS)
    assert (place.kind, place.postal_code) == ("zip", "43215")


def test_slow_provider_is_waited_for_once_and_then_left_alone(provider, settings):
    provider.slow, settings.GEOCODER_TIMEOUT = 3, 0.3
    for number in range(41, 61):
        (place,) = read(f"{number} South Elm Street, Columbus, OH 43215")
        assert place.postal_code == "43215"
    assert len(provider.asked) == 1


def test_busy_provider_is_not_queued_for(provider, settings):
    settings.GEOCODER_MIN_DELAY_MS = 60_000
    assert read(ADDRESS)[0].kind == "address"
    assert read("42 South Elm Street, Columbus, OH 43215")[0].kind == "zip"


@pytest.mark.parametrize(("lat", "kind"), [("51.5", "house"), ("39.96", "postcode")])
def test_namesake_or_no_better_answer_is_not_believed(provider, lat, kind):
    provider.says = [{"lat": lat, "lon": "-83.0", "display_name": "?", "type": kind}]
    assert read(ADDRESS)[0].kind == "zip"


def test_street_the_gazetteer_knows_nothing_of_is_found(provider):
    (place,) = read("41 South Elm Street")
    assert (place.kind, place.postal_code) == ("address", "43215")


@pytest.mark.django_db
def test_results_are_around_the_house_and_called_by_its_town(client, provider):
    make_timeslot(make_event())
    response = client.get("/events/", {"near": ADDRESS})
    assert response.context["query"].latitude == 39.965
    html = response.content.decode()
    assert "Events near Columbus, OH" in html
    assert f'value="{ADDRESS}"' in html
