"""A sign of life, kept in the database and in a file beside it.

After a restore from a backup the database has forgotten letters that left since: sending what
it still holds as planned would double them. The file then tells of a later beat than the
database does, so deliverers start paused until staff have looked (docs/operations.md).
"""

import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from outbox import ledger
from outbox.models import Heartbeat

log = logging.getLogger(__name__)

THE_ROW = 1
# Several deliverers share the planning: none plans sooner than this after another did.
PLAN_EVERY = timedelta(seconds=5)


def heart() -> Heartbeat:
    """The one row; made, with a name for this database, when first asked for."""
    return Heartbeat.objects.get_or_create(pk=THE_ROW, defaults={"database_id": token_hex(16)})[0]


def beat(now: datetime) -> None:
    """Say that a deliverer is at work: in the database first, then in the file."""
    row = heart()
    Heartbeat.objects.filter(pk=THE_ROW).update(
        beat_at=now if row.beat_at is None else Greatest(F("beat_at"), Value(now))
    )
    latest = max(now, row.beat_at or now)
    try:
        _write_whole(Path(settings.HEARTBEAT_FILE), f"{row.database_id} {latest.isoformat()}\n")
    except OSError:
        # Letters leave all the same, but a restored database would not be noticed.
        log.warning("the heartbeat file cannot be written", exc_info=True)


def _write_whole(path: Path, text: str) -> None:
    """Put a new file in the old one's place; deliverers that do so at once each have their own."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    unfinished.write_text(text)
    unfinished.replace(path)


def pause_if_restored(now: datetime) -> str:
    """Pause everything where the file knows a later beat; answers why, or ""."""
    row = heart()
    known = _beat_in_file(row.database_id)
    if known is None or (row.beat_at is not None and known <= row.beat_at):
        return ""
    reason = _(
        "The database is older than the last letters sent, at %(last)s UTC: it was restored from "
        "a backup. Look at what is planned, withdraw what has gone out already, then resume."
    ) % {"last": f"{known.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
    ledger.pause(now=now, reason=reason)
    return reason


def _beat_in_file(database_id: str) -> datetime | None:
    try:
        owner, _space, stamp = Path(settings.HEARTBEAT_FILE).read_text().strip().partition(" ")
        return datetime.fromisoformat(stamp) if owner == database_id else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        log.warning("the heartbeat file cannot be read")
        return None


def my_turn_to_plan() -> bool:
    """Whether this deliverer plans now; by the database's clock, one of them does."""
    heart()
    turn = Q(planned_at__isnull=True) | Q(planned_at__lt=Now() - Value(PLAN_EVERY))
    return bool(Heartbeat.objects.filter(turn, pk=THE_ROW).update(planned_at=Now()))


def note_error(error: str) -> None:
    """Keep why the mail server is not reached, for staff; "" once it is."""
    Heartbeat.objects.filter(pk=THE_ROW).exclude(error=error[:300]).update(error=error[:300])
