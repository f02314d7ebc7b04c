"""Calendar entries kept ready: a feed of a thousand events reads them and builds none.

Each listing has one, written when its event is indexed, with public facts alone.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.conf import settings

from events.calendars import published_entry
from events.models import CalendarEntry, Event, Listing, Timeslot

# Entries of another edition are built anew when they are read: raise it when entries change.
_EDITION = 2


def write(event: Event, timeslots: Sequence[Timeslot]) -> None:
    """Keep the entries of these timeslots, and no others of the event."""
    CalendarEntry.objects.filter(event=event).delete()
    for timeslot in timeslots:
        timeslot.event = event
    CalendarEntry.objects.bulk_create(made(timeslots))


def made(timeslots: Iterable[Timeslot]) -> Iterator[CalendarEntry]:
    """Their entries, unsaved; timeslots need their event selected."""
    recipe = _recipe()
    for timeslot in timeslots:
        yield CalendarEntry(
            timeslot=timeslot,
            event=timeslot.event,
            recipe=recipe,
            text=published_entry(timeslot).decode(),
        )


def read(
    events: Iterable[int], *, after: datetime, first: date | None, last: date | None
) -> list[bytes]:
    """The entries of these events' listed timeslots, soonest first.

    Those that begin after `after`, from the day `first` to `last` where the event is.
    """
    listings = Listing.objects.filter(event_id__in=list(events), starts__gt=int(after.timestamp()))
    if first is not None:
        listings = listings.filter(day__gte=first.toordinal())
    if last is not None:
        listings = listings.filter(day__lte=last.toordinal())
    rows = listings.order_by("starts", "timeslot_id").values_list(
        "timeslot_id", "timeslot__entry__recipe", "timeslot__entry__text"
    )
    recipe = _recipe()
    kept = {pk: text.encode() if own == recipe else None for pk, own, text in rows}
    if missing := [pk for pk, text in kept.items() if text is None]:
        for timeslot in Timeslot.objects.filter(pk__in=missing).select_related("event"):
            kept[timeslot.pk] = published_entry(timeslot)
    return [text for text in kept.values() if text is not None]


def _recipe() -> str:
    """What an entry holds besides the event's own facts."""
    words = [_EDITION, settings.SITE_URL, settings.BRAND_NAME, settings.MAIL_FROM]
    return hashlib.sha256(repr([*words, settings.LANGUAGE_CODE]).encode()).hexdigest()[:16]
