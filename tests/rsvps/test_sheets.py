"""rsvps.sheets: letters rendered once for a guest list hold nothing of another guest's."""

from datetime import UTC, datetime

import pytest

from events.models import Event, Timeslot
from events.states import EventState
from outbox.letters import Letter
from outbox.models import Message
from rsvps import contents, links, sheets
from rsvps.models import Rsvp
from rsvps.states import RsvpStatus
from tests.factories import STREET, make_event, make_rsvp, make_supporter, make_timeslot

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)
REMINDER = contents.RsvpLetter("reminder_day_before")
INVITATION = contents.RsvpLetter("invitation", contents.calendars.request)


def letter_to(rsvp: Rsvp, letter: contents.RsvpLetter = INVITATION) -> Letter:
    message = Message(subject_key=f"rsvp:{rsvp.pk}", payload={"why": "new"})
    return letter.render(message, NOW)


@pytest.fixture
def slot() -> Timeslot:
    return make_timeslot(make_event(private=True))


def test_two_guests_read_their_own_names_and_links_alone(slot):
    one = make_rsvp(slot, supporter=make_supporter(name="Ada Lovelace"))
    two = make_rsvp(slot, supporter=make_supporter(name="Grace Hopper"))
    for letter in (INVITATION, REMINDER):
        letter_to(one, letter)
        written = letter_to(two, letter)
        for body in (written.text, written.html):
            assert "Grace" in body
            assert "Ada" not in body
            assert links.manage_url(one.guest) not in body
            assert f"/{one.pk}/" not in body
        assert links.manage_url(two.guest) in written.text
        assert written.unsubscribe_url == links.unsubscribe_url(two.supporter)


def test_no_mark_is_left_in_any_letter(slot):
    rsvp = make_rsvp(slot)
    for letter in (INVITATION, REMINDER, contents.RsvpLetter("thanks")):
        written = letter_to(rsvp, letter)
        for mark in sheets.MARKS.values():
            assert mark not in written.subject + written.text + written.html


def test_a_name_is_escaped_in_html_and_plain_in_text(slot):
    letter_to(make_rsvp(slot))
    written = letter_to(make_rsvp(slot, supporter=make_supporter(name="<b>&Bo</b>")))
    assert "Hi <b>&Bo</b>," in written.text
    assert "Hi &lt;b&gt;&amp;Bo&lt;/b&gt;," in written.html


def test_a_guest_without_a_name_is_greeted_all_the_same(slot):
    letter_to(make_rsvp(slot))
    nameless = make_supporter()
    nameless.name = ""
    nameless.save()
    assert letter_to(make_rsvp(slot, supporter=nameless)).text.startswith("Hello,")


def test_any_change_of_the_event_is_in_the_next_letter(slot):
    rsvp = make_rsvp(slot)
    assert STREET in letter_to(rsvp).text
    Event.objects.update(street="12 Oak Lane")
    assert "12 Oak Lane" in letter_to(rsvp).text
    Timeslot.objects.update(instructions="Ring twice")
    assert "Ring twice" in letter_to(rsvp).text
    Rsvp.objects.update(party_size=4)
    assert "4 people" in letter_to(rsvp).text


def test_what_a_guest_may_not_know_any_more_is_gone_at_once(slot):
    rsvp = make_rsvp(slot)
    assert STREET in letter_to(rsvp).text
    Rsvp.objects.update(status=RsvpStatus.CANCELLED)
    assert STREET not in letter_to(rsvp).text
    Rsvp.objects.update(status=RsvpStatus.ACCEPTED)
    Event.objects.update(state=EventState.UNLISTED)
    written = letter_to(rsvp)
    assert STREET not in written.text + written.html
    assert STREET.encode() not in written.calendar
