"""The record of what staff did: one row an action, only ever added."""

from datetime import datetime

from hosts.models import Record, RecordKind, User


def record(
    kind: RecordKind, *, about: str, by: User | None, now: datetime, words: str = ""
) -> Record:
    """Add a row, in the caller's transaction. `about` is an opaque key such as "event:7";
    `words` holds no personal data. `by` is None where a command on the server did it."""
    return Record.objects.create(kind=kind, about=about, by=by, at=now, words=words[:300])
