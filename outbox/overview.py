"""How the ledger stands, in numbers and in plain words, for staff's and hosts' pages."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from outbox import letters
from outbox.models import InboundTally, Message, MessageQuerySet, Pause, Suppression
from outbox.states import IN_FLIGHT, MessageState

PLANNED = frozenset({MessageState.QUEUED, *IN_FLIGHT})


@dataclass(frozen=True)
class KindCount:
    """How the letters of one kind stand."""

    kind: str
    title: str
    planned: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    superseded: int = 0
    suppressed: int = 0

    @property
    def wanted(self) -> int:
        """Letters that have left, will, or should have."""
        return self.planned + self.sent + self.failed + self.uncertain + self.suppressed


def summary(topic: str | None = None) -> list[KindCount]:
    """Counts by kind and state, of one topic ("event:7") or, with None, of everything."""
    found = Message.objects.all() if topic is None else Message.objects.about(topic)
    counts: dict[str, dict[str, int]] = {}
    for row in found.values("kind", "state").annotate(count=Count("id")).order_by("kind"):
        states = counts.setdefault(row["kind"], {})
        name = "planned" if row["state"] in PLANNED else row["state"]
        states[name] = states.get(name, 0) + row["count"]
    return [KindCount(kind=kind, title=title_of(kind), **states) for kind, states in counts.items()]


def count_kinds(found: MessageQuerySet) -> list[tuple[str, int]]:
    """How many of each kind these are, by its title."""
    rows = found.order_by().values("kind").annotate(count=Count("id"))
    return sorted((title_of(row["kind"]), row["count"]) for row in rows)


def title_of(kind: str) -> str:
    """The kind's name for people; its own name where no app knows it any more."""
    return str(letters.kinds()[kind].title) if kind in letters.kinds() else kind


def in_words(topic: str, *, without: Collection[str] = ()) -> list[str]:
    """How a topic's letters stand, a sentence a kind: "Reminder: 41 of 43 sent, 2 came back".

    Kinds named in `without` are left out.
    """
    counts = [count for count in summary(topic) if count.kind not in without]
    return [_sentence(count) for count in counts if count.wanted]


def _sentence(count: KindCount) -> str:
    facts = [
        _("%(sent)d of %(wanted)d sent") % {"sent": count.sent, "wanted": count.wanted},
        *_others(count),
    ]
    return _("%(kind)s: %(facts)s") % {"kind": count.title, "facts": ", ".join(facts)}


def _others(count: KindCount) -> Iterable[str]:
    if count.planned:
        yield ngettext("%(n)d on its way", "%(n)d on their way", count.planned) % {
            "n": count.planned
        }
    if count.failed:
        yield ngettext(
            "%(n)d could not be delivered", "%(n)d could not be delivered", count.failed
        ) % {"n": count.failed}
    if count.uncertain:
        yield ngettext("%(n)d perhaps sent", "%(n)d perhaps sent", count.uncertain) % {
            "n": count.uncertain
        }
    if count.suppressed:
        yield ngettext(
            "%(n)d not sent because the person wants no such letters or the address is dead",
            "%(n)d not sent because the people want no such letters or the addresses are dead",
            count.suppressed,
        ) % {"n": count.suppressed}


def oldest_due(now: datetime) -> datetime | None:
    """Since when the letter that has waited longest is due, paused ones left out."""
    held = set(Pause.objects.values_list("topic", flat=True))
    if "" in held:
        return None
    first = Message.objects.due(now).exclude(topic__in=held).order_by("not_before").first()
    return first.not_before if first else None


def doubts() -> int:
    """How many letters were in doubt at some time, resent ones included."""
    return Message.objects.filter(doubts__gt=0).count()


def came_in(today: date, *, days: int = 14) -> dict[str, int]:
    """Letters that came in lately, by what became of them."""
    rows = (
        InboundTally.objects.filter(day__gt=today - timedelta(days=days))
        .values("outcome")
        .annotate(total=Sum("count"))
        .order_by("outcome")
    )
    return {row["outcome"]: row["total"] for row in rows}


def suppressed_addresses() -> dict[str, int]:
    """How many addresses take no letters, by reason."""
    rows = Suppression.objects.values("reason").annotate(count=Count("id")).order_by("reason")
    return {row["reason"]: row["count"] for row in rows}
