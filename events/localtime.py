"""Local times and instants, with the two nights a year when clocks jump."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class NonexistentTime(ValueError):
    """Clocks jump over this local time; `before` and `after` are the nearest that exist.

    Both are naive local times: the last minute before the jump and the first after it.
    """

    def __init__(self, before: datetime, after: datetime) -> None:
        super().__init__(f"{before:%H:%M} - {after:%H:%M}")
        self.before = before
        self.after = after


class AmbiguousTime(ValueError):
    """Clocks show this local time twice; `first` and `second` are the aware instants."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(f"{first.isoformat()} / {second.isoformat()}")
        self.first = first
        self.second = second


def local_to_utc(naive_local: datetime, zone: str, *, fold: int | None = None) -> datetime:
    """The instant, in UTC, of a local time in an IANA zone.

    `fold` 0 or 1 chooses the first or second of a time that comes twice (PEP 495). Raises
    NonexistentTime in the gap of spring and AmbiguousTime in the repeat of autumn where no
    fold is given.
    """
    tz = ZoneInfo(zone)
    first, second = (naive_local.replace(tzinfo=tz, fold=f).astimezone(UTC) for f in (0, 1))
    if first == second:
        return first
    if first > second:
        # In a gap the offsets are read the wrong way round: `second` falls before the jump,
        # `first` after it.
        jump = _jump(second, first, tz)
        before = (jump - timedelta(minutes=1)).astimezone(tz)
        raise NonexistentTime(
            before.replace(tzinfo=None), jump.astimezone(tz).replace(tzinfo=None, fold=0)
        )
    if fold is None:
        raise AmbiguousTime(first.astimezone(tz), second.astimezone(tz))
    return second if fold else first


def _jump(early: datetime, late: datetime, tz: ZoneInfo) -> datetime:
    """The first instant, to the minute, of the new offset between two instants in UTC."""
    old = early.astimezone(tz).utcoffset()
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= early:
            break
        if middle.astimezone(tz).utcoffset() == old:
            early = middle
        else:
            late = middle
    return late.replace(second=0, microsecond=0)
