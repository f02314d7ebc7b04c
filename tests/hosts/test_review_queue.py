"""The queue: what waits, in which order, and what the reviewer is told of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import lifecycle
from events.changes import SlotFields
from events.states import EventState, EventType
from hosts import review, vetting
from hosts.decision_letters import remind_staff
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import (
    make_event,
    make_host,
    make_rsvp,
    make_user,
)
from tests.hosts.reviewing import (
    given,
    make_public,
    make_submitted,
    reviewer,
    senior,
)

pytestmark = pytest.mark.django_db


def test_the_queue_has_high_level_on_top_and_then_the_soonest():
    later, sooner, rally = make_submitted(), make_submitted(), make_submitted(type="rally")
    now = timezone.now()
    sooner.timeslots.update(starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2))
    rally.timeslots.update(starts_at=now + timedelta(days=9), ends_at=now + timedelta(days=10))
    make_public()
    make_event(state=EventState.DRAFT)

    waiting, total = vetting.queue(now)

    assert [one.event for one in waiting] == [rally, sooner, later]
    assert total == 3


def test_a_change_that_makes_an_event_high_level_stands_on_top_too():
    sooner, event = make_submitted(), make_public()
    now = timezone.now()
    sooner.timeslots.update(starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2))
    day = now + timedelta(days=9)
    large = SlotFields(
        id=None, starts_at=day, ends_at=day + timedelta(hours=2), capacity=300, instructions=""
    )
    lifecycle.change_event(event, fields={}, slots=[large], by=event.host, now=now, live=False)

    waiting, _total = vetting.queue(now)

    assert [(one.event, one.high_level) for one in waiting] == [(event, True), (sooner, False)]


def test_the_queue_takes_as_many_queries_for_three_as_for_one(
    django_assert_num_queries, django_assert_max_num_queries
):
    make_submitted()
    with django_assert_max_num_queries(8) as one:
        vetting.queue(timezone.now())
    make_submitted(), make_submitted()

    with django_assert_num_queries(len(one)):
        vetting.queue(timezone.now())


def test_likely_duplicates_are_of_the_same_type_close_by_and_at_the_same_time():
    event = make_submitted()
    same = make_submitted(latitude=39.97)
    make_submitted(type=EventType.TRAINING)
    make_submitted(latitude=40.2)
    elsewhen = make_submitted()
    elsewhen.timeslots.update(
        starts_at=timezone.now() + timedelta(days=6), ends_at=timezone.now() + timedelta(days=7)
    )

    (found,) = vetting.likely_duplicates(event, now=timezone.now())

    assert found.event == same
    assert round(found.miles, 1) == 0.6


def test_a_hosts_history_counts_what_they_did():
    host = make_host().user
    event = make_submitted(host=host)
    review.send_back(event, **given(event), reason="Say more.")
    other = make_public(host=host)
    make_rsvp(other.timeslots.get(), party_size=3)

    history = vetting.host_history(event, now=timezone.now())

    assert (history.sent_back, history.rejected, history.held, history.guests) == (1, 0, 0, 3)
    assert history.events_by_state == [("Sent back to the host", 1), ("Public", 1)]


def test_doubtful_places_are_flagged():
    event = make_event(accuracy="zip", geocode_again_at=timezone.now())
    nowhere = make_event(latitude=None, longitude=None)

    assert len(vetting.place_flags(event)) == 2
    assert vetting.place_flags(nowhere) == ["The address was not found on the map"]
    assert vetting.place_flags(make_event()) == []


def test_staff_hear_once_a_day_of_what_waits_longer_than_a_day():
    event = make_submitted()
    reviewer(), senior(), make_user()
    now = timezone.now()
    assert remind_staff(now) == 0

    late = (now + timedelta(days=2)).replace(hour=12)
    assert remind_staff(late) == 2
    assert remind_staff(late + timedelta(minutes=5)) == 0
    message = Message.objects.first()
    assert kind_named("staff_waiting").wanted(message, late) is None
    assert event.title in kind_named("staff_waiting").render(message, late).text

    review.approve(event, **given(event))
    assert kind_named("staff_waiting").wanted(message, late) is not None
