"""Kept calendar entries: equal to the library's, always up to date, public facts alone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from events import calendars, lifecycle, spatial
from events.models import CalendarEntry, Event, Timeslot
from events.states import EventState, TimeslotState
from tests.events.ical_reference import facts, published
from tests.factories import STREET, make_event, make_timeslot, make_user

NOW = datetime(2026, 7, 15, 15, 0, tzinfo=UTC)
typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)


@pytest.fixture
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@settings(max_examples=60, deadline=None)
@given(
    title=typed,
    description=typed,
    venue=typed,
    visibility=st.sampled_from(["public", "private"]),
    mode=st.sampled_from(["in_person", "virtual", "both"]),
    state=st.sampled_from([EventState.APPROVED, EventState.CANCELLED]),
    minutes=st.integers(1, 5000),
)
def test_entry_is_what_the_library_makes_of_the_same_facts(
    title, description, venue, visibility, mode, state, minutes
):
    # The library writes a typed "\N" as a line break: not a thing to be equal in.
    title, description, venue = (t.replace("\\", "/") for t in (title, description, venue))
    event = Event(
        pk=7,
        type="rally",
        state=state,
        title=title,
        description=description,
        venue=venue,
        address_visibility=visibility,
        attendance_mode=mode,
        city="Columbus",
        latitude=39.9612,
        longitude=-82.9988,
        public_city="Columbus",
        updated_at=NOW,
        timezone="America/New_York",
    )
    ends = NOW + timedelta(minutes=minutes)
    slot = Timeslot(event=event, starts_at=NOW, ends_at=ends, changed_at=NOW, version=3)
    ours = calendars.publish([slot], name="All, of; it")
    assert facts(ours) == facts(published([slot], name="All, of; it"))


def feed(client, **params) -> bytes:
    response = client.get("/events.ics", {"near": "43215", **params})
    assert response.status_code == 200
    return response.content


def listed(*, hours=(72,), **fields) -> Event:
    event = make_event(**fields)
    for hour in hours:
        make_timeslot(event, starts_at=NOW + timedelta(hours=hour))
    spatial.index_event(event, now=NOW)
    return event


def by_objects() -> bytes:
    """The same feed, from the rows as they stand."""
    slots = Timeslot.objects.filter(
        state=TimeslotState.OPEN, event__state=EventState.APPROVED, starts_at__gt=NOW
    )
    name = "Barnstorm near Columbus, OH 43215"
    return published(slots.select_related("event").order_by("starts_at", "pk"), name=name)


@pytest.mark.django_db
@pytest.mark.usefixtures("_clock")
class TestFeed:
    def test_feed_equals_one_built_object_by_object(self, client):
        for number in range(5):
            listed(hours=(24 + number, 90), title=f"Soup, number {number}", private=number % 2)
        assert facts(feed(client)) == facts(by_objects())

    def test_feed_reads_entries_and_no_timeslot(self, client, django_assert_num_queries):
        for hour in range(1, 31):
            listed(hours=(hour,))
        with django_assert_num_queries(3):  # the fingerprint, the hits, the entries
            assert feed(client).count(b"BEGIN:VEVENT") == 30

    def test_every_step_of_an_events_life_is_in_the_feed_at_once(self, client):
        event, staff = listed(hours=(24, 48)), make_user()
        first = event.timeslots.earliest("starts_at")
        now = NOW
        steps = [
            lambda: lifecycle.cancel_timeslot(first, by=staff, now=now),
            lambda: lifecycle.reinstate_timeslot(first, by=staff, now=now),
            lambda: lifecycle.unlist(event, by=staff, now=now, note=""),
            lambda: lifecycle.relist(event, by=staff, now=now),
            lambda: lifecycle.cancel(event, by=staff, now=now, note="Rain"),
        ]
        for number, step in enumerate(steps, 1):
            now = NOW + timedelta(seconds=number)
            event.refresh_from_db()
            first.refresh_from_db()
            step()
            assert facts(feed(client)) == facts(by_objects()), number

    def test_entry_made_under_another_name_is_made_anew(self, client, settings):
        listed()
        settings.BRAND_NAME = "Beacon"
        assert b"Beacon" in feed(client)

    def test_listing_without_an_entry_is_still_in_the_feed(self, client):
        listed()
        CalendarEntry.objects.all().delete()
        assert feed(client).count(b"BEGIN:VEVENT") == 1

    def test_entry_of_a_private_home_holds_public_facts_alone(self):
        event = listed(private=True)
        text = CalendarEntry.objects.get().text
        for secret in (STREET, "Apt 4", str(event.latitude), str(event.longitude)):
            assert secret not in text

    def test_entries_go_with_their_listings(self):
        listed(hours=(1,))
        assert spatial.prune(NOW + timedelta(days=2)) == 1
        assert not CalendarEntry.objects.exists()
