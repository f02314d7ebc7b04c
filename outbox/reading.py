"""A letter as its reader would find it: taken apart again from the bytes that left."""

import email
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from outbox import letters
from outbox.message import build

EXAMPLE_ADDRESS = "alex@example.org"


@dataclass(frozen=True)
class Attachment:
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class ReadableLetter:
    """What a mail program makes of the bytes."""

    subject: str
    sender: str
    to: str
    date: str
    headers: list[tuple[str, str]]
    text: str
    html: str
    calendar: str
    calendar_type: str
    attachments: list[Attachment]
    links: list[Link]
    raw: bytes


def read_letter(raw: bytes) -> ReadableLetter:
    """Take a letter apart."""
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  the policy makes them
    bodies: dict[str, str] = {}
    calendar_type = ""
    for part in message.walk():
        if part.is_multipart() or part.is_attachment():
            continue
        bodies.setdefault(part.get_content_type(), part.get_content())
        if part.get_content_type() == "text/calendar":
            calendar_type = str(part["Content-Type"])
    html = bodies.get("text/html", "")
    calendar = bodies.get("text/calendar", "")
    return ReadableLetter(
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        date=str(message["Date"]),
        headers=[(name, str(value)) for name, value in message.items()],
        text=bodies.get("text/plain", ""),
        html=html,
        calendar=calendar,
        calendar_type=calendar_type,
        attachments=_attachments(message),
        links=_links(html),
        raw=raw,
    )


def example_of(kind_name: str, now: datetime) -> ReadableLetter | None:
    """What a letter of this kind looks like, with made-up data; None where it brings none."""
    kind = letters.kind_named(kind_name)
    if kind.example is None:
        return None
    letter = kind.example(now)
    return read_letter(
        build(
            letter,
            to=EXAMPLE_ADDRESS,
            message_id="<example@example.org>",
            date=now,
            unsubscribe="" if kind.account_mail else letter.unsubscribe_url or "",
        )
    )


def _attachments(message: EmailMessage) -> list[Attachment]:
    return [
        Attachment(
            filename=part.get_filename() or "attachment",
            content_type=part.get_content_type(),
            content=bytes(part.get_content()),
        )
        for part in message.iter_attachments()
        if part.is_attachment()
    ]


def _links(html: str) -> list[Link]:
    reader = _LinkReader()
    reader.feed(html)
    return list({link.url: link for link in reversed(reader.links)}.values())[::-1]


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._url = ""
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._url, self._words = dict(attrs).get("href") or "", []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._url.startswith(("http://", "https://")):
            self.links.append(Link(" ".join("".join(self._words).split()), self._url))
            self._url = ""
