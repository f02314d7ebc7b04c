"""`make check-calendars`: what we write is read back equal by three independent parsers.

COUNT events (10,000) with hostile text in every field, in every zone and around each change of
clocks of the next two years, read by `icalendar`, by libical (with its table of restrictions)
and by ical.js; and a twentieth as many letters, taken from a real SMTP socket. Needs cc with
libical's headers (Debian: libical-dev) and npm.
"""

import itertools
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

os.environ.setdefault("BARNSTORM_MODE", "test")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
HERE = Path(__file__).resolve().parent

import django  # noqa: E402

django.setup()


import icalendar  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import ValidationError  # noqa: E402
from django.core.validators import URLValidator  # noqa: E402

from bench.calendars import hostile, wire  # noqa: E402
from events import calendars  # noqa: E402
from events.disclosure import Role  # noqa: E402
from events.models import Event, Timeslot, new_uid  # noqa: E402
from events.states import (  # noqa: E402
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    TimeslotState,
)
from events.words import tidy  # noqa: E402
from outbox.checks import UNSUBSCRIBE_PATH  # noqa: E402
from outbox.message import LONGEST_UNSUBSCRIBE_URL, ascii_address  # noqa: E402

COUNT = int(os.environ.get("COUNT", "10000"))
WORK = settings.VAR_DIR / "check-calendars"
FIELDS = (
    "uid",
    "summary",
    "description",
    "location",
    "sequence",
    "dtstart",
    "dtend",
    "dtstamp",
    "organizer",
    "attendee",
    "method",
    "status",
    "class",
    "url",
    "geo",
    "cn",
    "partstat",
    "name",
)
# What operators call their site; it stands in a parameter, which has its own rules.
BRANDS = [
    "Barnstorm",
    "Neighbors, United; for: all",
    'The "Real" Deal',
    "Up ^ Over ^n",
    "Ça ira ✊🏽 2026",
    "O'Neil & Söhne <us>",
    "漢" * 40,
]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Fields = dict[str, str]


def changes_of_clocks(zone: ZoneInfo) -> list[date]:
    """The days of the next two years whose noon has another offset than the day before."""
    days = [NOW.date() + timedelta(days=n) for n in range(731)]
    noons = [datetime.combine(day, clock(12), tzinfo=zone) for day in days]
    pairs = itertools.pairwise(noons)
    return [b.date() for a, b in pairs if a.utcoffset() != b.utcoffset()]


def starts(chance: random.Random) -> Iterator[tuple[str, datetime]]:
    """(zone, start): every zone's changes of clocks first, then any time, without end."""
    zones = sorted(available_timezones())
    for name in zones:
        zone = ZoneInfo(name)
        for day in changes_of_clocks(zone) or [NOW.date()]:
            local = datetime.combine(day, clock(chance.randrange(4), 30), tzinfo=zone)
            yield name, local.astimezone(UTC)
    while True:
        yield chance.choice(zones), NOW + timedelta(minutes=chance.randrange(1_051_200))


# Texts of the place, exact and public, and how long the database lets them be.
PLACES = {
    "venue": 120,
    "street": 160,
    "unit": 60,
    "city": 100,
    "state_code": 60,
    "postal_code": 12,
    "public_neighborhood": 100,
    "public_city": 100,
    "public_state_code": 60,
    "public_postal_code": 12,
}


def made(chance: random.Random, zone: str, start: datetime) -> Timeslot:
    """An event nobody should type, as forms and the database would still let through."""
    event = Event(
        pk=chance.randrange(10**9),
        state=chance.choice(
            [EventState.APPROVED] * 5 + [EventState.UNLISTED, EventState.CANCELLED]
        ),
        type=chance.choice(EventType.values),
        title=hostile.text(chance, longest=120),
        description=hostile.text(chance, longest=10_000),
        attendance_mode=chance.choice(AttendanceMode.values),
        address_visibility=chance.choice(AddressVisibility.values),
        joining_url=link(chance),
        joining_notes=hostile.text(chance, longest=1000),
        timezone=zone,
        updated_at=NOW,
    )
    for name, longest in PLACES.items():
        setattr(event, name, hostile.text(chance, longest=longest))
    if chance.random() < 0.9:
        event.latitude = round(chance.uniform(0.001, 90) * chance.choice([1, -1]), 5)
        event.longitude = round(chance.uniform(0.001, 180) * chance.choice([1, -1]), 5)
    return Timeslot(
        event=event,
        uid=new_uid(),
        version=chance.randrange(100),
        starts_at=start,
        ends_at=start + timedelta(minutes=chance.choice([15, 60, 120, 1440, 7200])),
        # libical drops blanks at a value's end; so does the form.
        instructions=hostile.text(chance, longest=1000).rstrip(),
        state=chance.choice([TimeslotState.OPEN] * 5 + [TimeslotState.CANCELLED]),
        changed_at=NOW,
    )


def link(chance: random.Random) -> str:
    """A joining link as the form lets it through (hosts.forms.place)."""
    words = tidy(hostile.text(chance, longest=400)).replace(" ", "")
    url = f"https://meet.example.org/?a=b,c;d{words}"
    try:
        URLValidator(schemes=["https"])(url)
    except ValidationError:
        return "https://meet.example.org/"
    return url


def written(chance: random.Random, timeslot: Timeslot) -> tuple[bytes, Fields]:
    """A calendar object, and what must be read back from it."""
    method = chance.choice(["REQUEST", "CANCEL", "PUBLISH"])
    sequence = timeslot.version + chance.randrange(5)
    organizer, attendee = "rsvp+Ab_-9@barnstorm.example", "o'neil+x@exämple.org"
    settings.BRAND_NAME, name = chance.choice(BRANDS), ""
    role = Role.GUEST if method == "REQUEST" else Role.STRANGER
    if method == "PUBLISH":
        name = calendars.one_line(hostile.text(chance, longest=100)) or "All\\of;it"
        data, sequence = calendars.publish([timeslot], name=name), timeslot.version
        organizer, attendee = settings.MAIL_FROM, ""
    else:
        frame = calendars.request if method == "REQUEST" else calendars.cancel
        data = frame(timeslot).fill(
            sequence=sequence, organizer=organizer, attendee=attendee, now=NOW
        )
    event, bare = timeslot.event, method == "CANCEL"
    off = event.state == EventState.CANCELLED or timeslot.state == TimeslotState.CANCELLED
    linked = not bare and event.state != EventState.UNLISTED
    pinned = linked and not event.is_private and not event.is_virtual_only and event.latitude
    return data, {
        "uid": timeslot.uid,
        "summary": calendars.one_line(event.title) or str(event.get_type_display()),
        "description": "" if bare else calendars.description(timeslot, role),
        "location": "" if bare else calendars.place_for(event, role),
        "sequence": str(sequence),
        "dtstart": f"{timeslot.starts_at:%Y%m%dT%H%M%SZ}",
        "dtend": f"{timeslot.ends_at:%Y%m%dT%H%M%SZ}",
        "dtstamp": f"{NOW:%Y%m%dT%H%M%SZ}",
        "organizer": f"mailto:{organizer}",
        "attendee": f"mailto:{ascii_address(attendee)}" if attendee else "",
        "method": method,
        "status": "CANCELLED" if bare or (off and method == "PUBLISH") else "CONFIRMED",
        "class": "PRIVATE" if event.is_private else "PUBLIC",
        "url": calendars.public_url(event) if linked else "",
        "geo": f"{event.latitude:.5f};{event.longitude:.5f}" if pinned else "",
        "cn": settings.BRAND_NAME.translate(str.maketrans("", "", '"^')),
        "partstat": "ACCEPTED" if method == "REQUEST" else "",
        "name": name,
    }


def by_icalendar(objects: list[bytes]) -> Iterator[Fields]:
    icalendar.Calendar.types_factory.types_map["name"] = "text"  # RFC 7986
    for data in objects:
        calendar = icalendar.Calendar.from_ical(data)
        (entry,) = calendar.walk("VEVENT")
        fields = {name: str(entry.get(name, "")) for name in FIELDS}
        for name in ("dtstart", "dtend", "dtstamp"):
            fields[name] = entry[name].to_ical().decode()
        geo, attendee = entry.get("GEO"), entry.get("ATTENDEE")
        yield fields | {
            "method": str(calendar["METHOD"]),
            "geo": f"{geo.latitude:.5f};{geo.longitude:.5f}" if geo else "",
            "cn": entry["ORGANIZER"].params["CN"],
            "partstat": attendee.params.get("PARTSTAT", "") if attendee else "",
            "name": str(calendar.get("NAME", "")),
        }


def by_program(command: list[str], objects: list[bytes]) -> Iterator[Fields]:
    stream = b"".join(b"%d\n%s" % (len(data), data) for data in objects)
    answer = subprocess.run(command, input=stream, stdout=subprocess.PIPE, check=True, cwd=WORK)
    for line in answer.stdout.decode().splitlines():
        pairs = dict(item.split("=", 1) for item in line.split("\t"))
        if pairs.pop("errors") != "0":
            yield {"errors": line}
        else:
            yield {name: bytes.fromhex(value).decode() for name, value in pairs.items()}


def prepare() -> dict[str, list[str]]:
    """Compile the C reader and fetch ical.js; {parser: command}."""
    WORK.mkdir(parents=True, exist_ok=True)
    if not shutil.which("cc") or not shutil.which("npm"):
        sys.exit("check-calendars needs cc and npm (Debian: apt install gcc libical-dev npm).")
    source, program = HERE / "calendars" / "libical.c", WORK / "libical"
    if subprocess.run(["cc", "-O1", str(source), "-o", str(program), "-lical"]).returncode:
        sys.exit("check-calendars needs libical's headers (Debian: apt install libical-dev).")
    if not (WORK / "node_modules" / "ical.js").exists():
        subprocess.run(
            ["npm", "install", "--no-save", "--silent", "ical.js@2"], cwd=WORK, check=True
        )
    return {"libical": [str(program)], "ical.js": ["node", str(HERE / "calendars" / "icaljs.mjs")]}


def broken_lines(data: bytes) -> bool:
    """Whether a line is longer than 75 octets, ends otherwise than CRLF, or splits a character."""
    lines = data.split(b"\r\n")
    try:
        for line in lines:
            line.decode()
    except UnicodeDecodeError:
        return True
    return any(len(line) > 75 or b"\n" in line or b"\r" in line for line in lines)


def main() -> None:
    chance = random.Random(4)
    commands = prepare()
    # As long as the deployment checks let a site's address be.
    room = LONGEST_UNSUBSCRIBE_URL - UNSUBSCRIBE_PATH
    settings.SITE_URL = f"https://{'e' * (room - len('https://.example.org'))}.example.org"
    when = starts(chance)
    began = time.monotonic()
    cases = [written(chance, made(chance, *next(when))) for _ in range(COUNT)]
    objects, expected = [data for data, _ in cases], [fields for _, fields in cases]
    faults = sum(broken_lines(data) for data in objects)
    print(f"{COUNT} objects written in {time.monotonic() - began:.1f} s; broken lines: {faults}")
    readings = {"icalendar": list(by_icalendar(objects))}
    readings |= {name: list(by_program(command, objects)) for name, command in commands.items()}
    for parser, fields in readings.items():
        wrong = [n for n in range(COUNT) if len(fields) <= n or fields[n] != expected[n]]
        print(f"{parser:10} read {COUNT - len(wrong)} of {COUNT} equal")
        for n in wrong[:3]:
            for name in fields[n] if n < len(fields) else ():
                if fields[n][name] != expected[n].get(name):
                    print(f"  {n} {name}: {fields[n][name]!r} not {expected[n].get(name)!r}")
        faults += len(wrong)
    settings.BRAND_NAME = BRANDS[0]
    sent = wire.letters(chance, COUNT // 20, lambda: made(chance, *next(when)), NOW)
    on_the_wire = Counter(wire.check(sent, NOW))
    print(f"{len(sent)} letters through a real SMTP socket; faults: {dict(on_the_wire) or 'none'}")
    faults += on_the_wire.total()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
