"""The bytes of one letter, as they go over the wire (RFC 5322, 2045, 6047, 8058).

    multipart/mixed                      only where there is a calendar object
      multipart/alternative
        text/plain
        text/html
        text/calendar; method=...        last: Outlook reads iMIP only here
      application/ics, invite.ics

Everything is 7-bit: servers that do not announce 8BITMIME would mangle the rest. Built by hand
and not by `email.message`, which takes most of the time of a letter and folds a long
List-Unsubscribe into an encoded word that no mail program reads.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from hashlib import sha256
from secrets import token_hex

import idna
from django.conf import settings

from outbox.letters import Letter

FOLD_AT = 76
LONGEST_WORD = 60
LONGEST_LINE = 998  # octets, RFC 5322 2.1.1
LONGEST_UNSUBSCRIBE_URL = 72  # 74 with its brackets: some servers fold longer ones wrongly

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TRAILING = re.compile(rb"[ \t]+(?=\r\n|\Z)")  # mail servers may drop it anyway
_PRINTABLE = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9 ]{1,40}")
_SIMPLE_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")


class UnusableAddress(ValueError):
    """The address cannot be written into a header or an envelope."""


class CalendarMethodMissing(ValueError):
    """A letter brings a calendar object whose METHOD it does not say."""


def new_message_id() -> str:
    """Random, so that a complaint that quotes it comes from somebody who has the letter."""
    return f"<{token_hex(16)}@{settings.MAIL_DOMAIN}>"


def build(letter: Letter, *, to: str, message_id: str, date: datetime, unsubscribe: str) -> bytes:
    """The letter as CRLF-ended 7-bit bytes.

    `unsubscribe` is an https address, or empty for account mail. Raises UnusableAddress and
    CalendarMethodMissing.
    """
    seed = sha256(message_id.encode()).hexdigest()[:24]
    headers = [
        _header("Subject", one_line(letter.subject)),
        _address_header("From", letter.from_email or settings.MAIL_FROM, _sender_name(letter)),
        _address_header("To", to),
        f"Date: {format_datetime(date)}\r\n",
        f"Message-ID: {message_id}\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
    ]
    if letter.reply_to:
        headers.append(_address_header("Reply-To", letter.reply_to))
    if unsubscribe:
        headers.append(f"List-Unsubscribe: <{_printable(unsubscribe)}>\r\n")
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return "".join(headers).encode("ascii") + _body(letter, seed)


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA). Raises UnusableAddress."""
    local, at, domain = address.strip().rpartition("@")
    try:
        spelled = f"{local}{at}{ascii_domain(domain)}"
    except UnicodeError:
        raise UnusableAddress(address) from None
    if not _SIMPLE_ADDRESS.fullmatch(spelled):
        raise UnusableAddress(address)
    return spelled


def ascii_domain(domain: str) -> str:
    """The domain in ASCII, as its registry knows it (RFC 5891). Raises UnicodeError.

    Python's own codec is of 2003, when straße.example was written strasse.example: by now that
    is somebody else's.
    """
    spelled = domain.encode("idna") if domain.isascii() else idna.encode(domain, uts46=True)
    return spelled.decode("ascii")


def one_line(text: str) -> str:
    """`text` without line breaks and other controls; what a subject may be."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _sender_name(letter: Letter) -> str:
    return one_line(letter.from_name or settings.BRAND_NAME)


def _header(name: str, value: str) -> str:
    """One header, folded between words; its first line is never empty (some servers mind)."""
    words = value.split(" ")
    if "=?" in value or not _PRINTABLE.fullmatch(value) or max(map(len, words)) > LONGEST_WORD:
        return f"{name}: {_encoded(value, name)}\r\n"
    lines = [f"{name}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > FOLD_AT:
            lines.append(f" {word}")
        else:
            lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _encoded(text: str, header: str) -> str:
    """RFC 2047 words, split between characters."""
    clean = text.encode("utf-8", "replace").decode()
    return Header(clean, "utf-8", header_name=header).encode(linesep="\r\n")


def _address_header(name: str, address: str, display: str = "") -> str:
    spelled = ascii_address(address)
    if not display:
        return f"{name}: {spelled}\r\n"
    if _ATOMS.fullmatch(display):
        return f"{name}: {display} <{spelled}>\r\n"
    return f"{name}: {_encoded(display, name)}\r\n <{spelled}>\r\n"


def _printable(url: str) -> str:
    if not re.fullmatch(r"[!-~]+", url) or "<" in url or ">" in url:
        raise UnusableAddress(url)
    return url


def _body(letter: Letter, seed: str) -> bytes:
    parts = [_text_part("plain", letter.text), _text_part("html", letter.html)]
    if letter.calendar is None:
        return _multipart("alternative", f"=_a{seed}", parts)
    if not letter.calendar_method:
        raise CalendarMethodMissing(letter.subject)
    parts.append(_calendar_part(letter.calendar, letter.calendar_method))
    return _multipart(
        "mixed",
        f"=_m{seed}",
        [_multipart("alternative", f"=_a{seed}", parts), _attachment(letter.calendar)],
    )


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    # "=_" cannot occur in quoted-printable or base64 (RFC 2045 6.7), and plain 7-bit parts
    # would have to guess the hash.
    line = f"--{boundary}"
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    inner = b"".join(f"{line}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + inner + f"{line}--\r\n".encode()


def _text_part(subtype: str, text: str) -> bytes:
    content, encoding = _encode_text(text)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + content


def _encode_text(text: str) -> tuple[bytes, str]:
    content = _crlf(text.encode("utf-8", "replace"))
    if b" \r\n" in content or b"\t\r\n" in content or content.endswith((b" ", b"\t")):
        content = _TRAILING.sub(b"", content)
    if _fits_7bit(content):
        return content, "7bit"
    # Its soft line breaks are bare LFs where the text itself has no line break.
    return _crlf(b2a_qp(content, istext=True)), "quoted-printable"


def _calendar_part(calendar: bytes, method: str) -> bytes:
    head = f"Content-Type: text/calendar; method={method}; charset=utf-8\r\n"
    content = _crlf(calendar)
    if _fits_7bit(content):
        return f"{head}Content-Transfer-Encoding: 7bit\r\n\r\n".encode() + content
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + _base64(content)


def _attachment(calendar: bytes) -> bytes:
    return (
        b'Content-Type: application/ics; name="invite.ics"\r\n'
        b'Content-Disposition: attachment; filename="invite.ics"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    ) + _base64(_crlf(calendar))


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n")


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _fits_7bit(content: bytes) -> bool:
    return (
        content.isascii()
        and b"\x00" not in content
        and max(map(len, content.split(b"\r\n")), default=0) <= LONGEST_LINE
    )
