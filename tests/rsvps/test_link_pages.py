"""What mailed links open: the button, the guest's own page, unsubscribing."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events.models import AddressReading, Event, Timeslot
from events.states import EventState
from outbox import suppression
from outbox.models import Message
from rsvps import links
from rsvps.attending import cancel_rsvp, remove_guest
from rsvps.buttons import request_new_address
from rsvps.models import Consent, Guest, RateCount, Rsvp, Supporter, Ticket
from rsvps.states import RsvpStatus
from tests.factories import STREET, make_event, make_guest, make_rsvp, make_timeslot, make_user
from tests.rsvps.pages import EMAIL, confirm_path, letters, manage_path, send, text

pytestmark = pytest.mark.django_db


# -- Confirm -------------------------------------------------------------------------


def test_button_behind_the_letter_makes_the_rsvp_stand(client):
    slot = make_timeslot(make_event(private=True))
    send(client, slot, party_size="2")
    page = client.get(confirm_path())
    assert "2 people" in text(page)
    assert Rsvp.objects.get().status == RsvpStatus.UNCONFIRMED  # opening it changed nothing
    response = client.post(confirm_path())
    assert "You're in" in text(response)
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED
    for secret in (STREET, manage_path(Guest.objects.get())):
        assert secret not in response.text


def test_button_pressed_twice_says_all_is_well(client):
    send(client, make_timeslot(make_event(private=True)))
    client.post(confirm_path())
    assert "already pressed" in text(client.post(confirm_path()))
    assert letters() == ["confirm", "invitation"]


def test_button_for_a_timeslot_that_filled_says_how_many_places_are_left(client):
    slot = make_timeslot(capacity=3)
    make_rsvp(slot, email=EMAIL)
    send(client, slot, party_size="2")
    make_rsvp(type(slot).objects.get())
    slot.refresh_from_db()
    slot.capacity = 2
    slot.save()
    response = client.post(confirm_path())
    assert "full now" in text(response)
    assert Rsvp.objects.get(supporter__email=EMAIL).party_size == 1


def test_button_for_two_where_one_spot_is_left_says_so_in_good_english(client):
    slot = make_timeslot(capacity=2)
    make_rsvp(slot, email=EMAIL, status=RsvpStatus.CANCELLED)
    send(client, slot, party_size="2")
    Timeslot.objects.update(seats_taken=1)
    assert "has only 1 spot left." in text(client.post(confirm_path()))


def test_button_after_the_event_was_cancelled_says_so(client):
    slot = make_timeslot(make_event(private=True))
    send(client, slot)
    slot.event.state = EventState.CANCELLED
    slot.event.save()
    page = text(client.post(confirm_path()))
    assert "was cancelled, so you" in page
    assert "Choose again" not in page


def test_expired_button_opens_the_friendly_page(client):
    send(client, make_timeslot(make_event(private=True)))
    path = confirm_path()
    Ticket.objects.update(expires_at=timezone.now())
    response = client.post(path)
    assert response.status_code == 404
    assert "work anymore" in text(response)


def test_host_who_answers_each_guest_is_named_after_the_button(client):
    send(client, make_timeslot(make_event(private=True, approve_each_guest=True)))
    assert "The host answers next" in text(client.post(confirm_path()))


# -- Manage --------------------------------------------------------------------------


def a_private_rsvp(status=RsvpStatus.ACCEPTED) -> Rsvp:
    event = make_event(private=True)
    return make_rsvp(make_timeslot(event, instructions="The code is 4711"), status=status)


def test_manage_page_shows_the_address_to_a_guest_who_is_coming_and_notes_it_once(client):
    rsvp = a_private_rsvp()
    for _ in range(2):
        page = client.get(manage_path(rsvp.guest)).text
    assert STREET in page
    assert "4711" in page
    assert AddressReading.objects.get().reader == f"guest:{rsvp.guest_id}"


@pytest.mark.parametrize(
    "status", [status for status in RsvpStatus if status not in {"accepted", "tentative"}]
)
def test_manage_page_shows_no_address_to_anybody_who_is_not_coming(client, status):
    rsvp = a_private_rsvp(status)
    page = client.get(manage_path(rsvp.guest)).text
    assert STREET not in page
    assert "4711" not in page
    assert not AddressReading.objects.exists()


@pytest.mark.parametrize("state", [EventState.UNLISTED, EventState.CANCELLED])
def test_address_is_gone_at_the_next_request_once_the_event_is(client, state):
    rsvp = a_private_rsvp()
    rsvp.timeslot.event.state = state
    rsvp.timeslot.event.save()
    assert STREET not in client.get(manage_path(rsvp.guest)).text


def test_guest_of_an_unlisted_event_finds_the_way_off_the_list_that_the_letter_promises(client):
    rsvp = a_private_rsvp()
    Event.objects.update(state=EventState.UNLISTED)
    assert 'value="cancel"' in client.get(manage_path(rsvp.guest)).text
    response = client.post(manage_path(rsvp.guest), {"do": "cancel"}, follow=True)
    assert "off the list" in text(response)
    assert Rsvp.objects.get().status == RsvpStatus.CANCELLED
    assert 'value="cancel"' not in response.text


def test_guest_changes_three_people_to_two(client):
    rsvp = make_rsvp(make_timeslot(capacity=5), party_size=3)
    path = manage_path(rsvp.guest)
    data = {"do": "plan", "timeslots": [f"{rsvp.timeslot_id}.0"], "party_size": "2"}
    response = client.post(path, data, follow=True)
    assert response.redirect_chain == [(path, 302)]
    rsvp.refresh_from_db()
    rsvp.timeslot.refresh_from_db()
    assert (rsvp.party_size, rsvp.timeslot.seats_taken) == (2, 2)
    assert letters() == ["party_change"]


def test_guest_exchanges_timeslots(client):
    event = make_event()
    first, second = make_timeslot(event), make_timeslot(event)
    rsvp = make_rsvp(first)
    data = {"do": "plan", "timeslots": [f"{second.pk}.0"], "party_size": "1"}
    client.post(manage_path(rsvp.guest), data)
    assert dict(Rsvp.objects.values_list("timeslot", "status")) == {
        first.pk: "cancelled",
        second.pk: "accepted",
    }


def test_guest_who_wants_too_many_is_told_how_many_more_fit(client):
    rsvp = make_rsvp(make_timeslot(capacity=3), party_size=1)
    data = {"do": "plan", "timeslots": [f"{rsvp.timeslot_id}.0"], "party_size": "9"}
    response = client.post(manage_path(rsvp.guest), data)
    assert "only room for 2 more people" in text(response)


def test_guest_at_a_full_time_who_wants_more_is_not_told_to_go_elsewhere(client):
    rsvp = make_rsvp(make_timeslot(capacity=1), party_size=1)
    data = {"do": "plan", "timeslots": [f"{rsvp.timeslot_id}.0"], "party_size": "2"}
    page = text(client.post(manage_path(rsvp.guest), data))
    assert "no room for more people" in page
    assert "just filled up" not in page


def test_saving_keeps_parties_of_different_size_as_they_are(client):
    event = make_event()
    three = make_rsvp(make_timeslot(event), party_size=3)
    one = make_rsvp(make_timeslot(event), supporter=three.supporter)
    path = manage_path(three.guest)
    assert "Leave it blank" in text(client.get(path))
    times = [f"{three.timeslot_id}.0", f"{one.timeslot_id}.0"]
    client.post(path, {"do": "plan", "timeslots": times, "party_size": "", "note": "Hello"})
    assert list(Rsvp.objects.order_by("pk").values_list("party_size", "note")) == [
        (3, "Hello"),
        (1, "Hello"),
    ]
    client.post(path, {"do": "plan", "timeslots": times, "party_size": "2", "note": "Hello"})
    assert list(Rsvp.objects.values_list("party_size", flat=True)) == [2, 2]


def test_unticking_everything_is_answered_with_the_cancel_button(client):
    rsvp = make_rsvp()
    response = client.post(manage_path(rsvp.guest), {"do": "plan", "party_size": "1"})
    assert "at least one time" in text(response)
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED


def test_cancelled_guest_sees_no_address_and_only_come_back(client):
    rsvp = a_private_rsvp()
    path = manage_path(rsvp.guest)
    response = client.post(path, {"do": "cancel"}, follow=True)
    assert Rsvp.objects.get().status == RsvpStatus.CANCELLED
    assert STREET not in response.text
    assert re.findall(r'name="do" value="(\w+)"', response.text) == ["come_back"]
    client.post(path, {"do": "come_back", "rsvp": rsvp.pk})
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED
    assert letters() == ["rsvp_cancelled", "invitation"]


def test_coming_back_to_a_full_timeslot_says_so(client):
    slot = make_timeslot(capacity=1)
    rsvp = make_rsvp(slot)
    cancel_rsvp(rsvp, now=timezone.now())
    make_rsvp(type(slot).objects.get())
    response = client.post(
        manage_path(rsvp.guest), {"do": "come_back", "rsvp": rsvp.pk}, follow=True
    )
    assert "full now" in text(response)


def test_guest_cannot_bring_back_somebody_elses_rsvp(client):
    other = make_rsvp(status=RsvpStatus.CANCELLED)
    client.post(manage_path(make_rsvp().guest), {"do": "come_back", "rsvp": other.pk})
    other.refresh_from_db()
    assert other.status == RsvpStatus.CANCELLED


def test_guest_mends_a_name(client):
    rsvp = make_rsvp(email=EMAIL)
    client.post(
        manage_path(rsvp.guest), {"do": "details", "name": "Alexandra Guest", "email": EMAIL}
    )
    assert Supporter.objects.get().name == "Alexandra Guest"
    assert letters() == []


def test_guest_mends_an_address_and_the_old_link_dies(client):
    rsvp = make_rsvp(email="alex@exmaple.org")
    path = manage_path(rsvp.guest)
    data = {"do": "details", "name": rsvp.supporter.name, "email": EMAIL}
    assert "Press the button in that email" in text(client.post(path, data, follow=True))
    assert client.get(path).status_code == 200
    assert "Is this your address?" in text(client.get(confirm_path()))
    assert "Your address is changed" in text(client.post(confirm_path()))
    assert client.get(path).status_code == 404
    assert client.get(manage_path(Guest.objects.get())).status_code == 200


def test_mistyped_new_address_is_asked_about_once(client):
    rsvp = make_rsvp(email=EMAIL)
    path = manage_path(rsvp.guest)
    data = {"do": "details", "name": rsvp.supporter.name, "email": "alex@gmial.com"}
    asked = client.post(path, data)
    assert "Did you mean alex@gmail.com?" in text(asked)
    assert 'name="use_email" value="alex@gmail.com"' in asked.text
    assert not Ticket.objects.exists()
    client.post(path, data | {"use_email": "alex@gmail.com"})
    client.post(path, data | {"email_kept": "alex@gmial.com"})
    written_to = Ticket.objects.order_by("pk").values_list("payload__email", flat=True)
    assert list(written_to) == ["alex@gmail.com", "alex@gmial.com"]


def test_known_address_is_not_asked_about_when_a_name_is_mended(client):
    rsvp = make_rsvp(email="alex@gmial.com")
    data = {"do": "details", "name": "Alexandra Guest", "email": "alex@gmial.com"}
    client.post(manage_path(rsvp.guest), data)
    assert Supporter.objects.get().name == "Alexandra Guest"


def test_new_address_that_has_an_rsvp_of_its_own_is_explained(client):
    slot = make_timeslot()
    rsvp = make_rsvp(slot)
    make_rsvp(slot, email=EMAIL)
    request_new_address(rsvp.guest, EMAIL, now=timezone.now())
    page = text(client.post(confirm_path()))
    assert "already has its own RSVP" in page
    assert "Choose again" not in page


def test_removed_guest_finds_the_old_link_dead(client):
    rsvp = a_private_rsvp()
    path = manage_path(rsvp.guest)
    remove_guest(rsvp.guest, by=make_user(), now=timezone.now())
    assert client.get(path).status_code == 404
    page = client.get(manage_path(Guest.objects.get()))
    assert "not on the guest list anymore" in text(page)
    assert STREET not in page.text


def test_manage_page_asks_the_database_as_often_for_three_as_for_one(
    client, django_assert_max_num_queries
):
    event = make_event()
    rsvp = make_rsvp(make_timeslot(event))
    for number in (1, 3):
        while event.timeslots.count() < number:
            make_rsvp(make_timeslot(event), supporter=rsvp.supporter)
        with django_assert_max_num_queries(8):
            client.get(manage_path(rsvp.guest))


# -- Unsubscribe ---------------------------------------------------------------------


def test_unsubscribing_takes_one_post_without_cookie_or_token():
    rsvp = make_rsvp(email=EMAIL)
    path = links.unsubscribe_url(rsvp.supporter).replace("http://localhost:8000", "")
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path).status_code == 200
    assert not suppression.is_unsubscribed(EMAIL)  # opening it changed nothing
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert suppression.is_unsubscribed(EMAIL)
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED


def test_unsubscribing_takes_consents_back(client):
    rsvp = make_rsvp()
    now = timezone.now()
    Consent.objects.create(supporter=rsvp.supporter, purpose="news", wording="x", given_at=now)
    client.post(links.unsubscribe_url(rsvp.supporter).replace("http://localhost:8000", ""))
    assert Consent.objects.get().withdrawn_at is not None


# -- All links -----------------------------------------------------------------------


def all_token_paths() -> list[str]:
    rsvp = make_rsvp(make_timeslot(make_event(private=True)))
    make_guest()
    request_new_address(rsvp.guest, "new@example.org", now=timezone.now())
    unsubscribe = links.unsubscribe_url(rsvp.supporter).replace("http://localhost:8000", "")
    return [manage_path(rsvp.guest), unsubscribe, confirm_path()]


def test_token_pages_are_kept_found_and_passed_on_by_nobody(client):
    paths = all_token_paths()
    for path in [*paths, "/c/unknown/", "/r/unknown/", "/u/unknown"]:
        response = client.get(path)
        assert "no-store" in response["Cache-Control"]
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "no-referrer"


def test_opening_links_changes_nothing_but_the_log_of_readings(client):
    def everything() -> list:
        models = (Rsvp, Guest, Supporter, Ticket, Consent, Message, RateCount)
        return [list(model.objects.order_by("pk").values()) for model in models]

    paths = all_token_paths()
    before = everything()
    for path in paths:
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert everything() == before


def test_unknown_altered_and_foreign_links_open_one_friendly_page(client):
    manage, unsubscribe, confirm = all_token_paths()
    token = manage.strip("/").partition("/")[2]
    wrong = [
        f"/r/{token[:-1]}/",
        f"/r/{token}x/",
        f"/r/{token.swapcase()}/",
        f"/r/{'A' * 4000}/",
        "/r/%00/",
        "/r/é/",
        f"/c/{token}/",
        f"/u/{token}",
        f"/r/{confirm.split('/')[2]}/",
        f"/r/{unsubscribe.split('/')[2]}/",
    ]
    pages = {client.get(path).text for path in wrong} | {client.post(p).text for p in wrong}
    assert len(pages) == 1
    assert "work anymore" in pages.pop()


def test_buttons_work_from_a_browser_that_hands_on_no_referrer():
    rsvp = make_rsvp()
    strict = Client(enforce_csrf_checks=True, headers={"origin": "null"})
    strict.post(manage_path(rsvp.guest), {"do": "cancel"})
    assert Rsvp.objects.get().status == RsvpStatus.CANCELLED


def test_a_party_that_was_is_not_called_coming(client):
    past = make_rsvp(make_timeslot(starts_at=timezone.now() - timedelta(days=2)))
    page = text(client.get(manage_path(past.guest)))
    assert "This is over" in page
    assert "You're coming" not in page
