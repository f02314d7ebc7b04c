"""What a pending revision would change, in words for its host."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst

from events import calendars
from events.changes import from_json
from events.models import Event, EventRevision
from events.states import AddressVisibility, RevisionState

SHOWN = (
    "type",
    "official",
    "attendance_mode",
    "joining_url",
    "venue",
    "street",
    "city",
    "state_code",
    "postal_code",
    "country",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending revision: when it was sent, and what it says, line by line."""

    since: datetime
    lines: list[str]


def what_waits(event: Event) -> Waiting | None:
    """The change of this event that waits for review; None where none does."""
    revision = event.revisions.filter(state=RevisionState.PENDING).first()
    return Waiting(since=revision.created_at, lines=_lines(event, revision)) if revision else None


def _lines(event: Event, revision: EventRevision) -> list[str]:
    fields, slots = from_json(revision.changes)
    zone = fields.get("timezone", event.timezone)
    changed = Event(**{name: value for name, value in fields.items() if name in SHOWN})
    lines = []
    for name in SHOWN:
        if name in fields:
            label = capfirst(str(Event._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
            choice = getattr(changed, f"get_{name}_display", None)
            lines.append(f"{label}: {choice() if choice else fields[name]}")
    if "address_visibility" in fields:
        lines.append(str(AddressVisibility(fields["address_visibility"]).label))
    lines += [
        calendars.when_in_words(slot["starts_at"], slot["ends_at"], zone)
        for slot in slots
        if "starts_at" in slot
    ]
    return lines
