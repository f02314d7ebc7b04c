"""Staff's ledger: what stands how, and retry, withdraw, pause and resume."""

import pytest
from django.utils import timezone

from hosts.models import Record, RecordKind
from outbox import ledger, letters
from outbox.letters import Kind, Letter
from outbox.models import Message, Pause
from outbox.states import MessageState
from tests.factories import log_in_staff, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setattr(letters, "_kinds", dict(letters.kinds()))
    letters.register(
        Kind(
            name="picnic",
            wanted=lambda message, now: None,
            render=lambda message, now: Letter("s", "t", "h"),
            quiet=False,
            in_doubt="leave",
            title="Picnic",
        )
    )


def post(subject="rsvp:1", topic="event:1") -> Message:
    now = timezone.now()
    return ledger.post("picnic", to="ana@example.org", subject=subject, topic=topic, now=now)


def fail(message: Message, why="550 5.1.1 no such user") -> None:
    [claimed] = ledger.claim(owner="a", now=timezone.now(), limit=1)
    assert claimed.pk == message.pk
    ledger.mark_failed(claimed, now=timezone.now(), why=why)


def test_ledger_shows_what_went_wrong_and_why(client):
    log_in_staff(client)
    fail(post())
    page = client.get("/review/letters/").content.decode()
    assert "Picnic" in page
    assert "550 5.1.1 no such user" in page
    assert "ana@example.org" in page


def test_events_ledger_shows_its_own_letters_only(client):
    log_in_staff(client)
    event = make_event()
    fail(post(topic=f"event:{event.pk}"), why="550 mine")
    fail(post("rsvp:2", topic="event:0"), why="550 other")
    page = client.get(f"/review/letters/event/{event.pk}/").content.decode()
    assert "550 mine" in page
    assert "550 other" not in page


@pytest.mark.parametrize("state", ["planned", "failed", "sent", "uncertain", "nonsense"])
def test_rows_can_be_narrowed(client, state):
    log_in_staff(client)
    post()
    page = client.get(f"/review/letters/all/?state={state}&kind=picnic").content.decode()
    assert ("ana@example.org" in page) == (state == "planned")


def test_staff_try_a_failed_letter_again_on_record(client):
    user = log_in_staff(client)
    message = post()
    fail(message)
    client.post(f"/review/letters/{message.pk}/retry/")
    message.refresh_from_db()
    assert message.state == MessageState.QUEUED
    row = Record.objects.get(kind=RecordKind.LETTERS)
    assert (row.about, row.words, row.by) == (f"letter:{message.pk}", "retry", user)


def test_letter_that_was_sent_is_not_tried_again(client):
    log_in_staff(client)
    message = post()
    client.post(f"/review/letters/{message.pk}/retry/")
    assert not Record.objects.filter(kind=RecordKind.LETTERS).exists()


def test_staff_withdraw_what_has_not_begun_to_leave(client):
    log_in_staff(client)
    message = post()
    client.post(f"/review/letters/{message.pk}/withdraw/")
    message.refresh_from_db()
    assert (message.state, message.error) == (MessageState.SUPERSEDED, "withdrawn by staff")


@pytest.mark.parametrize("topic", ["", "event:1"])
def test_staff_pause_and_resume(client, topic):
    log_in_staff(client)
    post()
    client.post("/review/letters/pause/", {"topic": topic, "reason": "wrong time in it"})
    assert Pause.objects.get().topic == topic
    assert ledger.claim(owner="a", now=timezone.now(), limit=9) == []
    page = client.get("/review/letters/").content.decode()
    assert "wrong time in it" in page
    assert f'name="topic" value="{topic}"' in page  # the button that resumes stands beside it
    client.post("/review/letters/resume/", {"topic": topic})
    assert len(ledger.claim(owner="a", now=timezone.now(), limit=9)) == 1


@pytest.mark.parametrize("here", ["https://evil.example/", "//evil.example/", "/admin/", ""])
def test_button_leads_back_to_the_ledger_and_nowhere_else(client, here):
    log_in_staff(client)
    response = client.post("/review/letters/resume/", {"here": here})
    assert response["Location"] == "/review/letters/"


def test_pages_take_as_many_queries_for_three_letters_as_for_one(
    client, django_assert_max_num_queries
):
    log_in_staff(client)
    fail(post())
    client.get("/review/letters/")
    with django_assert_max_num_queries(30) as one:
        client.get("/review/letters/")
    for number in (2, 3):
        fail(post(f"rsvp:{number}"))
    with django_assert_max_num_queries(30) as three:
        client.get("/review/letters/")
    assert len(three) == len(one)


def test_characters_no_database_keeps_are_left_out(client):
    log_in_staff(client)
    post()

    for name in ("topic", "kind", "state"):
        found = client.get("/review/letters/all/", {name: "\0"})
        assert list(found.context["page"]) == list(Message.objects.all())
    client.post("/review/letters/pause/", {"topic": "event:1\0", "reason": "a\0wait"})

    assert [(pause.topic, pause.reason) for pause in Pause.objects.all()] == [("event:1", "await")]
