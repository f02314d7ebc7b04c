"""events.calendars: RFC 5545 objects, by RFC 5546's methods."""

from datetime import UTC, datetime

import icalendar
import pytest
from django.urls import reverse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import calendars
from events.models import Event, Timeslot
from events.states import AttendanceMode, EventState, TimeslotState
from events.words import plain_lines
from tests.factories import STREET, make_event, make_timeslot

NOW = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)
START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)
WHO = {"organizer": "rsvp+abc@barnstorm.example", "attendee": "alex@example.org"}


def entry_of(data: bytes) -> icalendar.Event:
    (entry,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return entry


def requested(timeslot: Timeslot, sequence: int = 0) -> icalendar.Event:
    return entry_of(calendars.request(timeslot).fill(sequence=sequence, now=NOW, **WHO))


@pytest.mark.django_db
class TestRequest:
    def test_it_names_exactly_the_one_guest_as_accepted(self):
        data = calendars.request(make_timeslot()).fill(sequence=3, now=NOW, **WHO)
        attendee = entry_of(data)["ATTENDEE"]
        assert data.count(b"ATTENDEE") == 1
        assert attendee == "mailto:alex@example.org"
        assert attendee.params["PARTSTAT"] == "ACCEPTED"

    def test_its_organizer_is_the_address_replies_come_to(self):
        assert requested(make_timeslot())["ORGANIZER"] == "mailto:rsvp+abc@barnstorm.example"

    def test_its_times_are_utc_and_there_is_no_timezone_component(self):
        data = calendars.request(make_timeslot(starts_at=START)).fill(sequence=0, now=NOW, **WHO)
        assert b"DTSTART:20270109T200000Z\r\n" in data
        assert b"DTEND:20270109T220000Z\r\n" in data
        assert b"VTIMEZONE" not in data

    def test_the_local_time_and_zone_stand_in_words(self):
        words = requested(make_timeslot(starts_at=START))["DESCRIPTION"]
        assert "Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST" in words

    def test_method_sequence_and_stamp_are_as_asked(self):
        data = calendars.request(make_timeslot()).fill(sequence=7, now=NOW, **WHO)
        assert icalendar.Calendar.from_ical(data)["METHOD"] == "REQUEST"
        assert entry_of(data)["SEQUENCE"] == 7
        assert b"DTSTAMP:20270102T153000Z\r\n" in data

    def test_a_guest_of_a_private_home_reads_the_address_marked_private(self):
        entry = requested(make_timeslot(make_event(private=True)))
        assert STREET in entry["LOCATION"]
        assert entry["CLASS"] == "PRIVATE"

    def test_a_guest_of_an_unlisted_event_reads_no_place_at_all(self):
        event = make_event(state=EventState.UNLISTED)
        data = calendars.request(make_timeslot(event)).fill(sequence=1, now=NOW, **WHO)
        entry = entry_of(data)
        assert "LOCATION" not in entry
        assert "GEO" not in entry
        assert "URL" not in entry
        assert b"Columbus" not in data

    def test_the_joining_link_goes_to_guests(self):
        entry = requested(make_timeslot(make_event(virtual=True)))
        assert entry["LOCATION"] == "https://meet.example.org/library"

    def test_an_event_in_a_hall_and_online_tells_guests_both(self):
        event = make_event(
            attendance_mode=AttendanceMode.BOTH, joining_url="https://meet.example.org/b"
        )
        entry = requested(make_timeslot(event))
        assert STREET in entry["LOCATION"]
        assert "https://meet.example.org/b" in entry["DESCRIPTION"]


@pytest.mark.django_db
class TestCancel:
    def test_it_says_cancelled_and_keeps_the_uid(self):
        timeslot = make_timeslot()
        data = calendars.cancel(timeslot).fill(sequence=2, now=NOW, **WHO)
        entry = entry_of(data)
        assert icalendar.Calendar.from_ical(data)["METHOD"] == "CANCEL"
        assert (entry["UID"], entry["STATUS"]) == (timeslot.uid, "CANCELLED")
        assert entry["SEQUENCE"] == 2

    def test_it_says_nothing_about_where_it_would_have_been(self):
        data = calendars.cancel(make_timeslot(make_event(private=True))).fill(
            sequence=2, now=NOW, **WHO
        )
        assert STREET.encode() not in data
        assert b"LOCATION" not in data


@pytest.mark.django_db
class TestPublish:
    def test_it_has_the_letters_uid_the_version_and_no_attendee(self):
        timeslot = make_timeslot(version=4)
        data = calendars.publish([timeslot])
        assert icalendar.Calendar.from_ical(data)["METHOD"] == "PUBLISH"
        assert b"ATTENDEE" not in data
        entry = entry_of(data)
        assert (entry["UID"], entry["SEQUENCE"]) == (timeslot.uid, 4)

    def test_strangers_read_the_area_of_a_private_home_only(self):
        event = make_event(private=True)
        data = calendars.publish([make_timeslot(event, instructions="Ring twice")])
        assert STREET.encode() not in data
        assert b"Ring twice" not in data
        assert b"GEO" not in data
        assert entry_of(data)["LOCATION"] == "Columbus, OH 43215"

    def test_strangers_read_no_joining_link(self):
        data = calendars.publish([make_timeslot(make_event(virtual=True))])
        assert b"meet.example.org" not in data
        assert entry_of(data)["LOCATION"] == "Online"

    def test_a_cancelled_timeslot_stays_in_the_feed_as_cancelled(self):
        data = calendars.publish([make_timeslot(state=TimeslotState.CANCELLED)])
        assert entry_of(data)["STATUS"] == "CANCELLED"

    def test_the_same_facts_are_the_same_bytes(self):
        timeslot = make_timeslot()
        again = Timeslot.objects.select_related("event").get(pk=timeslot.pk)
        assert calendars.publish([timeslot]) == calendars.publish([again])


# Text as people and attackers type it; what a database can hold.
typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)


@example(title="\\N is no line break, nor is \\n", description="\\N", venue="\\\\N;,")
@settings(max_examples=60, deadline=None)
@given(title=typed, description=typed, venue=typed)
def test_hostile_text_reads_back_equal_and_breaks_no_line(title, description, venue):
    event = Event(
        pk=7,
        type="rally",
        state=EventState.APPROVED,
        title=title,
        description=description,
        venue=venue,
        city="Columbus",
        updated_at=NOW,
        timezone="America/New_York",
    )
    timeslot = Timeslot(event=event, starts_at=START, ends_at=START, changed_at=NOW)
    data = calendars.request(timeslot).fill(sequence=0, now=NOW, **WHO)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    data.decode()
    entry = entry_of(data)
    assert entry["SUMMARY"] == (calendars.one_line(title) or "Rally")
    assert calendars.clean(plain_lines(description)).strip() in entry["DESCRIPTION"]
    assert calendars.one_line(venue) in entry["LOCATION"]


@pytest.mark.django_db
class TestDownload:
    def test_anyone_may_download_a_public_event(self, client):
        timeslot = make_timeslot()
        event = timeslot.event
        answer = client.get(reverse("event_ics", kwargs={"id": event.pk, "slug": event.slug}))
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
        assert entry_of(answer.content)["UID"] == timeslot.uid

    @pytest.mark.parametrize("state", [EventState.DRAFT, EventState.UNLISTED, EventState.REJECTED])
    def test_an_event_that_is_not_public_is_not_found(self, client, state):
        event = make_timeslot(make_event(state=state)).event
        assert client.get(f"/events/{event.pk}-x.ics").status_code == 404

    def test_one_timeslot_can_be_asked_for(self, client):
        event = make_event()
        make_timeslot(event)
        second = make_timeslot(event)
        answer = client.get(f"/events/{event.pk}-x.ics?timeslot={second.pk}")
        assert entry_of(answer.content)["UID"] == second.uid
        assert client.get(f"/events/{event.pk}-x.ics?timeslot=nope").status_code == 404


@pytest.mark.django_db
class TestAddLinks:
    def test_public_places_have_google_and_outlook_links(self):
        links = dict(calendars.add_links(make_timeslot(starts_at=START)))
        assert "20270109T200000Z/20270109T220000Z".replace("/", "%2F") in links["Google"]
        assert "+" not in links["Outlook"]

    def test_private_homes_have_none(self):
        assert calendars.add_links(make_timeslot(make_event(private=True))) == []
