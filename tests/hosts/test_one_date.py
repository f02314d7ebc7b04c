"""One date of an event: added, moved, cancelled, opened again, made larger or smaller."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import EventRevision, Timeslot
from events.states import RevisionState, TimeslotState
from hosts.models import Host
from outbox.models import Message
from tests.factories import (
    make_rsvp,
    make_timeslot,
)
from tests.hosts.forms import in_days
from tests.hosts.pages import of, page

pytestmark = pytest.mark.django_db


def at(slot) -> str:
    return f"/host/times/{slot.pk}/"


def test_the_room_is_raised_and_lowered_but_not_below_seats_taken(client, event, slot):
    make_rsvp(slot, party_size=6)
    client.post(at(slot), {"do": "capacity", "capacity": "6"})
    slot.refresh_from_db()
    assert slot.capacity == 6
    answer = client.post(at(slot), {"do": "capacity", "capacity": "5"})
    assert "6 spots are already taken" in answer.content.decode()
    slot.refresh_from_db()
    assert slot.capacity == 6
    client.post(at(slot), {"do": "capacity", "capacity": ""})
    slot.refresh_from_db()
    assert slot.capacity is None


@pytest.mark.parametrize("typed", ["0", "-1", "two", "100001", "1e3"])
def test_a_room_that_is_no_number_of_people_is_refused(client, event, slot, typed):
    assert client.post(at(slot), {"do": "capacity", "capacity": typed}).status_code == 422
    slot.refresh_from_db()
    assert slot.capacity == 10


def test_a_trusted_hosts_move_is_live_and_everybody_is_told(client, host, event, slot):
    Host.objects.update(trusted_at=timezone.now())
    make_rsvp(slot)
    client.post(at(slot), {"do": "move", "date": in_days(9), "start": "10:00", "end": "12:00"})
    moved = Timeslot.objects.get(pk=slot.pk)
    assert moved.starts_at.date().isoformat() == in_days(9)
    assert moved.version == 1
    assert Message.objects.filter(kind="change").count() == 1


def test_a_new_hosts_move_waits_and_nobody_is_told_yet(client, event, slot):
    make_rsvp(slot)
    client.post(at(slot), {"do": "move", "date": in_days(9), "start": "10:00", "end": "12:00"})
    assert Timeslot.objects.get(pk=slot.pk).starts_at == slot.starts_at
    assert EventRevision.objects.get().state == RevisionState.PENDING
    assert not Message.objects.filter(kind="change").exists()


def test_a_move_to_the_past_is_refused_with_what_was_typed(client, event, slot):
    answer = client.post(
        at(slot), {"do": "move", "date": "2020-01-01", "start": "10:00", "end": "12:00"}
    )
    assert answer.status_code == 422
    assert "in the past" in answer.content.decode()
    assert 'value="2020-01-01"' in answer.content.decode()


def test_one_date_is_cancelled_with_a_note_and_opened_again(client, event, slot):
    other = make_timeslot(event, starts_at=slot.starts_at + timedelta(days=1))
    make_rsvp(slot)
    client.post(at(slot), {"do": "cancel", "note": "Storm."})
    slot.refresh_from_db()
    other.refresh_from_db()
    assert (slot.state, other.state) == (TimeslotState.CANCELLED, TimeslotState.OPEN)
    assert Message.objects.filter(kind="cancellation").count() == 1
    assert "Reopen it" in page(client, at(slot))

    client.post(at(slot), {"do": "reinstate"})
    slot.refresh_from_db()
    assert slot.state == TimeslotState.OPEN


def test_cancelling_a_date_twice_says_how_it_stands(client, event, slot):
    client.post(at(slot), {"do": "cancel"})
    answer = client.post(at(slot), {"do": "cancel"}, follow=True)
    assert "changed a moment ago" in answer.content.decode()


def test_a_date_that_is_over_can_only_be_looked_at(client, event):
    past = make_timeslot(event, starts_at=timezone.now() - timedelta(days=2))
    assert "This date is over" in page(client, at(past))
    answer = client.post(at(past), {"do": "cancel"}, follow=True)
    assert "is over" in answer.content.decode()


def test_a_date_is_added_to_a_public_event(client, host, event, slot):
    Host.objects.update(trusted_at=timezone.now())
    client.post(
        of(event, "times/add/"),
        {"date": in_days(20), "start": "09:00", "end": "11:00", "capacity": "12"},
    )
    assert event.timeslots.count() == 2
    assert event.timeslots.latest("pk").capacity == 12


def test_an_added_date_must_be_one(client, event, slot):
    answer = client.post(of(event, "times/add/"), {"date": "", "start": "09:00", "end": "11:00"})
    assert "Pick the day" in answer.content.decode()
    assert event.timeslots.count() == 1


def test_another_date_after_a_night_of_two_days_does_not_end_on_the_old_day(client, event):
    make_timeslot(event, hours=24)

    row = client.get(of(event, "times/add/")).context["row"]

    assert (row["date"].value(), row["end_date"].value()) == ("", "")
    assert row["start"].value()
