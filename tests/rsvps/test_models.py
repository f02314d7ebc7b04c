"""The rules the database keeps whatever the code above it does."""

import pytest
from django.db import IntegrityError

from tests.factories import make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db


def test_one_supporter_has_one_rsvp_per_timeslot():
    rsvp = make_rsvp()
    with pytest.raises(IntegrityError):
        make_rsvp(rsvp.timeslot, supporter=rsvp.supporter)


def test_two_timeslots_of_one_event_share_the_guest():
    event = make_event()
    first = make_rsvp(make_timeslot(event), party_size=2)
    second = make_rsvp(make_timeslot(event), supporter=first.supporter)
    assert first.guest == second.guest
    assert first.timeslot.seats_taken == 2


def test_no_path_sells_a_seat_twice():
    with pytest.raises(IntegrityError):
        make_rsvp(make_timeslot(capacity=2), party_size=3)


def test_private_event_keeps_its_public_place_off_the_house():
    event = make_event(private=True)
    assert (event.public_latitude, event.public_longitude) != (event.latitude, event.longitude)
