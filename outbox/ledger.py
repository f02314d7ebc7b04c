"""The one writer of letters' states.

    queued -> claimed -> transmitting -> sent | failed | uncertain | superseded | suppressed

A letter is posted in the transaction of what caused it, claimed by one deliverer under a lease
on the database's clock, and marked *transmitting* by a commit before its first byte of DATA.
Every step is a compare-and-set; "zero rows changed" means somebody else was faster.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from outbox import letters
from outbox.models import Message, Pause, Priority
from outbox.states import IN_FLIGHT, MessageState

CLAIM_LEASE = timedelta(seconds=90)
# Longer than any single letter can take with every timeout used up (outbox.smtp).
TRANSMIT_LEASE = timedelta(seconds=300)
# A letter refused for the moment is tried again after 1, 2, 4 ... minutes, at most 4 hours,
# account mail after 2, 4, 8 ... seconds; each with up to a quarter more, at random.
FIRST_RETRY = timedelta(minutes=1)
FIRST_ACCOUNT_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=4)
ERROR_LENGTH = 300


class NotTheHolder(Exception):
    """The lease ran out and somebody else took the letter, or it was withdrawn meanwhile."""


class NothingToRetry(Exception):
    """The letter has not failed, or what it said has been forgotten since."""


def draft(
    kind: str,
    *,
    to: str,
    subject: str,
    now: datetime,
    version: int = 0,
    revision: int = 0,
    step: str = "",
    topic: str = "",
    payload: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    zone: str = "UTC",
    priority: int | None = None,
) -> Message:
    """A letter that is not posted yet; see post() for what it means."""
    registered = letters.kind_named(kind)
    if priority is None:
        priority = (
            Priority.ACCOUNT
            if registered.account_mail
            else Priority.PLANNED
            if registered.quiet
            else Priority.AT_ONCE
        )
    begins = not_before or now
    return Message(
        kind=kind,
        recipient=to,
        subject_key=subject,
        version=version,
        revision=revision,
        step=step,
        topic=topic,
        payload=payload or {},
        zone=zone,
        priority=priority,
        not_before=begins,
        expires_at=expires_at or begins + registered.useful_for,
        created_at=now,
    )


def post(kind: str, *, to: str, subject: str, now: datetime, **details: Any) -> Message:
    """Post one letter, in the caller's transaction; posting the same key again changes nothing.

    `subject` is an opaque key that names what the letter is about and whose it is ("rsvp:12");
    together with kind, version, revision and step it is unique. `topic` is what staff group
    letters by ("event:7"). `zone` is the event's IANA zone, for quiet hours; `not_before` and
    `expires_at` (default: the kind's `useful_for` later) bound when it may leave.
    Raises letters.UnknownKind.
    """
    message = draft(kind, to=to, subject=subject, now=now, **details)
    post_all([message])
    return Message.objects.get(
        subject_key=subject,
        kind=kind,
        channel=message.channel,
        version=message.version,
        revision=message.revision,
        step=message.step,
    )


def post_all(drafts: Iterable[Message]) -> None:
    """Post many drafts at once; those whose key is posted already change nothing."""
    Message.objects.bulk_create(drafts, batch_size=500, ignore_conflicts=True)


def post_rows(
    rows: QuerySet[Any], letter: Mapping[str, Combinable], *, priority: int, now: datetime
) -> int:
    """Post one letter for each row of a query, in one statement; answers how many were new.

    For what a planner posts by the ten thousand: no letter passes through this process.
    `letter` says where each row's kind, subject_key, version, topic, recipient, zone,
    not_before and expires_at come from; everything else is as with post(). SQLite wants `rows`
    to have a filter.
    """
    plain = Message(priority=priority, created_at=now)
    columns: dict[str, Combinable] = {
        field.attname: Value(field.value_from_object(plain), output_field=field)
        for field in Message._meta.concrete_fields
        if not field.null and not field.primary_key
    }
    columns |= letter
    sql, params = rows.values_list(*columns.values()).query.sql_with_params()
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(Message._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) {sql} ON CONFLICT DO NOTHING",
            params,
        )
        return cursor.rowcount


def withdraw(
    *,
    subject: str | Iterable[str],
    now: datetime,
    kinds: Iterable[str] | None = None,
    why: str = "withdrawn",
) -> int:
    """Take back what has not begun to leave; answers how many letters that were.

    `subject` may be several. Letters that a deliverer has claimed but not begun count too: its
    next step finds them gone.
    """
    subjects = [subject] if isinstance(subject, str) else list(subject)
    withdrawn = 0
    for start in range(0, len(subjects), 500):
        found = Message.objects.filter(subject_key__in=subjects[start : start + 500])
        if kinds is not None:
            found = found.filter(kind__in=list(kinds))
        withdrawn += take_back(found, now=now, why=why)
    return withdrawn


def take_back(found: QuerySet[Message], *, now: datetime, why: str) -> int:
    """Withdraw those of these letters that have not begun to leave; answers how many."""
    return found.filter(state__in=[MessageState.QUEUED, MessageState.CLAIMED]).update(
        state=MessageState.SUPERSEDED, finished_at=now, error=why[:ERROR_LENGTH], body=None
    )


def put_back(
    *, subject: str, kinds: Iterable[str], version: int, recipient: str, now: datetime
) -> int:
    """Queue again what was withdrawn before its time had come; answers how many letters.

    Its key lets no second one be posted. `recipient` may be another address than before.
    """
    return Message.objects.filter(
        subject_key=subject,
        kind__in=list(kinds),
        version=version,
        state=MessageState.SUPERSEDED,
        not_before__gt=now,
    ).update(state=MessageState.QUEUED, finished_at=None, error="", recipient=recipient)


def bring_forward(*, subjects: Iterable[str], kinds: Iterable[str], now: datetime) -> int:
    """Let letters leave now that were posted for later; answers how many."""
    later = Message.objects.filter(
        subject_key__in=list(subjects),
        kind__in=list(kinds),
        state=MessageState.QUEUED,
        attempts=0,
        not_before__gt=now,
    )
    return later.update(not_before=now)


# -- Claiming ------------------------------------------------------------------------------


def claim(
    *, owner: str, now: datetime, limit: int, priorities: Iterable[int] = tuple(Priority)
) -> list[Message]:
    """Lease up to `limit` due letters to `owner`, the first in line first.

    Kinds this process does not know are left to one that does. Account mail is never paused:
    without it nobody could log in to resume.
    """
    claimed: list[Message] = []
    for priority in sorted(priorities):
        if len(claimed) == limit:
            break
        waiting = Message.objects.due(now).filter(priority=priority, kind__in=letters.kinds())
        if priority != Priority.ACCOUNT:
            held = set(Pause.objects.values_list("topic", flat=True))
            if "" in held:
                continue
            if held:
                waiting = waiting.exclude(topic__in=held)
        waiting = waiting.order_by("not_before", "id")
        # Looking costs nothing; only what is there is worth SQLite's write lock.
        if waiting.exists():
            claimed += _lease(waiting, owner=owner, limit=limit - len(claimed))
    return claimed


@transaction.atomic
def _lease(waiting, *, owner: str, limit: int) -> list[Message]:
    # SQLite locks the whole database for this transaction, PostgreSQL each row it takes.
    taken = list(waiting.select_for_update(skip_locked=True)[:limit])
    Message.objects.filter(pk__in=[message.pk for message in taken]).update(
        state=MessageState.CLAIMED, lease_owner=owner, lease_until=_later(CLAIM_LEASE)
    )
    for message in taken:
        message.state = MessageState.CLAIMED
        message.lease_owner = owner
    return taken


def _later(span: timedelta) -> ExpressionWrapper:
    """An instant `span` from now by the database's clock, whatever this machine's says."""
    return ExpressionWrapper(Now() + Value(span), output_field=DateTimeField())


def release(owner: str) -> int:
    """Put back what `owner` has claimed and not begun."""
    return Message.objects.filter(lease_owner=owner, state=MessageState.CLAIMED).update(
        state=MessageState.QUEUED, lease_until=None
    )


def sweep(now: datetime) -> int:
    """Take leases that ran out from their holders; answers how many.

    What was only claimed is queued again. What was being transmitted is in doubt.
    """
    late = Message.objects.in_flight().filter(lease_until__lt=Now())
    requeued = late.filter(state=MessageState.CLAIMED).update(
        state=MessageState.QUEUED, lease_until=None
    )
    doubtful = list(late.filter(state=MessageState.TRANSMITTING))
    for message in doubtful:
        mark_uncertain(message, now=now, why="the deliverer stopped while sending")
    return requeued + len(doubtful)


# -- One letter's way out ------------------------------------------------------------------


def mark_transmitting(message: Message, *, now: datetime, sent: Message | None = None) -> None:
    """Commit that `message` is about to be sent, and, with it, that `sent` has been.

    Keeps `message.body` and `message.message_id` for retries. Raises NotTheHolder where the
    letter was withdrawn or the lease lost; `sent` is marked all the same.
    """
    with transaction.atomic():
        if sent is not None:
            mark_sent(sent, now=now)
        changed = _held(message, MessageState.CLAIMED).update(
            state=MessageState.TRANSMITTING,
            lease_until=_later(TRANSMIT_LEASE),
            attempts=F("attempts") + 1,
            body=message.body,
            message_id=message.message_id,
            first_attempt_at=message.first_attempt_at or now,
        )
    if not changed:
        raise NotTheHolder(message)
    message.state = MessageState.TRANSMITTING
    message.attempts += 1


def mark_sent(message: Message, *, now: datetime) -> None:
    """The server took it. Also settles a doubt, where the sweep was faster than the server."""
    _held(message, MessageState.TRANSMITTING, MessageState.UNCERTAIN, MessageState.QUEUED).update(
        state=MessageState.SENT, sent_at=now, error="", **_finished(message, now)
    )


def mark_failed(message: Message, *, now: datetime, why: str) -> None:
    """It will not be sent; trying again would not help."""
    _held(message, *IN_FLIGHT).update(
        state=MessageState.FAILED, error=why[:ERROR_LENGTH], **_finished(message, now)
    )


def mark_bounced(message: Message, *, now: datetime, why: str) -> None:
    """It was sent, and came back."""
    Message.objects.filter(
        pk=message.pk, state__in=[MessageState.SENT, MessageState.UNCERTAIN]
    ).update(state=MessageState.FAILED, error=why[:ERROR_LENGTH], finished_at=now, body=None)


def mark_superseded(message: Message, *, now: datetime, why: str) -> None:
    """It is of no use any more."""
    _held(message, *IN_FLIGHT).update(
        state=MessageState.SUPERSEDED, error=why[:ERROR_LENGTH], **_finished(message, now)
    )


def mark_suppressed(message: Message, *, now: datetime, why: str) -> None:
    """Its address takes no letters."""
    _held(message, *IN_FLIGHT).update(
        state=MessageState.SUPPRESSED, error=why[:ERROR_LENGTH], **_finished(message, now)
    )


def mark_uncertain(message: Message, *, now: datetime, why: str) -> None:
    """Nobody can tell whether it was sent: leave it so, or queue the same bytes, by its kind.

    A kind that only another release knows is left: one odd row must not stop the sweep.
    """
    kind = letters.kinds().get(message.kind)
    resend = kind is not None and kind.in_doubt == "resend"
    _held(message, MessageState.TRANSMITTING).update(
        state=MessageState.QUEUED if resend else MessageState.UNCERTAIN,
        not_before=now + retry_delay(message) if resend else F("not_before"),
        finished_at=None if resend else now,
        doubts=F("doubts") + 1,
        lease_until=None,
        error=why[:ERROR_LENGTH],
    )


def retry_later(message: Message, *, now: datetime, why: str) -> None:
    """Refused for the moment: try again after a while, or fail where it would be too late."""
    again_at = now + retry_delay(message)
    if again_at >= message.expires_at:
        mark_failed(message, now=now, why=f"gave up: {why}")
        return
    postpone(message, until=again_at, why=why)


def postpone(message: Message, *, until: datetime, why: str) -> None:
    _held(message, *IN_FLIGHT).update(
        state=MessageState.QUEUED,
        not_before=until,
        lease_until=None,
        error=why[:ERROR_LENGTH],
    )


def retry_delay(message: Message) -> timedelta:
    """How long to wait after the attempts made so far."""
    first = FIRST_ACCOUNT_RETRY if message.priority == Priority.ACCOUNT else FIRST_RETRY
    wait = min(first * 2 ** min(max(message.attempts - 1, 0), 20), LONGEST_RETRY)
    return wait * (1 + random.random() / 4)  # noqa: S311  jitter, not a secret


def _held(message: Message, *states: str):
    """The row, if its lease is still the one this deliverer holds."""
    return Message.objects.filter(pk=message.pk, lease_owner=message.lease_owner, state__in=states)


def _finished(message: Message, now: datetime) -> dict[str, Any]:
    """What every final state does: the bytes go, and of account mail everything it said."""
    blank: dict[str, Any] = {"finished_at": now, "lease_until": None, "body": None}
    if message.priority == Priority.ACCOUNT:
        blank["payload"] = {}
    return blank


# -- What staff do -------------------------------------------------------------------------


def can_retry(message: Message, *, now: datetime) -> bool:
    """Whether staff may have it tried again: it went wrong, and is still of use."""
    return (
        message.state in {MessageState.FAILED, MessageState.UNCERTAIN, MessageState.SUPPRESSED}
        and message.expires_at > now
        and bool(message.recipient)
        and message.priority != Priority.ACCOUNT
    )


def retry(message_id: int, *, now: datetime) -> None:
    """Queue a failed, uncertain or suppressed letter again. Raises NothingToRetry."""
    message = Message.objects.filter(pk=message_id).first()
    changed = 0
    if message is not None and can_retry(message, now=now):
        changed = Message.objects.filter(pk=message_id, state=message.state).update(
            state=MessageState.QUEUED, not_before=now, finished_at=None, attempts=0, error=""
        )
    if not changed:
        raise NothingToRetry(message_id)


def pause(*, now: datetime, reason: str, by: str = "", topic: str = "") -> None:
    """Hold back the letters of one topic, or all but account mail."""
    Pause.objects.update_or_create(
        topic=topic, defaults={"reason": reason[:300], "by": by, "created_at": now}
    )


def resume(*, topic: str = "") -> None:
    Pause.objects.filter(topic=topic).delete()
