"""Hostile invitations, taken from a real SMTP socket, byte by byte."""

import email
import random
import socket
from collections.abc import Callable
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr

import icalendar
from aiosmtpd.controller import Controller
from django.conf import settings
from django.test.utils import override_settings
from django.utils.html import escape

from bench.calendars import hostile
from events import calendars
from events.models import Timeslot
from outbox.letters import Letter
from outbox.message import LONGEST_UNSUBSCRIBE_URL, build, new_message_id
from outbox.models import Message
from outbox.smtp import SmtpChannel
from rsvps.contents import RsvpLetter, greeting_name
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import RsvpStatus

ATTENDEE = "alex+party@example.org"


class _Sink:
    """Keeps what arrived, exactly; announces neither 8BITMIME nor SMTPUTF8."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.arrived.append(envelope.original_content)
        return "250 OK"


def letters(
    chance: random.Random, count: int, timeslot: Callable[[], Timeslot], now: datetime
) -> list[tuple[Letter, str]]:
    """Invitations and cancellations to people with names as bad as their hosts' titles.

    With each the name it must greet: the address is proved, so their own words are in it.
    """
    found = []
    for number in range(count):
        slot = timeslot()
        name = hostile.text(chance, longest=100)
        supporter = Supporter(pk=number, email=ATTENDEE, name=name, proved_at=now)
        rsvp = Rsvp(
            pk=number,
            supporter=supporter,
            timeslot=slot,
            guest=Guest(pk=number, supporter=supporter, event=slot.event),
            status=RsvpStatus.ACCEPTED,
        )
        words = hostile.text(chance, longest=1000)
        kind, frame = chance.choice(
            [("invitation", calendars.request), ("cancellation", calendars.cancel)]
        )
        message = Message(version=chance.randrange(9), payload={"words": words, "why": "new"})
        letter = RsvpLetter(kind, frame).write(rsvp, message, now)
        found.append((letter, greeting_name(supporter)))
    return found


def check(sent: list[tuple[Letter, str]], now: datetime) -> list[str]:
    """Send them all over one connection; the faults found in the bytes that came out."""
    sink = _Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(sink, hostname="127.0.0.1", port=port, decode_data=False)
    server.start()
    try:
        with override_settings(SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_SECURITY="none"):
            channel = SmtpChannel()
            for letter, _name in sent:
                body = build(
                    letter,
                    to=ATTENDEE,
                    message_id=new_message_id(),
                    date=now,
                    unsubscribe=letter.unsubscribe_url or "",
                )
                channel.offer(sender=settings.MAIL_FROM, recipient=ATTENDEE)
                channel.transmit(body)
                channel.settle()
            channel.close()
    finally:
        server.stop()
    faults = [] if len(sink.arrived) == len(sent) else ["letters were lost"]
    for (letter, name), raw in zip(sent, sink.arrived, strict=False):
        faults += _faults(letter, name, raw)
    return faults


def _faults(letter: Letter, name: str, raw: bytes) -> list[str]:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    kinds = [part.get_content_type() for part in message.walk()]
    calendar = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    attached = next(part for part in message.walk() if part.get_content_type() == "application/ics")
    data = calendar.get_payload(decode=True)
    plain, html = (
        next(part for part in message.walk() if part.get_content_type() == kind).get_content()
        for kind in ("text/plain", "text/html")
    )
    (entry,) = icalendar.Calendar.from_ical(letter.calendar).walk("VEVENT")
    checks = {
        "8-bit bytes": all(byte < 128 for byte in raw) and b"\0" not in raw,
        "bare line ends": b"\n" not in raw.replace(b"\r\n", b"") and b"\r\r" not in raw,
        "long lines": all(len(line) <= 998 for line in raw.split(b"\r\n")),
        "List-Unsubscribe": f"List-Unsubscribe: <{letter.unsubscribe_url}>\r\n".encode() in raw,
        "long List-Unsubscribe": len(letter.unsubscribe_url or "") <= LONGEST_UNSUBSCRIBE_URL,
        "name in the text": (f"Hi {name}," if name else "Hello,") in plain,
        "name in the HTML": (f"Hi {escape(name)}," if name else "Hello,") in html,
        "List-Unsubscribe-Post": b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw,
        "Auto-Submitted": message["Auto-Submitted"] == "auto-generated",
        "structure": kinds
        == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ],
        "method": calendar.get_param("method") == letter.calendar_method
        and f"METHOD:{letter.calendar_method}\r\n".encode() in letter.calendar,
        "calendar part": data == letter.calendar and calendar.get_content_disposition() is None,
        "attached file": attached.get_payload(decode=True) == letter.calendar,
        "From is not ORGANIZER": f"mailto:{parseaddr(message['From'])[1]}" == entry["ORGANIZER"],
        "ORGANIZER is ATTENDEE": entry["ORGANIZER"] != entry["ATTENDEE"],
    }
    return [fault for fault, well in checks.items() if not well]
