"""The host and the guests: answering, removing, letting in again, writing to all."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hosts import guestlist
from hosts.models import Record
from outbox.models import Message
from rsvps import attending, errands
from rsvps.buttons import confirm
from rsvps.models import Rsvp, Ticket
from rsvps.signup import SignupForm, sign_up
from rsvps.states import RsvpStatus
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_supporter,
    make_timeslot,
)
from tests.hosts.pages import cohost, of, page, questions

pytestmark = pytest.mark.django_db


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
    assert "1 spot held" in page(client, of(event))


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


def removed(client, slot, *, block: bool) -> Rsvp:
    rsvp = make_rsvp(slot, email="sam@example.org")
    client.post(
        f"/host/guests/{rsvp.pk}/", {"do": "remove", "words": "", "block": "on" if block else ""}
    )
    rsvp.refresh_from_db()
    return rsvp


@pytest.mark.parametrize("block", [True, False])
def test_a_removed_guest_may_be_let_in_again(client, host, event, slot, block):
    rsvp = removed(client, slot, block=block)
    assert rsvp.supporter.name in page(client, of(event))

    answer = client.post(of(event, f"guests/{rsvp.guest_id}/welcome/"), follow=True)

    assert "can sign up again" in answer.content.decode()
    assert "Let them come again" not in page(client, of(event))
    attending.come_back(Rsvp.objects.get(pk=rsvp.pk), now=timezone.now())
    assert Rsvp.objects.get(pk=rsvp.pk).status == RsvpStatus.ACCEPTED
    assert [(row.words, row.by) for row in Record.objects.order_by("pk")] == [
        ("removed, and kept out" if block else "removed", host.user),
        ("welcome again", host.user),
    ]


def test_a_guest_let_in_again_comes_back_by_the_form(client, event, slot):
    rsvp = removed(client, slot, block=True)
    client.post(of(event, f"guests/{rsvp.guest_id}/welcome/"))
    form = SignupForm(event, {slot.pk: slot.version}, name="Sam", email="sam@example.org")

    sign_up(form, now=timezone.now())
    errands.run(timezone.now())
    confirm(Ticket.objects.get(), now=timezone.now())

    rsvp.refresh_from_db()
    assert rsvp.status == RsvpStatus.ACCEPTED


def test_letting_in_twice_is_recorded_once(client, event, slot):
    rsvp = removed(client, slot, block=True)
    for _ in range(2):
        client.post(of(event, f"guests/{rsvp.guest_id}/welcome/"))

    assert Record.objects.filter(words="welcome again").count() == 1


def test_only_those_who_hold_the_event_let_a_guest_in_again(client, event, slot):
    rsvp = removed(client, slot, block=True)
    other = make_event(host=make_host().user)
    address = of(event, f"guests/{rsvp.guest_id}/welcome/")

    assert client.post(of(other, f"guests/{rsvp.guest_id}/welcome/")).status_code == 404
    client.force_login(other.host)
    assert client.post(address).status_code == 404
    client.force_login(cohost(event).user)
    assert client.post(address).status_code == 302


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


def test_an_event_without_a_date_ahead_has_nobody_to_write_to(client, event):
    words = page(client, of(event, "write/"))
    assert "Nobody to write to" in words
    assert "<textarea" not in words


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
    assert "No one is coming" in answer.content.decode()
