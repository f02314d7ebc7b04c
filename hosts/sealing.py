"""The chain over the record: new rows are bound to it every few seconds, by one process.

Each link holds the row without its personal part, a salted digest of that part, and the hash of
the link before; so a row that is changed, taken out, slipped in or moved breaks the chain, and
an erased personal part does not (docs/decisions/0007-audit-chain.md).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import batched

from django.db import transaction

from events.models import AddressReading
from hosts.models import Record, RecordKind, Seal, User
from hosts.records import draft
from outbox import turns

BATCH = 500
_TURN = 0x62726E73_65616C  # any number, the same in every process


def seal(now: datetime) -> int:
    """A planner: put readings on the record, and bind new rows to the chain; answers how many.

    One process does it at a time; another finds the lock taken and leaves.
    """
    # Looking costs nothing; only what is there is worth SQLite's write lock.
    if not (_unrecorded().exists() or Record.objects.unsealed().exists()):
        return 0
    with transaction.atomic():
        if not turns.have(_TURN):
            return 0
        _record_readings(now)
        return _bind(list(Record.objects.unsealed().order_by("pk")[:BATCH]), now=now)


def _unrecorded():
    return AddressReading.objects.filter(recorded_at__isnull=True)


def _record_readings(now: datetime) -> None:
    rows = list(_unrecorded().order_by("pk")[:BATCH])
    readers = {int(row.reader[5:]) for row in rows if row.reader.startswith("user:")}
    known = set(User.objects.filter(pk__in=readers).values_list("pk", flat=True))
    new = []
    for row in rows:
        who, _colon, key = row.reader.partition(":")
        by_id = int(key) if who == "user" and int(key) in known else None
        new.append(
            draft(
                RecordKind.READING,
                about=f"event:{row.event_id}",
                by_id=by_id,
                at=row.read_at,
                details="" if by_id else row.reader,
            )
        )
    Record.objects.bulk_create(new)
    AddressReading.objects.filter(pk__in=[row.pk for row in rows]).update(recorded_at=now)


def _bind(records: list[Record], *, now: datetime) -> int:
    last = head()
    position, previous = (last.position, last.hash) if last else (0, "")
    links = []
    for row in records:
        position += 1
        link = Seal(
            position=position,
            record=row,
            kind=row.kind,
            about=row.about,
            words=row.words,
            by_id=row.by_id,
            at=row.at,
            details_digest=details_digest(row),
            previous=previous,
        )
        previous = link.hash = hash_of(link)
        links.append(link)
    Seal.objects.bulk_create(links)
    Record.objects.filter(pk__in=[row.pk for row in records]).mark_sealed(now)
    return len(links)


def head() -> Seal | None:
    """The newest link; its position and hash vouch for all before it."""
    return Seal.objects.order_by("-position").first()


def details_digest(record: Record) -> str:
    return sha256(f"{record.salt}:{record.details}".encode()).hexdigest()


def hash_of(link: Seal) -> str:
    """SHA-256 of the link's columns and the hash before, as JSON."""
    columns = [
        link.position,
        link.record_id,
        link.kind,
        link.about,
        link.words,
        link.by_id,
        link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        link.details_digest,
        link.previous,
    ]
    return sha256(json.dumps(columns).encode()).hexdigest()


# -- Verifying ---------------------------------------------------------------------------


@dataclass(slots=True)
class Verdict:
    """What a look through the whole chain found; it is whole where `problems` is empty."""

    sealed: int = 0
    erased: int = 0  # links whose personal part is gone
    waiting: int = 0  # rows that are not in the chain yet
    head: str = ""  # "<position>:<hash>"; kept elsewhere, it proves what came before
    problems: list[str] = field(default_factory=list)


def verify(*, anchor: str = "") -> Verdict:
    """Look through the chain and the rows beside it.

    `anchor` is a head printed before ("<position>:<hash>"): with it a chain that was cut off at
    its end, or written anew, is found out too.
    """
    verdict = Verdict()
    anchored = int(anchor.partition(":")[0]) if anchor else 0
    expected, previous, anchor_seen = 1, "", not anchor
    links = Seal.objects.order_by("position").iterator(chunk_size=BATCH)
    for chunk in batched(links, BATCH):
        rows = Record.objects.in_bulk([link.record_id for link in chunk])
        for link in chunk:
            verdict.problems += _link_problems(link, expected=expected, previous=previous)
            verdict.problems += _row_problems(link, rows.get(link.record_id))
            row = rows.get(link.record_id)
            verdict.erased += row is not None and not row.salt
            if link.position == anchored:
                anchor_seen = True
                if str(link) != anchor:
                    verdict.problems.append(f"link {anchored}: not the one the anchor names")
            verdict.sealed += 1
            verdict.head = str(link)
            expected, previous = link.position + 1, link.hash
    if not anchor_seen:
        verdict.problems.append(f"the chain ends before link {anchored}, which the anchor names")
    loose = Record.objects.filter(seal__isnull=True)
    verdict.problems += [
        f"record {key}: says it is sealed, and no link knows it"
        for key in loose.filter(sealed_at__isnull=False).values_list("pk", flat=True)
    ]
    verdict.waiting = loose.unsealed().count()
    return verdict


def _link_problems(link: Seal, *, expected: int, previous: str) -> Iterator[str]:
    if link.position != expected:
        yield f"link {expected}: missing (the next one is {link.position})"
    elif link.previous != previous:
        yield f"link {link.position}: does not follow the one before it"
    if hash_of(link) != link.hash:
        yield f"link {link.position}: changed since it was sealed"


_BESIDE = ("kind", "about", "words", "by_id", "at")


def _row_problems(link: Seal, row: Record | None) -> Iterable[str]:
    if row is None:
        return [f"link {link.position}: its record {link.record_id} is gone"]
    if any(getattr(link, name) != getattr(row, name) for name in _BESIDE):
        return [f"record {row.pk}: differs from link {link.position}"]
    if row.salt and details_digest(row) != link.details_digest:
        return [f"record {row.pk}: its personal part was changed"]
    if not row.salt and row.details:
        return [f"record {row.pk}: has a personal part again after its erasure"]
    return []
