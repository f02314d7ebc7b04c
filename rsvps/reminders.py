"""The planner of reminders and thanks: what is due, by the event's own clock.

Nothing is planned ahead. Each tick looks at the timeslots whose step has come, by wall time
and IANA zone as they stand now, and posts one row for each guest: a moved event is reminded
again (its version is part of the key), a run that was missed catches up while the letter is
still of use, and whoever was told everything after the step's time gets no stale reminder.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import batched, groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat

from events.models import Timeslot
from events.states import EventState
from outbox import ledger
from outbox.models import Message, Priority
from outbox.states import MessageState
from rsvps.capacity import lock_timeslots
from rsvps.models import ReminderRun, Rsvp
from rsvps.states import COMING, Attended, ReminderKind
from rsvps.steps import (
    EARLY_START,
    LATE_DAY_BEFORE,
    THANKS_USEFUL_FOR,
    Due,
    Steps,
    configured_steps,
    due_steps,
    wall_clock,
)

# An RSVP that was being written while its timeslot was planned is found by a second look.
SETTLED_AFTER = timedelta(minutes=5)
_LEFT = (MessageState.SENT, MessageState.TRANSMITTING, MessageState.UNCERTAIN)
_LONGEST_TIMESLOT = timedelta(days=6)
_CHUNK = 500


class _Slot(NamedTuple):
    id: int
    event_id: int
    event_type: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    version: int


def plan(now: datetime) -> int:
    """Post what is due at `now`; returns the number of new rows.

    Any number of planners may run at once, whatever their clocks say: the ledger's key lets
    one row through for each guest, version and step.
    """
    steps = configured_steps()
    due = [
        (slot, step)
        for slot in _slots(now, steps.values())
        for step in due_steps(
            slot.starts_at, slot.ends_at, slot.zone, steps.get(slot.event_type, steps[""])
        )
        if step.due_at <= now < step.until
    ]
    unplanned = sorted(_unplanned(due, now=now), key=lambda pair: pair[1].kind)
    return sum(
        _post(chunk, now=now)
        for _kind, pairs in groupby(unplanned, key=lambda pair: pair[1].kind)
        for chunk in batched(pairs, _CHUNK)
    )


def _slots(now: datetime, steps: Iterable[Steps]) -> Iterator[_Slot]:
    """Open timeslots with guests for which any step could be due."""
    furthest = max(step.day_before.days for step in steps)
    rows = (
        Timeslot.objects.open()
        .filter(
            event__state=EventState.APPROVED,
            seats_taken__gt=0,
            starts_at__lt=now + timedelta(days=furthest + 1),
            starts_at__gt=now - _LONGEST_TIMESLOT - THANKS_USEFUL_FOR,
            ends_at__gt=now - timedelta(days=1) - THANKS_USEFUL_FOR,
        )
        .values_list(
            "pk",
            "event_id",
            "event__type",
            "event__timezone",
            "starts_at",
            "ends_at",
            "version",
        )
    )
    return map(_Slot._make, rows.iterator(chunk_size=2000))


def _unplanned(due: list[tuple[_Slot, Due]], *, now: datetime) -> Iterator[tuple[_Slot, Due]]:
    """Without the steps that were planned and have settled."""
    planned: dict[tuple[int, str, int], datetime | None] = {}
    for chunk in batched(sorted({slot.id for slot, _ in due}), 500):
        for run in ReminderRun.objects.filter(timeslot__in=chunk):
            planned[run.timeslot_id, run.kind, run.version] = run.planned_at
    for slot, step in due:
        at = planned.get((slot.id, step.kind, slot.version))
        settles = step.due_at + SETTLED_AFTER
        if at is None or at < settles <= now:
            yield slot, step


@transaction.atomic
def _post(chunk: Iterable[tuple[_Slot, Due]], *, now: datetime) -> int:
    """Post one step of each timeslot to its guests, in one statement."""
    chunk = _as_they_stand(chunk)
    if not chunk:
        return 0
    runs = ReminderRun.objects.bulk_create(
        [
            ReminderRun(
                timeslot_id=slot.id,
                kind=step.kind,
                version=slot.version,
                due_at=step.due_at,
                until=step.until,
                planned_at=now,
            )
            for slot, step in chunk
        ],
        update_conflicts=True,
        unique_fields=["timeslot", "kind", "version"],
        update_fields=["due_at", "until", "planned_at"],
    )
    guests = (
        Rsvp.objects.filter(
            status__in=COMING,
            supporter__erased_at__isnull=True,
            timeslot__reminder_runs__in=[run.pk for run in runs],
            timeslot__reminder_runs__due_at__gt=Coalesce("told_at", "created_at"),
        )
        .exclude(attended=Attended.NO)
        .exclude(pk__in=[*_reminded_late(chunk), *_reminded_before(chunk)])
    )
    run = "timeslot__reminder_runs__"
    return ledger.post_rows(
        guests,
        {
            "kind": F(f"{run}kind"),
            "subject_key": Concat(Value("rsvp:"), Cast("pk", models.CharField())),
            "version": F(f"{run}version"),
            "topic": Concat(Value("event:"), Cast("timeslot__event_id", models.CharField())),
            "recipient": F("supporter__email"),
            "zone": F("timeslot__event__timezone"),
            "not_before": F(f"{run}due_at"),
            "expires_at": F(f"{run}until"),
        },
        priority=Priority.PLANNED,
        now=now,
    )


def _as_they_stand(chunk: Iterable[tuple[_Slot, Due]]) -> list[tuple[_Slot, Due]]:
    """Without timeslots that have changed since they were read; the others stay locked.

    A change that is being written at this moment has withdrawn what was posted before and does
    not see what is posted now: it is waited for. The next tick plans the new version.
    """
    pairs = list(chunk)
    versions = {slot.pk: slot.version for slot in lock_timeslots({slot.id for slot, _ in pairs})}
    return [(slot, step) for slot, step in pairs if versions.get(slot.id) == slot.version]


def _reminded_late(due: Iterable[tuple[_Slot, Due]]) -> list[int]:
    """RSVPs whose day-before letter left after 17:00, where the start is early."""
    keys: list[str] = []
    for slot, step in due:
        if step.kind == ReminderKind.ON_THE_DAY:
            late = _left_late(slot.event_id, slot.version, slot.starts_at, slot.zone)
            keys += late.values_list("subject_key", flat=True)
    return [int(key.removeprefix("rsvp:")) for key in keys]


def _reminded_before(due: Iterable[tuple[_Slot, Due]]) -> list[int]:
    """RSVPs told by an older version's letter of the same step and instant.

    A date moved away and back before anybody was told rises in version, and is the same.
    """
    keys: list[str] = []
    for slot, step in due:
        if slot.version:
            keys += Message.objects.filter(
                topic=f"event:{slot.event_id}",
                kind=step.kind,
                version__lt=slot.version,
                not_before=step.due_at,
                state__in=_LEFT,
            ).values_list("subject_key", flat=True)
    return [int(key.removeprefix("rsvp:")) for key in keys]


def reminded_late(timeslot: Timeslot, rsvp: int) -> bool:
    """Whether this guest's day-before letter left so late that the next one is too much."""
    late = _left_late(
        timeslot.event_id, timeslot.version, timeslot.starts_at, timeslot.event.timezone
    )
    return late.filter(subject_key=f"rsvp:{rsvp}").exists()


def _left_late(
    event: int, version: int, starts_at: datetime, zone: str
) -> "models.QuerySet[Message]":
    """Day-before letters that left, or perhaps left, after 17:00, where the start is early."""
    start = starts_at.astimezone(ZoneInfo(zone))
    if start.time() >= EARLY_START:
        return Message.objects.none()
    since = wall_clock(start.date() - timedelta(days=1), LATE_DAY_BEFORE, zone)
    # Of what is in doubt the ledger keeps when its last try was due and when its first one was.
    tried_late = Q(first_attempt_at__gte=since) | Q(not_before__gte=since)
    in_doubt = Q(state__in=[MessageState.TRANSMITTING, MessageState.UNCERTAIN])
    return Message.objects.filter(
        Q(sent_at__gte=since) | in_doubt & tried_late,
        topic=f"event:{event}",
        kind=ReminderKind.DAY_BEFORE,
        version=version,
    )
