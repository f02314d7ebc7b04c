"""The record of what staff did and who read a home's address: rows are only ever added."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from secrets import token_hex

from django.db.models import Q

from hosts.models import Record, RecordKind, RecordQuerySet, User


def record(
    kind: RecordKind,
    *,
    about: str,
    by: User | None,
    now: datetime,
    words: str = "",
    details: str = "",
) -> Record:
    """Add a row, in the caller's transaction; the sealer chains it a moment later.

    `about` is an opaque key such as "event:7" and `words` fixed ones: both stay for ever.
    Whatever is personal goes into `details`. `by` is None where a command on the server did it.
    """
    made = draft(
        kind, about=about, by_id=by.pk if by else None, at=now, words=words, details=details
    )
    made.save()
    return made


def draft(
    kind: RecordKind,
    *,
    about: str,
    by_id: int | None,
    at: datetime,
    words: str = "",
    details: str = "",
) -> Record:
    """A row that is not added yet, with the salt of its digest."""
    return Record(
        kind=kind,
        about=about,
        words=words[:300],
        details=details,
        salt=token_hex(16),
        by_id=by_id,
        at=at,
    )


def find(
    *,
    by: User | None = None,
    keys: Sequence[str] | None = None,
    event_id: int | None = None,
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
) -> RecordQuerySet:
    """The rows by or about somebody, about an event, of one kind, between two days (UTC).

    `keys` are all a person goes by ("user:3", "guest:12"), and `by` their account.
    """
    rows = Record.objects.select_related("by")
    if keys is not None:
        theirs = Q(about__in=keys) | Q(details__in=keys)
        rows = rows.filter(theirs | Q(by=by) if by else theirs)
    if event_id is not None:
        rows = rows.filter(about=f"event:{event_id}")
    if kind:
        rows = rows.filter(kind=kind)
    if since is not None:
        rows = rows.filter(at__gte=datetime.combine(since, time.min, tzinfo=UTC))
    if until is not None:
        rows = rows.filter(at__lte=datetime.combine(until, time.max, tzinfo=UTC))
    return rows.order_by("-at", "-id")
