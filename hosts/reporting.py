"""What visitors report about events."""

from datetime import datetime, timedelta

from events.models import Event
from hosts.models import EventReport
from rsvps import limits

PER_CONNECTION = limits.Limit("report", 10, timedelta(hours=1))


class TooManyReports(Exception):
    """More came from one connection than people would write; `wait` until it may go on."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


def report_event(
    event: Event, *, reason: str, words: str, email: str, connection: str, now: datetime
) -> EventReport:
    """Put a report into the staff's queue; the same one twice is one. Raises TooManyReports."""
    if reached := limits.count(limits.Asked(PER_CONNECTION, connection), now=now):
        raise TooManyReports(reached[PER_CONNECTION.name])
    report, _created = EventReport.objects.get_or_create(
        event=event,
        reason=reason,
        words=words,
        email=email,
        handled_at=None,
        defaults={"created_at": now},
    )
    return report
