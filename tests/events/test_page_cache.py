"""Public pages kept for strangers: true at once after a change, within five seconds otherwise."""

import gzip
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import lifecycle
from events.models import Timeslot
from events.spatial import index_event
from tests.factories import make_event, make_timeslot

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    slot = make_timeslot(make_event(title="Chairs and cake"), capacity=9)
    index_event(slot.event, now=timezone.now())
    return slot.event


def test_a_page_asked_for_again_reads_the_fingerprint_alone(
    client, event, django_assert_num_queries
):
    for address in ("/", "/events/?near=43215", event.get_absolute_url()):
        first = client.get(address)
        with django_assert_num_queries(1):
            assert client.get(address).content == first.content


def test_unlisting_empties_kept_pages_at_the_next_request(client, event):
    for address in ("/", "/events/?near=43215"):
        assert "Chairs and cake" in client.get(address).text
    assert client.get(event.get_absolute_url()).status_code == 200

    lifecycle.unlist(event, by=event.host, now=timezone.now(), note="")

    for address in ("/", "/events/?near=43215"):
        assert "Chairs and cake" not in client.get(address).text
    assert client.get(event.get_absolute_url()).status_code == 404


def test_room_left_is_true_within_five_seconds(client, event, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    address = event.get_absolute_url()
    assert "9 spots left" in client.get(address).text
    Timeslot.objects.update(seats_taken=2)
    time_machine.shift(timedelta(seconds=4.9))
    assert "9 spots left" in client.get(address).text
    time_machine.shift(timedelta(seconds=0.2))
    assert "7 spots left" in client.get(address).text


def test_a_page_whose_room_is_unchanged_is_kept_for_a_minute(
    client, event, time_machine, django_assert_num_queries
):
    time_machine.move_to(timezone.now(), tick=False)
    for address in ("/events/?near=43215", event.get_absolute_url()):
        client.get(address)
        time_machine.shift(timedelta(seconds=30))
        with django_assert_num_queries(2):  # the fingerprint and the room
            client.get(address)
        time_machine.shift(timedelta(seconds=31))
        with CaptureQueriesContext(connection) as anew:
            client.get(address)
        assert len(anew) > 2


def test_a_page_of_what_has_room_is_written_anew_after_five_seconds(client, event, time_machine):
    other = make_timeslot(make_event(title="Soup and song"), capacity=2, seats_taken=2)
    index_event(other.event, now=timezone.now())
    time_machine.move_to(timezone.now(), tick=False)
    assert "Soup and song" not in client.get("/events/?near=43215&room=on").text
    Timeslot.objects.filter(pk=other.pk).update(seats_taken=1)
    time_machine.shift(timedelta(seconds=5.1))
    assert "Soup and song" in client.get("/events/?near=43215&room=on").text


def test_whoever_is_logged_in_gets_and_leaves_nothing(client, event, django_user_model):
    address = event.get_absolute_url()
    client.force_login(event.host)
    own = client.get(address)
    assert "Log in" not in own.text
    assert "public" not in own.get("Cache-Control", "")
    client.logout()
    client.cookies.clear()
    assert "Log in" in client.get(address).text
    client.force_login(event.host)
    assert "Log in" not in client.get(address).text


def test_a_page_that_has_not_changed_is_not_sent_again(client, event):
    first = client.get(event.get_absolute_url())
    again = client.get(event.get_absolute_url(), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pages_are_compressed_for_browsers_that_take_it(client, event):
    plain = client.get("/events/?near=43215")
    for _ in range(2):
        small = client.get("/events/?near=43215", headers={"Accept-Encoding": "br, gzip"})
        assert small["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.content) == plain.content
    assert len(small.content) < len(plain.content) / 2


def test_caches_in_between_may_keep_strangers_pages_for_seconds_only(client, event):
    answer = client.get("/")
    assert set(answer["Cache-Control"].split(", ")) == {"public", "max-age=5"}
    assert {"Cookie", "Accept-Encoding"} <= set(answer["Vary"].split(", "))
    assert not answer.cookies


def test_pages_that_are_not_there_are_not_kept(client, event):
    assert client.get("/events/99999-x/").status_code == 404
    assert client.get(f"/events/{event.pk}-wrong/").status_code == 302
    assert not caches["pages"]._cache  # the in-memory cache's own dictionary
