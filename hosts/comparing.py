"""How an event reads, and what reads otherwise than before: for reviewers and for the record."""

import difflib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.calendars import when_in_words
from events.changes import from_json
from events.models import Event, EventRevision
from events.states import TimeslotState
from hosts.models import VettingDecision

# What a decision remembers of an event and a reviewer reads, in the order of the page.
REVIEWED_FIELDS = {
    "title": gettext_lazy("Title"),
    "type": gettext_lazy("Type"),
    "official": gettext_lazy("Official campaign event"),
    "description": gettext_lazy("Description"),
    "attendance_mode": gettext_lazy("In person or online"),
    "joining_url": gettext_lazy("Joining link"),
    "joining_notes": gettext_lazy("How to join"),
    "address_visibility": gettext_lazy("Who sees the address"),
    "venue": gettext_lazy("Venue"),
    "street": gettext_lazy("Street"),
    "unit": gettext_lazy("Unit"),
    "city": gettext_lazy("City"),
    "state_code": gettext_lazy("State"),
    "postal_code": gettext_lazy("ZIP code"),
    "country": gettext_lazy("Country"),
    "latitude": gettext_lazy("Pin: latitude"),
    "longitude": gettext_lazy("Pin: longitude"),
    "approve_each_guest": gettext_lazy("Host approves each guest"),
    "confirm_rsvps": gettext_lazy("Guests confirm their address first"),
    "contact_name": gettext_lazy("Contact name"),
    "contact_phone": gettext_lazy("Contact phone"),
    "contact_email": gettext_lazy("Contact email"),
    "wheelchair": gettext_lazy("Wheelchair"),
    "asl": gettext_lazy("Sign language"),
    "child_care": gettext_lazy("Child care"),
    "language": gettext_lazy("Language"),
    "transit_notes": gettext_lazy("Transit"),
    "parking_notes": gettext_lazy("Parking"),
    "picture": gettext_lazy("Picture"),
    "picture_alt": gettext_lazy("What the picture shows"),
}


# Texts less alike than this are shown whole: single words marked here and there confuse.
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reads otherwise now. `parts` are (same | del | ins, words)."""

    label: str
    before: str
    after: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        old, new = _words(self.before), _words(self.after)
        found: list[tuple[str, str]] = []
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        if matcher.ratio() < _ALIKE:
            return [("del", self.before), ("ins", self.after)]
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            if kind == "equal":
                found.append(("same", "".join(old[i1:i2])))
                continue
            if i2 > i1:
                found.append(("del", "".join(old[i1:i2])))
            if j2 > j1:
                found.append(("ins", "".join(new[j1:j2])))
        return found


def _words(text: str) -> list[str]:
    """Words and the spaces between them, so that joining gives the text back."""
    return re.findall(r"\s+|\S+", text)


def snapshot(event: Event) -> dict[str, Any]:
    """The event as a decision remembers it: plain JSON, instants as ISO 8601 in UTC."""
    return {
        "event": {name: _plain(getattr(event, name)) for name in REVIEWED_FIELDS},
        "timeslots": [
            {
                "id": slot.pk,
                "state": slot.state,
                "starts_at": slot.starts_at.isoformat(),
                "ends_at": slot.ends_at.isoformat(),
                "capacity": slot.capacity,
                "instructions": slot.instructions,
            }
            for slot in event.timeslots.order_by("starts_at", "pk")
        ],
        "timezone": event.timezone,
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, type(None))) else str(value)


def with_revision(event: Event, revision: EventRevision) -> dict[str, Any]:
    """The snapshot the event will give once the revision is applied."""
    fields, slots = from_json(revision.changes)
    after = snapshot(event)
    after["event"] |= {
        name: _plain(value) for name, value in fields.items() if name in REVIEWED_FIELDS
    }
    after["timezone"] = fields.get("timezone", after["timezone"])
    known = {slot["id"]: slot for slot in after["timeslots"]}
    for slot in slots:
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in slot.items()
        }
        if slot.get("id") in known:
            known[slot["id"]].update(told)
        else:
            new = {"state": TimeslotState.OPEN, "capacity": None, "instructions": ""}
            after["timeslots"].append(new | told)
    return after


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What reads otherwise in the second of two snapshots."""
    found = [
        Difference(str(label), _shown(name, before["event"].get(name)), now_reads)
        for name, label in REVIEWED_FIELDS.items()
        if (now_reads := _shown(name, after["event"].get(name)))
        != _shown(name, before["event"].get(name))
    ]
    old = {slot["id"]: _slot_in_words(slot, before["timezone"]) for slot in before["timeslots"]}
    new = {}
    for number, slot in enumerate(after["timeslots"]):
        key = slot.get("id") or f"new {number}"
        new[key] = _slot_in_words(slot, after["timezone"])
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key, "") != new.get(key, ""):
            found.append(Difference(_("Date"), old.get(key, ""), new.get(key, "")))
    return found


def _shown(name: str, value: Any) -> str:
    """A field's value in words."""
    if value is None or value == "":
        return ""
    if name == "picture":  # a file's name says nothing, but another file is another picture
        return _("picture %(mark)s") % {"mark": value.rpartition("/")[2][:4]}
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.5f}"
    choices = getattr(Event._meta.get_field(name), "flatchoices", [])
    return str(dict(choices).get(value, value))


def _slot_in_words(slot: dict[str, Any], zone: str) -> str:
    when = when_in_words(
        datetime.fromisoformat(slot["starts_at"]), datetime.fromisoformat(slot["ends_at"]), zone
    )
    capacity = slot.get("capacity")
    room = _("for %(capacity)s people") % {"capacity": capacity} if capacity else _("no limit")
    said = [when, room, slot.get("instructions") or ""]
    if slot.get("state") == TimeslotState.CANCELLED:
        said.append(_("cancelled"))
    return " · ".join(part for part in said if part)


def last_decision(event: Event) -> VettingDecision | None:
    return event.decisions.select_related("by").order_by("-decided_at", "-pk").first()


def changed_since(event: Event, decision: VettingDecision | None) -> list[Difference]:
    """What the host changed since staff last decided; nothing where they never did."""
    if decision is None or not decision.snapshot:
        return []
    return differences(decision.snapshot, snapshot(event))
