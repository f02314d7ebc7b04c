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

from bench.calendars import hostile, wire  # noqa: E402
from events import calendars  # noqa: E402
from events.disclosure import Role  # noqa: E402
from events.models import Event, Timeslot, new_uid  # noqa: E402
from events.states import AddressVisibility, AttendanceMode, EventState, EventType  # noqa: E402
from outbox.message import ascii_address  # noqa: E402

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
)
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


def made(chance: random.Random, zone: str, start: datetime) -> Timeslot:
    """An event nobody should type, as forms and the database would still let through."""
    event = Event(
        pk=chance.randrange(10**9),
        state=chance.choice([EventState.APPROVED] * 5 + [EventState.UNLISTED]),
        type=chance.choice(EventType.values),
        title=hostile.text(chance, longest=120),
        description=hostile.text(chance, longest=10_000),
        attendance_mode=chance.choice(AttendanceMode.values),
        address_visibility=chance.choice(AddressVisibility.values),
        joining_url="https://meet.example.org/?a=b,c;d",
        joining_notes=hostile.text(chance, longest=1000),
        timezone=zone,
        updated_at=NOW,
    )
    for name, longest in {"venue": 120, "street": 160, "unit": 60, "city": 100}.items():
        setattr(event, name, hostile.text(chance, longest=longest))
    event.public_city = hostile.text(chance, longest=100)
    return Timeslot(
        event=event,
        uid=new_uid(),
        version=chance.randrange(100),
        starts_at=start,
        ends_at=start + timedelta(minutes=chance.choice([15, 60, 120, 1440, 7200])),
        instructions=hostile.text(chance, longest=1000),
        changed_at=NOW,
    )


def written(chance: random.Random, timeslot: Timeslot) -> tuple[bytes, Fields]:
    """A calendar object, and what must be read back from it."""
    method = chance.choice(["REQUEST", "CANCEL", "PUBLISH"])
    sequence = timeslot.version + chance.randrange(5)
    organizer, attendee = "rsvp+Ab_-9@barnstorm.example", "o'neil+x@exämple.org"
    role = Role.GUEST if method == "REQUEST" else Role.STRANGER
    if method == "PUBLISH":
        data, sequence = calendars.publish([timeslot], name="All\\of;it"), timeslot.version
        organizer, attendee = settings.MAIL_FROM, ""
    else:
        frame = calendars.request if method == "REQUEST" else calendars.cancel
        data = frame(timeslot).fill(
            sequence=sequence, organizer=organizer, attendee=attendee, now=NOW
        )
    event, bare = timeslot.event, method == "CANCEL"
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
    }


def by_icalendar(objects: list[bytes]) -> Iterator[Fields]:
    for data in objects:
        calendar = icalendar.Calendar.from_ical(data)
        (entry,) = calendar.walk("VEVENT")
        fields = {name: str(entry.get(name, "")) for name in FIELDS}
        for name in ("dtstart", "dtend", "dtstamp"):
            fields[name] = entry[name].to_ical().decode()
        yield fields | {"method": str(calendar["METHOD"])}


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
    sent = wire.letters(chance, COUNT // 20, lambda: made(chance, *next(when)), NOW)
    on_the_wire = Counter(wire.check(sent, NOW))
    print(f"{len(sent)} letters through a real SMTP socket; faults: {dict(on_the_wire) or 'none'}")
    faults += on_the_wire.total()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
