"""People get or erase their own data by a mailed link; seniors do it for them."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hosts import own_data
from hosts.models import Record, User
from outbox.delivery import deliver_once
from outbox.models import Message
from rsvps import errands
from rsvps.models import Supporter, Ticket
from tests.factories import log_in_staff, make_event, make_host, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db

EMAIL = "alex@example.org"


@pytest.fixture(autouse=True)
def letters(settings, tmp_path):
    settings.LETTERS_DIR = tmp_path / "letters"
    settings.MEDIA_ROOT = tmp_path
    return settings.LETTERS_DIR


@pytest.fixture
def rsvp():
    return make_rsvp(make_timeslot(capacity=5), email=EMAIL, note="I bring pie.")


def ask(email=EMAIL):
    """The form, and the worker right after it."""
    answer = Client().post("/your-data/", {"email": email})
    errands.run(timezone.now())
    return answer


def link():
    """The address in the newest letter that waits."""
    token = Message.objects.filter(kind=own_data.KIND).latest("pk").payload["token"]
    return f"/your-data/{token}/"


def test_a_known_and_an_unknown_address_read_the_same(rsvp):
    known, unknown = ask(), ask("nobody@example.org")

    assert known.status_code == unknown.status_code == 200
    text = known.content.decode().replace(EMAIL, "")
    assert text == unknown.content.decode().replace("nobody@example.org", "")
    assert list(Message.objects.values_list("recipient", flat=True)) == [EMAIL]


def test_the_letter_brings_the_link_and_the_ledger_forgets_it(rsvp, letters):
    ask()
    address = link()
    deliver_once(now=timezone.now())

    body = b"".join(path.read_bytes() for path in letters.iterdir() if path.is_file())
    assert address.encode() in re.sub(rb"=\r?\n", b"", body)
    message = Message.objects.get(kind=own_data.KIND)
    assert (message.payload, message.body) == ({}, None)


def test_three_letters_a_day_are_enough(rsvp):
    for _ in range(5):
        ask()

    assert Message.objects.filter(kind=own_data.KIND).count() == 3


def test_opening_the_link_changes_nothing_and_shows_nothing(rsvp):
    ask()
    page = Client().get(link())

    assert page.status_code == 200
    assert "pie" not in page.content.decode()
    assert page["Cache-Control"] == "no-store, private"
    assert page["Referrer-Policy"] == "no-referrer"
    assert not Record.objects.exists()
    assert not Ticket.objects.filter(used_at__isnull=False).exists()


def test_the_button_downloads_everything_and_is_on_the_record(rsvp):
    ask()
    answer = Client().post(link(), {"do": "download"})

    assert answer["Content-Disposition"] == 'attachment; filename="data.json"'
    assert json.loads(answer.content)["guest"]["rsvps"][0]["note"] == "I bring pie."
    assert Record.objects.get().words == "by themselves"


def test_erasing_asks_twice_then_forgets(rsvp):
    ask()
    address = link()

    assert "Check the box first" in Client().post(address, {"do": "erase"}).content.decode()
    assert Supporter.objects.filter(email=EMAIL).exists()
    answer = Client().post(address, {"do": "erase", "sure": "on"})

    assert "We've forgotten you" in answer.content.decode()
    assert not Supporter.objects.filter(email=EMAIL).exists()
    assert Client().get(address).status_code == 404


def test_a_link_lasts_a_day(rsvp):
    ask()
    Ticket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert Client().get(link()).status_code == 404
    assert Client().post(link(), {"do": "download"}).status_code == 404


def test_a_link_for_something_else_opens_nothing_here(rsvp):
    ask()
    Ticket.objects.update(purpose="second_form")

    assert Client().get(link()).status_code == 404


def test_a_confirmation_page_does_not_open_for_this_link(rsvp):
    ask()
    token = link().split("/")[-2]

    assert Client().get(reverse("confirm", kwargs={"token": token})).status_code == 404


def test_a_host_with_events_to_come_reads_what_to_do_first():
    user = make_host(email="host@example.org").user
    event = make_event(host=user, title="Porch party")
    make_timeslot(event)
    ask(user.email)

    page = Client().get(link()).content.decode()
    answer = Client().post(link(), {"do": "erase", "sure": "on"})

    assert f"/host/events/{event.pk}/" in page
    assert "Porch party" in answer.content.decode()
    assert User.objects.filter(email="host@example.org").exists()


def test_somebody_logged_in_is_logged_out_by_the_erasure(client):
    user = make_host(email="host@example.org").user
    client.force_login(user)
    ask(user.email)

    client.post(link(), {"do": "erase", "sure": "on"})

    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(email="host@example.org").exists()


# -- In the account ----------------------------------------------------------------------


def test_a_host_downloads_their_data_in_their_account(client):
    user = make_host(email="host@example.org").user
    client.force_login(user)

    answer = client.post("/accounts/data/", {"do": "download"})

    assert json.loads(answer.content)["account"]["host"]["phone"] == "+16145550123"
    assert Record.objects.get().by == user


def test_a_host_has_the_link_mailed_from_their_account(client):
    user = make_host(email="host@example.org").user
    client.force_login(user)

    assert "Email me the link" in client.get("/accounts/data/").content.decode()
    client.post("/accounts/data/")

    assert Message.objects.get().recipient == user.email


# -- Staff -------------------------------------------------------------------------------


def test_a_senior_finds_downloads_and_erases(client, rsvp):
    senior = log_in_staff(client, senior=True)

    found = client.post("/review/people/", {"email": EMAIL}).content.decode()
    file = client.post("/review/people/", {"email": EMAIL, "do": "download"})
    unsure = client.post("/review/people/", {"email": EMAIL, "do": "erase"}).content.decode()
    assert Supporter.objects.filter(email=EMAIL).exists()
    client.post("/review/people/", {"email": EMAIL, "do": "erase", "sure": "on"})

    assert "1 RSVP" in found
    assert json.loads(file.content)["email"] == EMAIL
    assert "Check the box first" in unsure
    assert not Supporter.objects.filter(email=EMAIL).exists()
    rows = Record.objects.order_by("pk").values_list("kind", "words", "by")
    assert list(rows) == [("export", "by staff", senior.pk), ("erasure", "by staff", senior.pk)]


def test_a_senior_reads_that_nothing_is_kept(client):
    log_in_staff(client, senior=True)

    page = client.post("/review/people/", {"email": EMAIL}).content.decode()

    assert "Nothing is kept under this address" in page


def test_a_senior_does_not_erase_staff(client):
    senior = log_in_staff(client, senior=True)

    page = client.post("/review/people/", {"email": senior.email, "do": "erase", "sure": "on"})

    assert "Another senior reviewer has to remove the role first" in page.content.decode()
    assert User.objects.filter(pk=senior.pk, is_active=True).exists()


def test_reviewers_find_no_page_of_people(client, rsvp):
    log_in_staff(client)

    assert client.post("/review/people/", {"email": EMAIL}).status_code == 404
