"""What a host does with an event, from becoming a host to cancelling or doing it again.

Each step runs in one transaction with the letters it causes. States are written by
`events.lifecycle` alone; guests are told by `rsvps.invites`.
"""

import copy
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from events import geocoding, lifecycle
from events.changes import POSITION, Changes, SlotFields
from events.models import Event, Timeslot
from events.states import EventState, RevisionState
from hosts import letters
from hosts.agreement import accept_agreement, has_accepted
from hosts.cohosting import ask_cohosts
from hosts.models import Host, User
from rsvps import invites

# What placing an event writes besides what is typed.
PLACED = (*sorted(POSITION), "geocode_again_at", "geocode_attempts")


class AgreementNotAccepted(Exception):
    """The host has not accepted the agreement's version now in force."""


class EventIncomplete(Exception):
    """The draft holds typed words that were not read as an event yet, or has no timeslot."""


class OtherZone(Exception):
    """The pin would move the event's dates into another time zone."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the event since the form was shown."""


@transaction.atomic
def become_host(
    user: User, *, name: str, phone: str, postal_code: str, agreement_version: int, now: datetime
) -> Host:
    """Make `user` a host who accepted the agreement; a second time mends name, phone and ZIP.

    Raises AgreementChanged where the version shown is not in force any more.
    """
    user.name = name
    user.save(update_fields=["name"])
    host, _created = Host.objects.update_or_create(
        user=user,
        defaults={"phone": phone, "postal_code": postal_code},
        create_defaults={"phone": phone, "postal_code": postal_code, "created_at": now},
    )
    accept_agreement(host, version=agreement_version, now=now)
    return host


def goes_live(event: Event) -> bool:
    """Whether a change of this event's time, place or type needs no review: trusted hosts."""
    return Host.objects.filter(user=event.host_id, trusted_at__isnull=False).exists()


@transaction.atomic
def save_event(
    event: Event,
    *,
    fields: dict[str, Any],
    slots: Iterable[SlotFields],
    cohosts: Iterable[str],
    seen: str,
    by: User,
    now: datetime,
) -> Changes:
    """Write a form that could be read; guests are told of what is live at once.

    `seen` is the event's stamp (`stamp_of`) when the form was shown. Raises ChangedMeanwhile,
    lifecycle.StateConflict, lifecycle.CapacityBelowSeatsTaken, cohosting.TooManyCoHosts,
    cohosting.AskedTooOften.
    """
    current = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    if stamp_of(current) != seen:
        raise ChangedMeanwhile
    # The form showed what waits already: what it says now replaces that as a whole.
    for revision in current.revisions.filter(state=RevisionState.PENDING):
        lifecycle.withdraw_revision(revision, now=now)
    changes = lifecycle.change_event(
        current, fields=fields, slots=slots, by=by, now=now, live=goes_live(current)
    )
    answered: dict[str, Any] = {"typed": {}}
    if changes.event.state == EventState.APPROVED:
        answered["state_note"] = ""  # what staff asked for last time is answered by this
    Event.objects.filter(pk=event.pk).update(**answered)
    changes.event.typed = {}
    ask_cohosts(changes.event, cohosts, by=by, now=now)
    invites.post_changes(changes, now=now)
    return changes


@transaction.atomic
def move_pin(
    event: Event, latitude: float, longitude: float, *, by: User, now: datetime
) -> Changes:
    """Put the event's pin elsewhere. Raises geocoding.PinTooFar, OtherZone, StateConflict."""
    moved = copy.copy(event)
    geocoding.move_pin(moved, latitude, longitude)
    if moved.timezone != event.timezone:
        raise OtherZone
    fields = {name: getattr(moved, name) for name in PLACED}
    return lifecycle.change_event(event, fields=fields, by=by, now=now, live=goes_live(event))


def stamp_of(event: Event) -> str:
    """Rises with every change that was written to the event; typed drafts do not count."""
    return f"{event.updated_at.timestamp():.6f}"


@transaction.atomic
def submit_event(event: Event, *, by: User, now: datetime) -> Event:
    """Draft or sent back -> submitted; the host gets a letter that says what happens next.

    Raises EventIncomplete, AgreementNotAccepted, lifecycle.StateConflict.
    """
    event = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    if event.state not in {EventState.DRAFT, EventState.SENT_BACK}:
        raise lifecycle.StateConflict(event.state)
    if event.typed or not event.timeslots.upcoming(now).exists():
        raise EventIncomplete
    host = Host.objects.filter(user=event.host_id).first()
    if host is None or not has_accepted(host):
        raise AgreementNotAccepted
    event = lifecycle.submit(event, by=by, now=now)
    letters.post_submitted(event, now=now)
    return event


# -- One timeslot ----------------------------------------------------------------------


@transaction.atomic
def add_timeslot(event: Event, slot: SlotFields, *, by: User, now: datetime) -> Changes:
    """Add one date. Raises lifecycle.StateConflict."""
    changes = lifecycle.add_timeslot(event, slot, by=by, now=now, live=goes_live(event))
    invites.post_changes(changes, now=now)
    return changes


@transaction.atomic
def move_timeslot(
    timeslot: Timeslot, *, starts_at: datetime, ends_at: datetime, by: User, now: datetime
) -> Changes:
    """Move one date. Raises lifecycle.StateConflict, lifecycle.TimeslotPassed."""
    changes = lifecycle.move_timeslot(
        timeslot,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        now=now,
        live=goes_live(timeslot.event),
    )
    invites.post_changes(changes, now=now)
    return changes


@transaction.atomic
def cancel_timeslot(timeslot: Timeslot, *, by: User, now: datetime, note: str) -> Changes:
    """Cancel one date at once. Raises lifecycle.StateConflict, lifecycle.TimeslotPassed."""
    changes = lifecycle.cancel_timeslot(timeslot, by=by, now=now)
    invites.post_changes(changes, now=now, words=note)
    return changes


@transaction.atomic
def reinstate_timeslot(timeslot: Timeslot, *, by: User, now: datetime) -> Changes:
    """Open a cancelled date again. Raises lifecycle.StateConflict, lifecycle.TimeslotPassed."""
    changes = lifecycle.reinstate_timeslot(timeslot, by=by, now=now)
    invites.post_changes(changes, now=now)
    return changes


# -- The whole event -------------------------------------------------------------------


@transaction.atomic
def cancel_event(event: Event, *, by: User, now: datetime, note: str) -> Changes:
    """Cancel the event; its page stays with a banner. Raises lifecycle.StateConflict."""
    changes = lifecycle.cancel(event, by=by, now=now, note=note)
    invites.post_changes(changes, now=now, words=note)
    return changes


@transaction.atomic
def unlist_event(event: Event, *, by: User, now: datetime) -> Changes:
    """Take the event off everything public now; staff can undo it.

    Raises lifecycle.StateConflict.
    """
    changes = lifecycle.unlist(event, by=by, now=now, note="")
    invites.post_changes(changes, now=now)
    return changes
