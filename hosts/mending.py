"""What staff mend in an event themselves: any field, or where its pin stands."""

import copy
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from events import geocoding, lifecycle
from events.changes import SlotFields
from events.models import Event, Timeslot
from events.states import AttendanceMode
from hosts import vetting
from hosts.comparing import differences, snapshot
from hosts.hosting import PLACED, OtherZone
from hosts.models import Decision, User, VettingDecision
from hosts.review import lock_for_decision, put_on_record
from rsvps import invites

ADDRESS = ("street", "city", "state_code", "postal_code", "country")


class NothingFixed(Exception):
    """The form changed nothing."""


class ChangeWaits(Exception):
    """A change of the host's waits for review; it must be decided first, or it would be lost."""


def fix(
    event: Event, *, fields: dict[str, Any], by: User, seen: str, now: datetime, reason: str = ""
) -> VettingDecision:
    """Mend fields at once; the host is told what, guests what concerns them.

    An address that changed is looked up anew (before anything is locked: it may take seconds).
    Raises NothingFixed, ChangeWaits, hosting.OtherZone, review.OwnEvent, review.NeedsSenior,
    review.ChangedMeanwhile, lifecycle.StateConflict.
    """
    wanted = copy.copy(event)
    for name, value in fields.items():
        setattr(wanted, name, value)
    moved = any(getattr(event, name) != getattr(wanted, name) for name in ADDRESS)
    came_home = event.is_virtual_only != wanted.is_virtual_only
    if moved or came_home:
        wanted.latitude = wanted.longitude = None
        geocoding.place_event(wanted, now=now)
    elif wanted.attendance_mode != AttendanceMode.VIRTUAL:
        geocoding.write_public_place(wanted)  # whoever may see the address may have changed
    return _write(event, wanted, [*fields, *PLACED], by=by, seen=seen, now=now, reason=reason)


def fix_pin(
    event: Event, latitude: float, longitude: float, *, by: User, seen: str, now: datetime
) -> VettingDecision:
    """Put the pin where it belongs. Raises geocoding.PinTooFar and what `fix` raises."""
    wanted = copy.copy(event)
    geocoding.move_pin(wanted, latitude, longitude)
    return _write(event, wanted, PLACED, by=by, seen=seen, now=now, reason="")


def fix_date(
    timeslot: Timeslot, slot: SlotFields, *, by: User, seen: str, now: datetime
) -> VettingDecision:
    """Mend one date: its times, room or instructions. Raises lifecycle.TimeslotPassed,
    lifecycle.CapacityBelowSeatsTaken and what `fix` raises."""
    if timeslot.ends_at <= now:
        raise lifecycle.TimeslotPassed
    event = timeslot.event
    # Before publication a timeslot left out would be deleted: name them all.
    others = event.timeslots.exclude(pk=timeslot.pk).values_list("pk", flat=True)
    slots = [SlotFields(id=pk) for pk in others] + [slot | SlotFields(id=timeslot.pk)]
    return _write(event, event, (), slots=slots, by=by, seen=seen, now=now, reason="")


@transaction.atomic
def _write(
    event: Event,
    wanted: Event,
    names: Iterable[str],
    *,
    slots: Iterable[SlotFields] = (),
    by: User,
    seen: str,
    now: datetime,
    reason: str,
) -> VettingDecision:
    if wanted.timezone != event.timezone:
        raise OtherZone
    event = lock_for_decision(event, by=by, seen=seen)
    if vetting.pending_revision(event) is not None:
        raise ChangeWaits
    unread, before = event.text_changed_at, snapshot(event)
    fields = {name: getattr(wanted, name) for name in names}
    changes = lifecycle.change_event(event, fields=fields, slots=slots, by=by, now=now, live=True)
    event = changes.event
    changed = differences(before, snapshot(event))
    if not changed:
        raise NothingFixed
    # Staff's own words need no second look; a host's unread ones still do.
    Event.objects.filter(pk=event.pk).update(text_changed_at=unread)
    invites.post_changes(changes, now=now)
    return put_on_record(event, Decision.FIXED, by=by, now=now, reason=reason, changed=changed)
