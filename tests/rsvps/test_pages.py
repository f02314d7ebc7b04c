"""Guests' pages: the RSVP form and its answer, lost letters, and what mailed links open."""

import re
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from events.models import AddressReading, Event, Timeslot
from events.states import EventState, EventType, TimeslotState
from outbox import suppression
from outbox.models import Message
from rsvps import errands, links
from rsvps.attending import cancel_rsvp, remove_guest
from rsvps.buttons import request_new_address
from rsvps.forms.strangers import WORK_BITS
from rsvps.models import Consent, Guest, RateCount, Rsvp, Supporter, Ticket
from rsvps.states import RsvpStatus
from tests.factories import STREET, make_event, make_guest, make_rsvp, make_timeslot, make_user

pytestmark = pytest.mark.django_db

EMAIL = "alex@example.org"


def fill_in(client: Client, *slots, **typed) -> dict:
    """What a browser sends: the form as the page showed it, with this typed into it."""
    event = slots[0].event
    form = client.get(f"/events/{event.pk}/rsvp/").context["form"]
    return {
        "timeslots": [f"{slot.pk}.{slot.version}" for slot in slots],
        "party_size": "1",
        "name": "Alex Guest",
        "email": EMAIL,
        "postal_code": "43215",
        "stamp": form.initial["stamp"],
        **typed,
    }


def send(client: Client, *slots, **typed):
    data = fill_in(client, *slots, **typed)
    return client.post(f"/events/{slots[0].event_id}/rsvp/", data, follow=True)


def errors(response) -> dict[str, list[str]]:
    return {name: list(words) for name, words in response.context["form"].errors.items()}


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def letters() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def manage_path(guest: Guest) -> str:
    return links.manage_url(guest).replace("http://localhost:8000", "")


def confirm_path() -> str:
    errands.run(timezone.now())
    token = Message.objects.filter(payload__has_key="token").latest("pk").payload["token"]
    return f"/c/{token}/"


# -- The form and its answer ---------------------------------------------------------


def test_form_takes_an_rsvp_for_three_and_says_what_happens_next(client):
    slot = make_timeslot(capacity=5)
    response = send(client, slot, party_size="3", note="We bring chairs", news="on")
    assert response.redirect_chain == [(f"/events/{slot.event_id}/rsvp/sent/", 302)]
    assert "You're in" in text(response)
    assert EMAIL in text(response)
    rsvp = Rsvp.objects.get()
    assert (rsvp.party_size, rsvp.note, rsvp.status) == (3, "We bring chairs", "accepted")
    consent = Consent.objects.get()
    assert consent.wording == "Email me news about the campaign. I can stop it anytime."
    assert timezone.now() - consent.given_at < timedelta(minutes=1)


def test_answer_page_offers_the_calendar_of_a_public_place_and_a_link_to_share(client):
    slot = make_timeslot()
    page = send(client, slot).text
    assert f"/events/{slot.event_id}-{slot.event.slug}.ics" in page
    assert "calendar.google.com" in page
    assert "outlook.live.com" in page
    assert 'data-url="http' in page


@pytest.mark.parametrize(
    ("starts_in", "promise"),
    [
        ({"days": 3}, "remind you the day before."),
        ({"hours": 6}, "remind you before it starts."),
        ({"hours": 1}, None),
    ],
)
def test_answer_page_promises_only_reminders_that_are_still_to_come(client, starts_in, promise):
    noon = datetime(2027, 1, 9, 12, 30, tzinfo=ZoneInfo("America/New_York"))
    with time_machine.travel(noon):
        page = text(send(client, make_timeslot(starts_at=timezone.now() + timedelta(**starts_in))))
    assert (promise in page) if promise else ("remind you" not in page)


def test_answer_page_of_a_private_home_shows_neither_address_nor_manage_link(client):
    event = make_event(private=True)
    slot = make_timeslot(event, instructions="The code is 4711")
    response = send(client, slot)
    assert "check your email" in text(response)
    guest = Guest.objects.get()
    for secret in (STREET, "41 South", "Apt 4", "4711", manage_path(guest), "calendar.google"):
        assert secret not in response.text


@pytest.mark.parametrize("private", [False, True])
def test_answer_page_is_the_same_for_a_known_and_an_unknown_address(client, private):
    slot = make_timeslot(make_event(private=private), capacity=30)
    make_rsvp(slot, email="known@example.org", party_size=2)
    known = send(client, slot, email="known@example.org")
    unknown = send(Client(), slot, email="nobody@example.org")

    def same(response, email):
        return re.sub(r'value="[\w:.-]+"', "", response.text.replace(email, "EMAIL"))

    assert same(known, "known@example.org") == same(unknown, "nobody@example.org")
    assert Rsvp.objects.get(supporter__email="known@example.org").party_size == 2


def test_answer_page_without_an_answer_goes_to_the_event(client):
    slot = make_timeslot()
    response = client.get(f"/events/{slot.event_id}/rsvp/sent/")
    assert response.url == slot.event.get_absolute_url()


def test_the_same_page_sent_twice_makes_one_rsvp(client):
    slot = make_timeslot(capacity=2)
    data = fill_in(client, slot, party_size="2")
    pages = [client.post(f"/events/{slot.event_id}/rsvp/", data, follow=True) for _ in range(2)]
    assert pages[0].text == pages[1].text
    assert Rsvp.objects.count() == 1
    assert letters() == ["invitation"]


def test_choice_made_on_the_event_page_is_ticked(client):
    event = make_event()
    slots = [make_timeslot(event), make_timeslot(event)]
    page = client.get(f"/events/{event.pk}/rsvp/?timeslot={slots[1].pk}")
    assert [choice.checked for choice in page.context["choices"]] == [False, True]


def test_consents_are_off_until_ticked(client):
    slot = make_timeslot()
    page = client.get(f"/events/{slot.event_id}/rsvp/").text
    assert re.findall(r'<input type="checkbox" name="(?:news|texts)"[^>]*checked', page) == []
    send(client, slot)
    assert not Consent.objects.exists()


def test_page_and_sending_ask_the_database_little(client, django_assert_max_num_queries):
    event = make_event()
    slots = [make_timeslot(event) for _ in range(3)]
    data = fill_in(client, *slots)
    with django_assert_max_num_queries(3):
        client.get(f"/events/{event.pk}/rsvp/")
    with django_assert_max_num_queries(60):
        client.post(f"/events/{event.pk}/rsvp/", data)


# -- Bad input -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("party_size", "0", "at least 1"),
        ("party_size", "-1", "at least 1"),
        ("party_size", "1000", "up to 20"),
        ("party_size", "1,000", "up to 20"),
        ("party_size", "9" * 30, "up to 20"),
        ("party_size", "two", "Use a number"),
        ("party_size", "", "how many of you"),
        ("name", "", "your name"),
        ("name", "   ", "your name"),
        ("name", "\u202e\u0000\u200b", "your name"),
        ("name", "x" * 101, "100"),
        ("name", "Win at www.evil.example", "with no links"),
        ("email", "", "email address"),
        ("email", "alex", "a complete email address"),
        ("email", "alex@", "a complete email address"),
        ("email", "a@" + "b" * 249 + ".org", "a complete email address"),
        ("postal_code", "", "ZIP"),
        ("postal_code", "00000", "know the ZIP"),
        ("postal_code", "432", "know the ZIP"),
        ("phone", "123", "phone number"),
        ("note", "x" * 501, "500"),
        ("timeslots", [], "at least one time"),
        ("timeslots", ["nonsense"], "one of the times"),
        ("timeslots", ["1.2.3", "'; DROP TABLE"], "one of the times"),
    ],
)
def test_bad_input_is_answered_in_plain_words_beside_its_field(client, field, typed, words):
    slot = make_timeslot()
    response = send(client, slot, **{field: typed})
    assert list(errors(response)) == [field]
    assert words in errors(response)[field][0]
    target = "times" if field == "timeslots" else f"id_{field}"
    assert f'href="#{target}"' in response.text  # the summary leads there
    assert f'id="{target}"' in response.text
    assert not Supporter.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("email", "  Alex@Example.ORG ", "alex@example.org"),
        ("email", "alex@exämple.org", "alex@xn--exmple-cua.org"),
        ("phone", "(614) 555-0123", "+16145550123"),
        ("phone", "614.555.0123", "+16145550123"),
        ("phone", "+44 20 7946 0018", "+442079460018"),
        ("postal_code", " 43215-1234 ", "43215"),
        ("postal_code", "k1a 0b1", "K1A 0B1"),
        ("name", "  Zoë \u200b  Müller\u0000 ", "Zoë Müller"),
        ("name", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("name", "دانا", "دانا"),
    ],
)
def test_what_people_type_is_tidied(client, field, typed, kept):
    send(client, make_timeslot(), **{field: typed})
    assert getattr(Supporter.objects.get(), field) == kept


def test_typed_html_is_shown_as_text(client):
    response = send(client, make_timeslot(), name="<script>alert(1)</script>", party_size="0")
    assert "<script>alert(1)" not in response.text
    assert "&lt;script&gt;alert(1)" in response.text


def test_party_size_survives_stray_spaces(client):
    send(client, make_timeslot(), party_size=" 3 ")
    assert Rsvp.objects.get().party_size == 3


def test_mistyped_domain_is_asked_about_and_taken_when_sent_again(client):
    slot = make_timeslot()
    data = fill_in(client, slot, email="alex@gmial.com")
    url = f"/events/{slot.event_id}/rsvp/"
    asked = client.post(url, data)
    assert "Did you mean alex@gmail.com?" in text(asked)
    assert 'value="alex@gmail.com"' in asked.text
    kept = asked.context["form"].data["email_kept"]
    client.post(url, data | {"email_kept": kept})
    assert Supporter.objects.get().email == "alex@gmial.com"


def test_mistyped_domain_is_mended_by_one_button(client):
    slot = make_timeslot()
    data = fill_in(client, slot, email="alex@gmial.com", use_email="alex@gmail.com")
    client.post(f"/events/{slot.event_id}/rsvp/", data)
    assert Supporter.objects.get().email == "alex@gmail.com"


@pytest.mark.parametrize("type", [EventType.CANVASS, EventType.PHONE_BANK])
def test_phone_is_asked_for_where_the_type_needs_it(client, type):
    slot = make_timeslot(make_event(type=type))
    response = send(client, slot)
    assert "phone number" in errors(response)["phone"][0]
    send(client, slot, phone="614 555 0123")
    assert Supporter.objects.get().phone == "+16145550123"


def test_everything_typed_is_still_there_after_an_error(client):
    response = send(client, make_timeslot(), party_size="two", note="Nut allergy", news="on")
    page = response.text
    for typed in ("two", "Alex Guest", EMAIL, "43215", "Nut allergy"):
        assert typed in page
    assert re.search(r'name="news"[^>]*checked', page)
    assert re.search(r'name="timeslots"[^>]*checked', page)


def test_browser_that_keeps_no_cookies_gets_the_form_back_as_it_was_typed():
    slot = make_timeslot()
    data = fill_in(Client(), slot, note="We bring chairs")
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(
        f"/events/{slot.event_id}/rsvp/", data, headers={"Origin": "http://testserver"}
    )
    assert answer.status_code == 403
    assert "not signed up yet" in text(answer)
    assert "allows cookies" in text(answer)
    assert "We bring chairs" in answer.text
    assert not Rsvp.objects.exists()
    data |= {"csrfmiddlewaretoken": stranger.cookies["csrftoken"].value}
    assert stranger.post(f"/events/{slot.event_id}/rsvp/", data).status_code == 302
    assert Rsvp.objects.exists()


def test_form_another_site_sends_is_not_shown_as_ours():
    slot = make_timeslot()
    data = fill_in(Client(), slot, note="Bring money")
    answer = Client(enforce_csrf_checks=True).post(
        f"/events/{slot.event_id}/rsvp/", data, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "Bring money" not in answer.text


# -- Stale forms ---------------------------------------------------------------------


def test_form_whose_timeslot_filled_says_how_many_places_are_left(client):
    slot = make_timeslot(capacity=3)
    data = fill_in(client, slot, party_size="3")
    make_rsvp(slot)
    response = client.post(f"/events/{slot.event_id}/rsvp/", data)
    assert "Only 2 spots are left" in text(response)
    assert not Supporter.objects.filter(email=EMAIL).exists()


def test_form_whose_timeslot_moved_says_when_it_is_now(client):
    slot = make_timeslot()
    data = fill_in(client, slot)
    slot.version += 1
    slot.save()
    response = client.post(f"/events/{slot.event_id}/rsvp/", data)
    assert "changed while you were filling in the form. It" in text(response)
    assert response.context["choices"][0].checked is False  # they tick it again, knowing
    assert not Rsvp.objects.exists()


def test_form_whose_timeslot_was_cancelled_says_so_and_offers_the_others(client):
    event = make_event()
    slot, other = make_timeslot(event), make_timeslot(event)
    data = fill_in(client, slot)
    slot.state = TimeslotState.CANCELLED
    slot.save()
    response = client.post(f"/events/{event.pk}/rsvp/", data)
    assert "was cancelled. Choose another time" in text(response)
    assert [choice.timeslot for choice in response.context["choices"]] == [other]


@pytest.mark.parametrize("own", ["form", "page"])
def test_time_of_another_event_is_told_to_nobody_who_guesses_its_number(client, own):
    rsvp = make_rsvp()
    secret = make_timeslot(make_event(state=EventState.DRAFT))
    value = f"{secret.pk}.{secret.version}"
    if own == "form":
        response = send(client, rsvp.timeslot, timeslots=[value])
    else:
        typed = {"do": "plan", "timeslots": [value], "party_size": "1"}
        response = client.post(manage_path(rsvp.guest), typed)
    assert "The time you chose was cancelled" in text(response)


def test_form_whose_event_was_cancelled_says_nothing_was_booked(client):
    slot = make_timeslot()
    data = fill_in(client, slot)
    event = slot.event
    event.state, event.cancel_note = EventState.CANCELLED, "The hall flooded."
    event.save()
    response = client.post(f"/events/{event.pk}/rsvp/", data)
    assert "This event is cancelled" in text(response)
    assert "not signed up" in text(response)
    assert "The hall flooded." in text(response)


def test_form_whose_event_was_unlisted_finds_nothing(client):
    slot = make_timeslot()
    data = fill_in(client, slot)
    slot.event.state = EventState.UNLISTED
    slot.event.save()
    assert client.post(f"/events/{slot.event_id}/rsvp/", data).status_code == 404


@pytest.mark.parametrize(
    "state", [EventState.DRAFT, EventState.SUBMITTED, EventState.REJECTED, EventState.UNLISTED]
)
def test_form_of_an_event_that_is_not_public_does_not_exist(client, state):
    slot = make_timeslot(make_event(state=state))
    assert client.get(f"/events/{slot.event_id}/rsvp/").status_code == 404


def test_full_event_says_so_and_leads_on(client):
    slot = make_timeslot(capacity=0)
    response = client.get(f"/events/{slot.event_id}/rsvp/")
    assert "This event is full" in text(response)
    assert "/events/?near=43215" in response.text


def test_event_that_is_over_says_so(client):
    slot = make_timeslot(starts_at=timezone.now() - timedelta(days=1))
    assert "This event is over" in text(client.get(f"/events/{slot.event_id}/rsvp/"))


# -- The database is away ------------------------------------------------------------


class GoesAway:
    """Lets so many statements through, fails the next, and is back afterwards."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left == -1:
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)


@pytest.mark.parametrize("private", [False, True])
def test_database_away_at_any_statement_of_a_form_leaves_nothing_half_written(client, private):
    slot = make_timeslot(make_event(private=private), capacity=5)
    data = fill_in(client, slot, party_size="2", news="on")
    refused, answer = 0, None
    while answer is None or answer.status_code == 503:
        RateCount.objects.all().delete()
        with connection.execute_wrapper(GoesAway(refused)):
            answer = client.post(f"/events/{slot.event_id}/rsvp/", data)
        slot.refresh_from_db()
        kept = [Supporter, Guest, Rsvp, Consent, Ticket, Message]
        if answer.status_code == 503:
            refused += 1
            assert "was not saved" in text(answer)
            assert (slot.seats_taken, [model for model in kept if model.objects.exists()]) == (
                0,
                [],
            )
    assert refused > 10
    assert (answer.status_code, slot.seats_taken) == (302, 2)
    assert letters() == ["confirm" if private else "invitation"]


def test_database_away_at_any_statement_of_a_cancel_leaves_the_place_as_it_was(client):
    rsvp = make_rsvp(make_timeslot(capacity=5), party_size=2)
    refused, answer = 0, None
    while answer is None or answer.status_code == 503:
        with connection.execute_wrapper(GoesAway(refused)):
            answer = client.post(manage_path(rsvp.guest), {"do": "cancel"})
        rsvp.refresh_from_db()
        if answer.status_code == 503:
            refused += 1
            assert (rsvp.status, rsvp.timeslot.seats_taken, letters()) == ("accepted", 2, [])
    assert refused > 3
    assert (rsvp.status, letters()) == ("cancelled", ["rsvp_cancelled"])


# -- Machines ------------------------------------------------------------------------


def test_machine_that_fills_the_hidden_field_gets_the_same_answer_and_nothing_happens(client):
    slot = make_timeslot()
    genuine = send(Client(), slot)
    machine = send(client, slot, website="http://evil.example")
    assert machine.text == genuine.text
    assert Rsvp.objects.count() == 1


def test_form_with_a_made_up_stamp_is_asked_for_again(client):
    response = send(client, make_timeslot(), stamp="1:made:up")
    assert "send it again" in text(response)
    assert not Rsvp.objects.exists()
    assert response.context["form"].data["stamp"] != "1:made:up"


def test_one_network_that_sends_too_much_waits_with_its_form_kept(client, settings):
    settings.RSVP_POSTS_PER_CONNECTION = 3
    slot = make_timeslot()
    send(client, slot, email="one@example.org")
    response = send(client, slot, email="two@example.org")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 600
    assert "two@example.org" in response.text
    assert Rsvp.objects.count() == 1
    other = Client(REMOTE_ADDR="203.0.113.7")
    assert send(other, slot, email="three@example.org").status_code == 200


def work_for(stamp: str) -> str:
    """What a browser finds: static/js/work.js."""
    enough = 1 << (256 - WORK_BITS)
    digests = ((n, sha256(f"{stamp}:{n}".encode()).digest()) for n in count())
    return str(next(n for n, digest in digests if int.from_bytes(digest) < enough))


def test_form_whose_work_is_spent_is_shown_with_other_work_to_do(client, settings):
    settings.RSVP_POSTS_PER_CONNECTION = 1
    slot = make_timeslot()
    response = send(client, slot, name="")
    for name in ["", "Alex Guest"]:
        assert response.context["work_bits"] == WORK_BITS
        stamp = response.context["form"].data["stamp"]
        response = send(client, slot, name=name, stamp=stamp, work=work_for(stamp))
    assert "You're in" in text(response)


def test_one_address_that_is_typed_too_often_waits(client):
    slot = make_timeslot()
    statuses = {send(client, slot, party_size=str(n % 9 + 1)).status_code for n in range(31)}
    assert statuses == {200, 429}


def test_event_under_flood_asks_everybody_to_confirm_first(client, settings):
    settings.RSVP_POSTS_PER_EVENT = 15
    slot = make_timeslot()
    send(client, slot, email="one@example.org")
    response = send(client, slot, email="two@example.org")
    assert "check your email" in text(response)
    assert "hold one" in text(response)
    assert Rsvp.objects.get().supporter.email == "one@example.org"
    client.post(confirm_path())
    assert Rsvp.objects.filter(status="accepted").count() == 2


# -- Lost letters --------------------------------------------------------------------


def test_lost_letter_answers_the_same_for_any_address(client):
    make_rsvp(email=EMAIL)
    pages = [
        client.post("/rsvp/resend/", {"email": email}).text.replace(email, "EMAIL")
        for email in (EMAIL, "nobody@example.org")
    ]
    assert pages[0] == pages[1]
    errands.run(timezone.now())
    assert list(Message.objects.values_list("kind", "recipient")) == [("resend", EMAIL)]


def test_lost_letter_asks_for_a_complete_address(client):
    response = client.post("/rsvp/resend/", {"email": "alex"})
    assert "a complete email address" in text(response)


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
