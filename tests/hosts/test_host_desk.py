"""The host's desk and the page of one event: who may see what, and where it stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event, EventRevision
from events.states import EventState, RevisionState
from hosts import letters
from hosts.models import CoHost
from outbox import ledger
from outbox.models import Message
from rsvps.invites import post_invitation
from rsvps.models import Rsvp
from rsvps.states import ReminderKind, RsvpStatus
from tests.factories import (
    make_event,
    make_host,
    make_rsvp,
    make_supporter,
    make_timeslot,
)
from tests.hosts.pages import cohost, of, page, questions

pytestmark = pytest.mark.django_db


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
    assert "1 person is waiting for your answer" in words
    assert "Somebody else" not in words


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
    assert "Show phone and email" not in words
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
        (EventState.SENT_BACK, "A few things to fix"),
        (EventState.REJECTED, "Our staff said no"),
        (EventState.CANCELLED, "The page stays up with a banner"),
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


def test_one_guest_on_one_date_is_counted_in_the_singular(client, event, slot):
    make_rsvp(slot)
    words = page(client, of(event))
    assert "<dt>person coming</dt><dd>1</dd>" in words
    assert "<dt>date</dt><dd>1</dd>" in words


def test_a_change_that_waits_is_told_and_can_be_taken_back(client, event, slot):
    EventRevision.objects.create(
        event=event,
        by=event.host,
        created_at=timezone.now(),
        changes={"event": {"venue": "The red barn"}, "timeslots": []},
    )
    words = page(client, of(event))
    assert "A change is with our staff" in words
    assert "The red barn" in words
    client.post(of(event, "take-back/"))
    assert EventRevision.objects.get().state == RevisionState.WITHDRAWN


def test_a_host_does_not_read_about_the_host_as_of_somebody_else(client, host):
    sent_back = make_event(host=host.user, state=EventState.SENT_BACK)
    for address in ("/host/", of(sent_back)):
        assert "Sent back to the host" not in page(client, address)


# -- the whole event -------------------------------------------------------------------


def test_an_event_is_cancelled_with_a_note_to_everybody(client, event, slot):
    make_rsvp(slot)
    assert "You can't undo this" in page(client, of(event, "cancel/"))
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


def settle(message: Message, how: str) -> None:
    """Have a deliverer take the letter on, and end like that; it stays queued for "planned"."""
    if how == "planned":
        return
    now = timezone.now()
    [mine] = ledger.claim(owner="a", now=now, limit=1)
    assert mine.pk == message.pk
    if how == "suppressed":
        ledger.mark_suppressed(mine, now=now, why="The person unsubscribed")
        return
    ledger.mark_transmitting(mine, now=now)
    if how == "uncertain":
        ledger.mark_uncertain(mine, now=now, why="after the final dot: timed out")
    elif how == "refused":
        ledger.mark_failed(mine, now=now, why="550 at RCPT: no such user")
    else:
        ledger.mark_sent(mine, now=now)
    if how == "bounced":
        ledger.mark_bounced(mine, now=now, why="came back: 5.1.1")


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ({"sent": 41, "bounced": 2}, "41 of 43 sent, 2 could not be delivered"),
        ({"sent": 1, "refused": 1}, "1 of 2 sent, 1 could not be delivered"),
        ({"sent": 3}, "3 of 3 sent"),
        ({"sent": 1, "planned": 2}, "1 of 3 sent, 2 on their way"),
        ({"sent": 1, "uncertain": 2}, "1 of 3 sent, 2 perhaps sent"),
        (
            {"suppressed": 1},
            "0 of 1 sent, 1 not sent because the person wants no such letters"
            " or the address is dead",
        ),
        (
            {"refused": 1, "uncertain": 1, "suppressed": 2, "planned": 1},
            "0 of 5 sent, 1 on its way, 1 could not be delivered, 1 perhaps sent, 2 not sent"
            " because the people want no such letters or the addresses are dead",
        ),
    ],
)
def test_the_host_reads_in_one_sentence_how_the_reminders_stand(
    client, event, slot, ends, sentence
):
    now = timezone.now()
    for number, how in enumerate(how for how, many in ends.items() for _ in range(many)):
        message = ledger.post(
            ReminderKind.DAY_BEFORE,
            to=f"guest{number}@example.org",
            subject=f"rsvp:{number}",
            topic=f"event:{event.pk}",
            now=now,
        )
        settle(message, how)
    assert f"<li>Reminder the day before: {sentence}</li>" in page(client, of(event))


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
