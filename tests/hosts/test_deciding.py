"""Deciding about events: each step, and who may take it."""

import pytest
from django.utils import timezone

from events import lifecycle
from events.states import EventState, EventType
from hosts import review, vetting
from hosts.models import CoHost, Decision, Record, StaffRole, VettingDecision
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import (
    make_event,
    make_host,
    make_rsvp,
    make_timeslot,
    make_user,
)
from tests.hosts.reviewing import (
    given,
    letters,
    make_public,
    make_submitted,
    read_letter,
    reviewer,
    senior,
)

pytestmark = pytest.mark.django_db


# -- The steps ----------------------------------------------------------------------------


def test_an_approved_event_is_public_and_its_host_gets_a_letter():
    event = make_submitted()
    rae = reviewer()

    review.approve(event, **given(event, by=rae))

    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    made = VettingDecision.objects.get()
    assert (made.decision, made.by, made.event) == (Decision.APPROVED, rae, event)
    assert made.snapshot["event"]["title"] == event.title
    letter = read_letter("host_approved")
    assert event.title in letter.subject
    assert event.get_absolute_url() in letter.text
    assert Record.objects.get().about == f"event:{event.pk}"


def test_a_trusted_host_waits_no_more():
    host = make_host()
    event = make_submitted(host=host.user)

    review.approve(event, **given(event), trust=True)

    host.refresh_from_db()
    assert host.trusted_at is not None
    assert VettingDecision.objects.get().decision == Decision.TRUSTED
    assert "live right away" in read_letter("host_approved").text


def test_an_event_sent_back_carries_the_reasons_to_its_host():
    event = make_submitted()
    reason = review.reason_in_words(["address", "when"], "Is it the house with the red door?")

    review.send_back(event, **given(event), reason=reason)

    event.refresh_from_db()
    assert event.state == EventState.SENT_BACK
    text = read_letter("host_sent_back").text
    assert "could not find the address" in text
    assert "red door" in text
    assert event.state_note == reason


def test_a_rejected_event_stays_rejected():
    event = make_submitted()

    review.reject(event, **given(event), reason="This is an advertisement.")

    event.refresh_from_db()
    assert event.state == EventState.REJECTED
    assert "advertisement" in read_letter("host_rejected").text
    with pytest.raises(lifecycle.StateConflict):
        review.approve(event, **given(event))


@pytest.mark.parametrize("step", [review.send_back, review.reject])
def test_a_host_always_learns_why(step):
    event = make_submitted()

    with pytest.raises(review.ReasonMissing):
        step(event, **given(event), reason="")
    assert review.reason_in_words([], "   ") == ""
    assert not Message.objects.exists()


def test_unlisting_tells_host_and_guests_and_can_be_undone():
    event = make_public()
    make_rsvp(event.timeslots.get(), email="alex@example.org")

    review.unlist(event, by=reviewer(), now=timezone.now(), reason="The address is wrong.")

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED
    assert letters() == ["unlisted", "host_unlisted"]
    assert "address is wrong" in read_letter("host_unlisted").text
    review.relist(event, **given(event))
    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    assert "host_relisted" in letters()


def test_an_overtaken_letter_is_not_wanted_any_more():
    event = make_public()
    review.unlist(event, by=reviewer(), now=timezone.now(), reason="The address is wrong.")
    message = Message.objects.get(kind="host_unlisted")

    review.relist(event, **given(event))

    assert kind_named("host_unlisted").wanted(message, timezone.now()) is not None


def test_cancelling_tells_guests_the_reason():
    event = make_public()
    make_rsvp(event.timeslots.get())

    review.cancel(event, **given(event), reason="The hall is flooded.")

    event.refresh_from_db()
    assert event.state == EventState.CANCELLED
    assert letters() == ["cancellation", "host_cancelled_by_staff"]


# -- Who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"type": EventType.RALLY},
        {"type": EventType.TOWN_HALL},
        {"type": EventType.FUNDRAISER},
        {"official": True},
    ],
)
def test_high_level_events_need_a_senior(fields):
    event = make_submitted(**fields)

    with pytest.raises(review.NeedsSenior):
        review.approve(event, **given(event))
    review.approve(event, **given(event, by=senior()))

    event.refresh_from_db()
    assert event.state == EventState.APPROVED


@pytest.mark.parametrize(("capacity", "high"), [(199, False), (200, True), (None, False)])
def test_two_hundred_places_make_an_event_high_level(capacity, high):
    event = make_event(state=EventState.SUBMITTED)
    make_timeslot(event, capacity=capacity)

    assert vetting.is_high_level(event) is high


def test_any_reviewer_takes_a_high_level_event_off_the_site():
    event = make_public(type=EventType.RALLY)

    review.unlist(event, by=reviewer(), now=timezone.now())

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED


def test_nobody_reviews_their_own_event():
    host = make_host(staff_role=StaffRole.SENIOR)
    event = make_submitted(host=host.user)

    with pytest.raises(review.OwnEvent):
        review.approve(event, **given(event, by=host.user))


@pytest.mark.parametrize("accepted", [True, False])
def test_nobody_reviews_an_event_they_help_with(accepted):
    event = make_submitted()
    by = senior()
    CoHost.objects.create(
        event=event,
        email=by.email,
        user=by if accepted else None,
        token_digest="x",
        invited_at=timezone.now(),
        accepted_at=timezone.now() if accepted else None,
    )

    with pytest.raises(review.OwnEvent):
        review.approve(event, **given(event, by=by))


def test_somebody_who_is_not_staff_decides_nothing():
    event = make_submitted()

    with pytest.raises(review.NotStaff):
        review.approve(event, **given(event, by=make_user()))


def test_words_the_reviewer_has_not_read_are_not_approved():
    event = make_submitted()
    step = given(event)

    lifecycle.change_event(
        event,
        fields={"title": "Buy my pills"},
        by=event.host,
        now=timezone.now(),
        live=False,
    )

    with pytest.raises(review.ChangedMeanwhile):
        review.approve(event, **step)


def test_an_event_that_grows_past_two_hundred_places_comes_before_a_senior():
    event = make_event()
    slot = make_timeslot(event, capacity=20)
    now = timezone.now()
    assert vetting.queue(now)[0] == []

    lifecycle.set_capacity(slot, 250, by=event.host, now=now)

    (waiting,) = vetting.queue(now)[0]
    assert (waiting.event, waiting.high_level) == (event, True)
    with pytest.raises(review.NeedsSenior):
        review.mark_words_read(event, **given(event))
    review.mark_words_read(event, **given(event, by=senior()))
    assert vetting.queue(now)[0] == []
