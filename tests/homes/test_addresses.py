"""The address: one cell for good, and only for guests who are coming."""

import random
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events import geocoding, lifecycle
from events.models import AddressReading, HomeCell
from events.states import Accuracy, EventState
from rsvps import attending, links
from rsvps.models import Rsvp
from rsvps.states import COMING, RsvpStatus
from tests.factories import make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db

STREET = "41 South Elm Street"


def test_one_address_for_fifty_events_with_thirty_metres_of_noise_is_one_cell():
    chance = random.Random(29)
    now = timezone.now()
    cells = set()
    for _ in range(50):
        event = make_event(
            private=True,
            latitude=39.96120 + chance.gauss(0, 30 / 111_320),
            longitude=-82.99880 + chance.gauss(0, 30 / 85_300),
            accuracy=Accuracy.ROOFTOP,
        )
        geocoding.place_event(event, now=now)
        cells.add((event.public_latitude, event.public_longitude, event.public_postal_code))
    assert len(cells) == 1
    assert HomeCell.objects.count() == 1


def guest_of_a_home(status):
    """An RSVP to a house party, with its manage page's address."""
    rsvp = make_rsvp(make_timeslot(make_event(private=True)), status=status)
    if status == RsvpStatus.UNCONFIRMED:
        rsvp.hold_expires_at = timezone.now() + timedelta(minutes=20)
        rsvp.save()
    return rsvp, links.manage_url(rsvp.guest).partition("/r/")[2]


def surfaces(rsvp, token):
    """Every page that somebody with this RSVP's link, or anybody at all, may read."""
    event = rsvp.timeslot.event
    pages = {
        "manage page": f"/r/{token}",
        "event page": event.get_absolute_url(),
        "download": f"/events/{event.pk}-{event.slug}.ics",
        "RSVP form": f"/events/{event.pk}/rsvp/",
        "feed": "/events.ics?near=43215",
        "results": "/events/?near=43215",
    }
    answers = {name: Client().get(path) for name, path in pages.items()}
    return {name: b"".join(a) if a.streaming else a.content for name, a in answers.items()}


@pytest.mark.parametrize("status", RsvpStatus.values)
def test_only_somebody_who_is_coming_reads_the_address_and_only_on_their_own_page(status):
    rsvp, token = guest_of_a_home(status)
    shown = {name for name, page in surfaces(rsvp, token).items() if STREET.encode() in page}
    assert shown == ({"manage page"} if status in COMING else set())


def leave(rsvp, now):
    attending.cancel_all(rsvp.guest, now=now)


def be_removed(rsvp, now):
    attending.remove_guest(rsvp.guest, by=rsvp.timeslot.event.host, now=now)


def be_unlisted(rsvp, now):
    lifecycle.unlist(rsvp.timeslot.event, by=rsvp.timeslot.event.host, now=now, note="reported")


def be_cancelled(rsvp, now):
    lifecycle.cancel(rsvp.timeslot.event, by=rsvp.timeslot.event.host, now=now, note="ill")


@pytest.mark.parametrize("step", [leave, be_removed, be_unlisted, be_cancelled])
def test_the_address_is_gone_at_the_next_request_after(step):
    rsvp, token = guest_of_a_home(RsvpStatus.ACCEPTED)
    assert STREET.encode() in Client().get(f"/r/{token}").content
    step(Rsvp.objects.get(pk=rsvp.pk), timezone.now())
    shown = [name for name, page in surfaces(rsvp, token).items() if STREET.encode() in page]
    assert shown == []


def test_a_form_that_comes_back_with_the_address_is_a_reading_too(client):
    event = make_event(private=True, state=EventState.DRAFT)
    client.force_login(event.host)

    page = client.post(f"/host/events/{event.pk}/edit/", {"do": "continue", "title": ""})

    assert page.status_code == 422
    assert AddressReading.objects.get().reader == f"user:{event.host_id}"
