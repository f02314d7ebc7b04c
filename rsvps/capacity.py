"""Seats: the one writer of `Timeslot.seats_taken`.

A seat is taken by a single guarded UPDATE, so that two people on the last seat queue for the
row and the second one is told; the CHECK constraint `timeslot_not_oversold` stands behind it.
PostgreSQL evaluates the guard again on the newest row only at READ COMMITTED, which
rsvps.checks insists on.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q

from events.models import Timeslot
from events.states import TimeslotState


@dataclass(frozen=True)
class Claim:
    """Seats wanted at one timeslot. `version`: as the person saw it, None where it is moot."""

    timeslot_id: int
    seats: int
    version: int | None = None


class TimeslotUnavailable(Exception):
    """Nothing was taken: some claimed timeslot was cancelled or changed, or lacks room.

    `room_left`: {timeslot id: places left} of those without enough room; `cancelled` and
    `moved`: ids.
    """

    def __init__(
        self, *, room_left: dict[int, int], cancelled: Iterable[int] = (), moved: Iterable[int] = ()
    ) -> None:
        super().__init__(room_left, cancelled, moved)
        self.room_left = room_left
        self.cancelled = frozenset(cancelled)
        self.moved = frozenset(moved)


class TimeslotFull(TimeslotUnavailable):
    """Some claimed timeslots lack room for the whole party, and nothing else is wrong."""


class _Refused(Exception):
    """A guard found no row to change; undoes the claims taken before it."""


def take_seats(claims: Iterable[Claim]) -> None:
    """Take every claim's seats, or none.

    Raises TimeslotFull or TimeslotUnavailable, which tell about all claims at once. Call it
    late in the transaction: the timeslots' rows stay locked until it ends.
    """
    claims = sorted(claims, key=lambda claim: claim.timeslot_id)  # one order: no deadlocks
    while True:
        try:
            with transaction.atomic():
                for claim in claims:
                    _take(claim)
                return
        except _Refused:
            reason = _reason(claims)
            if reason is not None:
                raise reason from None
            # Somebody gave seats back between the guard and the look: try again.


def release_seats(timeslot_id: int, seats: int) -> None:
    """Give seats back. The caller has just changed, by compare-and-set, the RSVP that held
    them, so that nobody gives the same seats back twice."""
    Timeslot.objects.filter(pk=timeslot_id).update(seats_taken=F("seats_taken") - seats)


def _take(claim: Claim) -> None:
    enough = Q(capacity__isnull=True) | Q(capacity__gte=F("seats_taken") + claim.seats)
    guard = Q(pk=claim.timeslot_id, state=TimeslotState.OPEN) & enough
    if claim.version is not None:
        guard &= Q(version=claim.version)
    taken = Timeslot.objects.filter(guard).update(seats_taken=F("seats_taken") + claim.seats)
    if not taken:
        raise _Refused


def _reason(claims: list[Claim]) -> TimeslotUnavailable | None:
    slots = Timeslot.objects.in_bulk([claim.timeslot_id for claim in claims])
    cancelled, moved, room_left = set(), set(), {}
    for claim in claims:
        slot = slots.get(claim.timeslot_id)
        if slot is None or slot.state != TimeslotState.OPEN:
            cancelled.add(claim.timeslot_id)
        elif claim.version is not None and slot.version != claim.version:
            moved.add(claim.timeslot_id)
        elif slot.room_left is not None and slot.room_left < claim.seats:
            room_left[slot.pk] = slot.room_left
    if cancelled or moved:
        return TimeslotUnavailable(room_left=room_left, cancelled=cancelled, moved=moved)
    return TimeslotFull(room_left=room_left) if room_left else None
