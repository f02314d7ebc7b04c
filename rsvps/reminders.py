"""The planner of reminders and thanks: what is due, by the event's own clock.

Nothing is planned ahead. Each tick looks at the timeslots whose step has come, by wall time
and IANA zone as they stand now, and posts one row for each guest: a moved event is reminded
again (its version is part of the key), a run that was missed catches up while the letter is
still of use, and whoever was told everything after the step's time gets no stale reminder.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
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
from outbox.quiet import is_quiet, next_morning
from outbox.states import MessageState
from rsvps.capacity import lock_timeslots
from rsvps.models import ReminderRun, ReminderStep, Rsvp
from rsvps.states import COMING, Attended, ReminderKind

# An RSVP that was being written while its timeslot was planned is found by a second look.
SETTLED_AFTER = timedelta(minutes=5)
THANKS_USEFUL_FOR = timedelta(days=3)
# For starts before 09:00 the reminder on the day goes the evening before.
EARLY_START = time(9)
EVENING_BEFORE = time(20)
# Whoever was reminded this late on the day before needs no second letter that evening.
LATE_DAY_BEFORE = time(17)
MORNING = time(8)
_LEFT = (MessageState.SENT, MessageState.TRANSMITTING, MessageState.UNCERTAIN)
_LONGEST_TIMESLOT = timedelta(days=6)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Step:
    """How one kind is set: see ReminderStep."""

    enabled: bool = True
    days: int = 1
    hour: int = 11
    hours: int = 3


class Steps(NamedTuple):
    day_before: Step
    on_the_day: Step
    thanks: Step


DEFAULTS = Steps(day_before=Step(), on_the_day=Step(), thanks=Step(hours=1))


@dataclass(frozen=True, slots=True)
class Due:
    """One step of one timeslot, and the instants between which its letter is of use."""

    kind: ReminderKind
    due_at: datetime
    until: datetime


class _Slot(NamedTuple):
    id: int
    event_id: int
    event_type: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    version: int


def configured_steps() -> dict[str, Steps]:
    """Steps by event type; "" holds those of every type without its own."""
    rows = {(row.event_type, row.kind): row for row in ReminderStep.objects.all()}

    def step(event_type: str, kind: str, default: Step) -> Step:
        row = rows.get((event_type, kind)) or rows.get(("", kind))
        return Step(row.enabled, row.days, row.hour, row.hours) if row else default

    return {
        event_type: Steps(
            step(event_type, ReminderKind.DAY_BEFORE, DEFAULTS.day_before),
            step(event_type, ReminderKind.ON_THE_DAY, DEFAULTS.on_the_day),
            step(event_type, ReminderKind.THANKS, DEFAULTS.thanks),
        )
        for event_type in {"", *(event_type for event_type, _ in rows)}
    }


def next_reminder(timeslot: Timeslot, *, now: datetime) -> datetime | None:
    """When the next reminder of this timeslot goes out, in UTC; None where the last has gone."""
    event, steps = timeslot.event, configured_steps()
    due = due_steps(
        timeslot.starts_at, timeslot.ends_at, event.timezone, steps.get(event.type, steps[""])
    )
    ahead = [one.due_at for one in due if one.kind != ReminderKind.THANKS and one.due_at > now]
    return min(ahead, default=None)


@lru_cache(maxsize=50_000)
def due_steps(starts_at: datetime, ends_at: datetime, zone: str, steps: Steps) -> tuple[Due, ...]:
    """When each step of a timeslot is due, and until when it is of use, in UTC."""
    day_before = _day_before(starts_at, zone, steps.day_before)
    on_the_day = _on_the_day(starts_at, zone, steps)
    found = []
    if day_before is not None:
        # The later step says it better, once it is due.
        found.append(Due(ReminderKind.DAY_BEFORE, day_before, on_the_day or starts_at))
    if on_the_day is not None:
        found.append(Due(ReminderKind.ON_THE_DAY, on_the_day, starts_at))
    if steps.thanks.enabled:
        after = ends_at + timedelta(hours=steps.thanks.hours)
        after = next_morning(after, zone) if is_quiet(after, zone) else after
        found.append(Due(ReminderKind.THANKS, after, after + THANKS_USEFUL_FOR))
    return tuple(found)


def _day_before(starts_at: datetime, zone: str, step: Step) -> datetime | None:
    if not step.enabled:
        return None
    day = starts_at.astimezone(ZoneInfo(zone)).date() - timedelta(days=step.days)
    return _at(day, time(step.hour), zone)


def _on_the_day(starts_at: datetime, zone: str, steps: Steps) -> datetime | None:
    """The later of 08:00 and some hours before; for early starts, 20:00 the evening before."""
    if not steps.on_the_day.enabled:
        return None
    local = starts_at.astimezone(ZoneInfo(zone))
    if local.time() < EARLY_START:
        before = steps.day_before
        if before.enabled and before.days == 1 and before.hour >= LATE_DAY_BEFORE.hour:
            return None
        return _at(local.date() - timedelta(days=1), EVENING_BEFORE, zone)
    hours_before = starts_at - timedelta(hours=steps.on_the_day.hours)
    due = max(_at(local.date(), MORNING, zone), hours_before)
    if is_quiet(due, zone):  # where clocks change late in the evening
        due = _at(due.astimezone(ZoneInfo(zone)).date(), EVENING_BEFORE, zone)
    return due


def _at(day: date, clock: time, zone: str) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


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
    since = _at(start.date() - timedelta(days=1), LATE_DAY_BEFORE, zone)
    return Message.objects.filter(
        Q(sent_at__gte=since) | Q(state__in=[MessageState.TRANSMITTING, MessageState.UNCERTAIN]),
        topic=f"event:{event}",
        kind=ReminderKind.DAY_BEFORE,
        version=version,
    )
