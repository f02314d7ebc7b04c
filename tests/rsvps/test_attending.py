"""RSVPs that stand: what guests, their calendars and the host do to them."""

from datetime import timedelta

import pytest

from events.states import EventState, TimeslotState
from outbox.models import Message
from rsvps import links
from rsvps.attending import (
    EventClosed,
    NotWelcome,
    RsvpChanged,
    approve_guest,
    cancel_all,
    cancel_rsvp,
    change_party,
    come_back,
    decline,
    decline_guest,
    remove_guest,
    set_answer,
    set_plan,
)
from rsvps.capacity import TimeslotFull, TimeslotUnavailable
from rsvps.models import Rsvp
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_rsvp, make_timeslot, make_user

pytestmark = pytest.mark.django_db


def a_slot(now, event=None, **fields):
    return make_timeslot(event, starts_at=now + timedelta(days=3), **fields)


def letters() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def taken(slot) -> int:
    slot.refresh_from_db()
    return slot.seats_taken


def test_party_grows_while_there_is_room(now):
    rsvp = make_rsvp(a_slot(now, capacity=4), party_size=2)
    change_party(rsvp, 4, now=now)
    assert (rsvp.party_size, rsvp.revision, taken(rsvp.timeslot)) == (4, 0, 4)
    assert letters() == ["party_change"]


def test_party_too_large_is_told_how_many_more_fit(now):
    rsvp = make_rsvp(a_slot(now, capacity=4), party_size=2)
    with pytest.raises(TimeslotFull) as refused:
        change_party(rsvp, 5, now=now)
    assert refused.value.room_left == {rsvp.timeslot_id: 2}
    assert taken(rsvp.timeslot) == 2


def test_smaller_party_gives_seats_back_even_when_full(now):
    rsvp = make_rsvp(a_slot(now, capacity=3), party_size=3)
    change_party(rsvp, 1, now=now)
    assert taken(rsvp.timeslot) == 1


def test_cancelled_rsvp_frees_its_seats_and_raises_its_own_revision_only(now):
    rsvp = make_rsvp(a_slot(now), party_size=2)
    cancel_rsvp(rsvp, now=now)
    assert (rsvp.status, rsvp.revision) == (RsvpStatus.CANCELLED, 1)
    assert taken(rsvp.timeslot) == 0
    assert rsvp.timeslot.version == 0
    assert letters() == ["rsvp_cancelled"]


def test_cancelling_twice_frees_the_seats_once(now):
    rsvp = make_rsvp(a_slot(now), party_size=2)
    make_rsvp(rsvp.timeslot)
    stale = Rsvp.objects.get(pk=rsvp.pk)
    cancel_rsvp(rsvp, now=now)
    for again in (rsvp, stale):
        with pytest.raises(RsvpChanged):
            cancel_rsvp(again, now=now)
    assert taken(rsvp.timeslot) == 1


def test_guest_comes_back_through_capacity_like_anyone_else(now):
    rsvp = make_rsvp(a_slot(now, capacity=2), party_size=2)
    cancel_rsvp(rsvp, now=now)
    other = make_rsvp(type(rsvp.timeslot).objects.get())
    with pytest.raises(TimeslotFull):
        come_back(rsvp, now=now)
    rsvp.refresh_from_db()
    assert rsvp.status == RsvpStatus.CANCELLED
    cancel_rsvp(other, now=now)
    come_back(rsvp, now=now)
    assert (rsvp.status, rsvp.revision, taken(rsvp.timeslot)) == (RsvpStatus.ACCEPTED, 2, 2)
    assert letters()[-1] == "invitation"


def test_coming_back_to_a_host_who_answers_each_guest_asks_again(now):
    rsvp = make_rsvp(a_slot(now, make_event(approve_each_guest=True)))
    cancel_rsvp(rsvp, now=now)
    come_back(rsvp, now=now)
    assert rsvp.status == RsvpStatus.PENDING


@pytest.mark.parametrize("state", [EventState.CANCELLED, EventState.UNLISTED])
def test_nobody_comes_back_to_a_closed_event(state, now):
    rsvp = make_rsvp(a_slot(now, make_event(state=state)), status=RsvpStatus.CANCELLED)
    with pytest.raises(EventClosed):
        come_back(rsvp, now=now)


def test_nobody_comes_back_to_a_cancelled_timeslot(now):
    slot = a_slot(now, state=TimeslotState.CANCELLED)
    with pytest.raises(TimeslotUnavailable) as refused:
        come_back(make_rsvp(slot, status=RsvpStatus.CANCELLED), now=now)
    assert refused.value.cancelled == {slot.pk}


def test_guest_exchanges_timeslots_in_one_step(now):
    event = make_event()
    morning, noon = a_slot(now, event, capacity=2), a_slot(now, event, capacity=2)
    rsvp = make_rsvp(morning, party_size=2)
    set_plan(rsvp.guest, {noon.pk: 0}, party_size=2, now=now)
    assert (taken(morning), taken(noon)) == (0, 2)
    assert letters() == ["rsvp_cancelled", "invitation"]


def test_exchange_that_lacks_room_leaves_everything_as_it_was(now):
    event = make_event()
    morning, noon = a_slot(now, event), a_slot(now, event, capacity=1)
    rsvp = make_rsvp(morning, party_size=2)
    with pytest.raises(TimeslotFull):
        set_plan(rsvp.guest, {noon.pk: 0}, party_size=2, now=now)
    assert (taken(morning), taken(noon)) == (2, 0)
    assert letters() == []


def test_plan_that_changes_nothing_sends_nothing(now):
    rsvp = make_rsvp(a_slot(now), party_size=2)
    assert set_plan(rsvp.guest, {rsvp.timeslot_id: 0}, party_size=2, now=now) == []
    assert letters() == []


def test_guest_gives_up_everything_still_to_come(now):
    event = make_event()
    past = make_rsvp(make_timeslot(event, starts_at=now - timedelta(days=3)))
    coming = make_rsvp(a_slot(now, event), supporter=past.supporter)
    cancel_all(past.guest, now=now)
    past.refresh_from_db()
    coming.refresh_from_db()
    assert (past.status, coming.status) == (RsvpStatus.ACCEPTED, RsvpStatus.CANCELLED)


def test_calendar_that_says_no_frees_the_seats_without_a_letter(now):
    rsvp = make_rsvp(a_slot(now), party_size=3)
    decline(rsvp, now=now)
    assert (rsvp.status, taken(rsvp.timeslot)) == (RsvpStatus.DECLINED, 0)
    assert letters() == []


def test_calendar_that_says_maybe_keeps_the_seats(now):
    rsvp = make_rsvp(a_slot(now), party_size=3)
    set_answer(rsvp, RsvpStatus.TENTATIVE, now=now)
    assert (rsvp.status, rsvp.revision, taken(rsvp.timeslot)) == (RsvpStatus.TENTATIVE, 0, 3)


def test_host_lets_a_waiting_guest_in(now):
    rsvp = make_rsvp(a_slot(now), status=RsvpStatus.PENDING)
    approve_guest(rsvp, by=make_user(), now=now)
    assert rsvp.status == RsvpStatus.ACCEPTED
    assert letters() == ["invitation"]
    with pytest.raises(RsvpChanged):
        approve_guest(rsvp, by=make_user(), now=now)


def test_host_says_no_to_a_waiting_guest(now):
    rsvp = make_rsvp(a_slot(now), status=RsvpStatus.PENDING, party_size=2)
    decline_guest(rsvp, by=make_user(), now=now, words="We are full of cousins")
    assert (rsvp.status, taken(rsvp.timeslot)) == (RsvpStatus.REMOVED, 0)
    assert letters() == ["declined_by_host"]


def test_waiting_guest_who_is_removed_is_declined_and_sent_no_calendar_object(now):
    rsvp = make_rsvp(a_slot(now), status=RsvpStatus.PENDING)
    remove_guest(rsvp.guest, by=make_user(), now=now)
    assert letters() == ["declined_by_host"]


def test_removed_guest_loses_seats_link_and_way_back(now):
    rsvp = make_rsvp(a_slot(now), party_size=2)
    old = links.manage_url(rsvp.guest).rstrip("/").rpartition("/")[2]
    remove_guest(rsvp.guest, by=make_user(), now=now)
    rsvp = Rsvp.objects.get()
    assert (rsvp.status, rsvp.revision, taken(rsvp.timeslot)) == (RsvpStatus.REMOVED, 1, 0)
    assert links.guest_by_token(old) is None
    assert letters() == ["removed"]
    with pytest.raises(RsvpChanged):
        come_back(rsvp, now=now)
    with pytest.raises(NotWelcome):
        set_plan(rsvp.guest, {rsvp.timeslot_id: 0}, party_size=1, now=now)
