"""Staff's ledger: what stands how, and retry, withdraw, pause and resume."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
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
    register_kind("picnic", in_doubt="leave")


def register_kind(name, **more):
    letters.register(
        Kind(
            name=name,
            wanted=lambda message, now: None,
            render=lambda message, now: Letter("s", "t", "h"),
            quiet=False,
            title=name.title(),
            **more,
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


@pytest.mark.parametrize(
    ("mark", "state", "why"),
    [
        (ledger.mark_uncertain, "Perhaps sent", "after the final dot: timed out"),
        (ledger.mark_suppressed, "Not sent: the address takes no letters", "unsubscribed"),
    ],
)
def test_ledger_says_of_what_was_perhaps_or_not_sent_why(client, mark, state, why):
    log_in_staff(client)
    post()
    [claimed] = ledger.claim(owner="a", now=timezone.now(), limit=1)
    ledger.mark_transmitting(claimed, now=timezone.now())
    mark(claimed, now=timezone.now(), why=why)
    page = client.get("/review/letters/").content.decode()
    row = page[page.index("ana@example.org") :]
    assert f">{state}</td>" in row
    assert f">{why}</td>" in row


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


class TestWithdrawingMany:
    """After a restore: what was due before the old site stopped has gone out already."""

    url = "/review/letters/withdraw/"

    @pytest.fixture
    def stopped(self):
        return timezone.now().replace(second=0, microsecond=0) - timedelta(hours=1)

    @pytest.fixture(autouse=True)
    def waiting(self, stopped):
        """Two of one event and one of another before it stopped; one after; one code."""
        before, after = stopped - timedelta(minutes=5), stopped + timedelta(minutes=5)
        register_kind("invite", in_doubt="resend")
        register_kind("code", in_doubt="resend", account_mail=True)
        for kind, topic, due in [
            ("picnic", "event:1", before),
            ("invite", "event:1", before),
            ("picnic", "event:2", before),
            ("picnic", "event:1", after),
            ("code", "", before),
        ]:
            ledger.post(kind, to="ana@example.org", subject=f"{topic} {due}", topic=topic, now=due)

    def withdrawn(self):
        rows = Message.objects.filter(state=MessageState.SUPERSEDED).order_by("pk")
        assert {row.error for row in rows} <= {"withdrawn by staff"}
        return [(row.kind, row.topic) for row in rows]

    @pytest.mark.parametrize(
        ("narrowed", "gone"),
        [
            ({}, [("picnic", "event:1"), ("invite", "event:1"), ("picnic", "event:2")]),
            ({"kind": "once"}, [("picnic", "event:1"), ("picnic", "event:2")]),
            ({"kind": "invite"}, [("invite", "event:1")]),
            ({"topic": "event:2"}, [("picnic", "event:2")]),
        ],
    )
    def test_what_was_due_before_an_instant_goes_at_one_press(
        self, client, stopped, narrowed, gone
    ):
        user = log_in_staff(client, senior=True)
        asked = {"before": f"{stopped:%Y-%m-%dT%H:%M}", **narrowed}
        page = client.get(self.url, asked).content.decode()
        assert f"Withdraw {len(gone)} letter" in page
        assert self.withdrawn() == []
        client.post(self.url, asked)
        assert self.withdrawn() == gone
        row = Record.objects.get(kind=RecordKind.LETTERS)
        assert (row.about, row.by) == (narrowed.get("topic", "ledger"), user)
        which = narrowed.get("kind", "everything")
        assert row.words == f"withdraw {len(gone)} due before {stopped:%Y-%m-%d %H:%M:%S}: {which}"

    def test_confirmation_carries_on_what_was_chosen(self, client, stopped):
        log_in_staff(client, senior=True)
        asked = {"before": f"{stopped:%Y-%m-%dT%H:%M}", "kind": "once", "topic": "event:2"}
        page = client.get(self.url, asked).content.decode()
        form = page[page.index('<form method="post" action="/review/letters/withdraw/"') :]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        client.post(self.url, hidden)
        assert self.withdrawn() == [("picnic", "event:2")]

    def test_the_command_counts_first_and_withdraws_on_the_record(self, stopped):
        def run(*more: str) -> str:
            out = StringIO()
            call_command("withdraw_letters", f"{stopped:%Y-%m-%dT%H:%M}", *more, stdout=out)
            return out.getvalue()

        assert run() == "2 wait; --yes withdraws them.\n"
        assert self.withdrawn() == []
        assert run("--event=2", "--yes") == "1 withdrawn.\n"
        assert self.withdrawn() == [("picnic", "event:2")]
        row = Record.objects.get(kind=RecordKind.LETTERS)
        assert (row.about, row.by) == ("event:2", None)
        with pytest.raises(CommandError, match="Choose a time"):
            call_command("withdraw_letters", "2999-01-01", "--yes")

    @pytest.mark.parametrize("before", ["", "someday", "2999-01-01T00:00"])
    def test_without_an_instant_that_has_passed_nothing_is_withdrawn(self, client, before):
        log_in_staff(client, senior=True)
        for ask in (client.get, client.post):
            assert ask(self.url, {"before": before}).status_code == 200
        assert self.withdrawn() == []

    def test_reviewers_neither_see_nor_press_it(self, client, stopped):
        log_in_staff(client)
        assert self.url not in client.get("/review/letters/").content.decode()
        asked = {"before": f"{stopped:%Y-%m-%dT%H:%M}"}
        assert client.post(self.url, asked).status_code == 404
        assert self.withdrawn() == []

    def test_seniors_find_it_on_the_ledger_and_on_an_events(self, client):
        log_in_staff(client, senior=True)
        event = make_event()
        for page in ("/review/letters/", f"/review/letters/event/{event.pk}/"):
            assert f'action="{self.url}"' in client.get(page).content.decode()


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
