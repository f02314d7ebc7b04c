"""Calendar objects: VEVENTs by RFC 5545, with the methods of RFC 5546.

One UID per timeslot, for ever, the same in letters, feeds and downloads. Times are UTC, which
no program gets wrong. What a reader may see of the place is asked of `events.disclosure`.
"""

from collections.abc import Iterable
from datetime import datetime

from events.disclosure import Role
from events.models import Timeslot


def publish(
    timeslots: Iterable[Timeslot], *, now: datetime, name: str = "", role: Role = Role.STRANGER
) -> bytes:
    """METHOD:PUBLISH for feeds and downloads: no ATTENDEE, SEQUENCE is the version.

    Timeslots need their event selected.
    """
    raise NotImplementedError


def request(
    timeslot: Timeslot, *, sequence: int, organizer: str, attendee: str, now: datetime
) -> bytes:
    """METHOD:REQUEST for one accepted guest: `attendee` is the only one, PARTSTAT=ACCEPTED."""
    raise NotImplementedError


def cancel(
    timeslot: Timeslot, *, sequence: int, organizer: str, attendee: str, now: datetime
) -> bytes:
    """METHOD:CANCEL for one guest: the timeslot is cancelled, or their own place in it."""
    raise NotImplementedError
