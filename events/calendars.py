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

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events.disclosure import Field, Role, may_see
from events.facts import PublicEvent
from events.models import Event, Timeslot
from events.states import AttendanceMode, EventState, TimeslotState
from events.words import plain_lines
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


def _text(value: str) -> str:
    """`value` as TEXT (RFC 5545 3.3.11)."""
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\n", "\\n")


def when_in_words(starts_at: datetime, ends_at: datetime, timezone: str) -> str:
    """Day, dates, times and zone at the event, e.g.
    "Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST"."""
    zone = ZoneInfo(timezone)
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day, start_clock = date_format(start, "l, F j, Y|g:i a").split("|")
    last_day, end_clock = date_format(end, "l, F j, Y|g:i a").split("|")
    values = {
        "day": day,
        "start": start_clock,
        "last_day": last_day,
        "end": end_clock,
        "zone": zone_name(end),
    }
    if day == last_day:
        return _("%(day)s, %(start)s to %(end)s %(zone)s") % values
    return _("%(day)s, %(start)s to %(last_day)s, %(end)s %(zone)s") % values


def instant_in_words(instant: datetime, timezone: str) -> str:
    """An instant at the event: "Saturday, January 9, 3:00 p.m. EST"."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{date_format(local, 'l, F j, g:i a')} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """The zone's short name at that instant ("EST"); zones without one give "UTC+03:00"."""
    name = local.strftime("%Z")
    return name if name.isalpha() else f"UTC{local:%:z}"


def exact_place(event: Event) -> str:
    """Venue and postal address on one line; ask `may_see` first."""
    region = " ".join(part for part in (event.state_code, event.postal_code) if part)
    street = ", ".join(part for part in (event.street, event.unit) if part)
    return one_line(", ".join(p for p in (event.venue, street, event.city, region) if p.strip()))


def public_place(event: PublicEvent) -> str:
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


def public_url(event: PublicEvent) -> str:
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
        paragraphs += [clean(plain_lines(event.description)), public_url(event)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())


def _lines(timeslot: Timeslot, *, role: Role, cancelled: bool, bare: bool) -> bytes:
    """A VEVENT's lines that everybody in `role` reads alike; `bare`: all but time and title.

    Written by hand: the library takes twenty times as long, and escapes no better.
    """
    event = timeslot.event
    lines = [
        f"UID:{_text(timeslot.uid)}",
        f"DTSTART:{_utc(timeslot.starts_at)}",
        f"DTEND:{_utc(timeslot.ends_at)}",
        f"SUMMARY:{_text(one_line(event.title) or str(event.get_type_display()))}",
        "CLASS:PRIVATE" if event.is_private else "CLASS:PUBLIC",
        "STATUS:CANCELLED" if cancelled else "STATUS:CONFIRMED",
    ]
    if not bare:
        lines.append(f"DESCRIPTION:{_text(description(timeslot, role))}")
        if place := place_for(event, role):
            lines.append(f"LOCATION:{_text(place)}")
        if event.state in {EventState.APPROVED, EventState.CANCELLED}:
            lines.append(f"URL:{public_url(event)}")
            if not event.is_private and not event.is_virtual_only and event.latitude is not None:
                lines.append(f"GEO:{event.latitude};{event.longitude}")
    return b"".join(_folded(line) for line in lines)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _head(method: str, name: str = "") -> bytes:
    """What stands before a calendar's first VEVENT."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    lines.append(f"METHOD:{method}")
    if name:
        lines += [f"NAME:{_text(one_line(name))}", f"X-WR-CALNAME:{_text(one_line(name))}"]
    return b"".join(_folded(line) for line in lines)


def _organizer() -> str:
    """The ORGANIZER's line as far as the address."""
    # Quotes and carets need RFC 6868, which not every program reads.
    name = re.sub('["^]', "", one_line(settings.BRAND_NAME))
    if re.search("[,;:]", name):  # RFC 5545 3.2
        name = f'"{name}"'
    return f"ORGANIZER;CN={name}:mailto:"


def is_cancelled(timeslot: Timeslot) -> bool:
    return timeslot.state == TimeslotState.CANCELLED or timeslot.event.state == EventState.CANCELLED


def publish(timeslots: Iterable[Timeslot], *, name: str = "") -> bytes:
    """METHOD:PUBLISH for feeds and downloads (RFC 5546 3.2.1), as strangers may read it.

    `name` is the calendar's (RFC 7986). Timeslots need their event selected.
    """
    return calendar_of((published_entry(timeslot) for timeslot in timeslots), name=name)


def calendar_of(entries: Iterable[bytes], *, name: str = "") -> bytes:
    """The calendar of these entries, each made by `published_entry`."""
    return b"".join([_head("PUBLISH", name), *entries, b"END:VCALENDAR\r\n"])


def published_entry(timeslot: Timeslot) -> bytes:
    """One VEVENT of a published calendar, without an ATTENDEE; public facts alone.

    SEQUENCE is the timeslot's version. DTSTAMP is the last change, so that the same facts are
    the same bytes.
    """
    lines = _lines(timeslot, role=Role.STRANGER, cancelled=is_cancelled(timeslot), bare=False)
    stamp = _utc(max(timeslot.changed_at, timeslot.event.updated_at))
    own = f"DTSTAMP:{stamp}\r\nSEQUENCE:{timeslot.version}\r\n".encode()
    organizer = _folded(f"{_organizer()}{settings.MAIL_FROM}")
    return b"".join([b"BEGIN:VEVENT\r\n", lines, own, organizer, b"END:VEVENT\r\n"])


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
    """A content line in pieces of at most 75 octets (RFC 5545 3.1).

    None ends in the middle of a character or, for the programs that mind, of an escape.
    """
    rest, pieces, room = line.encode(), [], 75
    while len(rest) > room:
        at = room
        while rest[at] & 0xC0 == 0x80:
            at -= 1
        slashes = len(rest[:at]) - len(rest[:at].rstrip(b"\\"))
        at -= slashes % 2
        pieces.append(rest[:at])
        rest, room = rest[at:], 74  # the space before it counts
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"


def _frame(method: str, lines: bytes) -> Frame:
    head = _head(method) + b"BEGIN:VEVENT\r\n" + lines
    return Frame(method=method, head=head, organizer=_organizer())


def request(timeslot: Timeslot) -> Frame:
    """METHOD:REQUEST for accepted guests (RFC 5546 3.2.2): one ATTENDEE, PARTSTAT=ACCEPTED.

    The same for everybody coming; `Frame.fill` it for each. Where the event is unlisted there
    is no LOCATION.
    """
    return _frame("REQUEST", _lines(timeslot, role=Role.GUEST, cancelled=False, bare=False))


def cancel(timeslot: Timeslot) -> Frame:
    """METHOD:CANCEL (RFC 5546 3.2.5): the timeslot is cancelled, or one guest's place in it."""
    return _frame("CANCEL", _lines(timeslot, role=Role.STRANGER, cancelled=True, bare=True))


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
