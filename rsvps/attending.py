"""RSVPs that stand: what guests, their calendars and the host do to them.

The one writer of `Rsvp.status`, `party_size` and `revision` after the form. Every function
locks the timeslots first (taking or giving back seats does), then changes the RSVP by
compare-and-set (zero rows changed: somebody was faster), then posts the letter, all in one
transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from events.models import Event, Timeslot
from events.states import EventState, TimeslotState
from rsvps import blocks, links
from rsvps.capacity import (
    Claim,
    SeatsNotTaken,
    TimeslotUnavailable,
    lock_timeslots,
    take_seats,
)
from rsvps.invites import (
    has_entry,
    post_cancelled,
    post_declined_by_host,
    post_invitation,
    post_no_room,
    post_party_change,
    post_pending,
    post_removed,
    withdraw_stale,
)
from rsvps.models import Guest, Rsvp
from rsvps.states import COMING, GONE, SEATED, RsvpStatus

log = structlog.get_logger(__name__)


class EventClosed(Exception):
    """Nobody can join this event now; `state` is its EventState, or "over"."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class NotWelcome(Exception):
    """The host removed this guest or their answer was no; they cannot come back by themselves."""


class RsvpChanged(Exception):
    """The RSVP is not (or no longer) in a state this step can start from. Nothing was done."""


def check_joinable(event: Event, timeslots: Iterable[Timeslot], *, now: datetime) -> None:
    """Raises EventClosed, or TimeslotUnavailable naming the timeslots that have ended."""
    if event.state != EventState.APPROVED:
        raise EventClosed(event.state)
    over = [slot.pk for slot in timeslots if slot.ends_at <= now]
    if over:
        if not event.timeslots.upcoming(now).exists():
            raise EventClosed("over")
        raise TimeslotUnavailable(over=over)


# -- The guest -----------------------------------------------------------------------


@transaction.atomic
def set_plan(
    guest: Guest,
    wanted: Mapping[int, int],
    *,
    party_size: int | None,
    note: str | None = None,
    keep_others: bool = False,
    now: datetime,
) -> list[Rsvp]:
    """Come to the `wanted` timeslots ({id: version the guest saw}) with `party_size` people.

    None leaves the parties as they are; the largest one comes to what is added. RSVPs to other
    timeslots still to come are cancelled, unless `keep_others`. Answers the guest's RSVPs that
    changed. Raises EventClosed, NotWelcome, RsvpChanged, TimeslotFull or TimeslotUnavailable;
    then nothing has changed at all.
    """
    slots = _lock_slots(guest, wanted)
    have = {rsvp.timeslot_id: rsvp for rsvp in _own(guest)}
    seated = {key for key, rsvp in have.items() if rsvp.status in SEATED}
    joining = [slot for slot in slots if slot.pk not in seated]
    confirming = [
        slot
        for slot in slots
        if slot.pk in seated and have[slot.pk].status == RsvpStatus.UNCONFIRMED
    ]
    check_joinable(guest.event, joining + confirming, now=now)
    missing = set(wanted) - {slot.pk for slot in slots}
    missing |= {slot.pk for slot in confirming if slot.state != TimeslotState.OPEN}
    if missing:
        raise TimeslotUnavailable(cancelled=missing)
    if guest.blocked_at or any(
        slot.pk in have and have[slot.pk].status == RsvpStatus.REMOVED for slot in joining
    ):
        raise NotWelcome
    leaving = [] if keep_others else _leaving(have, wanted, now=now)
    resized = [have[key] for key in sorted(seated & set(wanted))]
    size = party_size or max((rsvp.party_size for rsvp in have.values()), default=1)
    _move_seats(
        [Claim(slot.pk, size, wanted[slot.pk]) for slot in joining]
        + [
            Claim(rsvp.timeslot_id, party_size - rsvp.party_size)
            for rsvp in resized
            if party_size and rsvp.party_size != party_size
        ]
        + [Claim(rsvp.timeslot_id, -rsvp.party_size) for rsvp in leaving]
    )
    changed = _resize(resized, party_size=party_size, note=note, now=now)
    for rsvp in leaving:
        _leave(rsvp, now=now)
    return changed + leaving + _join(guest, joining, have, size, note or "", now=now)


def _lock_slots(guest: Guest, wanted: Mapping[int, int]) -> list[Timeslot]:
    """The event's timeslots among `wanted`, locked together with those the guest has.

    A change that is being written at this moment does not see whoever is accepted here, so it
    is waited for; the event's state is read again, and the timeslots after this.
    """
    locked = lock_timeslots({*wanted, *guest.rsvps.values_list("timeslot_id", flat=True)})
    guest.event.refresh_from_db(fields=["state"])
    return [slot for slot in locked if slot.pk in wanted and slot.event_id == guest.event_id]


def _own(guest: Guest) -> list[Rsvp]:
    rsvps = list(guest.rsvps.select_related("timeslot").order_by("pk"))
    for rsvp in rsvps:  # one event, one guest: no further queries
        rsvp.guest, rsvp.supporter, rsvp.timeslot.event = guest, guest.supporter, guest.event
    return rsvps


def _leaving(have: dict[int, Rsvp], wanted: Mapping[int, int], *, now: datetime) -> list[Rsvp]:
    return [
        rsvp
        for key, rsvp in sorted(have.items())
        if key not in wanted
        and rsvp.status in SEATED
        and rsvp.timeslot.ends_at > now
        and rsvp.timeslot.state == TimeslotState.OPEN
    ]


def _resize(
    rsvps: list[Rsvp], *, party_size: int | None, note: str | None, now: datetime
) -> list[Rsvp]:
    changed = []
    for rsvp in rsvps:
        was, note_now = rsvp.party_size, rsvp.note if note is None else note
        size = party_size or was
        confirmed = rsvp.status != RsvpStatus.UNCONFIRMED
        if was == size and rsvp.note == note_now and confirmed:
            continue
        _swap(rsvp, party_size=size, note=note_now, now=now)
        if not confirmed:
            accept(rsvp, now=now)
        elif was != size:
            post_party_change(rsvp, was=was, now=now)
        changed.append(rsvp)
    return changed


def _join(
    guest: Guest,
    slots: list[Timeslot],
    have: dict[int, Rsvp],
    party_size: int,
    note: str,
    *,
    now: datetime,
) -> list[Rsvp]:
    """Rows for seats just taken: RSVPs that come back, and new ones."""
    back = [have[slot.pk] for slot in slots if slot.pk in have]
    for rsvp in back:
        _swap(
            rsvp,
            status=RsvpStatus.UNCONFIRMED,
            revision=rsvp.revision + 1,
            party_size=party_size,
            note=note or rsvp.note,
            now=now,
        )
    new = add_rsvps(
        guest, [slot for slot in slots if slot.pk not in have], party_size, note, now=now
    )
    for rsvp in back + new:
        accept(rsvp, now=now)
    return back + new


def add_rsvps(
    guest: Guest,
    slots: list[Timeslot],
    party_size: int,
    note: str,
    *,
    now: datetime,
    hold_until: datetime | None = None,
) -> list[Rsvp]:
    """New unconfirmed rows; the caller takes their seats in the same transaction."""
    rsvps = Rsvp.objects.bulk_create(
        Rsvp(
            guest=guest,
            supporter=guest.supporter,
            timeslot=slot,
            status=RsvpStatus.UNCONFIRMED,
            party_size=party_size,
            note=note,
            hold_expires_at=hold_until,
            created_at=now,
            changed_at=now,
        )
        for slot in slots
    )
    for rsvp in rsvps:
        rsvp.timeslot.event = guest.event
    links.seal_rsvps(guest, rsvps)
    return rsvps


def accept(rsvp: Rsvp, *, now: datetime, letter_at: datetime | None = None) -> None:
    """Unconfirmed -> accepted, or pending where the host answers each guest. Keeps its seats.

    The invitation leaves now, or at that instant (rsvps.unasked).
    """
    asks_host = rsvp.timeslot.event.approve_each_guest
    status = RsvpStatus.PENDING if asks_host else RsvpStatus.ACCEPTED
    _swap(rsvp, status=status, hold_expires_at=None, now=now)
    if asks_host:
        post_pending(rsvp, now=now)
    else:
        post_invitation(rsvp, now=now, leaves_at=letter_at)


@transaction.atomic
def change_party(rsvp: Rsvp, party_size: int, *, now: datetime) -> None:
    """Another number of people at one timeslot. Raises TimeslotFull, RsvpChanged, EventClosed."""
    set_plan(
        rsvp.guest,
        {rsvp.timeslot_id: rsvp.timeslot.version},
        party_size=party_size,
        keep_others=True,
        now=now,
    )
    rsvp.refresh_from_db()


@transaction.atomic
def cancel_rsvp(rsvp: Rsvp, *, now: datetime) -> None:
    """Seated -> cancelled; the seats are free at once. Raises RsvpChanged."""
    if rsvp.status not in SEATED:
        raise RsvpChanged
    _give_back([rsvp])
    _leave(rsvp, now=now)


def _leave(rsvp: Rsvp, *, now: datetime) -> None:
    # Who waited for the host's answer has no calendar entry to take back, unless an earlier one
    # is still on its way out.
    had_entry = rsvp.status in COMING or has_entry(rsvp)
    _swap(
        rsvp,
        status=RsvpStatus.CANCELLED,
        revision=rsvp.revision + 1,
        hold_expires_at=None,
        now=now,
    )
    if had_entry:
        post_cancelled(rsvp, now=now)
    else:
        withdraw_stale(rsvp, now=now)


@transaction.atomic
def cancel_all(guest: Guest, *, now: datetime) -> list[Rsvp]:
    """The guest gives up every seat still to come at this event; answers those RSVPs."""
    leaving = _leaving({rsvp.timeslot_id: rsvp for rsvp in _own(guest)}, {}, now=now)
    _give_back(leaving)
    for rsvp in leaving:
        _leave(rsvp, now=now)
    return leaving


@transaction.atomic
def come_back(rsvp: Rsvp, *, now: datetime) -> None:
    """Cancelled or declined -> as a new RSVP, through capacity like anyone else.

    Raises EventClosed, NotWelcome, RsvpChanged, TimeslotFull or TimeslotUnavailable.
    """
    if rsvp.status not in GONE:
        raise RsvpChanged
    set_plan(
        rsvp.guest,
        {rsvp.timeslot_id: rsvp.timeslot.version},
        party_size=rsvp.party_size,
        keep_others=True,
        now=now,
    )
    rsvp.refresh_from_db()


# -- The guest's calendar ------------------------------------------------------------


@transaction.atomic
def decline(rsvp: Rsvp, *, now: datetime) -> None:
    """Their calendar said no: the seats are free, and no letter answers it. Raises RsvpChanged."""
    if rsvp.status not in SEATED:
        raise RsvpChanged
    _give_back([rsvp])
    _swap(rsvp, status=RsvpStatus.DECLINED, revision=rsvp.revision + 1, now=now)
    withdraw_stale(rsvp, now=now)


def take_entry_away(rsvp: Rsvp, *, why: str, now: datetime) -> None:
    """Their calendar said yes, and they have no seat: `why` as rsvps.invites.post_no_room has it.

    Raises RsvpChanged.
    """
    _swap(rsvp, revision=rsvp.revision + 1, now=now)
    post_no_room(rsvp, why=why, now=now)


def set_answer(rsvp: Rsvp, answer: str, *, now: datetime) -> None:
    """Accepted <-> tentative; the seats stay. Raises RsvpChanged."""
    if rsvp.status not in COMING or answer not in COMING:
        raise RsvpChanged
    _swap(rsvp, status=answer, now=now)


# -- The host ------------------------------------------------------------------------


@transaction.atomic
def approve_guest(rsvp: Rsvp, *, by: Any, now: datetime) -> None:
    """Pending -> accepted: the invitation goes out. Raises RsvpChanged."""
    if rsvp.status != RsvpStatus.PENDING:
        raise RsvpChanged
    rsvp.timeslot.version = lock_timeslots([rsvp.timeslot_id])[0].version
    # An entry of an earlier RSVP may have been taken away at the revision they waited with.
    _swap(rsvp, status=RsvpStatus.ACCEPTED, revision=rsvp.revision + 1, now=now)
    post_invitation(rsvp, now=now, approved=True)
    log.info("guest_approved", rsvp=rsvp.pk, by=by.pk)


@transaction.atomic
def decline_guest(rsvp: Rsvp, *, by: Any, now: datetime, words: str = "") -> None:
    """Pending -> removed, with a kind letter; the seats are free. Raises RsvpChanged."""
    if rsvp.status != RsvpStatus.PENDING:
        raise RsvpChanged
    _give_back([rsvp])
    _swap(rsvp, status=RsvpStatus.REMOVED, revision=rsvp.revision + 1, now=now)
    post_declined_by_host(rsvp, now=now, words=words)
    log.info("guest_declined", rsvp=rsvp.pk, by=by.pk)


@transaction.atomic
def remove_guest(
    guest: Guest, *, by: Any, now: datetime, words: str = "", block: bool = True
) -> list[Rsvp]:
    """Take a guest off every timeslot still to come; their links stop working.

    With `block` they cannot come back under the same e-mail or phone. Answers those RSVPs.
    """
    leaving = [
        rsvp for rsvp in _own(guest) if rsvp.status in SEATED and rsvp.timeslot.ends_at > now
    ]
    _give_back(leaving)
    if block:
        guest.blocked_at = now
        guest.save(update_fields=["blocked_at"])
        blocks.keep_out(guest, now=now)
    links.revoke(guest)
    guest.tickets.filter(used_at__isnull=True).delete()
    for rsvp in leaving:
        was = rsvp.status
        _swap(
            rsvp,
            status=RsvpStatus.REMOVED,
            revision=rsvp.revision + 1,
            hold_expires_at=None,
            now=now,
        )
        if was == RsvpStatus.PENDING:
            post_declined_by_host(rsvp, now=now, words=words)
        elif was != RsvpStatus.UNCONFIRMED:
            post_removed(rsvp, now=now, words=words)
    log.info("guest_removed", guest=guest.pk, by=by.pk, blocked=block)
    return leaving


@transaction.atomic
def welcome_again(guest: Guest, *, now: datetime) -> bool:
    """A guest who was removed may sign up again, like anyone else; False where nothing barred them.

    Their old links stay dead: they come back by the form, and confirm by mail.
    """
    barred = Guest.objects.filter(pk=guest.pk, blocked_at__isnull=False).update(blocked_at=None)
    guest.blocked_at = None
    blocks.let_in(guest)
    removed = guest.rsvps.filter(status=RsvpStatus.REMOVED)
    return bool(removed.update(status=RsvpStatus.CANCELLED, changed_at=now) or barred)


def _give_back(rsvps: Iterable[Rsvp]) -> None:
    _move_seats([Claim(rsvp.timeslot_id, -rsvp.party_size) for rsvp in rsvps])


def _move_seats(claims: list[Claim]) -> None:
    try:
        take_seats(claims)
    except SeatsNotTaken:
        raise RsvpChanged from None  # somebody was faster


def _swap(rsvp: Rsvp, *, now: datetime, **fields: Any) -> None:
    """Change the RSVP if it is still as this object has it. Raises RsvpChanged."""
    as_known = Rsvp.objects.filter(
        pk=rsvp.pk, status=rsvp.status, party_size=rsvp.party_size, revision=rsvp.revision
    )
    if not as_known.update(changed_at=now, **fields):
        raise RsvpChanged
    for name, value in fields.items():
        setattr(rsvp, name, value)
