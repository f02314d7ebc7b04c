"""Drafts: an event as its host typed it, kept whatever the words are.

What is typed is plain text by field name, and a list of dates of the same shape; it is read as
an event only when the host goes on. Everything here survives a browser that was closed, a
field that cannot be read and a log-in that ran out.
"""

import copy
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from events.changes import from_json
from events.forgetting import PLACE
from events.models import Event, Timeslot
from events.states import (
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    RevisionState,
)
from events.words import storable, tidy
from hosts.models import Host, User
from hosts.pictures import picture_mark

FIELDS = (
    "type",
    "title",
    "description",
    "official",
    "attendance_mode",
    "joining_url",
    "joining_notes",
    "venue",
    "street",
    "unit",
    "city",
    "state_code",
    "postal_code",
    "country",
    "is_home",
    "approve_each_guest",
    "contact_name",
    "contact_phone",
    "contact_email",
    "cohosts",
    "wheelchair",
    "asl",
    "child_care",
    "language",
    "transit_notes",
    "parking_notes",
    "picture_kept",
    "picture_alt",
    "warned",
)
TIME_FIELDS = (
    "id",
    "date",
    "start",
    "end",
    "end_date",
    "capacity",
    "instructions",
    "start_fold",
    "end_fold",
)
# Typed under the name of the event's own field.
SAME_NAME = tuple(
    name for name in FIELDS if name not in {"is_home", "cohosts", "picture_kept", "warned"}
)
MOST_TIMES = 60
# Far beyond any event, far below what would fill a disk.
LARGEST = 300_000

# What a kind of event usually looks like, to save typing: start and end of each date.
USUAL_TIMES: dict[str, tuple[tuple[time, time], ...]] = {
    EventType.CANVASS: (
        (time(9), time(12)),
        (time(12), time(15)),
        (time(15), time(18)),
    ),
    EventType.HOUSE_PARTY: ((time(18), time(20)),),
    EventType.PHONE_BANK: ((time(17, 30), time(20)),),
    EventType.TEXT_BANK: ((time(17, 30), time(20)),),
    EventType.DEBATE_WATCH: ((time(19, 30), time(22)),),
    EventType.COMMUNITY_SERVICE: ((time(9), time(12)),),
}
USUAL_TIME = ((time(18), time(19, 30)),)


class Typed(TypedDict):
    """The form as typed: text by field name, and one mapping for each date."""

    fields: dict[str, str]
    times: list[dict[str, str]]


class TooMuchTyped(Exception):
    """More text than any event needs; nothing was saved."""


def read_typed(data: Mapping[str, Any]) -> Typed:
    """What a posted form holds, as it was typed; names that are no fields of ours are dropped.

    A missing checkbox is an empty one. Raises TooMuchTyped.
    """
    fields = {name: storable(str(data.get(name) or "")) for name in FIELDS}
    try:
        count = min(int(data.get("times-TOTAL_FORMS") or 0), MOST_TIMES)
    except ValueError:
        count = 0
    times = [
        {name: storable(str(data.get(f"times-{row}-{name}") or "")) for name in TIME_FIELDS}
        for row in range(count)
        if not data.get(f"times-{row}-DELETE")
    ]
    typed = Typed(fields=fields, times=times)
    if sum(len(text) for part in (fields, *times) for text in part.values()) > LARGEST:
        raise TooMuchTyped
    return typed


class Offer(TypedDict):
    """What is usual for a kind of event: how it is attended, whether at home, its times of day."""

    mode: str
    home: bool
    times: list[tuple[str, str]]


def offer(kind: str) -> Offer:
    online = kind in {EventType.PHONE_BANK, EventType.TEXT_BANK}
    return Offer(
        mode=AttendanceMode.VIRTUAL if online else AttendanceMode.IN_PERSON,
        home=kind == EventType.HOUSE_PARTY,
        times=[
            (f"{start:%H:%M}", f"{end:%H:%M}") for start, end in USUAL_TIMES.get(kind, USUAL_TIME)
        ],
    )


def usual(kind: str, *, host: Host | None, user: User) -> Typed:
    """A new event of this kind, filled with what is likely; dates stay empty."""
    offered = offer(kind)
    near_host = offered["home"] or offered["mode"] == AttendanceMode.VIRTUAL
    return Typed(
        fields=dict.fromkeys(FIELDS, "")
        | {
            "type": str(kind),
            "attendance_mode": offered["mode"],
            "is_home": "on" if offered["home"] else "",
            "country": "US",
            "postal_code": host.postal_code if host and near_host else "",
            "contact_name": user.name,
            "contact_phone": host.phone if host else "",
            "contact_email": user.email,
            "wheelchair": "unknown",
            "asl": "unknown",
            "child_care": "unknown",
        },
        times=_offered_times(offered),
    )


def _offered_times(offered: Offer) -> list[dict[str, str]]:
    return [_blank_time() | {"start": start, "end": end} for start, end in offered["times"]]


def follow_kind(typed: Typed, *, offered: str) -> None:
    """Another kind was chosen than the page was filled for: offer what is usual for that one.

    Only where no date was typed yet. The page's script does the same as one chooses, and then
    says so in `offered`. A home stays private: better a hall kept private than a home made public.
    """
    kind = typed["fields"]["type"]
    if kind == offered or not {kind, offered} <= set(EventType.values):
        return
    wanted, before = offer(kind), offer(offered)["times"]
    if wanted["home"]:
        typed["fields"]["is_home"] = "on"
    if all(_is_untouched(row, before) for row in typed["times"]):
        typed["times"] = _offered_times(wanted)


def _is_untouched(row: dict[str, str], offered: list[tuple[str, str]]) -> bool:
    if any(text for name, text in row.items() if name not in {"start", "end"}):
        return False
    return (row["start"], row["end"]) in [("", ""), *offered]


def another_time(times: list[dict[str, str]]) -> dict[str, str]:
    """A new row like the last one, without its day."""
    like = times[-1] if times else {}
    kept = ("start", "end", "capacity", "instructions")
    return _blank_time() | {name: like.get(name, "") for name in kept}


def _blank_time() -> dict[str, str]:
    return dict.fromkeys(TIME_FIELDS, "")


@transaction.atomic
def start_draft(user: User, kind: str, *, now: datetime) -> Event:
    """A new draft of this kind. Asked twice for the same, untouched, it is the same draft."""
    host = Host.objects.filter(user=user).first()
    typed = usual(kind, host=host, user=user)
    untouched = Event.objects.filter(
        host=user, state=EventState.DRAFT, type=kind, updated_at__gte=now - timedelta(minutes=2)
    )
    for event in untouched:
        if event.typed == typed:
            return event
    return Event.objects.create(
        host=user, type=kind, typed=typed, typed_at=now, created_at=now, updated_at=now
    )


def save_typed(event: Event, typed: Typed, *, now: datetime) -> None:
    """Keep what was typed, whatever it is; the event itself stays as it was.

    An unseen draft shows its title and kind on the desk at once.
    """
    event.typed, event.typed_at = typed, now
    kept = ["typed", "typed_at"]
    if event.state == EventState.DRAFT:
        event.title = tidy(typed["fields"]["title"])[:120]
        kind = typed["fields"]["type"]
        event.type = kind if kind in EventType.values else event.type
        kept += ["title", "type"]
    event.save(update_fields=kept)


def forget_typed(event: Event) -> None:
    """Throw away what was typed and not sent; the event stays as it was."""
    Event.objects.filter(pk=event.pk).update(typed={})


def forget_home(event: Event) -> None:
    """Take the address of a home, and the way to its door, out of what was typed; words stay.

    Not if it is typed at in this very moment.
    """
    fields, times = event.typed.get("fields", {}), event.typed.get("times", [])
    if fields.get("is_home") or event.address_visibility == AddressVisibility.PRIVATE:
        fields |= {name: "" for name in PLACE if name in fields}
        times = [row | {"instructions": ""} for row in times]
    typed = event.typed and Typed(fields=fields, times=times)
    Event.objects.filter(pk=event.pk, typed_at=event.typed_at).update(typed=typed, typed_at=None)


def typed_of(event: Event, *, now: datetime) -> Typed:
    """What the form shows: what was typed last, else what is written, with what waits.

    Of an event that is public already only dates to come are shown; the others stand.
    """
    if event.typed:
        return Typed(
            fields=dict.fromkeys(FIELDS, "") | event.typed.get("fields", {}),
            times=event.typed.get("times", []),
        )
    slots = event.timeslots.open().order_by("starts_at", "pk")
    if event.published_at is not None:
        slots = slots.filter(starts_at__gt=now)
    return written(*_with_what_waits(event, list(slots)))


def _with_what_waits(event: Event, slots: list[Timeslot]) -> tuple[Event, list[Timeslot]]:
    """The event as its pending revision would make it."""
    revision = event.revisions.filter(state=RevisionState.PENDING).first()
    if revision is None:
        return event, slots
    shown = copy.copy(event)
    fields, changed = from_json(revision.changes)
    for name, value in fields.items():
        setattr(shown, name, value)
    by_id = {slot.pk: slot for slot in slots}
    for wanted in changed:
        slot = by_id.get(wanted.get("id") or 0)
        if slot is None:
            slot = Timeslot(event=shown)
            slots.append(slot)
        for name, value in wanted.items():
            if name != "id":
                setattr(slot, name, value)
    return shown, slots


def written(event: Event, slots: list[Timeslot]) -> Typed:
    """The event's own values and these timeslots, in the form's shape and the event's zone."""
    fields = dict.fromkeys(FIELDS, "")
    fields |= {name: _as_typed(getattr(event, name)) for name in SAME_NAME}
    fields["is_home"] = "on" if event.address_visibility == AddressVisibility.PRIVATE else ""
    fields["picture_kept"] = picture_mark(event.picture.name or "")
    return Typed(fields=fields, times=[typed_time(slot, event.timezone) for slot in slots])


def _as_typed(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)


def typed_time(slot: Timeslot, zone: str) -> dict[str, str]:
    """One date in the form's shape, in the event's zone."""
    start = slot.starts_at.astimezone(ZoneInfo(zone))
    end = slot.ends_at.astimezone(ZoneInfo(zone))
    return _blank_time() | {
        "id": _as_typed(slot.pk),
        "date": start.date().isoformat(),
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
        "end_date": end.date().isoformat() if end.date() != start.date() else "",
        "capacity": _as_typed(slot.capacity),
        "instructions": slot.instructions,
        "start_fold": str(start.fold) if start.fold else "",
        "end_fold": str(end.fold) if end.fold else "",
    }


@transaction.atomic
def duplicate(event: Event, *, by: User, now: datetime) -> Event:
    """A new draft with the event's words, place and dates, some whole weeks later.

    The picture comes along; guests, co-hosts and decisions do not. A cancelled date comes along
    only where all of them are: then another try is wanted.
    """
    zone = ZoneInfo(event.timezone)
    slots = event.timeslots.order_by("starts_at", "pk")
    typed = written(event, list(slots.open() or slots))
    weeks = _weeks_on(typed["times"], today=now.astimezone(zone).date())
    for row in typed["times"]:
        row["id"] = row["start_fold"] = row["end_fold"] = ""
        for name in ("date", "end_date"):
            if row[name]:
                moved = date.fromisoformat(row[name]) + timedelta(weeks=weeks)
                row[name] = moved.isoformat()
    return Event.objects.create(
        host=by,
        type=event.type,
        title=event.title,
        picture=event.picture.name,
        typed=typed,
        typed_at=_typed_at(event, now=now),
        created_at=now,
        updated_at=now,
    )


def _typed_at(event: Event, *, now: datetime) -> datetime:
    """As if the copy was typed at such a time that it forgets a home when the event does.

    Unless the host goes on with it: then the address is theirs to use again.
    """
    last = event.timeslots.aggregate(last=Max("ends_at"))["last"]
    if event.address_visibility != AddressVisibility.PRIVATE or last is None:
        return now
    days = settings.KEEP_ADDRESS_DAYS - settings.KEEP_DRAFT_DAYS
    return min(now, last + timedelta(days=days))


def _weeks_on(times: list[dict[str, str]], *, today: date) -> int:
    """How many weeks later these dates are all to come, and none is a date they stand on now."""
    days = [date.fromisoformat(row["date"]) for row in times]
    return (max(today, *days) - min(days)).days // 7 + 1 if days else 0
