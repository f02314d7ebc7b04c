import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from events.geocoder_service import accuracy_of
from events.geocoding import (
    GazetteerGeocoder,
    PinTooFar,
    geocode,
    geocode_again,
    move_pin,
    place_event,
)
from events.models import Event, Listing
from events.states import Accuracy, EventState
from tests.factories import make_event, make_timeslot

ADDRESS = {
    "street": "41 South Elm Street",
    "city": "Columbus",
    "state_code": "OH",
    "postal_code": "43215",
}


def test_without_a_provider_the_zip_codes_centre_answers():
    found = geocode(**ADDRESS)
    assert found.accuracy == Accuracy.ZIP
    assert (found.latitude, found.longitude) == pytest.approx((39.96, -83.0), abs=0.03)
    assert not found.provider_failed


def test_without_a_zip_code_the_citys_centre_answers():
    assert geocode(city="Columbus", state_code="OH").accuracy == Accuracy.CITY
    assert geocode(city="Columbus", state_code="OH", postal_code="00000").accuracy == Accuracy.CITY


def test_unknown_place_has_no_position():
    found = geocode(street="1 Nowhere Lane", city="Qwxyzt", postal_code="00000")
    assert (found.latitude, found.longitude, found.accuracy) == (None, None, "")


def test_provider_is_asked_with_a_user_agent_and_once_only(provider):
    for _again in range(2):
        found = geocode(**ADDRESS)
    assert (found.latitude, found.longitude) == (39.965, -83.001)
    assert found.accuracy == Accuracy.ROOFTOP
    assert provider.asked == ["41 South Elm Street, Columbus, OH 43215, US"]
    assert "Barnstorm" in provider.agents[0]


def test_position_of_an_address_is_kept_no_longer_than_the_address(provider, settings):
    settings.KEEP_ADDRESS_DAYS = 7
    for days in (0, 6, 8):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            geocode(**ADDRESS)
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("status", "says"), [(503, []), (429, []), (200, b"<html>"), (200, {"a": 1}), (200, [{}])]
)
def test_failing_provider_falls_back_at_once(provider, status, says):
    provider.status, provider.says = status, says
    found = geocode(**ADDRESS)
    assert found.accuracy == Accuracy.ZIP
    assert found.provider_failed


def test_slow_provider_is_not_waited_for(provider, settings):
    provider.slow, settings.GEOCODER_TIMEOUT = 3, 0.3
    begun = time.monotonic()
    found = geocode(**ADDRESS)
    assert time.monotonic() - begun < 1.5
    assert (found.accuracy, found.provider_failed) == (Accuracy.ZIP, True)


def test_more_questions_than_the_throttle_allows_are_left_for_later(provider, settings):
    settings.GEOCODER_MIN_DELAY_MS = 60_000
    assert not geocode(**ADDRESS).provider_failed
    assert geocode(**ADDRESS | {"street": "42 South Elm Street"}).provider_failed


def test_namesake_far_away_is_not_believed(provider):
    provider.says = [{"lat": "51.5", "lon": "-0.1", "display_name": "London", "type": "house"}]
    found = geocode(**ADDRESS)
    assert (found.accuracy, found.provider_failed) == (Accuracy.ZIP, False)


def test_address_the_provider_does_not_know_is_no_failure(provider):
    provider.says = []
    assert geocode(**ADDRESS) == geocode(**ADDRESS | {"street": ""})


@pytest.mark.parametrize(
    ("raw", "accuracy"),
    [
        ({"class": "building", "type": "yes"}, Accuracy.ROOFTOP),
        ({"class": "place", "type": "house"}, Accuracy.ROOFTOP),
        ({"class": "highway", "type": "residential"}, Accuracy.STREET),
        ({"class": "boundary", "type": "administrative"}, Accuracy.CITY),
        ({"class": "place", "type": "postcode"}, Accuracy.ZIP),
        ({"geometry": {"location_type": "ROOFTOP"}, "types": ["premise"]}, Accuracy.ROOFTOP),
        ({"geometry": {"location_type": "APPROXIMATE"}, "types": ["postal_code"]}, Accuracy.ZIP),
        ({"properties": {"type": "street"}}, Accuracy.STREET),
        ({"place_type": ["place"]}, Accuracy.CITY),
        ({"place_type": ["address"], "properties": {"accuracy": "rooftop"}}, Accuracy.ROOFTOP),
        (None, Accuracy.STREET),
    ],
)
def test_accuracy_is_read_from_what_each_service_says(raw, accuracy):
    assert accuracy_of(raw) == accuracy


def test_gazetteer_is_a_geopy_geocoder():
    geocoder = GazetteerGeocoder()
    assert geocoder.geocode("97201").raw["accuracy"] == "zip"
    assert len(geocoder.geocode("Portland", exactly_one=False)) > 2
    assert geocoder.geocode({"postalcode": "97201"}).address == "Portland, OR 97201"
    assert geocoder.geocode("qwxyzt") is None
    assert "Portland" in geocoder.reverse((45.52, -122.68)).address


@pytest.mark.django_db
class TestPlacingAnEvent:
    def test_new_event_gets_position_zone_and_public_place(self):
        event = make_event(latitude=None, longitude=None, accuracy="", timezone="UTC")
        place_event(event, now=timezone.now())
        assert (event.accuracy, event.timezone) == (Accuracy.ZIP, "America/New_York")
        assert event.public_latitude == event.latitude
        assert event.public_county == "Franklin County"

    def test_position_that_is_there_stays(self):
        event = make_event(pin_moved=True)
        place_event(event, now=timezone.now())
        assert (event.latitude, event.longitude, event.pin_moved) == (39.9612, -82.9988, True)

    def test_online_event_keeps_only_the_zone(self):
        event = make_event(virtual=True, postal_code="97201", country="US")
        place_event(event, now=timezone.now())
        assert event.timezone == "America/Los_Angeles"
        assert (event.latitude, event.public_latitude, event.public_city) == (None, None, "")

    def test_pin_moves_within_fifty_kilometres(self):
        event = make_event()
        move_pin(event, 39.97, -83.01)
        assert (event.latitude, event.longitude, event.pin_moved) == (39.97, -83.01, True)
        assert (event.public_latitude, event.public_longitude) == (39.97, -83.01)

    def test_pin_cannot_creep_further_by_several_moves(self):
        event = make_event()
        move_pin(event, 40.30, -83.0)
        with pytest.raises(PinTooFar) as refused:
            move_pin(event, 40.60, -83.0)
        assert refused.value.miles > 31
        assert event.latitude == 40.30

    def test_failed_provider_is_asked_again_until_it_answers(self, provider):
        now = timezone.now()
        provider.status = 503
        event = make_event(latitude=None, longitude=None, accuracy="")
        make_timeslot(event)
        place_event(event, now=now)
        event.save()
        assert event.geocode_again_at == now + timedelta(minutes=2)
        assert geocode_again(now) == 0
        assert len(provider.asked) == 1
        now += timedelta(minutes=2)
        assert geocode_again(now) == 0
        event.refresh_from_db()
        assert (event.geocode_attempts, event.geocode_again_at) == (1, now + timedelta(minutes=15))
        provider.status = 200
        assert geocode_again(now + timedelta(minutes=15)) == 1
        event.refresh_from_db()
        assert (event.accuracy, event.geocode_again_at) == (Accuracy.ROOFTOP, None)
        assert (event.latitude, event.public_latitude) == (39.965, 39.965)
        assert Listing.objects.filter(event=event).exists()

    def test_asking_again_ends_after_a_few_times(self, provider):
        now = timezone.now()
        provider.status = 503
        event = make_event(latitude=None, longitude=None, state=EventState.SUBMITTED)
        place_event(event, now=now)
        event.save()
        for _day in range(10):
            now += timedelta(days=1)
            geocode_again(now)
        assert len(provider.asked) == 5
        assert Event.objects.get().accuracy == Accuracy.ZIP

    def test_pin_moved_meanwhile_is_kept(self, provider):
        now = timezone.now()
        event = make_event(pin_moved=True, geocode_again_at=now)
        assert geocode_again(now) == 0
        event.refresh_from_db()
        assert event.latitude == 39.9612

    def test_provider_that_fails_is_not_asked_for_everybody_at_once(self, provider):
        now = timezone.now()
        provider.status = 503
        for number in range(3):
            make_event(street=f"{number} Elm Street", geocode_again_at=now, accuracy="zip")
        assert geocode_again(now) == 0
        assert len(provider.asked) == 1
        assert geocode_again(now) == 0
        assert len(provider.asked) == 1
        provider.status = 200
        assert geocode_again(now + timedelta(minutes=1)) == 2
