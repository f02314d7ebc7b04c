"""Letters to hosts: sent to review, and the day's new RSVPs."""

from datetime import UTC, datetime, timedelta

import pytest

from events.states import EventState
from hosts import digest, letters
from hosts.models import CoHost
from outbox.letters import kind_named
from outbox.models import Message
from rsvps.models import Rsvp
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_rsvp, make_supporter, make_timeslot, make_user

pytestmark = pytest.mark.django_db

# Columbus is at UTC-5: the list of 12 January 2027 closes at 21:59 UTC.
CLOSE = datetime(2027, 1, 12, 21, 59, tzinfo=UTC)
CLOSED = CLOSE + timedelta(minutes=1)


@pytest.fixture
def event():
    event = make_event(title="Library evening", private=True)
    make_timeslot(event, starts_at=datetime(2027, 1, 20, 23, 0, tzinfo=UTC))
    return event


def signed_up(event, at: datetime, **fields) -> Rsvp:
    rsvp = make_rsvp(event.timeslots.get(), **fields)
    Rsvp.objects.filter(pk=rsvp.pk).update(created_at=at)
    return rsvp


def lists() -> list[Message]:
    return list(Message.objects.filter(kind="new_rsvps").order_by("pk"))


def test_the_letter_after_submitting_says_what_happens_next(event, now):
    event.state = EventState.SUBMITTED
    event.save()
    letters.post_submitted(event, now=now)
    message = Message.objects.get()
    kind = kind_named("submitted")
    assert kind.wanted(message, now) is None
    letter = kind.render(message, now)
    assert "Library evening" in letter.subject
    assert "Wednesday, January 20, 2027, 6:00 p.m." in letter.text
    assert f"/host/events/{event.pk}/" in letter.html


def test_a_decision_that_came_first_makes_that_letter_unwanted(event, now):
    letters.post_submitted(event, now=now)
    assert kind_named("submitted").wanted(Message.objects.get(), now) is not None


def test_a_title_is_words_in_the_letter(event, now):
    event.title = "<script>alert(1)</script>"
    event.state = EventState.SUBMITTED
    event.save()
    letters.post_submitted(event, now=now)
    letter = kind_named("submitted").render(Message.objects.get(), now)
    assert "<script>" not in letter.html
    assert "\n" not in letter.subject


def test_new_guests_are_listed_once_a_day_to_the_host(event):
    signed_up(event, CLOSE - timedelta(hours=3))
    assert digest.plan(CLOSE - timedelta(seconds=1)) == 0
    assert digest.plan(CLOSED) == 1
    assert digest.plan(CLOSED + digest.EVERY) == 0
    assert [message.recipient for message in lists()] == [event.host.email]


def test_the_list_says_who_with_party_and_note_and_no_contacts(event):
    supporter = make_supporter(name="Ada Long", email="ada@example.org", phone="+16145550177")
    signed_up(event, CLOSE - timedelta(hours=3), supporter=supporter, party_size=3, note="Pie!")
    signed_up(event, CLOSE - timedelta(hours=2), status=RsvpStatus.PENDING)
    signed_up(event, CLOSE - timedelta(hours=1), status=RsvpStatus.UNCONFIRMED)
    digest.plan(CLOSED)
    letter = kind_named("new_rsvps").render(lists()[0], CLOSE)
    assert letter.subject == "4 new people for Library evening"
    for words in (letter.text, letter.html):
        assert "Ada Long" in words
        assert "Pie!" in words
        assert "waiting for your answer" in words
        assert "ada@example.org" not in words
        assert "5550177" not in words


def test_a_day_without_new_guests_has_no_list(event):
    signed_up(event, CLOSE - timedelta(hours=3))
    digest.plan(CLOSED)
    assert digest.plan(CLOSED + timedelta(days=1)) == 0


def test_a_run_that_was_missed_is_caught_up_without_repeating_anybody(event):
    first = signed_up(event, CLOSE - timedelta(hours=3))
    digest.plan(CLOSED)
    second = signed_up(event, CLOSE + timedelta(hours=3))
    third = signed_up(event, CLOSE + timedelta(hours=30))
    digest.plan(CLOSED + timedelta(days=3))
    letter = kind_named("new_rsvps").render(lists()[1], CLOSE)
    assert first.supporter.name not in letter.text
    assert second.supporter.name in letter.text
    assert third.supporter.name in letter.text


def test_cohosts_who_said_yes_get_it_and_those_taken_off_do_not(event, now):
    helper = make_user(email="pat@example.org")
    cohost = CoHost.objects.create(
        event=event, email=helper.email, user=helper, token_digest="d", invited_at=now,
        accepted_at=now,
    )  # fmt: skip
    signed_up(event, CLOSE - timedelta(hours=3))
    assert digest.plan(CLOSED) == 2
    theirs = Message.objects.get(recipient="pat@example.org")
    assert kind_named("new_rsvps").wanted(theirs, CLOSE) is None
    CoHost.objects.filter(pk=cohost.pk).update(removed_at=now)
    assert kind_named("new_rsvps").wanted(theirs, CLOSE) is not None


def test_a_list_whose_people_all_cancelled_is_not_sent(event):
    rsvp = signed_up(event, CLOSE - timedelta(hours=3))
    digest.plan(CLOSED)
    Rsvp.objects.filter(pk=rsvp.pk).update(status=RsvpStatus.CANCELLED)
    assert kind_named("new_rsvps").wanted(lists()[0], CLOSE) is not None


@pytest.mark.parametrize("state", [EventState.CANCELLED, EventState.UNLISTED])
def test_an_event_off_the_site_has_no_list(event, state):
    signed_up(event, CLOSE - timedelta(hours=3))
    event.state = state
    event.save()
    assert digest.plan(CLOSED) == 0


@pytest.mark.parametrize("kind", ["submitted", "new_rsvps", "cohost_request"])
def test_every_letter_has_a_made_up_example(kind, now):
    letter = kind_named(kind).example(now)
    assert letter.subject
    assert "{{" not in letter.text + letter.html
