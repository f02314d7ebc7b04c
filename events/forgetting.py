"""What an event forgets: a home's address days after it, and everything when its host goes."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from events import lifecycle
from events.models import Event, EventRevision, Timeslot
from events.states import AddressVisibility, EventState

# The exact place of a home, and the way to its door. Its state and country stay: they stand for
# millions.
PLACE: dict[str, Any] = {
    "venue": "",
    "street": "",
    "unit": "",
    "city": "",
    "postal_code": "",
    "latitude": None,
    "longitude": None,
    "transit_notes": "",
    "parking_notes": "",
}
_CONTACT: dict[str, Any] = {"contact_name": "", "contact_phone": "", "contact_email": ""}
_WORDS: dict[str, Any] = {
    "description": "",
    "joining_url": "",
    "joining_notes": "",
    "language": "",
    "picture": "",
    "picture_alt": "",
    "cancel_note": "",
    "state_note": "",
    "typed": {},
}
_PUBLIC_PLACE: dict[str, Any] = {
    "public_latitude": None,
    "public_longitude": None,
    "public_neighborhood": "",
    "public_city": "",
    "public_postal_code": "",
}


def homes_to_forget(now: datetime) -> QuerySet[Event]:
    """Private events over for long enough whose exact place is still known."""
    before = now - timedelta(days=settings.KEEP_ADDRESS_DAYS)
    slots = Timeslot.objects.filter(event=OuterRef("pk"))
    return Event.objects.filter(
        ~Q(**PLACE) | Exists(slots.exclude(instructions="")),
        Exists(slots),
        ~Exists(slots.filter(ends_at__gte=before)),
        address_visibility=AddressVisibility.PRIVATE,
    ).order_by("pk")


def forget_place(event: Event) -> None:
    """Blank the exact place, how to find the door, and what was typed or waited of them."""
    Event.objects.filter(pk=event.pk).update(**PLACE, typed={}, geocode_again_at=None)
    event.timeslots.exclude(instructions="").update(instructions="")
    for revision in event.revisions.all():
        without_place(revision.changes)
        revision.save(update_fields=["changes"])


def without_place(kept: dict[str, Any]) -> None:
    """Take the exact place out of a revision's changes or a decision's snapshot."""
    for name in PLACE:
        kept.get("event", {}).pop(name, None)
    for slot in kept.get("timeslots", []):
        slot.pop("instructions", None)


@transaction.atomic
def forget_event(event: Event, *, now: datetime) -> bool:
    """The host is gone: an event never public is deleted, another one becomes a bare number.

    Of the latter stay its kind, dates, state and county, and how many came; False where it was
    deleted. The file of its picture is the caller's to delete. Raises lifecycle.StateConflict
    where it still has dates to come.
    """
    if event.published_at is None:
        event.delete()
        return False
    if event.state == EventState.APPROVED and event.timeslots.upcoming(now).exists():
        raise lifecycle.StateConflict(event.state)
    if event.state != EventState.UNLISTED:
        event = lifecycle.unlist(event, by=None, now=now, note="").event
    Event.objects.filter(pk=event.pk).update(
        title=event.get_type_display(),
        **PLACE,
        **_CONTACT,
        **_WORDS,
        **_PUBLIC_PLACE,
        geocode_again_at=None,
    )
    event.timeslots.update(instructions="")
    EventRevision.objects.filter(event=event).update(changes={"event": {}, "timeslots": []})
    return True


def forget_contact(email: str) -> int:
    """Take a person's name, phone and e-mail off events of others that name them as contact."""
    return Event.objects.filter(contact_email__iexact=email).update(**_CONTACT)
