"""The event's public page: what to know to decide and to get there, and no more."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from events.spatial import index_event
from events.states import AttendanceMode, EventState, TimeslotState
from tests.factories import STREET, make_event, make_timeslot, make_user

pytestmark = pytest.mark.django_db


def answer_text(client, event) -> str:
    return client.get(event.get_absolute_url()).text


def structured(answer) -> list[dict]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', answer.text, re.S)
    return json.loads(found.group(1))


def test_wrong_or_empty_slug_leads_to_the_right_one(client):
    event = make_event(title="Tea for the library")
    make_timeslot(event)
    for wrong in ("", "-", "-something-else"):
        answer = client.get(f"/events/{event.pk}{wrong}/?from=letter")
        assert answer.status_code == 302
        assert answer.url == f"/events/{event.pk}-tea-for-the-library/?from=letter"
    assert client.get(event.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    "state",
    [EventState.DRAFT, EventState.SUBMITTED, EventState.REJECTED, EventState.UNLISTED],
)
def test_what_is_not_public_has_no_page(client, state):
    event = make_event(state=state)
    assert client.get(event.get_absolute_url()).status_code == 404


def test_unknown_and_enormous_numbers_have_no_page(client):
    assert client.get("/events/987654/").status_code == 404
    assert client.get(f"/events/{'9' * 40}/").status_code == 404


def test_private_home_shows_about_where_and_never_the_door(client):
    event = make_event(private=True, contact_name="Quentin Quill", picture_alt="")
    make_timeslot(event, instructions="Ring twice")
    text = client.get(event.get_absolute_url()).text
    assert "Columbus, OH 43215" in text
    assert "People who are coming get the exact address" in text
    for secret in (STREET, "Apt 4", "Quentin", "Ring twice", str(event.latitude), "+1614"):
        assert secret not in text


def test_public_place_shows_the_door_and_the_way_in(client):
    event = make_event()
    make_timeslot(event, instructions="By the side door")
    text = client.get(event.get_absolute_url()).text
    for fact in ("Elm Street Hall", STREET, "By the side door", "Robin Sample invites you"):
        assert fact in text
    assert "+1614" not in text


def test_online_event_keeps_its_link_for_guests(client):
    event = make_event(virtual=True)
    make_timeslot(event)
    text = client.get(event.get_absolute_url()).text
    assert "send you the link when you RSVP" in text
    assert event.joining_url not in text


def test_online_event_says_nothing_of_doors_and_parking(client):
    event = make_event(
        virtual=True, wheelchair="yes", parking_notes="In the yard", transit_notes="Bus 7"
    )
    make_timeslot(event)

    text = client.get(event.get_absolute_url()).text

    for of_a_place in ("wheelchair", "In the yard", "Bus 7", "Good to know"):
        assert of_a_place not in text


def test_structured_data_gives_one_event_per_timeslot(client):
    event = make_event(title="</script><b>Tea</b>")
    make_timeslot(event, capacity=5)
    make_timeslot(event, state=TimeslotState.CANCELLED)
    first, second = structured(client.get(event.get_absolute_url()))
    assert first["name"] == "</script><b>Tea</b>"
    assert first["eventStatus"].endswith("/EventScheduled")
    assert first["eventAttendanceMode"].endswith("/OfflineEventAttendanceMode")
    assert first["location"]["address"]["streetAddress"] == STREET
    assert first["remainingAttendeeCapacity"] == 5
    assert second["eventStatus"].endswith("/EventCancelled")


@pytest.mark.parametrize(
    ("mode", "name", "kinds"),
    [
        (AttendanceMode.IN_PERSON, "Offline", ["Place"]),
        (AttendanceMode.VIRTUAL, "Online", ["VirtualLocation"]),
        (AttendanceMode.BOTH, "Mixed", ["Place", "VirtualLocation"]),
    ],
)
def test_structured_data_says_how_one_can_be_there(client, mode, name, kinds):
    event = make_event(attendance_mode=mode, joining_url="https://meet.example.org/secret")
    make_timeslot(event)
    answer = client.get(event.get_absolute_url())
    (data,) = structured(answer)
    assert data["eventAttendanceMode"] == f"https://schema.org/{name}EventAttendanceMode"
    places = data["location"] if isinstance(data["location"], list) else [data["location"]]
    assert [place["@type"] for place in places] == kinds
    assert "meet.example.org" not in answer.text


def test_link_passed_on_is_shown_with_title_words_and_picture(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    event = make_event(title='Tea "and" <b>pie</b>', description="Bring **chairs**.")
    event.picture_alt = "A table under a tree"
    event.picture.save("k3v9.jpg", ContentFile(b"\xff\xd8\xff fake"))
    make_timeslot(event)
    found = re.findall(
        r'<meta property="og:([\w:]+)" content="([^"]*)">', answer_text(client, event)
    )
    shown = {name: unescape(content) for name, content in found}
    assert shown["title"] == event.title
    assert shown["description"] == "Bring chairs."
    assert shown["url"].endswith(event.get_absolute_url())
    assert shown["image"].startswith("http")
    assert shown["image"].endswith(event.picture.url)
    assert shown["image:alt"] == "A table under a tree"


def test_page_can_be_shared_printed_downloaded_and_followed_by_ones_own(client):
    event = make_event(type="canvass")
    make_timeslot(event)
    text = answer_text(client, event)
    for way in (
        "data-share-button",
        "data-copy-button",
        "data-print",
        f"/events/{event.pk}-{event.slug}.ics",
        "/host/events/new/?type=canvass",
        f"/events/{event.pk}/report/",
    ):
        assert way in text


def test_structured_data_of_a_home_knows_only_the_area(client):
    event = make_event(private=True)
    make_timeslot(event)
    (data,) = structured(client.get(event.get_absolute_url()))
    assert data["location"] == {
        "@type": "Place",
        "name": "Columbus, OH 43215",
        "address": {
            "@type": "PostalAddress",
            "addressLocality": "Columbus",
            "addressRegion": "OH",
            "postalCode": "43215",
            "addressCountry": "US",
        },
    }


def test_cancelled_event_keeps_its_page_with_a_banner(client):
    event = make_event(state=EventState.CANCELLED, cancel_note="The hall flooded.")
    make_timeslot(event)
    answer = client.get(event.get_absolute_url())
    assert "This event is cancelled." in answer.text
    assert "Bring someone along" not in answer.text
    assert "The hall flooded." in answer.text
    assert "I&#x27;m coming" not in answer.text
    assert structured(answer)[0]["eventStatus"].endswith("/EventCancelled")


def test_event_that_is_over_says_so(client):
    event = make_event()
    make_timeslot(event, starts_at=timezone.now() - timedelta(days=2))
    text = answer_text(client, event)
    assert "This event is over." in text
    assert "Bring someone along" not in text


def test_full_event_says_so_and_leads_to_what_is_near(client):
    event = make_event()
    make_timeslot(event, capacity=2, seats_taken=2)
    text = client.get(event.get_absolute_url()).text
    assert "This event is full." in text
    assert "/events/?near=43215" in text


def test_who_cannot_come_is_offered_what_has_room_nearby(client):
    event = make_event(state=EventState.CANCELLED)
    make_timeslot(event)
    other = make_event(title="Tea on the porch", private=True)
    make_timeslot(other, capacity=4)
    full = make_event(title="A full house")
    make_timeslot(full, capacity=1, seats_taken=1)
    for listed in (other, full):
        index_event(listed, now=timezone.now())
    text = client.get(event.get_absolute_url()).text
    assert other.get_absolute_url() in text
    assert full.get_absolute_url() not in text
    assert STREET not in text.split("Try one of these instead")[1]


def test_one_full_timeslot_leaves_the_others_to_choose(client):
    event = make_event()
    make_timeslot(event, capacity=2, seats_taken=2)
    make_timeslot(event, capacity=9, starts_at=timezone.now() + timedelta(days=9))
    text = client.get(event.get_absolute_url()).text
    assert "This event is full." not in text
    assert "9 spots left" in text


def test_times_are_the_events_own_with_day_date_and_zone(client):
    event = make_event(timezone="America/Phoenix")
    start = timezone.now().replace(hour=23, minute=30, second=0, microsecond=0)
    start += timedelta(days=400)
    make_timeslot(event, starts_at=start)
    text = " ".join(client.get(event.get_absolute_url()).text.split())
    assert f"{start:%A, %B} {start.day}" in text
    assert "4:30 p.m. to 6:30 p.m. MST" in text


@pytest.mark.parametrize("rows", [1, 12])
def test_page_takes_as_many_statements_however_many_rows(client, rows, django_assert_num_queries):
    open_event, full_event = make_event(), make_event()
    for number in range(rows):
        soon = timezone.now() + timedelta(days=1 + number)
        make_timeslot(open_event, starts_at=soon)
        make_timeslot(full_event, starts_at=soon, capacity=0)
        index_event(make_timeslot(starts_at=soon).event, now=timezone.now())
    with django_assert_num_queries(3):  # what changed, the event, its timeslots
        client.get(open_event.get_absolute_url())
    with django_assert_num_queries(4):  # and what is near instead
        page = client.get(full_event.get_absolute_url())
    assert len(page.context["near"]) == min(rows, 3)
    client.force_login(full_event.host)
    with django_assert_num_queries(5):  # and who asks, without what changed
        client.get(full_event.get_absolute_url())


def test_host_is_told_that_this_is_how_others_see_it(client):
    event = make_event()
    make_timeslot(event)
    client.force_login(event.host)
    assert client.get(event.get_absolute_url()).context["is_own"]
    client.force_login(make_user())
    assert not client.get(event.get_absolute_url()).context["is_own"]


def test_picture_is_served_as_a_picture_while_the_event_is_public(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    event = make_event()
    event.picture.save("k3v9.jpg", ContentFile(b"\xff\xd8\xff fake"))
    answer = client.get(event.picture.url)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    event.state = EventState.UNLISTED
    event.save()
    assert client.get(event.picture.url).status_code == 404


def test_nothing_but_pictures_is_served_from_the_pictures_folder(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    event = make_event()
    event.picture.save("page.html", ContentFile(b"<script>"))
    assert client.get(event.picture.url).status_code == 404
    assert client.get("/media/events/..%2f..%2fsettings.jpg").status_code == 404


def test_search_engines_read_the_hour_of_the_place(client):
    event = make_event(timezone="America/New_York")
    make_timeslot(event, starts_at=datetime(2030, 7, 15, 22, 0, tzinfo=UTC))
    [found] = structured(client.get(event.get_absolute_url()))
    assert found["startDate"] == "2030-07-15T18:00:00-04:00"
