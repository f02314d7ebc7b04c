"""The one writer of an event's state, and of its timeslots' state, times and version.

Every step runs in one transaction, locks the event's row, checks the state it starts from,
and keeps the public index true (events.spatial). What guests must hear of is returned as
`Changes`; the caller posts the letters in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from events import spatial
from events.changes import (
    RAISES_VERSION,
    REVIEWED,
    WORDS,
    Changes,
    SlotBefore,
    SlotFields,
    differing,
    differing_slots,
    from_json,
    to_json,
)
from events.models import Event, EventRevision, Timeslot
from events.states import HIGH_LEVEL_CAPACITY, EventState, RevisionState, TimeslotState

log = structlog.get_logger(__name__)

_UNREVIEWED = frozenset({EventState.DRAFT, EventState.SUBMITTED, EventState.SENT_BACK})


class StateConflict(Exception):
    """The event (or timeslot) is not in a state this step can start from; `state` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class CapacityBelowSeatsTaken(Exception):
    """More seats are taken than the wanted capacity; `seats_taken` says how many."""

    def __init__(self, seats_taken: int) -> None:
        super().__init__(seats_taken)
        self.seats_taken = seats_taken


class TimeslotPassed(Exception):
    """The timeslot has ended; nothing about it can change any more."""


def _lock(event: Event, *, allowed: Iterable[str]) -> Event:
    """The event's row, locked until the transaction ends. Raises StateConflict."""
    current = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    if current.state not in set(allowed):
        raise StateConflict(current.state)
    return current


def _enter(event: Event, state: EventState, *, by: Any, now: datetime, **fields: Any) -> None:
    """Write the state and what belongs to it, on the locked row and on the index."""
    event.state = state
    for name, value in (fields | {"updated_at": now}).items():
        setattr(event, name, value)
    event.save(update_fields=["state", "updated_at", *fields])
    spatial.index_event(event, now=now)
    log.info("event_state", event_id=event.pk, state=str(state), by=getattr(by, "pk", None))


def _raise_versions(slots: list[Timeslot], *, now: datetime) -> None:
    """Raise the version of each timeslot by one. The counter never falls."""
    Timeslot.objects.filter(pk__in=[slot.id for slot in slots]).update(
        version=F("version") + 1, changed_at=now
    )
    for slot in slots:
        slot.version += 1


def _upcoming(event: Event, now: datetime) -> list[Timeslot]:
    return list(event.timeslots.upcoming(now).order_by("starts_at", "pk"))


# -- The way to the public -----------------------------------------------------------


@transaction.atomic
def submit(event: Event, *, by: Any, now: datetime) -> Event:
    """Draft or sent back -> submitted. Raises StateConflict."""
    event = _lock(event, allowed={EventState.DRAFT, EventState.SENT_BACK})
    _enter(event, EventState.SUBMITTED, by=by, now=now, submitted_at=now, typed={})
    return event


@transaction.atomic
def approve(event: Event, *, by: Any, now: datetime) -> Event:
    """Submitted -> approved: the event is public from here on. Raises StateConflict."""
    event = _lock(event, allowed={EventState.SUBMITTED})
    _enter(
        event,
        EventState.APPROVED,
        by=by,
        now=now,
        published_at=event.published_at or now,
        text_changed_at=None,
        state_note="",
    )
    return event


@transaction.atomic
def send_back(event: Event, *, by: Any, now: datetime, note: str) -> Event:
    """Submitted -> sent back, with words for the host. Raises StateConflict."""
    event = _lock(event, allowed={EventState.SUBMITTED})
    _enter(event, EventState.SENT_BACK, by=by, now=now, state_note=note)
    return event


@transaction.atomic
def reject(event: Event, *, by: Any, now: datetime, note: str) -> Event:
    """Submitted or sent back -> rejected, with words for the host. Raises StateConflict."""
    event = _lock(event, allowed={EventState.SUBMITTED, EventState.SENT_BACK})
    _enter(event, EventState.REJECTED, by=by, now=now, state_note=note)
    return event


# -- Out of the public ---------------------------------------------------------------


@transaction.atomic
def cancel(event: Event, *, by: Any, now: datetime, note: str) -> Changes:
    """Any state but an ended or unlisted one -> cancelled, with every timeslot to come.

    Raises StateConflict.
    """
    event = _lock(event, allowed=_UNREVIEWED | {EventState.APPROVED})
    slots = _upcoming(event, now)
    _cancel_slots(slots, now=now)
    _withdraw_pending(event, now=now)
    _enter(event, EventState.CANCELLED, by=by, now=now, cancelled_at=now, cancel_note=note)
    return Changes(event=event, cancelled=slots)


@transaction.atomic
def unlist(event: Event, *, by: Any, now: datetime, note: str) -> Changes:
    """Approved or cancelled -> unlisted: 404 on everything public. Raises StateConflict."""
    event = _lock(event, allowed={EventState.APPROVED, EventState.CANCELLED})
    slots = _upcoming(event, now)
    _raise_versions(slots, now=now)
    _enter(event, EventState.UNLISTED, by=by, now=now, unlisted_at=now, state_note=note)
    return Changes(event=event, unlisted=slots)


@transaction.atomic
def relist(event: Event, *, by: Any, now: datetime) -> Changes:
    """Unlisted -> what it was before, approved or cancelled. Raises StateConflict."""
    event = _lock(event, allowed={EventState.UNLISTED})
    before = EventState.CANCELLED if event.cancelled_at else EventState.APPROVED
    slots = _upcoming(event, now)
    _raise_versions(slots, now=now)
    _enter(event, before, by=by, now=now, unlisted_at=None, state_note="")
    return Changes(event=event, relisted=slots)


@transaction.atomic
def discard_draft(event: Event) -> None:
    """Delete a draft nobody else has seen. Raises StateConflict."""
    _lock(event, allowed={EventState.DRAFT}).delete()


# -- Changes -------------------------------------------------------------------------


@transaction.atomic
def change_event(
    event: Event,
    *,
    fields: dict[str, Any],
    slots: Iterable[SlotFields] = (),
    by: Any,
    now: datetime,
    live: bool,
) -> Changes:
    """Write what a form changed; raises StateConflict where the event cannot change any more.

    Before the event is public everything is written at once. Afterwards words are live (and
    flagged), and time, place and type wait in the pending revision unless `live`. Timeslots
    left out of `slots` stay as they are; before publication they are deleted.
    """
    event = _lock(event, allowed=_UNREVIEWED | {EventState.APPROVED})
    slots = list(slots)
    if event.state in _UNREVIEWED:
        if slots:
            keep = [pk for slot in slots if (pk := slot.get("id"))]
            event.timeslots.exclude(pk__in=keep).delete()
        return _write(event, fields, slots, now=now)
    changed = differing(event, fields)
    words = {name: value for name, value in changed.items() if name in WORDS}
    waiting = {name: value for name, value in changed.items() if name in REVIEWED}
    if live:
        changes = _write(event, changed, slots, now=now)
        _withdraw_pending(event, now=now)
    else:
        moved = differing_slots(event, slots)
        changes = _write(event, words, _only_live(event, slots), now=now)
        if waiting or moved:
            changes.revision = _hold(event, waiting, moved, by=by, now=now)
    if words:
        event.text_changed_at = now
        event.save(update_fields=["text_changed_at"])
    log.info("event_changed", event_id=event.pk, by=getattr(by, "pk", None), live=live)
    return changes


@transaction.atomic
def apply_revision(revision: EventRevision, *, by: Any, now: datetime) -> Changes:
    """Write a pending revision, whole. Raises StateConflict where it is not pending any more."""
    event = _lock(revision.event, allowed={EventState.APPROVED})
    _close_revision(revision, RevisionState.APPLIED, now=now)
    fields, slots = from_json(revision.changes)
    changes = _write(event, fields, slots, now=now)
    changes.revision = revision
    log.info("revision_applied", event_id=event.pk, by=getattr(by, "pk", None))
    return changes


@transaction.atomic
def send_back_revision(revision: EventRevision, *, by: Any, now: datetime, note: str) -> Event:
    """Close a pending revision unapplied; the old version stays. Raises StateConflict."""
    event = _lock(revision.event, allowed={EventState.APPROVED})
    _close_revision(revision, RevisionState.SENT_BACK, now=now)
    event.state_note = note
    event.save(update_fields=["state_note"])
    log.info("revision_sent_back", event_id=event.pk, by=getattr(by, "pk", None))
    return event


@transaction.atomic
def withdraw_revision(revision: EventRevision, *, now: datetime) -> None:
    """The host takes a pending revision back. Raises StateConflict."""
    _close_revision(revision, RevisionState.WITHDRAWN, now=now)


def move_timeslot(
    timeslot: Timeslot,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: Any,
    now: datetime,
    live: bool,
) -> Changes:
    """Move one timeslot. Raises StateConflict; TimeslotPassed where it has ended."""
    if timeslot.ends_at <= now:
        raise TimeslotPassed
    slot: SlotFields = {"id": timeslot.pk, "starts_at": starts_at, "ends_at": ends_at}
    return _change_slot(timeslot.event, slot, by=by, now=now, live=live)


def add_timeslot(event: Event, slot: SlotFields, *, by: Any, now: datetime, live: bool) -> Changes:
    """Add one timeslot. Raises StateConflict."""
    return _change_slot(event, slot | {"id": None}, by=by, now=now, live=live)


def _change_slot(event: Event, slot: SlotFields, *, by: Any, now: datetime, live: bool) -> Changes:
    """One timeslot's change; unlike a form's, it leaves the others alone in every state."""
    with transaction.atomic():
        event = _lock(event, allowed=_UNREVIEWED | {EventState.APPROVED})
        if event.state in _UNREVIEWED or live:
            return _write(event, {}, [slot], now=now)
        changes = Changes(event=event)
        changes.revision = _hold(event, {}, [slot], by=by, now=now)
        return changes


@transaction.atomic
def cancel_timeslot(timeslot: Timeslot, *, by: Any, now: datetime) -> Changes:
    """Cancel one timeslot, at once. Raises StateConflict; TimeslotPassed where it has ended."""
    event = _lock(timeslot.event, allowed={EventState.APPROVED})
    timeslot = Timeslot.objects.select_for_update(of=("self",), no_key=True).get(pk=timeslot.pk)
    if timeslot.state != TimeslotState.OPEN:
        raise StateConflict(timeslot.state)
    if timeslot.ends_at <= now:
        raise TimeslotPassed
    _cancel_slots([timeslot], now=now)
    spatial.index_event(event, now=now)
    log.info("timeslot_cancelled", timeslot_id=timeslot.pk, by=getattr(by, "pk", None))
    return Changes(event=event, cancelled=[timeslot])


@transaction.atomic
def reinstate_timeslot(timeslot: Timeslot, *, by: Any, now: datetime) -> Changes:
    """Open a cancelled timeslot again. Raises StateConflict; TimeslotPassed where it has ended."""
    event = _lock(timeslot.event, allowed={EventState.APPROVED})
    timeslot = Timeslot.objects.select_for_update(of=("self",), no_key=True).get(pk=timeslot.pk)
    if timeslot.state != TimeslotState.CANCELLED:
        raise StateConflict(timeslot.state)
    if timeslot.ends_at <= now:
        raise TimeslotPassed
    timeslot.state = TimeslotState.OPEN
    timeslot.cancelled_at = None
    timeslot.save(update_fields=["state", "cancelled_at"])
    _raise_versions([timeslot], now=now)
    spatial.index_event(event, now=now)
    log.info("timeslot_reinstated", timeslot_id=timeslot.pk, by=getattr(by, "pk", None))
    return Changes(event=event, reinstated=[timeslot])


@transaction.atomic
def set_capacity(timeslot: Timeslot, capacity: int | None, *, by: Any, now: datetime) -> Timeslot:
    """Raise or lower the limit; None lifts it. Raises CapacityBelowSeatsTaken.

    One guarded write: an RSVP that comes in meanwhile either fits or makes this one fail.
    """
    fits = Q() if capacity is None else Q(seats_taken__lte=capacity)
    grew = (capacity or 0) >= HIGH_LEVEL_CAPACITY and (timeslot.capacity or 0) < HIGH_LEVEL_CAPACITY
    wrote = Timeslot.objects.filter(fits, pk=timeslot.id).update(capacity=capacity, changed_at=now)
    timeslot.refresh_from_db()
    if not wrote:
        raise CapacityBelowSeatsTaken(timeslot.seats_taken)
    if grew:
        # Live at once like any capacity, but so big an event is a senior's to look at.
        Event.objects.filter(pk=timeslot.event_id, state=EventState.APPROVED).update(
            text_changed_at=now
        )
    spatial.index_event(timeslot.event, now=now)
    log.info("capacity_set", timeslot_id=timeslot.pk, by=getattr(by, "pk", None))
    return timeslot


# -- The writing itself --------------------------------------------------------------


def _write(
    event: Event, fields: dict[str, Any], slots: Iterable[SlotFields], *, now: datetime
) -> Changes:
    """Write fields and timeslots of a locked event, and raise the versions they concern."""
    changes = Changes(event=event)
    changed = differing(event, fields)
    public = event.published_at is not None
    if public:
        changes.place_before = {
            name: str(getattr(event, name)) for name in changed if name in RAISES_VERSION
        }
    for name, value in changed.items():
        setattr(event, name, value)
    event.updated_at = now
    event.save(update_fields=["updated_at", *changed])
    touched: dict[int, Timeslot] = {}
    for wanted in slots:
        slot, before = _write_slot(event, wanted, now=now)
        if before is not None:
            touched[slot.pk] = slot
            changes.before[slot.pk] = before
    if changes.place_before:
        touched |= {slot.pk: slot for slot in _upcoming(event, now) if slot.pk not in touched}
    if public:
        changes.moved = [slot for slot in touched.values() if slot.state == TimeslotState.OPEN]
        _raise_versions(list(touched.values()), now=now)
    spatial.index_event(event, now=now)
    return changes


def _write_slot(
    event: Event, wanted: SlotFields, *, now: datetime
) -> tuple[Timeslot, SlotBefore | None]:
    """Add or change one timeslot; the second is what it was, where its guests must hear of it."""
    fields = {name: value for name, value in wanted.items() if name != "id"}
    slot = None
    if pk := wanted.get("id"):
        slot = event.timeslots.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if slot is None:
        return Timeslot.objects.create(event=event, changed_at=now, **fields), None
    before = SlotBefore(slot.starts_at, slot.ends_at, slot.instructions)
    if "capacity" in fields:
        capacity = fields.pop("capacity")
        if capacity != slot.capacity:
            set_capacity(slot, capacity, by=None, now=now)  # type: ignore[arg-type]
    changed = [name for name, value in fields.items() if getattr(slot, name) != value]
    for name in changed:
        setattr(slot, name, fields[name])
    if not changed:
        return slot, None
    slot.changed_at = now
    slot.save(update_fields=["changed_at", *changed])
    return slot, before


def _only_live(event: Event, slots: Iterable[SlotFields]) -> list[SlotFields]:
    """The parts of known timeslots that need no review: capacity and instructions."""
    return [
        {name: slot[name] for name in ("id", "capacity", "instructions") if name in slot}  # type: ignore[misc]
        for slot in slots
        if slot.get("id")
    ]


def _hold(
    event: Event,
    fields: dict[str, Any],
    slots: Iterable[SlotFields],
    *,
    by: Any,
    now: datetime,
) -> EventRevision:
    """Put a change into the event's pending revision, over what already waits there."""
    new = to_json(fields, slots)
    revision = event.revisions.filter(state=RevisionState.PENDING).first()
    if revision is None:
        return EventRevision.objects.create(event=event, changes=new, by=by, created_at=now)
    replaced = {slot["id"] for slot in new["timeslots"] if slot.get("id")}
    revision.changes = {
        "event": revision.changes["event"] | new["event"],
        "timeslots": [
            slot for slot in revision.changes["timeslots"] if slot.get("id") not in replaced
        ]
        + new["timeslots"],
    }
    revision.by = by
    revision.created_at = now
    revision.save(update_fields=["changes", "by", "created_at"])
    return revision


def _close_revision(revision: EventRevision, state: RevisionState, *, now: datetime) -> None:
    """Compare-and-set out of pending. Raises StateConflict."""
    closed = EventRevision.objects.filter(pk=revision.pk, state=RevisionState.PENDING).update(
        state=state, decided_at=now
    )
    revision.refresh_from_db(fields=["state", "changes", "decided_at"])
    if not closed:
        raise StateConflict(revision.state)


def _withdraw_pending(event: Event, *, now: datetime) -> None:
    event.revisions.filter(state=RevisionState.PENDING).update(
        state=RevisionState.WITHDRAWN, decided_at=now
    )


def _cancel_slots(slots: list[Timeslot], *, now: datetime) -> None:
    Timeslot.objects.filter(pk__in=[slot.id for slot in slots]).update(
        state=TimeslotState.CANCELLED, cancelled_at=now
    )
    for slot in slots:
        slot.state = TimeslotState.CANCELLED
        slot.cancelled_at = now
    _raise_versions(slots, now=now)
