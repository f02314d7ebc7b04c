"""`python -m bench.july29.postbox PORT FOLDER`: the mail server of the night.

It takes every letter, parses it whole and writes down, before it answers the final dot:
`letters.jsonl` with what the account needs, and `links.tsv` with what people will press.
It ends with the process that started it.
"""

import email
import email.header
import json
import os
import re
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from bench.july29.browser import SITE
from bench.mail_sink import Sink

_LINK = re.compile(rf"{re.escape(SITE)}(/(c|r)/[\w-]+/)")
_CODE = re.compile(r"([\w-]+) is your code")
LETTERS, LINKS = "letters.jsonl", "links.tsv"


class Postbox(Sink):
    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(port, 0.0, None)
        self.letters = (folder / LETTERS).open("ab", buffering=0)
        self.links = (folder / LINKS).open("ab", buffering=0)

    def take(self, lines, recipient: bytes) -> None:
        raw = bytearray()
        for line in lines:
            if line == b".\r\n":
                break
            raw += line[1:] if line.startswith(b"..") else line
        else:
            raise ConnectionError("the letter broke off")
        address = recipient.decode()
        letter, link = read(bytes(raw), address)
        self.letters.write((json.dumps(letter) + "\n").encode())
        if link:
            self.links.write("\t".join((address, *link, "\n")).encode())


def read(raw: bytes, recipient: str) -> tuple[dict[str, object], tuple[str, str] | None]:
    """(what the account needs, (what the link is for, the link)) of one letter."""
    message = email.message_from_bytes(raw)
    parts = {part.get_content_type(): part for part in message.walk()}
    text = _content(parts, "text/plain")
    calendar = parts.get("text/calendar")
    subject = str(email.header.make_header(email.header.decode_header(message["Subject"] or "")))
    letter: dict[str, object] = {
        "at": time.time(),
        "to": recipient,
        "id": message["Message-ID"],
        "size": len(raw),
        "method": calendar.get_param("method") if calendar else "",
        "calendar": _content(parts, "text/calendar"),
        "faults": _faults(raw, message, parts, recipient),
    }
    if code := _CODE.match(subject):
        return letter, ("code", code[1])
    found = _LINK.search(text)
    return letter, (found[2], found[1]) if found else None


def _content(parts: dict[str, email.message.Message], kind: str) -> str:
    part = parts.get(kind)
    return bytes(part.get_payload(decode=True)).decode() if part else ""


def _faults(raw: bytes, message, parts, recipient: str) -> list[str]:
    """What is wrong with the letter's form, in words."""
    faults = [type(defect).__name__ for part in message.walk() for defect in part.defects]
    needed = ["Subject", "From", "To", "Date", "Message-ID", "MIME-Version"]
    if not _CODE.match(message["Subject"] or ""):
        needed.append("List-Unsubscribe")
    faults += [f"no {name}" for name in needed if not message[name]]
    if message["To"] != recipient:
        faults.append("To is somebody else")
    if not raw.isascii() or max(map(len, raw.split(b"\r\n"))) > 998:
        faults.append("not 7-bit, or a line too long")
    if not {"text/plain", "text/html"} <= set(parts):
        faults.append("not both as text and HTML")
    if "text/calendar" in parts and "application/ics" not in parts:
        faults.append("no invite.ics")
    return faults


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    threading.Thread(target=Postbox(port, folder).run, daemon=True).start()
    with suppress(OSError):
        sys.stdin.read()  # until the drill is gone
    os._exit(0)


if __name__ == "__main__":
    main()
