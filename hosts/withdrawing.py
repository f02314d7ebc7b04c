"""Letters that wait, taken back many at once: after a restore they may have gone out already."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hosts.models import RecordKind, User
from hosts.records import record
from outbox import ledger, letters

# Kinds of which a second copy does harm; of the others it takes the first one's place.
ONCE = "once"


@dataclass(frozen=True)
class Withdrawal:
    """What was due before an instant: of one kind, of ONCE or ("") of all but account mail."""

    before: datetime
    kind: str = ""
    topic: str = ""

    @property
    def waiting(self) -> ledger.Waiting:
        kinds = {self.kind} if self.kind else None
        if self.kind == ONCE:
            kinds = {name for name, kind in letters.kinds().items() if kind.in_doubt == "leave"}
        return ledger.Waiting(due_before=self.before, kinds=kinds, topic=self.topic)

    @transaction.atomic
    def carry_out(self, *, by: User | None, now: datetime) -> int:
        """Take them back, on the record; answers how many that were."""
        why = str(_("withdrawn by staff"))
        count = ledger.withdraw_waiting(self.waiting, now=now, why=why)
        which = self.kind or "everything"
        record(
            RecordKind.LETTERS,
            about=self.topic or "ledger",
            by=by,
            now=now,
            words=f"withdraw {count} due before {self.before:%Y-%m-%d %H:%M:%S}: {which}",
        )
        return count
