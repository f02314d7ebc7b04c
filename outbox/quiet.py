"""Quiet hours: 21:00 inclusive to 08:00 exclusive, by the event's own clock.

They bind reminders, thanks, digests and alerts. Reminders are planned earlier; the rest waits
for the next 08:00.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT_BEGINS = time(21)
NIGHT_ENDS = time(8)


def is_quiet(instant: datetime, zone: str) -> bool:
    """Whether `instant` (aware) falls into the night of `zone` (an IANA name)."""
    local = instant.astimezone(ZoneInfo(zone)).time()
    return local >= NIGHT_BEGINS or local < NIGHT_ENDS


def next_morning(instant: datetime, zone: str) -> datetime:
    """The first 08:00 of `zone` at or after `instant`, in UTC."""
    local = instant.astimezone(ZoneInfo(zone))
    morning = datetime.combine(local.date(), NIGHT_ENDS, tzinfo=local.tzinfo)
    if morning.timestamp() < instant.timestamp():
        morning = datetime.combine(
            local.date() + timedelta(days=1), NIGHT_ENDS, tzinfo=local.tzinfo
        )
    return morning.astimezone(ZoneInfo("UTC"))
