"""Around every change of clocks: each reminder leaves once, in its minute, by day.

`make check-letters-model` runs it in 20 zones; here a small sample. What is expected is worked
out from wall clocks alone, apart from the planner's own arithmetic.
"""

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outbox.delivery import deliver_once
from outbox.models import Message
from outbox.quiet import is_quiet
from outbox.states import MessageState
from rsvps.models import Rsvp
from tests.factories import make_event, make_rsvp, make_timeslot

ZONES = [
    "America/New_York",
    "America/Nuuk",  # late in the evening
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # around Ramadan
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "America/St_Johns",
    "America/Halifax",
    "America/Havana",  # at midnight
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Beirut",
    "Africa/Cairo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Phoenix",  # never
][: int(os.environ.get("CLOCK_ZONES", "2"))]
TODAY = date(2026, 11, 22)
STARTS = [time(0, 30), time(7, 30), time(9), time(13), time(19, 45)]


class Server:
    """A mail server that takes everything."""

    def offer(self, **envelope):
        pass

    def transmit(self, body):
        pass

    def settle(self):
        pass

    def abandon(self):
        pass

    def close(self):
        pass


def change_days(zone: ZoneInfo) -> list[date]:
    days = [TODAY + timedelta(days=n) for n in range(3, 731)]

    def offset(day):
        return datetime.combine(day, time(12), tzinfo=zone).utcoffset()

    return [day for day in days if offset(day) != offset(day - timedelta(days=1))] or days[:1]


def expected(start: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """By the house rules, in wall time; instants in UTC."""
    day, before = start.date(), start.date() - timedelta(days=1)

    def wall(day, clock):
        return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)

    morning = wall(day, time(8))
    early = start.time() < time(9)
    hours_before = start.astimezone(UTC) - timedelta(hours=3)
    on_the_day = wall(before, time(20)) if early else max(morning, hours_before)
    return {"reminder_day_before": wall(before, time(11)), "reminder_on_the_day": on_the_day}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ZONES)
def test_reminders_leave_once_in_their_minute_around_every_change_of_clocks(name):
    zone, server = ZoneInfo(name), Server()
    event = make_event(timezone=name)
    due: dict[datetime, set[tuple[str, str]]] = {}
    for change in change_days(zone):
        for day in (change, change + timedelta(days=1)):
            for clock in STARTS:
                local = datetime.combine(day, clock, tzinfo=zone)
                start = local.astimezone(UTC)
                rsvp = make_rsvp(make_timeslot(event, starts_at=start))
                for kind, instant in expected(start.astimezone(zone), zone).items():
                    due.setdefault(instant, set()).add((kind, f"rsvp:{rsvp.pk}"))
    Rsvp.objects.update(told_at=datetime(2026, 1, 1, tzinfo=UTC))
    gone: set[tuple[str, str]] = set()
    for instant in sorted(due):
        assert not is_quiet(instant, name)
        deliver_once(now=instant - timedelta(seconds=1), channel=server)
        assert sent() == gone
        deliver_once(now=instant + timedelta(seconds=30), channel=server)
        gone |= due[instant]
        assert sent() == gone
    assert Message.objects.filter(kind__startswith="reminder").count() == len(gone)


def sent() -> set[tuple[str, str]]:
    letters = Message.objects.filter(state=MessageState.SENT, kind__startswith="reminder")
    return set(letters.values_list("kind", "subject_key"))
