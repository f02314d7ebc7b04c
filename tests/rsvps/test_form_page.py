"""The RSVP form, its answer, and lost letters."""

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

from events.states import EventState, EventType, TimeslotState
from outbox.models import Message
from rsvps import errands
from rsvps.forms.strangers import WORK_BITS
from rsvps.models import Consent, Guest, RateCount, Rsvp, Supporter, Ticket
from tests.factories import STREET, make_event, make_rsvp, make_timeslot
from tests.rsvps.pages import EMAIL, confirm_path, errors, fill_in, letters, manage_path, send, text

pytestmark = pytest.mark.django_db


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
