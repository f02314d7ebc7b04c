"""Calendar objects: VEVENTs by RFC 5545, with the methods of RFC 5546.

One UID per timeslot, for ever, the same in letters, feeds and downloads. Times are UTC, which
no program gets wrong; the zone stands in words in the description. What a reader may see of
the place is asked of `events.disclosure`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar.parser import Contentline

from events.disclosure import Field, Role, may_see
from events.models import Event, Timeslot
from events.states import AttendanceMode, EventState, TimeslotState
from outbox.message import ascii_address

PRODID = "-//Barnstorm//Events//EN"

# RFC 5545 3.3.11 allows no control character in TEXT but the tab; characters that turn the
# direction of what follows would let a title rewrite the lines around it on the screen.
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """`text` as a calendar's TEXT value may hold it: line breaks as \\n, no control character."""
    return _FORBIDDEN.sub("", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """`clean`, on one line: for titles, places and names."""
    return " ".join(clean(text).split())


class _Text(icalendar.vText):
    """TEXT (RFC 5545 3.3.11), escaped here: the library writes a typed "\\N" as a line break."""

    def to_ical(self) -> bytes:
        text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return text.replace("\n", "\\n").encode()


def when_in_words(starts_at: datetime, ends_at: datetime, timezone: str) -> str:
    """Day, dates, times and zone at the event, e.g.
    "Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST"."""
    zone = ZoneInfo(timezone)
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    values = {
        "day": date_format(start, "l, F j, Y"),
        "start": date_format(start, "g:i a"),
        "end": date_format(end, "g:i a"),
        "zone": zone_name(end),
        "last_day": date_format(end, "l, F j, Y"),
    }
    if start.date() == end.date():
        return _("%(day)s, %(start)s to %(end)s %(zone)s") % values
    return _("%(day)s, %(start)s to %(last_day)s, %(end)s %(zone)s") % values


def zone_name(local: datetime) -> str:
    """The zone's short name at that instant ("EST"); zones without one give "UTC+03:00"."""
    name = local.strftime("%Z")
    return name if name.isalpha() else f"UTC{local:%:z}"


def exact_place(event: Event) -> str:
    """Venue and postal address on one line; ask `may_see` first."""
    region = " ".join(part for part in (event.state_code, event.postal_code) if part)
    street = ", ".join(part for part in (event.street, event.unit) if part)
    return one_line(", ".join(p for p in (event.venue, street, event.city, region) if p.strip()))


def public_place(event: Event) -> str:
    """The area anybody may know, on one line."""
    region = " ".join(part for part in (event.public_state_code, event.public_postal_code) if part)
    parts = (event.public_neighborhood, event.public_city, region)
    return one_line(", ".join(part for part in parts if part.strip()))


def place_for(event: Event, role: Role) -> str:
    """Where it is, as exactly as `role` may know; "" where they may not know at all."""
    if event.is_virtual_only:
        if may_see(role, Field.JOINING_LINK, event) and event.joining_url:
            return event.joining_url
        return _("Online") if may_see(role, Field.PUBLIC_PLACE, event) else ""
    if may_see(role, Field.EXACT_PLACE, event):
        return exact_place(event) or public_place(event)
    return public_place(event) if may_see(role, Field.PUBLIC_PLACE, event) else ""


def public_url(event: Event) -> str:
    return f"{settings.SITE_URL}{event.get_absolute_url()}"


def description(timeslot: Timeslot, role: Role) -> str:
    """When in words, and what `role` may read of the event."""
    event = timeslot.event
    paragraphs = [when_in_words(timeslot.starts_at, timeslot.ends_at, event.timezone)]
    if (
        may_see(role, Field.JOINING_LINK, event)
        and event.attendance_mode != AttendanceMode.IN_PERSON
    ):
        joining = (event.joining_url, event.joining_notes)
        paragraphs.append("\n".join(clean(part) for part in joining if part))
    if may_see(role, Field.ARRIVAL, event):
        paragraphs.append(clean(timeslot.instructions))
    if event.state == EventState.APPROVED:
        paragraphs += [clean(event.description), public_url(event)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())


def _vevent(timeslot: Timeslot, *, role: Role, cancelled: bool, bare: bool) -> icalendar.Event:
    """What everybody in `role` reads alike; `bare` leaves out all but time and title."""
    event = timeslot.event
    entry = icalendar.Event()
    entry.add("uid", timeslot.uid)
    entry.add("dtstart", timeslot.starts_at.astimezone(UTC))
    entry.add("dtend", timeslot.ends_at.astimezone(UTC))
    entry.add("summary", _Text(one_line(event.title) or event.get_type_display()))
    entry.add("class", "PRIVATE" if event.is_private else "PUBLIC")
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if bare:
        return entry
    entry.add("description", _Text(description(timeslot, role)))
    if place := place_for(event, role):
        entry.add("location", _Text(place))
    if event.state in {EventState.APPROVED, EventState.CANCELLED}:
        entry.add("url", public_url(event))
        if not event.is_private and not event.is_virtual_only and event.latitude is not None:
            entry.add("geo", (event.latitude, event.longitude))
    return entry


def _calendar(method: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _organizer(address: str) -> icalendar.vCalAddress:
    organizer = icalendar.vCalAddress(f"mailto:{address}")
    # Quotes and carets need RFC 6868, which not every program reads.
    organizer.params["CN"] = re.sub('["^]', "", one_line(settings.BRAND_NAME))
    return organizer


def is_cancelled(timeslot: Timeslot) -> bool:
    return timeslot.state == TimeslotState.CANCELLED or timeslot.event.state == EventState.CANCELLED


def publish(timeslots: Iterable[Timeslot], *, name: str = "", role: Role = Role.STRANGER) -> bytes:
    """METHOD:PUBLISH for feeds and downloads (RFC 5546 3.2.1): no ATTENDEE.

    SEQUENCE is the timeslot's version. DTSTAMP is the last change, so that the same facts are
    the same bytes. `name` is the calendar's (RFC 7986). Timeslots need their event selected.
    """
    calendar = _calendar("PUBLISH")
    if name:
        calendar.add("name", _Text(one_line(name)))
        calendar.add("x-wr-calname", _Text(one_line(name)))
    for timeslot in timeslots:
        entry = _vevent(timeslot, role=role, cancelled=is_cancelled(timeslot), bare=False)
        entry.add("dtstamp", max(timeslot.changed_at, timeslot.event.updated_at).astimezone(UTC))
        entry.add("sequence", timeslot.version)
        entry.add("organizer", _organizer(settings.MAIL_FROM))
        calendar.add_component(entry)
    return calendar.to_ical()


@dataclass(frozen=True)
class Frame:
    """A calendar object but for the lines that are one guest's own.

    Everything dear (escaping, folding, words) is done once for an event's whole guest list;
    `fill` adds the rest.
    """

    method: str
    head: bytes
    organizer: str  # its line as far as the address
    tail: bytes = b"END:VEVENT\r\nEND:VCALENDAR\r\n"

    def fill(self, *, sequence: int, organizer: str, attendee: str, now: datetime) -> bytes:
        """The whole object. `organizer` and `attendee` are bare addresses; `now` is DTSTAMP.

        Raises outbox.message.UnusableAddress: what is not a plain address could end its line.
        """
        return b"".join(
            (
                self.head,
                f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n".encode(),
                f"SEQUENCE:{sequence}\r\n".encode(),
                _folded(f"{self.organizer}{ascii_address(organizer)}"),
                _folded(f"{_ATTENDEE[self.method]}{ascii_address(attendee)}"),
                self.tail,
            )
        )


# PARTSTAT says that they are coming; programs offer "can't come" only where RSVP asks.
_WHO = "ATTENDEE;CUTYPE=INDIVIDUAL"
_ATTENDEE = {
    "REQUEST": f"{_WHO};PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:",
    "CANCEL": f"{_WHO};ROLE=REQ-PARTICIPANT:mailto:",
}


def _folded(line: str) -> bytes:
    """A content line in pieces of at most 75 octets, none split in a character (RFC 5545 3.1)."""
    rest, pieces, room = line.encode(), [], 75
    while len(rest) > room:
        at = room
        while rest[at] & 0xC0 == 0x80:
            at -= 1
        pieces.append(rest[:at])
        rest, room = rest[at:], 74  # the space before it counts
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"


def _frame(method: str, entry: icalendar.Event) -> Frame:
    calendar = _calendar(method)
    calendar.add_component(entry)
    whole = calendar.to_ical()
    organizer = Contentline.from_parts("ORGANIZER", _organizer("").params, "mailto:")
    return Frame(method=method, head=whole.removesuffix(Frame.tail), organizer=str(organizer))


def request(timeslot: Timeslot) -> Frame:
    """METHOD:REQUEST for accepted guests (RFC 5546 3.2.2): one ATTENDEE, PARTSTAT=ACCEPTED.

    The same for everybody coming; `Frame.fill` it for each. Where the event is unlisted there
    is no LOCATION.
    """
    return _frame("REQUEST", _vevent(timeslot, role=Role.GUEST, cancelled=False, bare=False))


def cancel(timeslot: Timeslot) -> Frame:
    """METHOD:CANCEL (RFC 5546 3.2.5): the timeslot is cancelled, or one guest's place in it."""
    return _frame("CANCEL", _vevent(timeslot, role=Role.STRANGER, cancelled=True, bare=True))


def add_links(timeslot: Timeslot) -> list[tuple[str, str]]:
    """(name, address) of the web calendars' "add" pages; none for a private home."""
    event = timeslot.event
    if event.is_private or event.state != EventState.APPROVED or is_cancelled(timeslot):
        return []
    title, place = one_line(event.title), place_for(event, Role.STRANGER)
    when = when_in_words(timeslot.starts_at, timeslot.ends_at, event.timezone)
    words = f"{when}\n\n{public_url(event)}"
    start, end = timeslot.starts_at.astimezone(UTC), timeslot.ends_at.astimezone(UTC)
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{start:%Y%m%dT%H%M%SZ}/{end:%Y%m%dT%H%M%SZ}",
        "details": words,
        "location": place,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "body": words,
        "location": place,
    }
    return [
        ("Google", _link("https://calendar.google.com/calendar/render", google)),
        ("Outlook", _link("https://outlook.live.com/calendar/0/deeplink/compose", outlook)),
    ]


def _link(base: str, parameters: dict[str, str]) -> str:
    # Outlook's page shows a "+" as it is: spaces must be %20.
    return f"{base}?{urlencode(parameters, quote_via=quote)}"
