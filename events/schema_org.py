"""An event's page in the words of schema.org, for search engines and calendars.

Only what strangers may see goes in. One schema.org Event per timeslot, since each has one
start, one end and one status.
"""

import json
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from events.calendars import public_url
from events.event_page import EventPage, Row
from events.states import AttendanceMode
from events.words import plain_description

MOST_TIMESLOTS = 20
_MODES = {
    AttendanceMode.IN_PERSON: "OfflineEventAttendanceMode",
    AttendanceMode.VIRTUAL: "OnlineEventAttendanceMode",
    AttendanceMode.BOTH: "MixedEventAttendanceMode",
}
# As django.utils.html.json_script does: nothing in the data can end the script element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def json_ld(page: EventPage) -> SafeString:
    """JSON-LD, ready to stand inside a script element."""
    events = [_event(page, row) for row in page.rows[:MOST_TIMESLOTS]]
    text = json.dumps(events, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_ESCAPES))


def _event(page: EventPage, row: Row) -> dict[str, object]:
    event, timeslot = page.event, row.timeslot
    url = public_url(event)
    zone = ZoneInfo(event.timezone)  # readers show the hour as it is written
    status = "EventCancelled" if row.cancelled else "EventScheduled"
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": f"{url}#{timeslot.pk}",
        "name": event.title,
        "description": plain_description(event.description, limit=500),
        "startDate": timeslot.starts_at.astimezone(zone).isoformat(),
        "endDate": timeslot.ends_at.astimezone(zone).isoformat(),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": f"https://schema.org/{_MODES[AttendanceMode(event.attendance_mode)]}",
        "location": _locations(page, url),
        "organizer": {
            "@type": "Organization",
            "name": settings.BRAND_NAME,
            "url": settings.SITE_URL,
        },
        "isAccessibleForFree": True,
        "url": url,
    }
    if timeslot.capacity is not None:
        data["maximumAttendeeCapacity"] = timeslot.capacity
        data["remainingAttendeeCapacity"] = timeslot.room_left
    if event.picture:
        data["image"] = [f"{settings.SITE_URL}{event.picture.url}"]
    return data


def _locations(page: EventPage, url: str) -> object:
    places: list[dict[str, object]] = []
    if page.in_person:
        places.append(_place(page))
    if page.online:
        places.append({"@type": "VirtualLocation", "url": url})
    return places[0] if len(places) == 1 else places


def _place(page: EventPage) -> dict[str, object]:
    event = page.event
    if page.exact:
        address = {
            "streetAddress": event.street,
            "addressLocality": event.city,
            "addressRegion": event.state_code,
            "postalCode": event.postal_code,
        }
        place: dict[str, object] = {
            "@type": "Place",
            "name": event.venue or next(iter(page.place), event.title),
        }
    else:
        address = {
            "addressLocality": event.public_city,
            "addressRegion": event.public_state_code,
            "postalCode": event.public_postal_code,
        }
        place = {"@type": "Place", "name": ", ".join(page.place)}
    filled = {key: value for key, value in address.items() if value}
    place["address"] = {"@type": "PostalAddress", **filled, "addressCountry": event.country}
    if page.exact and event.latitude is not None:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": event.latitude,
            "longitude": event.longitude,
        }
    return place
