"""A published calendar made with the icalendar library, object by object: what ours must equal."""

from collections.abc import Iterable
from datetime import UTC

import icalendar
from django.conf import settings

from events import calendars
from events.disclosure import Role
from events.models import Timeslot
from events.states import EventState


def published(timeslots: Iterable[Timeslot], *, name: str = "") -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", calendars.PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    if name:
        # The library does not know that these two are TEXT (RFC 7986).
        calendar.add("name", icalendar.vText(calendars.one_line(name)))
        calendar.add("x-wr-calname", icalendar.vText(calendars.one_line(name)))
    for timeslot in timeslots:
        calendar.add_component(_entry(timeslot))
    return calendar.to_ical()


def _entry(timeslot: Timeslot) -> icalendar.Event:
    event = timeslot.event
    entry = icalendar.Event()
    entry.add("uid", timeslot.uid)
    entry.add("dtstart", timeslot.starts_at.astimezone(UTC))
    entry.add("dtend", timeslot.ends_at.astimezone(UTC))
    entry.add("dtstamp", max(timeslot.changed_at, event.updated_at).astimezone(UTC))
    entry.add("sequence", timeslot.version)
    entry.add("summary", calendars.one_line(event.title) or event.get_type_display())
    entry.add("class", "PRIVATE" if event.is_private else "PUBLIC")
    entry.add("status", "CANCELLED" if calendars.is_cancelled(timeslot) else "CONFIRMED")
    entry.add("description", calendars.description(timeslot, Role.STRANGER))
    if place := calendars.place_for(event, Role.STRANGER):
        entry.add("location", place)
    if event.state in {EventState.APPROVED, EventState.CANCELLED}:
        entry.add("url", calendars.public_url(event))
        if not event.is_private and not event.is_virtual_only and event.latitude is not None:
            entry.add("geo", (event.latitude, event.longitude))
    organizer = icalendar.vCalAddress(f"mailto:{settings.MAIL_FROM}")
    organizer.params["CN"] = calendars.one_line(settings.BRAND_NAME).replace('"', "")
    entry.add("organizer", organizer)
    return entry


def facts(data: bytes) -> list[tuple[str, list[tuple[str, object, dict]]]]:
    """Everything a parser reads in a calendar, to be compared."""
    calendar = icalendar.Calendar.from_ical(data)
    return [_facts_of(calendar), *(_facts_of(entry) for entry in calendar.subcomponents)]


def _facts_of(component: icalendar.Component) -> tuple[str, list[tuple[str, object, dict]]]:
    found = []
    for name, value in sorted(component.property_items(recursive=False)):
        words = value.to_ical() if hasattr(value, "to_ical") else value
        found.append((name, words, dict(getattr(value, "params", {}))))
    return component.name, found
