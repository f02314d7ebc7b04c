"""What the search table holds, and what never gets into it."""

from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
import pytest

from events.models import Listing
from events.spatial import KEPT, TYPE_CODES, Flag, index_event, prune, unit_vector
from events.states import EventState, EventType, TimeslotState
from tests.factories import LATITUDE, LONGITUDE, make_event, make_timeslot

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def slot(event, hours, **fields):
    return make_timeslot(event, starts_at=NOW + timedelta(hours=hours), **fields)


def listed(event):
    index_event(event, now=NOW)
    return list(Listing.objects.filter(event=event).order_by("starts"))


def test_every_open_upcoming_timeslot_of_an_approved_event_is_listed():
    event = make_event()
    later, sooner = slot(event, 50), slot(event, 5)
    slot(event, 9, state=TimeslotState.CANCELLED)
    slot(event, -48)

    rows = listed(event)

    assert [row.timeslot_id for row in rows] == [sooner.pk, later.pk]
    assert rows[0].r7 == h3.latlng_to_cell(LATITUDE, LONGITUDE, 7)
    assert (rows[0].x, rows[0].y, rows[0].z) == unit_vector(LATITUDE, LONGITUDE)
    assert [row.previous_starts for row in rows] == [0, rows[0].starts]
    assert [row.previous_day for row in rows] == [0, rows[0].day]


@pytest.mark.parametrize("state", sorted(set(EventState) - {EventState.APPROVED}))
def test_only_approved_events_are_listed(state):
    event = make_event()
    slot(event, 5)
    assert len(listed(event)) == 1
    event.state = state
    assert listed(event) == []


def test_day_and_minute_are_those_where_the_event_is():
    event = make_event(timezone="America/Los_Angeles")
    make_timeslot(event, starts_at=datetime(2026, 11, 3, 2, 30, tzinfo=UTC))

    (row,) = listed(event)

    assert row.day == datetime(2026, 11, 2, tzinfo=UTC).date().toordinal()
    assert row.minute == 18 * 60 + 30


def test_a_private_home_is_listed_at_its_cells_centre_alone():
    event = make_event(private=True)
    slot(event, 5)

    (row,) = listed(event)

    centre = h3.cell_to_latlng(h3.latlng_to_cell(LATITUDE, LONGITUDE, 7))
    assert (row.x, row.y, row.z) == unit_vector(*centre)
    assert row.r7 == h3.latlng_to_cell(LATITUDE, LONGITUDE, 7)


def test_moving_a_house_inside_its_cell_changes_no_byte_of_its_listing():
    event = make_event(private=True)
    slot(event, 5)
    before = Listing.objects.filter(pk=listed(event)[0].pk).values().get()
    event.latitude += 0.001
    event.street, event.postal_code = "7 North Oak Street", "43201"
    event.save()

    assert Listing.objects.filter(pk=listed(event)[0].pk).values().get() == before


def test_an_online_event_is_at_no_place():
    event = make_event(virtual=True)
    slot(event, 5)

    (row,) = listed(event)

    assert row.online
    assert row.flags == Flag.VIRTUAL
    assert (row.r4, row.r7, row.x) == (0, 0, 0.0)


def test_listings_go_a_day_after_their_timeslot_began():
    event = make_event()
    slot(event, 1), slot(event, 30)
    listed(event)

    assert prune(NOW + timedelta(hours=1) + KEPT - timedelta(seconds=1)) == 0
    assert prune(NOW + timedelta(hours=1) + KEPT) == 1
    assert Listing.objects.count() == 1


def test_every_type_has_its_own_number():
    assert set(TYPE_CODES) == set(EventType)
    assert len(set(TYPE_CODES.values())) == len(TYPE_CODES)
