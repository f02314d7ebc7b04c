"""Filled-in sheets are the letters one would have written one by one, whatever people type."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import icalendar
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import calendars
from outbox.message import build
from outbox.models import Message
from rsvps import contents, examples
from rsvps.models import Rsvp
from tests import from_scratch

NOW = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)
MESSAGE_ID = "<0123456789abcdef@example.org>"
INVITATION = contents.RsvpLetter("invitation", calendars.request)
HOSTILE = [
    "Robert'); DROP TABLE rsvps;--",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>&amp;',
    "100% %s %(title)s {{ name }} {% now %}",
    "a\r\nBcc: everybody@example.org\r\n\r\nbody",
    "END:VEVENT\nEND:VCALENDAR\nBEGIN:VEVENT",
    'comma, semi; colon: \\ backslash ^n ^\' "quoted"',
    "..\n.\n..",
    "--=_m\n=3D=\n",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤ " * 3,
    "𝒯𝒽𝑒 👩‍👩‍👧‍👦 家族 العربية \u202eright to left\u202c " * 3,
    "é" * 74,
    "long" * 300,
    "tab\tand  two spaces \t",
    "",
]
# The library writes a typed "\N" as a line break (see events.calendars), so its letters differ.
TYPED = (st.sampled_from(HOSTILE) | st.text(max_size=200)).filter(lambda text: "\\N" not in text)
LOCAL = st.text("abcXYZ019.!#$&'*+/=?^_`{|}~-", min_size=1, max_size=64).filter(
    lambda text: ".." not in text and text[0] != "." and text[-1] != "."
)
ADDRESSES = st.builds(lambda local, label: f"{local}@{label}.example.org", LOCAL, st.just("mail"))


def made_up(name: str, address: str, title: str, words: str, party: int) -> Rsvp:
    rsvp = examples.of_whom("invitation", NOW)
    rsvp.supporter.name, rsvp.supporter.email = name, address
    rsvp.party_size = party
    rsvp.timeslot.instructions = words
    rsvp.timeslot.event.title = title
    rsvp.timeslot.event.description = words
    return rsvp


def product(rsvp: Rsvp, message: Message) -> bytes:
    letter = INVITATION.write(rsvp, message, NOW)
    return build(
        letter,
        to=rsvp.supporter.email,
        message_id=MESSAGE_ID,
        date=NOW,
        unsubscribe=letter.unsubscribe_url or "",
    )


def read(wire: bytes) -> dict[str, object]:
    """What a mail program makes of it."""
    mail = message_from_bytes(wire, policy=default)
    assert isinstance(mail, EmailMessage)
    headers = {
        name.lower(): " ".join(str(value).split())
        for name, value in mail.items()
        if name.lower() not in {"content-type", "mime-version"}
    }
    parts = [part for part in mail.walk() if not part.is_multipart()]
    kinds = [part.get_content_type() for part in parts]
    text, html, entry, attached = (part.get_payload(decode=True) for part in parts)
    assert entry == attached
    return {
        "headers": headers,
        "kinds": kinds,
        "method": parts[2]["content-type"].params["method"],
        "text": lines(text),
        "html": lines(html),
        "calendar": properties(entry),
    }


def lines(content: bytes) -> list[str]:
    """Trailing blanks may be lost on the way, says RFC 2045; what stands in the lines may not."""
    return [line.rstrip() for line in content.decode().replace("\r\n", "\n").split("\n")]


def properties(entry: bytes) -> dict[str, object]:
    calendar = icalendar.Calendar.from_ical(entry)
    assert max(map(len, entry.split(b"\r\n"))) <= 75
    return {
        f"{component.name} {name}": (value.to_ical(), dict(getattr(value, "params", {})))
        if hasattr(value, "to_ical")
        else value
        for component in calendar.walk()
        for name, value in component.property_items(recursive=False)
    }


@settings(max_examples=30, deadline=None)
@given(TYPED, ADDRESSES, TYPED, TYPED, st.integers(1, 9))
@example("Ada & Bo, <i>both</i>", "a" * 64 + "@mail.example.org", HOSTILE[4], HOSTILE[5], 1)
@example(HOSTILE[3], "ada@mail.example.org", HOSTILE[6], HOSTILE[7], 2)
@example(HOSTILE[10], "ada@mail.example.org", HOSTILE[9], HOSTILE[13], 3)
def test_every_letter_reads_as_if_written_from_scratch(name, address, title, words, party):
    message = Message(version=3, revision=2, payload={"why": "new"})
    # The second guest's letter is filled into the sheet that the first one made.
    for who in ("Somebody else", name):
        rsvp = made_up(who, address, title, words, party)
        ours = product(rsvp, message)
        assert ours.isascii()
        rival = from_scratch.invitation(rsvp, message, NOW, message_id=MESSAGE_ID)
        assert read(ours) == read(rival)


@settings(max_examples=50, deadline=None)
@given(ADDRESSES)
@example("^" * 64 + "@mail.example.org")
def test_personal_lines_of_a_calendar_object_are_the_librarys_own(address):
    rsvp = made_up("Ada", address, "Porch party", "", 2)
    filled = calendars.request(rsvp.timeslot).fill(
        sequence=5, organizer="rsvp+0123456789abcdefghijkl@example.org", attendee=address, now=NOW
    )
    whole = icalendar.Calendar.from_ical(filled)
    entry = whole.walk("VEVENT")[0]
    for name in ("ORGANIZER", "ATTENDEE", "SEQUENCE", "DTSTAMP"):
        line = entry.content_line(name, entry[name]).to_ical()
        unfolded = line.replace(b"\r\n ", b"")
        assert unfolded in filled.replace(b"\r\n ", b"")
