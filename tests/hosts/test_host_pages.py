"""The host's desk and the pages of one event: who may see what, and what each button does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event, EventRevision, Timeslot
from events.states import EventState, RevisionState, TimeslotState
from hosts import guestlist, letters
from hosts.models import CoHost, Host
from outbox.models import Message
from rsvps.invites import post_invitation
from rsvps.models import Rsvp
from rsvps.states import RsvpStatus
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_supporter,
    make_timeslot,
    make_user,
)
from tests.hosts.forms import in_days

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(host) -> Event:
    return make_event(host=host.user, title="Library evening")


@pytest.fixture
def slot(event) -> Timeslot:
    return make_timeslot(event, capacity=10)


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def of(event, end: str = "") -> str:
    return f"/host/events/{event.pk}/{end}"


def cohost(event) -> CoHost:
    user = make_user()
    return CoHost.objects.create(
        event=event,
        email=user.email,
        user=user,
        token_digest=f"d{user.pk}",
        invited_at=timezone.now(),
        accepted_at=timezone.now(),
    )


# -- the desk --------------------------------------------------------------------------


def test_an_empty_desk_is_kind_and_says_what_to_do(client, host):
    assert "Host your first event" in page(client, "/host/")


def test_the_desk_shows_events_by_where_they_stand(client, host, event, slot):
    make_rsvp(slot, party_size=3)
    make_rsvp(slot, status=RsvpStatus.PENDING)
    make_event(host=host.user, state=EventState.DRAFT, title="Half an idea")
    make_event(host=host.user, state=EventState.SUBMITTED, title="Under the lamp")
    make_event(host=host.user, state=EventState.CANCELLED, title="Called off")
    make_event(title="Somebody else's")
    words = page(client, "/host/")
    order = [
        "For you to finish",
        "Half an idea",
        "Public now",
        "Library evening",
        "Waiting for review",
        "Under the lamp",
        "Over or off the site",
        "Called off",
    ]
    places = [words.index(title) for title in order]
    assert places == sorted(places)
    assert "3 people coming" in words
    assert "1 person waits for your answer" in words
    assert "Somebody else" not in words


def questions(client, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)


def test_the_desk_asks_as_many_questions_for_five_events_as_for_one(client, host, event, slot):
    one = questions(client, "/host/")
    for _more in range(4):
        make_timeslot(make_event(host=host.user))
    assert questions(client, "/host/") == one


# -- whose page it is ------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", ["", "edit/", "guests/", "write/", "times/add/", "cancel/", "unlist/"]
)
def test_others_find_nothing_and_strangers_are_sent_to_log_in(client, end):
    event = make_event()
    make_timeslot(event)
    assert client.get(of(event, end))["Location"].startswith("/accounts/login/")
    client.force_login(make_host().user)
    assert client.get(of(event, end)).status_code == 404


def test_a_guest_or_a_date_of_others_is_not_there(client, host):
    rsvp = make_rsvp()
    for address in (f"/host/guests/{rsvp.pk}/", f"/host/times/{rsvp.timeslot_id}/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"do": "remove"}).status_code == 404
    rsvp.refresh_from_db()
    assert rsvp.status == RsvpStatus.ACCEPTED


def test_a_cohost_sees_the_guests_but_not_their_contacts(client, event, slot):
    rsvp = make_rsvp(slot)
    client.force_login(cohost(event).user)
    assert rsvp.supporter.name in page(client, of(event))
    words = page(client, f"/host/guests/{rsvp.pk}/")
    assert "Call or write" not in words
    assert client.post(f"/host/guests/{rsvp.pk}/", {"do": "contact"}).status_code == 404


@pytest.mark.parametrize("end", ["cancel/", "unlist/", "copy/", "cohosts/"])
def test_what_is_the_hosts_to_decide_is_not_there_for_cohosts(client, event, slot, end):
    make_host(user=cohost(event).user)
    client.force_login(CoHost.objects.get().user)
    assert client.post(of(event, end), {"email": "x@example.org"}).status_code == 404
    event.refresh_from_db()
    assert event.state == EventState.APPROVED


def test_a_cohost_taken_off_finds_nothing_any_more(client, event, slot):
    helper = cohost(event)
    CoHost.objects.update(removed_at=timezone.now())
    client.force_login(helper.user)
    assert client.get(of(event)).status_code == 404


def test_a_look_at_a_homes_address_is_noted_once_a_day(client, host):
    home = make_event(host=host.user, private=True)
    make_timeslot(home)
    for end in ("", "", "edit/"):
        client.get(of(home, end))
    assert [r.reader for r in home.readings.all()] == [f"user:{host.user.pk}"]


# -- where it stands -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EventState.SUBMITTED, "Our staff have it"),
        (EventState.SENT_BACK, "Something needs mending"),
        (EventState.REJECTED, "Our staff said no"),
        (EventState.CANCELLED, "The page stays, with a banner"),
        (EventState.UNLISTED, "Off the site"),
    ],
)
def test_the_page_says_where_the_event_stands(client, host, state, words):
    event = make_event(host=host.user, state=state, state_note="Which door?")
    make_timeslot(event)
    shown = page(client, of(event))
    assert words in shown
    if state in {EventState.SENT_BACK, EventState.REJECTED, EventState.UNLISTED}:
        assert "Which door?" in shown


def test_a_draft_opens_in_its_form(client, host):
    event = make_event(host=host.user, state=EventState.DRAFT)
    assert client.get(of(event))["Location"] == of(event, "edit/")


def test_an_event_that_is_over_is_thanked_for(client, event):
    make_timeslot(event, starts_at=timezone.now() - timedelta(days=3))
    words = page(client, of(event))
    assert "It is over. Thank you!" in words
    assert "Change the event" not in words


def test_a_change_that_waits_is_told_and_can_be_taken_back(client, event, slot):
    EventRevision.objects.create(
        event=event,
        by=event.host,
        created_at=timezone.now(),
        changes={"event": {"venue": "The red barn"}, "timeslots": []},
    )
    words = page(client, of(event))
    assert "A change waits for our staff" in words
    assert "The red barn" in words
    client.post(of(event, "take-back/"))
    assert EventRevision.objects.get().state == RevisionState.WITHDRAWN


# -- guests ----------------------------------------------------------------------------


def test_guests_stand_by_date_with_party_and_note_and_without_contacts(client, event, slot):
    supporter = make_supporter(name="Ada Long", email="ada@example.org", phone="+16145550177")
    make_rsvp(slot, supporter=supporter, party_size=4, note="Two are vegan")
    make_rsvp(slot, status=RsvpStatus.UNCONFIRMED, supporter=make_supporter(name="Not Yet"))
    make_rsvp(slot, status=RsvpStatus.CANCELLED, supporter=make_supporter(name="Gone Away"))
    for address in (of(event), of(event, "guests/")):
        words = page(client, address)
        assert "Ada Long" in words
        assert "Two are vegan" in words
        assert "ada@example.org" not in words
        assert "5550177" not in words
        assert "Not Yet" not in words
        assert "Gone Away" not in words
    assert "1 place held" in page(client, of(event))


def test_a_guests_words_are_words(client, event, slot):
    make_rsvp(slot, note="<script>alert(1)</script>", supporter=make_supporter(name="<b>Bo</b>"))
    for address in (of(event), of(event, "guests/")):
        words = page(client, address)
        assert "<script>alert(1)" not in words
        assert "<b>Bo</b>" not in words


def test_an_event_page_asks_as_many_questions_for_six_guests_as_for_one(client, event, slot):
    make_rsvp(slot)
    one = questions(client, of(event))
    for _more in range(5):
        make_rsvp(slot)
    assert questions(client, of(event)) == one


def test_phone_and_email_are_shown_only_when_asked_for(client, event, slot):
    rsvp = make_rsvp(slot, supporter=make_supporter(email="ada@example.org", phone="+16145550177"))
    address = f"/host/guests/{rsvp.pk}/"
    assert "ada@example.org" not in page(client, address)
    words = client.post(address, {"do": "contact"}).content.decode()
    assert 'href="tel:+16145550177"' in words
    assert "mailto:ada@example.org" in words


def test_a_guest_who_asks_is_let_in(client, event, slot):
    rsvp = make_rsvp(slot, status=RsvpStatus.PENDING)
    client.post(f"/host/guests/{rsvp.pk}/", {"do": "approve"})
    rsvp.refresh_from_db()
    assert rsvp.status == RsvpStatus.ACCEPTED
    assert Message.objects.filter(kind="invitation").exists()


def test_a_guest_who_asks_is_declined_and_the_seat_is_free(client, event, slot):
    rsvp = make_rsvp(slot, status=RsvpStatus.PENDING, party_size=2)
    client.post(f"/host/guests/{rsvp.pk}/", {"do": "decline"})
    rsvp.refresh_from_db()
    slot.refresh_from_db()
    assert rsvp.status == RsvpStatus.REMOVED
    assert slot.seats_taken == 0


def test_answering_twice_says_how_it_stands(client, event, slot):
    rsvp = make_rsvp(slot, status=RsvpStatus.PENDING)
    client.post(f"/host/guests/{rsvp.pk}/", {"do": "approve"})
    answer = client.post(f"/host/guests/{rsvp.pk}/", {"do": "approve"}, follow=True)
    assert "changed a moment ago" in answer.content.decode()


def test_a_guest_is_removed_with_words_and_may_be_kept_out(client, event, slot):
    rsvp = make_rsvp(slot, party_size=3)
    client.post(
        f"/host/guests/{rsvp.pk}/", {"do": "remove", "words": "Sorry, full.", "block": "on"}
    )
    rsvp.refresh_from_db()
    slot.refresh_from_db()
    assert rsvp.status == RsvpStatus.REMOVED
    assert rsvp.guest.blocked_at is not None
    assert slot.seats_taken == 0
    assert Message.objects.filter(kind="removed").exists()


def test_a_made_up_wish_changes_nothing(client, event, slot):
    rsvp = make_rsvp(slot)
    client.post(f"/host/guests/{rsvp.pk}/", {"do": "promote"})
    rsvp.refresh_from_db()
    assert rsvp.status == RsvpStatus.ACCEPTED


# -- writing to all --------------------------------------------------------------------


def test_a_message_goes_once_to_each_guest_through_the_ledger(client, event, slot):
    other = make_timeslot(event, starts_at=slot.starts_at + timedelta(days=1))
    both = make_rsvp(slot).supporter
    make_rsvp(other, supporter=both)
    make_rsvp(other)
    client.post(
        of(event, "write/"), {"words": "Bring water.\r\n", "timeslots": [slot.pk, other.pk]}
    )
    copies = Message.objects.filter(kind="host_message")
    assert copies.count() == 2
    assert {copy.payload["words"] for copy in copies} == {"Bring water."}
    sent = guestlist.messages_sent(event)
    assert [(m.words, m.by, m.people) for m in sent] == [("Bring water.", event.host, 2)]
    assert "Bring water." in page(client, of(event))


def test_staff_can_read_what_a_host_wrote(client, event, slot):
    make_rsvp(slot)
    client.post(of(event, "write/"), {"words": "Bring water.", "timeslots": [slot.pk]})
    log_in_staff(client)
    assert "Bring water." in page(client, f"/review/events/{event.pk}/")


def test_the_fourth_message_of_a_day_waits_and_its_words_stay(client, event, slot):
    make_rsvp(slot)
    for number in range(3):
        client.post(of(event, "write/"), {"words": f"News {number}", "timeslots": [slot.pk]})
    answer = client.post(of(event, "write/"), {"words": "More news", "timeslots": [slot.pk]})
    assert answer.status_code == 422
    assert "the limit for a" in answer.content.decode()
    assert "More news" in answer.content.decode()
    assert Message.objects.filter(kind="host_message").count() == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"words": " \u200b "}, "Write a few words first"),
        ({"words": "x" * 2001}, "at most 2000 characters"),
        ({"words": "Hello", "timeslots": []}, "Choose at least one date"),
        ({"words": "Hello", "timeslots": ["987654"]}, "not one of the available choices"),
    ],
)
def test_a_message_that_cannot_be_sent_says_why(client, event, slot, data, words):
    make_rsvp(slot)
    answer = client.post(of(event, "write/"), {"timeslots": [slot.pk]} | data)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_with_nobody_coming_there_is_nobody_to_write_to(client, event, slot):
    answer = client.post(of(event, "write/"), {"words": "Hello", "timeslots": [slot.pk]})
    assert "Nobody is coming" in answer.content.decode()


# -- one date --------------------------------------------------------------------------


def at(slot) -> str:
    return f"/host/times/{slot.pk}/"


def test_the_room_is_raised_and_lowered_but_not_below_seats_taken(client, event, slot):
    make_rsvp(slot, party_size=6)
    client.post(at(slot), {"do": "capacity", "capacity": "6"})
    slot.refresh_from_db()
    assert slot.capacity == 6
    answer = client.post(at(slot), {"do": "capacity", "capacity": "5"})
    assert "6 places are taken already" in answer.content.decode()
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
    assert "Open it again" in page(client, at(slot))

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


# -- the whole event -------------------------------------------------------------------


def test_an_event_is_cancelled_with_a_note_to_everybody(client, event, slot):
    make_rsvp(slot)
    assert "cannot be undone" in page(client, of(event, "cancel/"))
    client.post(of(event, "cancel/"), {"note": "The roof leaks."})
    event.refresh_from_db()
    assert (event.state, event.cancel_note) == (EventState.CANCELLED, "The roof leaks.")
    assert Message.objects.filter(kind="cancellation").count() == 1
    again = client.post(of(event, "cancel/"), {"note": "Again."}, follow=True)
    assert "already" in again.content.decode()


def test_looking_at_the_pages_of_big_steps_does_nothing(client, event, slot):
    for end in ("cancel/", "unlist/", "guests/", "write/", "times/add/"):
        client.get(of(event, end))
    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    assert client.get(of(event, "copy/")).status_code == 405


def test_an_event_is_taken_off_the_site_at_once(client, event, slot):
    client.post(of(event, "unlist/"))
    event.refresh_from_db()
    assert event.state == EventState.UNLISTED
    assert client.get(event.get_absolute_url()).status_code == 404


def test_an_event_is_done_again_as_a_draft(client, event, slot):
    answer = client.post(of(event, "copy/"))
    copy = Event.objects.latest("pk")
    assert answer["Location"] == of(copy, "edit/")
    assert copy.state == EventState.DRAFT
    assert copy.typed["fields"]["title"] == "Library evening"


def test_the_letters_are_summed_up_in_plain_words(client, event, slot):
    rsvp = make_rsvp(slot)
    post_invitation(rsvp, now=timezone.now())
    assert "0 of 1 sent, 1 on its way" in page(client, of(event))


def test_letters_to_the_desk_are_not_summed_up_as_letters_to_guests(client, event, slot):
    letters.post_submitted(event, now=timezone.now())
    assert "Sent to review" not in page(client, of(event))


def test_a_guest_list_is_printed_by_date(client, event, slot):
    make_rsvp(slot, supporter=make_supporter(name="Ada Long"))
    assert "Ada Long" in page(client, of(event, "guests/"))


def test_an_rsvp_of_another_event_is_no_guest_here(client, host, event, slot):
    elsewhere = make_rsvp(make_timeslot(make_event(host=host.user)))
    assert elsewhere.supporter.name not in page(client, of(event))
    assert Rsvp.objects.count() == 1
