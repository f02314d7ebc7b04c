"""What a change of an event means: which fields wait for review, which raise the version.

The host edits one form; its fields fall into three groups. Words go live at once and are
flagged to staff. Time, place and type are reviewed. What a guest's calendar shows raises the
version of every timeslot concerned, so that guests are told (docs/architecture.md, "Counters").
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from events.models import Event, EventRevision, Timeslot

WORDS = frozenset(
    {
        "title",
        "description",
        "contact_name",
        "contact_phone",
        "contact_email",
        "wheelchair",
        "asl",
        "child_care",
        "language",
        "transit_notes",
        "parking_notes",
        "picture",
        "picture_alt",
        "joining_notes",
        "approve_each_guest",
        "confirm_rsvps",
        # Finding the door is the host's own affair: live at once, though guests are told.
        "unit",
    }
)
# What the geocoder and the address rules write from the address typed.
POSITION = frozenset(
    {
        "latitude",
        "longitude",
        "accuracy",
        "pin_moved",
        "public_latitude",
        "public_longitude",
        "public_neighborhood",
        "public_city",
        "public_state_code",
        "public_postal_code",
        "public_county",
        "timezone",
    }
)
REVIEWED = POSITION | frozenset(
    {
        "type",
        "official",
        "attendance_mode",
        "joining_url",
        "address_visibility",
        "venue",
        "street",
        "city",
        "state_code",
        "postal_code",
        "country",
    }
)
# What stands in a guest's calendar entry besides start and end. Not the position: a geocoder
# that knows better today must not write to everybody.
RAISES_VERSION = frozenset(
    {
        "attendance_mode",
        "joining_url",
        "address_visibility",
        "venue",
        "street",
        "unit",
        "city",
        "state_code",
        "postal_code",
        "country",
    }
)


class SlotFields(TypedDict, total=False):
    """A timeslot as a form gives it; `id` None adds one. Instants are aware, in UTC."""

    id: int | None
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    instructions: str


@dataclass(frozen=True, slots=True)
class SlotBefore:
    """When a timeslot was, before the change."""

    starts_at: datetime
    ends_at: datetime
    instructions: str


@dataclass(slots=True)
class Changes:
    """What one step of the lifecycle changed for guests; `rsvps.invites` tells them.

    `before` maps a moved timeslot's id to its old times; `place_before` holds the old values
    of changed place fields. `revision` is set where a part waits for review.
    """

    event: Event
    moved: list[Timeslot] = field(default_factory=list)
    cancelled: list[Timeslot] = field(default_factory=list)
    reinstated: list[Timeslot] = field(default_factory=list)
    unlisted: list[Timeslot] = field(default_factory=list)
    relisted: list[Timeslot] = field(default_factory=list)
    before: dict[int, SlotBefore] = field(default_factory=dict)
    place_before: dict[str, str] = field(default_factory=dict)
    revision: EventRevision | None = None


def differing(event: Event, fields: dict[str, Any]) -> dict[str, Any]:
    """The items of `fields` whose value is not the event's own."""
    return {name: value for name, value in fields.items() if getattr(event, name) != value}


def differing_slots(event: Event, slots: Iterable[SlotFields]) -> list[SlotFields]:
    """The given timeslots that are new, or stand at other times now."""
    known = {slot.pk: slot for slot in event.timeslots.all()}
    changed = []
    for wanted in slots:
        slot = known.get(wanted.get("id") or 0)
        if slot is None or any(
            name in wanted and getattr(slot, name) != wanted[name]
            for name in ("starts_at", "ends_at")
        ):
            changed.append(wanted)
    return changed


def to_json(fields: dict[str, Any], slots: Iterable[SlotFields]) -> dict[str, Any]:
    """A revision's `changes`: plain JSON, instants as ISO 8601 in UTC."""
    return {
        "event": fields,
        "timeslots": [
            slot
            | {name: slot[name].isoformat() for name in ("starts_at", "ends_at") if name in slot}
            for slot in slots
        ],
    }


def from_json(changes: dict[str, Any]) -> tuple[dict[str, Any], list[SlotFields]]:
    """The inverse of `to_json`."""
    slots: list[SlotFields] = [
        slot
        | {
            name: datetime.fromisoformat(slot[name])
            for name in ("starts_at", "ends_at")
            if name in slot
        }
        for slot in changes["timeslots"]
    ]
    return changes["event"], slots
