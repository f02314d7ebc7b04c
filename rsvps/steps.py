"""Which reminders there are and when each is due, by the event's own clock.

Staff set the steps for every type of event, and for types that differ. Everything is worked out
from the wall time and the IANA zone as they stand; nothing here is stored but staff's settings.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Timeslot
from outbox.quiet import NIGHT_ENDS, is_quiet, next_morning
from rsvps.models import ReminderStep
from rsvps.states import ReminderKind

THANKS_USEFUL_FOR = timedelta(days=3)
# For starts before 09:00 the reminder on the day goes the evening before.
EARLY_START = time(9)
EVENING_BEFORE = time(20)
# Whoever was reminded this late on the day before needs no second letter that evening.
LATE_DAY_BEFORE = time(17)
# What staff may choose: hours by day, so that nothing planned falls into the night.
HOURS_OF_DAY = range(8, 21)
MOST_DAYS, MOST_HOURS_BEFORE, MOST_HOURS_AFTER = 14, 12, 48


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
    return wall_clock(day, time(step.hour), zone)


def _on_the_day(starts_at: datetime, zone: str, steps: Steps) -> datetime | None:
    """The later of 08:00 and some hours before; for early starts, 20:00 the evening before."""
    if not steps.on_the_day.enabled:
        return None
    local = starts_at.astimezone(ZoneInfo(zone))
    if local.time() < EARLY_START:
        before = steps.day_before
        if before.enabled and before.days == 1 and before.hour >= LATE_DAY_BEFORE.hour:
            return None
        return wall_clock(local.date() - timedelta(days=1), EVENING_BEFORE, zone)
    hours_before = starts_at - timedelta(hours=steps.on_the_day.hours)
    due = max(wall_clock(local.date(), NIGHT_ENDS, zone), hours_before)
    if is_quiet(due, zone):  # where clocks change late in the evening
        due = wall_clock(due.astimezone(ZoneInfo(zone)).date(), EVENING_BEFORE, zone)
    return due


def wall_clock(day: date, clock: time, zone: str) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


# -- What staff set ------------------------------------------------------------------------


@transaction.atomic
def set_steps(event_type: str, steps: Steps) -> None:
    """Set the steps of one type, or ("") of every type without its own."""
    kinds = (ReminderKind.DAY_BEFORE, ReminderKind.ON_THE_DAY, ReminderKind.THANKS)
    for kind, step in zip(kinds, steps, strict=True):
        ReminderStep.objects.update_or_create(
            kind=kind,
            event_type=event_type,
            defaults={
                "enabled": step.enabled,
                "days": step.days,
                "hour": step.hour,
                "hours": step.hours,
            },
        )


def forget_steps(event_type: str) -> None:
    """Have this type go by what counts for every type again (and "" by the house rules)."""
    ReminderStep.objects.filter(event_type=event_type).delete()


def in_words(steps: Steps) -> list[str]:
    """What guests get by the clock, a sentence each."""
    return [
        _day_before_in_words(steps.day_before),
        _on_the_day_in_words(steps.on_the_day),
        _thanks_in_words(steps.thanks),
    ]


def _day_before_in_words(step: Step) -> str:
    if not step.enabled:
        return _("No reminder before the day.")
    clock = time_format(time(step.hour), "P")
    return ngettext(
        "A reminder at %(clock)s on the day before.",
        "A reminder at %(clock)s, %(n)d days before.",
        step.days,
    ) % {"n": step.days, "clock": clock}


def _on_the_day_in_words(step: Step) -> str:
    if not step.enabled:
        return _("No reminder on the day.")
    return ngettext(
        "A reminder on the day, %(n)d hour before the start.",
        "A reminder on the day, %(n)d hours before the start.",
        step.hours,
    ) % {"n": step.hours}


def _thanks_in_words(step: Step) -> str:
    if not step.enabled:
        return _("No thanks afterward.")
    return ngettext(
        "Thanks, %(n)d hour after the end.", "Thanks, %(n)d hours after the end.", step.hours
    ) % {"n": step.hours}
