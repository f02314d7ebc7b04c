"""Letters that wait, taken back many at once: after a restore they may have gone out already."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hosts.models import RecordKind, User
from hosts.records import record
from outbox import ledger, letters
from outbox.models import Message, MessageQuerySet, Priority
from outbox.states import MessageState

# Kinds of which a second copy does harm; of the others it takes the first one's place.
ONCE = "once"


@dataclass(frozen=True)
class Withdrawal:
    """What was due before an instant: of one kind, of ONCE or ("") of all but account mail."""

    before: datetime
    kind: str = ""
    topic: str = ""

    def rows(self) -> MessageQuerySet:
        """Never account mail: somebody is waiting for it."""
        found = Message.objects.filter(
            state__in=[MessageState.QUEUED, MessageState.CLAIMED], not_before__lt=self.before
        ).exclude(priority=Priority.ACCOUNT)
        if self.kind == ONCE:
            once = [name for name, kind in letters.kinds().items() if kind.in_doubt == "leave"]
            found = found.filter(kind__in=once)
        elif self.kind:
            found = found.filter(kind=self.kind)
        return found.about(self.topic) if self.topic else found

    @transaction.atomic
    def carry_out(self, *, by: User | None, now: datetime) -> int:
        """Take them back, on the record; answers how many that were."""
        why = str(_("withdrawn by staff"))
        count = ledger.take_back(self.rows(), now=now, why=why)
        which = self.kind or "everything"
        record(
            RecordKind.LETTERS,
            about=self.topic or "ledger",
            by=by,
            now=now,
            words=f"withdraw {count} due before {self.before:%Y-%m-%d %H:%M:%S}: {which}",
        )
        return count
