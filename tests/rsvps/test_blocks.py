"""Somebody a host removed and keeps out does not come back, however they write themselves."""

import pytest
from django.test import Client
from django.utils import timezone

from rsvps import attending, links
from rsvps.blocks import mailbox
from rsvps.buttons import confirm, request_new_address
from rsvps.models import Rsvp, Supporter, Ticket
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_rsvp, make_supporter, make_timeslot, make_user
from tests.rsvps.pages import send

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "alex.guest@gmail.com", "+16145550199"


@pytest.fixture
def slot():
    return make_timeslot(make_event(approve_each_guest=True))


def a_guest(slot, **fields):
    rsvp = make_rsvp(slot, email=EMAIL, **fields)
    Supporter.objects.filter(pk=rsvp.supporter_id).update(phone=PHONE)
    rsvp.refresh_from_db()
    return rsvp


def keep_out(rsvp):
    attending.remove_guest(
        Rsvp.objects.get(pk=rsvp.pk).guest, by=make_user(), now=timezone.now(), block=True
    )


def back_again(slot):
    """Who is on the list beside those who were removed."""
    return list(
        Rsvp.objects.filter(timeslot=slot)
        .exclude(status=RsvpStatus.REMOVED)
        .values_list("supporter__email", flat=True)
    )


@pytest.mark.parametrize(
    "typed",
    [
        EMAIL,
        " Alex.Guest@Gmail.com ",
        "mailto:alex.guest@gmail.com",
        "alexguest@gmail.com",
        "a.lexguest+party@gmail.com",
        "ALEXGUEST@googlemail.com",
    ],
)
def test_a_blocked_person_cannot_come_back_under_the_same_email(client, slot, typed):
    keep_out(a_guest(slot))
    blocked = send(client, slot, email=typed)
    stranger = send(Client(), slot, email="somebody.else@example.org")
    assert back_again(slot) == ["somebody.else@example.org"]
    assert blocked.redirect_chain == stranger.redirect_chain  # and is not told


@pytest.mark.parametrize(
    "typed", ["+16145550199", "614 555 0199", "(614) 555-0199", "1-614-555-0199", "614.555.0199"]
)
def test_a_blocked_person_cannot_come_back_under_the_same_phone(client, slot, typed):
    keep_out(a_guest(slot))
    send(client, slot, email="new@example.org", phone=typed)
    assert back_again(slot) == []


def known_by(email):
    """Somebody who came elsewhere before and left the phone of the person who is kept out."""
    return make_supporter(email=email, phone=PHONE)


@pytest.mark.parametrize("asks", [True, False])
def test_nor_under_another_email_that_has_their_phone_on_file(client, asks):
    slot = make_timeslot(make_event(approve_each_guest=asks))
    keep_out(a_guest(slot))
    known_by("new@example.org")

    blocked = send(client, slot, email="new@example.org", phone="")
    stranger = send(Client(), slot, email="somebody.else@example.org")

    assert back_again(slot) == ["somebody.else@example.org"]
    assert blocked.redirect_chain == stranger.redirect_chain


def test_nor_by_a_button_once_their_phone_is_on_file(client, slot):
    keep_out(a_guest(slot))
    send(client, slot, email="new@example.org", phone="")
    Supporter.objects.filter(email="new@example.org").update(phone=PHONE)

    with pytest.raises(attending.NotWelcome):
        confirm(Ticket.objects.select_related("guest__event").get(), now=timezone.now())


def test_nor_in_a_friends_place_at_an_email_that_has_their_phone_on_file(slot):
    keep_out(a_guest(slot))
    known_by("new@example.org")
    friend = make_rsvp(slot, email="friend@example.org")
    request_new_address(friend.guest, "new@example.org", now=timezone.now())

    with pytest.raises(attending.NotWelcome):
        confirm(Ticket.objects.select_related("guest__event").get(), now=timezone.now())
    assert back_again(slot) == ["friend@example.org"]


def test_a_blocked_person_cannot_free_their_address_by_moving_to_another(client, slot):
    rsvp = a_guest(slot)
    keep_out(rsvp)
    path = links.manage_url(Rsvp.objects.get(pk=rsvp.pk).guest).partition("/r/")[2]
    client.post(f"/r/{path}", {"do": "details", "name": "Alex", "email": "new@example.org"})
    assert not Ticket.objects.exists()
    send(client, slot, email=EMAIL)
    assert back_again(slot) == []


def test_nor_by_a_letter_with_a_button_that_was_on_its_way(slot):
    rsvp = a_guest(slot)
    request_new_address(rsvp.guest, "new@example.org", now=timezone.now())
    keep_out(rsvp)
    assert not Ticket.objects.exists()


def test_the_address_somebody_had_before_they_were_blocked_is_blocked_too(client, slot):
    rsvp = a_guest(slot)
    request_new_address(rsvp.guest, "new@example.org", now=timezone.now())
    confirm(Ticket.objects.select_related("guest__event").get(), now=timezone.now())
    keep_out(rsvp)
    for email in (EMAIL, "new@example.org"):
        send(client, slot, email=email)
    assert back_again(slot) == []


def test_another_guest_cannot_hand_their_place_to_a_blocked_address(client, slot):
    keep_out(a_guest(slot))
    friend = make_rsvp(slot, email="friend@example.org")
    request_new_address(friend.guest, "alexguest+2@gmail.com", now=timezone.now())
    with pytest.raises(attending.NotWelcome):
        confirm(Ticket.objects.select_related("guest__event").get(), now=timezone.now())
    assert back_again(slot) == ["friend@example.org"]


def test_a_block_outlives_the_persons_data(client, slot):
    rsvp = a_guest(slot)
    keep_out(rsvp)
    Supporter.objects.filter(pk=rsvp.supporter_id).delete()
    send(client, slot, email=EMAIL)
    send(client, slot, email="new@example.org", phone=PHONE)
    assert back_again(slot) == []


def test_a_block_is_for_one_event(client, slot):
    keep_out(a_guest(slot))
    other = make_timeslot()
    send(client, other, email=EMAIL)
    assert back_again(other) == [EMAIL]


def test_a_guest_who_was_removed_and_not_blocked_may_ask_under_another_address(client, slot):
    rsvp = a_guest(slot)
    attending.remove_guest(rsvp.guest, by=make_user(), now=timezone.now(), block=False)
    send(client, slot, email="new@example.org", phone=PHONE)
    assert back_again(slot) == ["new@example.org"]


def test_dots_and_what_stands_after_a_plus_are_one_mailbox():
    assert mailbox("a.b+c@googlemail.com") == mailbox("ab@gmail.com")
    assert mailbox("a.b@example.org") != mailbox("ab@example.org")
    assert mailbox("+@example.org") == "+@example.org"
