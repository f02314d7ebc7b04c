from datetime import timedelta

import pytest
from django.db import transaction

from outbox import forgetting, ledger, overview
from outbox.letters import UnknownKind
from outbox.models import Message, Priority
from outbox.states import MessageState

pytestmark = pytest.mark.django_db


def post(now, kind="invitation", subject="rsvp:1", **details):
    details.setdefault("to", "ana@example.org")
    return ledger.post(kind, subject=subject, now=now, **details)


def expire_lease(message):
    Message.objects.filter(pk=message.pk).update(lease_until="2020-01-01T00:00Z")


def test_posting_the_same_key_again_changes_nothing(now):
    first = post(now, version=2, revision=1, step="a", payload={"n": 1})
    second = post(now, version=2, revision=1, step="a", payload={"n": 2})
    assert (second.pk, second.payload) == (first.pk, {"n": 1})
    assert Message.objects.count() == 1


@pytest.mark.parametrize("part", [{"version": 1}, {"revision": 1}, {"step": "x"}])
def test_each_part_of_the_key_makes_another_letter(now, part):
    post(now)
    post(now, **part)
    assert Message.objects.count() == 2


def test_letter_is_posted_in_the_transaction_of_what_caused_it(now):
    with transaction.atomic():
        post(now)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_kind_nobody_registered_is_refused_loudly(now):
    with pytest.raises(UnknownKind):
        post(now, kind="telegram")


def test_account_mail_is_claimed_first(now):
    post(now, subject="rsvp:1")
    post(now + timedelta(seconds=1), kind="code", subject="login:1")
    claimed = ledger.claim(owner="a", now=now + timedelta(seconds=2), limit=1)
    assert [message.kind for message in claimed] == ["code"]


def test_letter_is_claimed_by_one_deliverer_only(now):
    post(now)
    assert len(ledger.claim(owner="a", now=now, limit=9)) == 1
    assert ledger.claim(owner="b", now=now, limit=9) == []


def test_letter_is_not_claimed_before_its_time(now):
    post(now, not_before=now + timedelta(hours=1))
    assert ledger.claim(owner="a", now=now, limit=9) == []


def test_expired_lease_of_a_claimed_letter_queues_it_again(now):
    message = post(now)
    ledger.claim(owner="a", now=now, limit=9)
    expire_lease(message)
    assert ledger.sweep(now) == 1
    message.refresh_from_db()
    assert (message.state, message.doubts) == (MessageState.QUEUED, 0)


def test_expired_lease_of_a_letter_being_sent_is_in_doubt(now):
    """Reminders in doubt are not resent; invitations are, with identical bytes."""
    for kind in ("reminder", "invitation"):
        post(now, kind=kind)
    for message in ledger.claim(owner="a", now=now, limit=9):
        message.body, message.message_id = b"the bytes", "<1@x>"
        ledger.mark_transmitting(message, now=now)
        expire_lease(message)
    assert ledger.sweep(now) == 2
    reminder = Message.objects.get(kind="reminder")
    invitation = Message.objects.get(kind="invitation")
    assert (reminder.state, reminder.doubts) == (MessageState.UNCERTAIN, 1)
    assert (invitation.state, invitation.doubts) == (MessageState.QUEUED, 1)
    assert (bytes(invitation.body), invitation.message_id) == (b"the bytes", "<1@x>")


def test_letters_in_doubt_are_counted_whether_they_are_left_or_resent(now):
    for kind in ("reminder", "invitation"):
        post(now, kind=kind, topic="event:1")
    for message in ledger.claim(owner="a", now=now, limit=9):
        ledger.mark_transmitting(message, now=now)
        ledger.mark_uncertain(message, now=now, why="dropped after the final dot")
    assert overview.doubts() == 2
    assert [(count.kind, count.uncertain) for count in overview.summary("event:1")] == [
        ("invitation", 0),
        ("reminder", 1),
    ]


def test_letter_of_a_kind_nobody_knows_any_more_is_left_in_doubt_and_stops_no_sweep(now):
    for subject in ("rsvp:1", "rsvp:2"):
        post(now, subject=subject)
    for message in ledger.claim(owner="a", now=now, limit=9):
        ledger.mark_transmitting(message, now=now)
        expire_lease(message)
    Message.objects.filter(subject_key="rsvp:1").update(kind="telegram")
    assert ledger.sweep(now) == 2
    states = dict(Message.objects.values_list("subject_key", "state"))
    assert states == {"rsvp:1": MessageState.UNCERTAIN, "rsvp:2": MessageState.QUEUED}


def test_withdrawn_letter_cannot_begin_to_leave(now):
    post(now)
    [message] = ledger.claim(owner="a", now=now, limit=1)
    assert ledger.withdraw(subject="rsvp:1", now=now) == 1
    with pytest.raises(ledger.NotTheHolder):
        ledger.mark_transmitting(message, now=now)


def test_marking_one_sent_and_the_next_transmitting_share_a_commit(now, django_assert_num_queries):
    post(now)
    post(now, subject="rsvp:2")
    first, second = ledger.claim(owner="a", now=now, limit=2)
    ledger.mark_transmitting(first, now=now)
    with django_assert_num_queries(4):  # savepoint, two updates, release
        ledger.mark_transmitting(second, now=now, sent=first)
    assert Message.objects.get(pk=first.pk).state == MessageState.SENT
    assert Message.objects.get(pk=second.pk).state == MessageState.TRANSMITTING


def test_bytes_are_kept_until_the_final_state_then_blanked(now):
    post(now)
    [message] = ledger.claim(owner="a", now=now, limit=1)
    message.body = b"the bytes"
    ledger.mark_transmitting(message, now=now)
    assert bytes(Message.objects.get().body) == b"the bytes"
    ledger.mark_sent(message, now=now)
    assert Message.objects.get().body is None


def test_account_mail_is_blanked_after_sending(now):
    post(now, kind="code", payload={"code": "123456"})
    [message] = ledger.claim(owner="a", now=now, limit=1)
    ledger.mark_transmitting(message, now=now)
    ledger.mark_sent(message, now=now)
    assert Message.objects.get().payload == {}


def test_refusal_for_the_moment_is_retried_later_and_later(now):
    post(now, expires_at=now + timedelta(days=9))
    waits = []
    for _ in range(4):
        due = Message.objects.get().not_before
        [message] = ledger.claim(owner="a", now=due, limit=1)
        ledger.mark_transmitting(message, now=due)
        ledger.retry_later(message, now=due, why="450 busy")
        waits.append((Message.objects.get().not_before - due).total_seconds() / 60)
    for wait, base in zip(waits, [1, 2, 4, 8], strict=True):
        assert base <= wait <= base * 1.25


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 2), (2, 4), (3, 8), (4, 16), (10, 1024), (13, 8192), (14, 4 * 3600), (99, 4 * 3600)],
)
def test_account_mail_is_retried_after_seconds_at_most_four_hours(attempts, seconds):
    code = Message(priority=Priority.ACCOUNT, attempts=attempts)
    for _ in range(20):  # it draws lots
        wait = ledger.retry_delay(code).total_seconds()
        assert seconds <= wait <= seconds * 1.25


def test_retry_that_would_come_too_late_is_a_failure(now):
    post(now, expires_at=now + timedelta(seconds=30))
    [message] = ledger.claim(owner="a", now=now, limit=1)
    ledger.mark_transmitting(message, now=now)
    ledger.retry_later(message, now=now, why="450 busy")
    message.refresh_from_db()
    assert (message.state, message.error) == (MessageState.FAILED, "gave up: 450 busy")


def test_paused_topic_waits_and_the_others_leave(now):
    post(now, topic="event:1")
    post(now, subject="rsvp:2", topic="event:2")
    ledger.pause(now=now, reason="host asked", topic="event:1")
    assert [m.topic for m in ledger.claim(owner="a", now=now, limit=9)] == ["event:2"]
    ledger.resume(topic="event:1")
    assert [m.topic for m in ledger.claim(owner="a", now=now, limit=9)] == ["event:1"]


def test_account_mail_leaves_even_while_everything_is_paused(now):
    post(now)
    post(now, kind="code")
    ledger.pause(now=now, reason="restored from a backup")
    assert [m.kind for m in ledger.claim(owner="a", now=now, limit=9)] == ["code"]


def test_staff_retry_what_failed(now):
    post(now)
    [message] = ledger.claim(owner="a", now=now, limit=1)
    ledger.mark_failed(message, now=now, why="550 no such user")
    ledger.retry(message.pk, now=now)
    message.refresh_from_db()
    assert message.state == MessageState.QUEUED
    with pytest.raises(ledger.NothingToRetry):
        ledger.retry(message.pk, now=now)


def test_summary_counts_by_kind_and_state(now):
    post(now, topic="event:1")
    post(now, topic="event:1", subject="rsvp:2")
    post(now, topic="event:2", subject="rsvp:3")
    [message] = ledger.claim(owner="a", now=now, limit=1)
    ledger.mark_failed(message, now=now, why="550")
    [count] = overview.summary("event:1")
    assert (count.title, count.planned, count.failed, count.wanted) == ("Invitation", 1, 1, 2)


def test_finished_letters_are_forgotten_but_never_posted_again(now):
    message = post(now, payload={"words": "hello"})
    ledger.withdraw(subject="rsvp:1", now=now)
    assert forgetting.forget(now + timedelta(days=31)) == 1
    message.refresh_from_db()
    assert (message.recipient, message.payload) == ("", {})
    assert post(now).pk == message.pk
