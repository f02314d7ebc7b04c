"""What the ledger forgets: whom letters went to and what they held, in time or when asked to.

The rows stay: each is the proof that its letter was posted, and keeps it from being again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.conf import settings
from django.db.models import Q

from outbox import ledger
from outbox.models import Message
from outbox.states import FINAL, MessageState

_FORGOTTEN: dict[str, Any] = {"recipient": "", "payload": {}, "body": None, "error": ""}
FORGOTTEN_AT_ONCE = 500


def forget(now: datetime) -> int:
    """A planner: forget what was finished long enough ago."""
    old = Message.objects.filter(
        Q(state__in=FINAL) | Q(state=MessageState.UNCERTAIN),
        finished_at__lt=now - timedelta(days=settings.KEEP_LETTERS_DAYS),
    ).exclude(recipient="")
    keys = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    return Message.objects.filter(pk__in=keys).update(**_FORGOTTEN)


def erase_letters(address: str, *, subjects: Iterable[str] = (), now: datetime) -> int:
    """Forget every letter to `address`, and those about `subjects`; what waits is taken back."""
    return _erase(Q(recipient__iexact=address), now=now) + sum(
        _erase(Q(subject_key__in=chunk), now=now) for chunk in batched(subjects, 500)
    )


def erase_topic(topic: str, *, now: datetime) -> int:
    """Forget what letters about `topic` held; whom they went to is forgotten in its time."""
    rows = Message.objects.about(topic)
    ledger.take_back(rows, now=now, why="erased")
    return rows.update(payload={}, body=None, error="")


def erase_written_by(user_id: int) -> int:
    """Forget the words of messages this account wrote to guests."""
    return Message.objects.filter(payload__by=user_id).update(payload={}, body=None)


def _erase(which: Q, *, now: datetime) -> int:
    rows = Message.objects.filter(which)
    ledger.take_back(rows, now=now, why="erased")
    return rows.update(**_FORGOTTEN)
