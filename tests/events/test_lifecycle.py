"""The lifecycle: who may go where, which versions rise, what waits for review."""

from datetime import timedelta

import pytest

from events import lifecycle
from events.models import Event, EventRevision, Listing
from events.states import EventState, RevisionState, TimeslotState
from tests.factories import make_event, make_rsvp, make_timeslot, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return make_user()


@pytest.fixture
def now():
    from django.utils import timezone

    return timezone.now()


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        ("submit", {"draft", "sent_back"}),
        ("approve", {"submitted"}),
        ("send_back", {"submitted"}),
        ("reject", {"submitted", "sent_back"}),
        ("cancel", {"draft", "submitted", "sent_back", "approved"}),
        ("unlist", {"approved", "cancelled"}),
        ("relist", {"unlisted"}),
    ],
)
def test_each_step_starts_only_from_its_own_states(step, allowed, by, now):
    words = {"note": "because"} if step in {"send_back", "reject", "cancel", "unlist"} else {}
    for state in EventState:
        event = make_event(state=state)
        if state in allowed:
            getattr(lifecycle, step)(event, by=by, now=now, **words)
            assert Event.objects.get(pk=event.pk).state != state
        else:
            with pytest.raises(lifecycle.StateConflict):
                getattr(lifecycle, step)(event, by=by, now=now, **words)
            assert Event.objects.get(pk=event.pk).state == state


def test_approval_makes_the_event_public_and_found(by, now):
    event = make_event(state=EventState.SUBMITTED, published_at=None)
    make_timeslot(event)
    lifecycle.approve(event, by=by, now=now)
    assert Event.objects.public().filter(pk=event.pk).exists()
    assert Listing.objects.count() == 1


def test_unlisting_empties_the_index_raises_versions_and_can_be_undone(by, now):
    slot = make_timeslot()
    changes = lifecycle.unlist(slot.event, by=by, now=now, note="a reported address")
    assert [one.version for one in changes.unlisted] == [1]
    assert not Listing.objects.exists()
    assert not Event.objects.public().exists()
    changes = lifecycle.relist(slot.event, by=by, now=now)
    assert [one.version for one in changes.relisted] == [2]
    assert Listing.objects.count() == 1


def test_cancelling_an_event_cancels_what_is_still_to_come(by, now):
    event = make_event()
    past = make_timeslot(event, starts_at=now - timedelta(days=2))
    coming = make_timeslot(event)
    changes = lifecycle.cancel(event, by=by, now=now, note="The hall flooded.")
    past.refresh_from_db()
    coming.refresh_from_db()
    assert [slot.pk for slot in changes.cancelled] == [coming.pk]
    assert (past.state, past.version) == (TimeslotState.OPEN, 0)
    assert (coming.state, coming.version) == (TimeslotState.CANCELLED, 1)


def test_a_cancelled_timeslot_comes_back_with_a_higher_version(by, now):
    slot = make_timeslot()
    lifecycle.cancel_timeslot(slot, by=by, now=now)
    assert not Listing.objects.exists()
    lifecycle.reinstate_timeslot(slot, by=by, now=now)
    slot.refresh_from_db()
    assert (slot.state, slot.version) == (TimeslotState.OPEN, 2)


def test_new_words_are_live_flagged_and_tell_nobody(by, now):
    slot = make_timeslot()
    changes = lifecycle.change_event(
        slot.event, fields={"title": "New words"}, by=by, now=now, live=False
    )
    slot.refresh_from_db()
    assert changes.moved == []
    assert slot.version == 0
    assert (slot.event.title, slot.event.text_changed_at) == ("New words", now)


def test_a_new_street_waits_for_review_while_the_old_one_stays_public(by, now):
    slot = make_timeslot()
    changes = lifecycle.change_event(
        slot.event,
        fields={"street": "9 Oak Lane", "title": "New words"},
        by=by,
        now=now,
        live=False,
    )
    slot.refresh_from_db()
    assert (slot.event.street, slot.event.title) == ("41 South Elm Street", "New words")
    applied = lifecycle.apply_revision(changes.revision, by=by, now=now)
    slot.refresh_from_db()
    assert slot.event.street == "9 Oak Lane"
    assert [one.pk for one in applied.moved] == [slot.pk]
    assert applied.place_before == {"street": "41 South Elm Street"}
    assert slot.version == 1


def test_a_trusted_hosts_new_time_is_live_at_once(by, now):
    slot = make_timeslot()
    later = slot.starts_at + timedelta(hours=1)
    changes = lifecycle.move_timeslot(
        slot, starts_at=later, ends_at=later + timedelta(hours=2), by=by, now=now, live=True
    )
    assert changes.before[slot.pk].starts_at == slot.starts_at
    slot.refresh_from_db()
    assert (slot.starts_at, slot.version) == (later, 1)


def test_a_second_change_joins_the_one_that_waits(by, now):
    slot = make_timeslot()
    later = slot.starts_at + timedelta(hours=1)
    lifecycle.change_event(slot.event, fields={"city": "Dayton"}, by=by, now=now, live=False)
    lifecycle.move_timeslot(
        slot, starts_at=later, ends_at=later + timedelta(hours=2), by=by, now=now, live=False
    )
    revision = EventRevision.objects.get(state=RevisionState.PENDING)
    changes = lifecycle.apply_revision(revision, by=by, now=now)
    slot.refresh_from_db()
    assert (slot.event.city, slot.starts_at, slot.version) == ("Dayton", later, 1)
    assert len(changes.moved) == 1


def test_a_revision_is_applied_once(by, now):
    slot = make_timeslot()
    changes = lifecycle.change_event(
        slot.event, fields={"city": "Dayton"}, by=by, now=now, live=False
    )
    lifecycle.apply_revision(changes.revision, by=by, now=now)
    with pytest.raises(lifecycle.StateConflict):
        lifecycle.apply_revision(changes.revision, by=by, now=now)


def test_unit_and_instructions_are_live_and_raise_the_version(by, now):
    slot = make_timeslot()
    changes = lifecycle.change_event(
        slot.event,
        fields={"unit": "Back door"},
        slots=[{"id": slot.pk, "instructions": "Knock twice."}],
        by=by,
        now=now,
        live=False,
    )
    slot.refresh_from_db()
    assert changes.revision is None
    assert (slot.event.unit, slot.instructions, slot.version) == ("Back door", "Knock twice.", 1)


def test_capacity_never_falls_below_the_seats_taken(by, now):
    slot = make_timeslot(capacity=10)
    make_rsvp(slot, party_size=4)
    with pytest.raises(lifecycle.CapacityBelowSeatsTaken) as refused:
        lifecycle.set_capacity(slot, 3, by=by, now=now)
    assert refused.value.seats_taken == 4
    lifecycle.set_capacity(slot, 4, by=by, now=now)
    slot.refresh_from_db()
    assert (slot.capacity, slot.version) == (4, 0)


def test_a_timeslot_that_has_ended_cannot_change(by, now):
    slot = make_timeslot(starts_at=now - timedelta(days=2))
    for step in (lifecycle.cancel_timeslot, lifecycle.reinstate_timeslot):
        with pytest.raises((lifecycle.TimeslotPassed, lifecycle.StateConflict)):
            step(slot, by=by, now=now)


def test_dropping_a_timeslot_from_a_draft_deletes_it(by, now):
    event = make_event(state=EventState.DRAFT, published_at=None)
    one, two = make_timeslot(event), make_timeslot(event)
    lifecycle.change_event(event, fields={}, slots=[{"id": two.pk}], by=by, now=now, live=False)
    assert [slot.pk for slot in event.timeslots.all()] == [two.pk]
    assert one.pk != two.pk
