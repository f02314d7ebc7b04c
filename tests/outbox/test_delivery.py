from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from django.db import OperationalError, connection

from outbox import delivery, ledger, letters, suppression
from outbox.models import Message, Suppression
from outbox.smtp import ServerUnavailable
from outbox.states import MessageState, SuppressionReason
from tests.outbox.servers import ScriptedServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def serve(settings):
    """Run a scripted server and point the settings at it."""

    @contextmanager
    def run(server: ScriptedServer, patience: float = 10):
        with server:
            settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", server.port
            settings.SMTP_SECURITY, settings.SMTP_TIMEOUT = "none", patience
            yield server

    return run


def at(stage, reply, times=99):
    return lambda where, recipient, count: reply if where == stage and count <= times else ""


def post(now, kind="invitation", subject="rsvp:1", **details):
    details.setdefault("to", "ana@example.org")
    return ledger.post(kind, subject=subject, now=now, **details)


def deliver(now):
    return dict(delivery.deliver_once(now=now))


def state():
    return Message.objects.get().state


def test_letter_due_is_sent_once(now, serve):
    with serve(ScriptedServer()) as server:
        post(now)
        assert deliver(now) == {"sent": 1}
        assert deliver(now) == {}
    [received] = server.received
    assert received.recipient == "ana@example.org"
    assert received.sender.startswith("bounce+")
    assert (state(), Message.objects.get().sent_at) == (MessageState.SENT, now)


def test_connection_is_reused(now, serve):
    with serve(ScriptedServer()) as server:
        for number in range(5):
            post(now, subject=f"rsvp:{number}")
        deliver(now)
    assert (server.sessions, len(server.received)) == (1, 5)
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}


def test_pipelining_server_gets_the_same_letters(now, serve):
    with serve(ScriptedServer(extensions=("PIPELINING", "8BITMIME"))) as server:
        for number in range(3):
            post(now, subject=f"rsvp:{number}")
        assert deliver(now) == {"sent": 3}
    assert len(server.received) == 3


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
def test_4xx_is_retried_with_the_same_bytes(now, serve, stage):
    with serve(ScriptedServer(at(stage, "451 4.3.0 not now", times=1))) as server:
        post(now)
        assert deliver(now) == {"retried": 1}
        message = Message.objects.get()
        kept = bytes(message.body)
        assert message.state == MessageState.QUEUED
        assert timedelta(minutes=1) <= message.not_before - now <= timedelta(minutes=1.25)
        assert deliver(now) == {}
        assert deliver(now + timedelta(minutes=2)) == {"sent": 1}
    assert [received.data for received in server.received] == [kept]


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("MAIL", "550 no"), ("RCPT", "550 5.1.1 no such user"), ("DATA", "552 no"), ("dot", "554 no")],
)
def test_5xx_fails_for_good_and_the_next_letter_leaves(now, serve, stage, reply):
    with serve(ScriptedServer(at(stage, reply, times=1))) as server:
        post(now)
        post(now, subject="rsvp:2", to="bo@example.org")
        assert deliver(now) == {"failed": 1, "sent": 1}
    assert [received.recipient for received in server.received] == ["bo@example.org"]
    failed = Message.objects.get(state=MessageState.FAILED)
    assert failed.error.startswith(reply[:3])
    assert failed.body is None


def test_450_and_550_at_rcpt_are_told_apart_by_their_code(now, serve):
    """smtplib raises the same SMTPRecipientsRefused for both."""
    replies = {"soft@example.org": "450 4.2.1 later", "hard@example.org": "550 5.1.1 nobody"}
    with serve(ScriptedServer(lambda stage, to, count: replies[to] if stage == "RCPT" else "")):
        post(now, subject="rsvp:1", to="soft@example.org")
        post(now, subject="rsvp:2", to="hard@example.org")
        assert deliver(now) == {"retried": 1, "failed": 1}
    assert suppression.blocked_by("soft@example.org", letters.kind_named("invitation")) is None
    assert (
        suppression.blocked_by("hard@example.org", letters.kind_named("invitation"))
        == SuppressionReason.HARD_BOUNCE
    )


def test_server_that_dislikes_the_letter_does_not_silence_the_address(now, serve):
    with serve(ScriptedServer(at("RCPT", "550 5.7.1 blocked by policy"))):
        post(now)
        assert deliver(now) == {"failed": 1}
    assert not Suppression.objects.exists()


def test_refusals_do_not_keep_the_address_in_the_error(now, serve):
    with serve(ScriptedServer(at("RCPT", "550 5.1.1 <ana@example.org> unknown"))):
        post(now)
        deliver(now)
    assert "ana@" not in Message.objects.get().error


@pytest.mark.parametrize("trouble", ["drop", "hang", "421 too busy", "554 go away"])
def test_server_that_does_not_greet_is_no_letters_fault(now, serve, trouble):
    with serve(ScriptedServer(at("connect", trouble)), patience=0.3):
        post(now)
        with pytest.raises(ServerUnavailable):
            deliver(now)
    message = Message.objects.get()
    assert (message.state, message.attempts) == (MessageState.QUEUED, 0)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_connection_lost_before_the_letter_is_retried_without_doubt(now, serve, stage):
    with serve(ScriptedServer(at(stage, "drop", times=1))) as server:
        post(now, kind="reminder")
        assert deliver(now) == {"retried": 1}
        assert Message.objects.get().doubts == 0
        assert deliver(now + timedelta(minutes=2)) == {"sent": 1}
    assert len(server.received) == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_server_that_says_nothing_is_not_waited_for_longer_than_the_timeout(now, serve, stage):
    with serve(ScriptedServer(at(stage, "hang", times=1)), patience=0.3):
        post(now)
        assert deliver(now) == {"retried": 1}
        assert "timed out" in Message.objects.get().error
        assert deliver(now + timedelta(minutes=2)) == {"sent": 1}


def test_connection_lost_before_the_final_dot_is_retried_without_doubt(now, serve):
    """Long enough that the connection breaks while the letter is still on its way."""
    message = post(now, kind="reminder")
    Message.objects.filter(pk=message.pk).update(body=b"a long letter\r\n" * 1_000_000)
    with serve(ScriptedServer(at("body", "drop", times=1))) as server:
        assert deliver(now) == {"retried": 1}
        assert Message.objects.get().doubts == 0
        assert deliver(now + timedelta(minutes=2)) == {"sent": 1}
    assert len(server.received) == 1


@pytest.mark.parametrize("trouble", ["take+drop", "take+hang"])
def test_reminder_in_doubt_after_the_final_dot_is_not_resent(now, serve, trouble):
    with serve(ScriptedServer(at("dot", trouble)), patience=0.3) as server:
        post(now, kind="reminder")
        assert deliver(now) == {"uncertain": 1}
        assert deliver(now + timedelta(hours=1)) == {}
    assert (state(), len(server.received)) == (MessageState.UNCERTAIN, 1)


def test_invitation_in_doubt_is_resent_with_identical_bytes(now, serve):
    with serve(ScriptedServer(at("dot", "take+drop", times=1))) as server:
        post(now)
        assert deliver(now) == {"uncertain": 1}
        assert deliver(now + timedelta(minutes=2)) == {"sent": 1}
    first, second = server.received
    assert first.data == second.data
    assert Message.objects.get().doubts == 1


def test_kept_connection_the_server_closed_is_opened_anew_at_once(now, serve):
    """Servers close idle connections, or after so many letters; no letter waits for that."""
    with serve(ScriptedServer(lambda s, r, c: "drop" if (s, c) == ("MAIL", 3) else "")) as server:
        for number in range(4):
            post(now, subject=f"rsvp:{number}")
        assert deliver(now) == {"sent": 4}
    assert (server.sessions, len(server.received)) == (2, 4)


def test_next_letter_is_got_ready_while_the_server_thinks_the_last_one_over(now, serve):
    looked_at, in_time = Event(), []

    def wanted(message, now):
        if message.subject_key == "rsvp:2":
            looked_at.set()

    letters.register(replace(letters.kind_named("invitation"), wanted=wanted))

    def script(stage, recipient, count):
        if (stage, count) == ("dot", 1):
            in_time.append(looked_at.wait(5))
        return ""

    with serve(ScriptedServer(script)):
        post(now)
        post(now, subject="rsvp:2")
        assert deliver(now) == {"sent": 2}
    assert in_time == [True]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("outbox_suppression", id="while it is got ready"),
        pytest.param('"attempts" = ', id="in the commit before its first byte"),
    ],
)
def test_database_that_fails_before_the_next_letter_loses_no_answer(now, serve, statement):
    def failing(execute, sql, params, many, context):
        if statement in sql and server.commands.count("DATA"):
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with serve(ScriptedServer()) as server:
        post(now)
        post(now, subject="rsvp:2")
        with connection.execute_wrapper(failing), pytest.raises(OperationalError):
            deliver(now)
        first, second = Message.objects.order_by("pk")
        assert (first.state, second.state) == (MessageState.SENT, MessageState.QUEUED)
        assert deliver(now) == {"sent": 1}
    assert len(server.received) == 2


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_database_that_fails_after_a_letter_is_offered_costs_no_letter_that_comes_after(
    now, serve, extensions
):
    """The server waits for the letter it was told of, and answers another MAIL with 503."""

    def failing(execute, sql, params, many, context):
        if '"attempts" = ' in sql:
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with serve(ScriptedServer(extensions=extensions)) as server:
        deliverer = delivery.Deliverer(clock=lambda: now)
        post(now)
        deliverer.work()
        post(now, subject="rsvp:2")
        post(now, subject="rsvp:3")
        with connection.execute_wrapper(failing), pytest.raises(OperationalError):
            deliverer.work()
        deliverer.work()
    assert deliverer.tally == {"sent": 3}
    assert len(server.received) == 3


def test_drop_on_quit_changes_nothing(now, serve):
    with serve(ScriptedServer(at("QUIT", "drop"))):
        post(now)
        assert deliver(now) == {"sent": 1}
    assert state() == MessageState.SENT


def test_letter_no_longer_wanted_is_not_sent(now, serve, unwanted):
    """The re-check at send time."""
    with serve(ScriptedServer()) as server:
        post(now)
        unwanted["rsvp:1"] = "the RSVP was cancelled"
        assert deliver(now) == {"superseded": 1}
    assert server.received == []
    assert Message.objects.get().error == "the RSVP was cancelled"


def test_letter_too_late_to_be_of_use_is_not_sent(now, serve):
    with serve(ScriptedServer()):
        post(now, expires_at=now + timedelta(hours=1))
        assert deliver(now + timedelta(hours=1)) == {"superseded": 1}


def test_suppressed_address_gets_nothing(now, serve):
    suppression.suppress("Ana@Example.org ", SuppressionReason.HARD_BOUNCE, now=now)
    with serve(ScriptedServer()) as server:
        post(now)
        assert deliver(now) == {"suppressed": 1}
    assert (state(), server.received) == (MessageState.SUPPRESSED, [])


def test_unsubscribing_stops_reminders_never_changes(now, serve):
    suppression.unsubscribe("ana@example.org", now=now)
    with serve(ScriptedServer()) as server:
        post(now, kind="reminder")
        post(now, kind="invitation")
        assert deliver(now) == {"suppressed": 1, "sent": 1}
    assert len(server.received) == 1


def test_complaint_leaves_only_the_codes_one_asks_for(now, serve):
    suppression.suppress("ana@example.org", SuppressionReason.COMPLAINT, now=now)
    with serve(ScriptedServer()):
        post(now, kind="code")
        post(now, kind="invitation")
        assert deliver(now) == {"sent": 1, "suppressed": 1}


def test_quiet_letter_waits_for_the_morning_of_its_zone(now, serve):
    night = now.replace(hour=2)  # 22:00 in New York
    with serve(ScriptedServer()):
        post(night, kind="reminder", zone="America/New_York")
        post(night, kind="reminder", subject="rsvp:2", zone="Asia/Tokyo")
        assert deliver(night) == {"postponed": 1, "sent": 1}
        waiting = Message.objects.get(state=MessageState.QUEUED)
        assert waiting.not_before == now.replace(hour=12)  # 08:00 in New York
        assert deliver(now.replace(hour=12)) == {"sent": 1}


def test_letter_at_once_does_not_wait_for_the_morning(now, serve):
    with serve(ScriptedServer()):
        post(now.replace(hour=2), zone="America/New_York")
        assert deliver(now.replace(hour=2)) == {"sent": 1}


def test_one_letter_that_cannot_be_rendered_does_not_hold_up_the_others(now, serve):
    def broken(message, instant):
        raise KeyError("event")

    kind = letters.kind_named("invitation")
    letters.register(
        letters.Kind(
            name="broken",
            wanted=kind.wanted,
            render=broken,
            quiet=False,
            in_doubt="resend",
            title="Broken",
        )
    )
    with serve(ScriptedServer()):
        post(now, kind="broken")
        post(now)
        assert deliver(now) == {"retried": 1, "sent": 1}


def test_address_that_cannot_be_written_to_fails(now, serve):
    with serve(ScriptedServer()):
        post(now, to="two words@example.org")
        assert deliver(now) == {"failed": 1}


def test_message_id_is_made_once(now, serve):
    with serve(ScriptedServer(at("RCPT", "450 later", times=1))) as server:
        post(now)
        deliver(now)
        made = Message.objects.get().message_id
        deliver(now + timedelta(minutes=2))
    assert Message.objects.get().message_id == made
    assert made.encode() in server.received[0].data


def test_without_a_mail_server_letters_go_to_a_folder(now, settings, tmp_path):
    settings.SMTP_HOST, settings.LETTERS_DIR = "", tmp_path
    message = post(now)
    assert deliver(now) == {"sent": 1}
    [file] = tmp_path.iterdir()
    assert file.name == f"{message.pk:08d}-invitation.eml"
    assert b"Subject: See you there\r\n" in file.read_bytes()


def test_planners_run_before_letters_leave(now, serve):
    letters.register_planner("greetings", lambda instant: bool(post(instant)))
    with serve(ScriptedServer()):
        assert deliver(now) == {"sent": 1}


def test_planner_that_fails_does_not_stop_the_others(now, serve):
    letters.register_planner("broken", lambda instant: 1 // 0)
    letters.register_planner("greetings", lambda instant: bool(post(instant)))
    with serve(ScriptedServer()):
        assert deliver(now) == {"sent": 1}


def test_planner_with_a_period_runs_once_in_it_and_again_while_there_is_more(now):
    left, calls = [1, 1, 0, 0], []
    hour = timedelta(hours=1)

    def work(instant):
        calls.append(instant)
        return left.pop(0)

    letters.register_planner("an hour's work", work, every=hour)
    for _ in range(5):
        delivery.plan(now)
    assert len(calls) == 3
    delivery.plan(now + hour)
    assert len(calls) == 4
