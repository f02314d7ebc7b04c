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
    """Seats wanted at one timeslot; fewer than none are given back.

    `version`: the timeslot's as the person saw it, None where it is moot.
    """

    timeslot_id: int
    seats: int
    version: int | None = None


class TimeslotUnavailable(Exception):
    """Nothing was taken: some claimed timeslot was cancelled or changed, or lacks room.

    `room_left`: {timeslot id: places left} of those without enough room; `cancelled`, `moved`
    and `over`: ids.
    """

    def __init__(
        self,
        *,
        room_left: dict[int, int] | None = None,
        cancelled: Iterable[int] = (),
        moved: Iterable[int] = (),
        over: Iterable[int] = (),
    ) -> None:
        super().__init__(room_left, cancelled, moved, over)
        self.room_left = room_left or {}
        self.cancelled = frozenset(cancelled)
        self.moved = frozenset(moved)
        self.over = frozenset(over)


class TimeslotFull(TimeslotUnavailable):
    """Some claimed timeslots lack room for the whole party, and nothing else is wrong."""


class SeatsNotTaken(Exception):
    """More seats were to be given back than are taken: the caller's picture is out of date."""


class _Refused(Exception):
    """A guard found no row to change; undoes the claims taken before it."""


def lock_timeslots(ids: Iterable[int]) -> list[Timeslot]:
    """The timeslots, by id, their rows locked until the transaction ends.

    Whoever changes an RSVP locks its timeslot first, seats or no seats. PostgreSQL looks at
    the timeslot again when a row is changed twice in one transaction, so the other order lets
    a guest's answer and a host's change wait for each other (RI_FKey_fk_upd_check_required in
    PostgreSQL's ri_triggers.c).
    """
    rows = Timeslot.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return list(rows.order_by("pk"))


def take_seats(claims: Iterable[Claim]) -> None:
    """Take every claim's seats, or none.

    Raises TimeslotFull or TimeslotUnavailable, which tell about all claims at once. The
    timeslots' rows stay locked until the transaction ends: take seats before changing rows of
    RSVPs that exist already, as events.lifecycle and rsvps.invites do.
    """
    claims = sorted(claims, key=lambda claim: claim.timeslot_id)  # one order: no deadlocks
    while True:
        try:
            with transaction.atomic():
                for claim in claims:
                    _take(claim)
                return
        except _Refused:
            check_room(claims)
            # Somebody gave seats back between the guard and the look: try again.


def check_room(claims: Iterable[Claim]) -> None:
    """Raise what take_seats would raise now, and take nothing."""
    claims = [claim for claim in claims if claim.seats >= 0]
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
        raise TimeslotUnavailable(room_left=room_left, cancelled=cancelled, moved=moved)
    if room_left:
        raise TimeslotFull(room_left=room_left)


def release_seats(timeslot_id: int, seats: int) -> None:
    """Give seats back. Raises SeatsNotTaken.

    In the same transaction the caller changes, by compare-and-set, the RSVP that held them, so
    that nobody gives the same seats back twice.
    """
    held = Timeslot.objects.filter(pk=timeslot_id, seats_taken__gte=seats)
    if not held.update(seats_taken=F("seats_taken") - seats):
        raise SeatsNotTaken


def _take(claim: Claim) -> None:
    if claim.seats < 0:
        release_seats(claim.timeslot_id, -claim.seats)
        return
    enough = Q(capacity__isnull=True) | Q(capacity__gte=F("seats_taken") + claim.seats)
    guard = Q(pk=claim.timeslot_id, state=TimeslotState.OPEN) & enough
    if claim.version is not None:
        guard &= Q(version=claim.version)
    taken = Timeslot.objects.filter(guard).update(seats_taken=F("seats_taken") + claim.seats)
    if not taken:
        raise _Refused
