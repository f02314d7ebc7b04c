"""When reminders and thanks are due, worked out from wall clocks apart from the product's own."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_BEFORE, ON_THE_DAY, THANKS = "reminder_day_before", "reminder_on_the_day", "thanks"


class Slot(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    zone: str


def due(slot: Slot) -> dict[str, datetime]:
    """{kind: instant} by the rules in docs/reliability.md, "Reminders"."""
    zone = ZoneInfo(slot.zone)
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    before = start.date() - timedelta(days=1)

    def wall(day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), zone).astimezone(UTC)

    on_the_day = max(wall(start.date(), 8), slot.starts_at - timedelta(hours=3))
    if start.hour < 9:
        on_the_day = wall(before, 20)
    thanks = end + timedelta(hours=1)
    if thanks.hour >= 21:
        thanks = datetime.combine(thanks.date() + timedelta(days=1), time(8), zone)
    elif thanks.hour < 8:
        thanks = datetime.combine(thanks.date(), time(8), zone)
    return {
        DAY_BEFORE: wall(before, 11),
        ON_THE_DAY: on_the_day,
        THANKS: thanks.astimezone(UTC),
    }
