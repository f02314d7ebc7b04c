"""Feeds of a search: the same answer, in other programs' words."""

import json
from datetime import timedelta
from xml.etree import ElementTree

import icalendar
import pytest
import time_machine
from django.utils import timezone

from events import lifecycle
from events.spatial import index_event
from tests.factories import make_event, make_timeslot, make_user

pytestmark = pytest.mark.django_db
FEEDS = ["ics", "atom", "json", "geojson"]


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel("2026-07-15 15:01:00+00:00", tick=False):
        yield


def listed(*, hours=(72,), **fields):
    event = make_event(**fields)
    for hour in hours:
        make_timeslot(event, starts_at=timezone.now() + timedelta(hours=hour))
    index_event(event, now=timezone.now())
    return event


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_answers_the_search_of_its_address(client, kind):
    near, far = listed(title="Soup night"), listed(title="Far away", latitude=45.0)
    text = client.get(f"/events.{kind}", {"near": "43215"}).content.decode()
    assert near.title in text
    assert far.title not in text


@pytest.mark.parametrize("kind", FEEDS)
def test_no_feed_holds_a_private_address(client, kind):
    event = listed(private=True)
    text = client.get(f"/events.{kind}", {"near": "43215"}).content.decode()
    assert event.title in text
    assert "Elm" not in text
    assert str(event.latitude) not in text


@pytest.mark.parametrize("kind", FEEDS)
def test_nothing_new_is_answered_so_until_something_changes(client, kind):
    event = listed()
    first = client.get(f"/events.{kind}", {"near": "43215"})
    ask = {"If-None-Match": first["ETag"]}
    assert client.get(f"/events.{kind}", {"near": "43215"}, headers=ask).status_code == 304

    lifecycle.unlist(event, by=make_user(), now=timezone.now(), note="")

    changed = client.get(f"/events.{kind}", {"near": "43215"}, headers=ask)
    assert changed.status_code == 200
    assert event.title not in changed.content.decode()


@pytest.mark.parametrize("kind", FEEDS)
def test_nothing_new_is_answered_without_touching_a_listing(
    client, kind, django_assert_num_queries
):
    listed()
    first = client.get(f"/events.{kind}", {"near": "43215"})
    for headers in (
        {"If-None-Match": first["ETag"]},
        {"If-Modified-Since": first["Last-Modified"]},
    ):
        with django_assert_num_queries(1):
            again = client.get(f"/events.{kind}", {"near": "43215"}, headers=headers)
        assert again.status_code == 304


@pytest.mark.parametrize("kind", ["json", "geojson"])
def test_room_left_is_a_minute_old_at_most(client, kind):
    event = listed(hours=(72,))
    event.timeslots.update(capacity=5)
    first = client.get(f"/events.{kind}", {"near": "43215"})
    event.timeslots.update(seats_taken=4)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        again = client.get(
            f"/events.{kind}", {"near": "43215"}, headers={"If-None-Match": first["ETag"]}
        )
    assert again.status_code == 200
    assert '"room_left": 1' in again.content.decode()


def test_a_calendar_holds_every_timeslot_of_the_events_found(client):
    listed(hours=(24, 48, -24))
    calendar = icalendar.Calendar.from_ical(client.get("/events.ics?near=43215").content)
    assert calendar["METHOD"] == "PUBLISH"
    assert len(calendar.events) == 2


def test_a_calendar_keeps_to_the_days_asked_for(client):
    listed(hours=(24, 96))
    text = client.get("/events.ics", {"near": "43215", "to": "2026-07-17"}).content
    assert len(icalendar.Calendar.from_ical(text).events) == 1


def test_atom_is_well_formed_and_says_when_and_where(client):
    listed(title="Soup & <bread>")
    root = ElementTree.fromstring(client.get("/events.atom").content)  # noqa: S314
    spaces = {"a": "http://www.w3.org/2005/Atom"}
    assert root.findtext("a:entry/a:title", namespaces=spaces) == "Soup & <bread>"
    assert "Columbus" in (root.findtext("a:entry/a:summary", namespaces=spaces) or "")


def test_what_was_typed_is_never_markup_to_a_feeds_reader(client):
    listed(venue="<img src=x onerror=alert(1)>")
    root = ElementTree.fromstring(client.get("/events.atom").content)  # noqa: S314
    summary = root.find("a:entry/a:summary", namespaces={"a": "http://www.w3.org/2005/Atom"})
    assert summary is not None
    assert summary.get("type") == "html"
    assert "<br>&lt;img src=x onerror=alert(1)&gt;, Columbus" in (summary.text or "")


def test_json_pages_by_its_next_address(client):
    for hour in range(1, 4):
        listed(hours=(hour,))
    body = json.loads(client.get("/events.json?near=43215").content)
    assert [event["starts_at"] for event in body["events"]] == sorted(
        event["starts_at"] for event in body["events"]
    )
    assert body["next"] is None


def test_an_unknown_place_is_said_to_programs_too(client):
    response = client.get("/events.ics", {"near": "Qwrtzxx"})
    assert response.status_code == 404
    assert "know that place" in response.content.decode()
