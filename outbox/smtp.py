"""Handing a letter to a mail server, with each failure told apart by its phase (RFC 5321).

What matters is whether the server may have taken the letter: before the final dot it cannot
have; after the dot only its answer tells, and a dropped connection says nothing.
"""

import re
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.conf import settings

from outbox.message import ascii_address

# A connection that has been idle for longer is opened anew; servers drop them.
LONGEST_IDLE = 20.0
# RFC 5321 4.5.3.2.6 gives the server longer to answer the final dot than anything else.
FINAL_DOT_PATIENCE = 3
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_DOT_AT_LINE_START = re.compile(rb"(?m)^\.")


class Phase(StrEnum):
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "final dot"


class ServerUnavailable(Exception):
    """The server cannot be reached, greeted or logged in to; no letter's fault."""


class ConnectionLost(Exception):
    """The connection broke before the final dot: nothing was sent."""


class InDoubt(Exception):
    """The connection broke after the final dot: the letter may have been taken, or not."""


class Refused(Exception):
    """The server answered 4xx (for the moment) or 5xx (for good)."""

    def __init__(self, phase: Phase, code: int, text: str) -> None:
        super().__init__(f"{code} at {phase}: {text}")
        self.phase = phase
        self.code = code
        found = _ENHANCED.match(text)
        self.enhanced = found[1] if found else ""

    @property
    def permanent(self) -> bool:
        # 450 and 550 look alike to smtplib's own exceptions; the code tells.
        return 500 <= self.code < 600

    @property
    def dead_address(self) -> bool:
        """Whether it says that nobody lives there (RFC 3463), not that it dislikes the letter."""
        if self.phase != Phase.RCPT or not self.permanent:
            return False
        if self.enhanced:
            return self.enhanced.startswith("5.1.") or self.enhanced == "5.2.1"
        return self.code in {550, 551, 553}


class SmtpChannel:
    """One kept connection to the mail server of the settings, opened when first needed.

    A letter takes three steps. offer() sends MAIL (and RCPT, where the server takes pipelining)
    without waiting, so that the ledger's commit and the server's answer overlap; transmit()
    ends with the final dot, and settle() hears what the server says to it.
    """

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._offered: tuple[str, str] = ("", "")
        self._fresh = True

    def offer(self, *, sender: str, recipient: str, name: str = "") -> None:
        """Begin a letter. Raises ServerUnavailable and message.UnusableAddress."""
        self._offered = (sender, ascii_address(recipient))
        if self._smtp is not None and time.monotonic() - self._used_at > LONGEST_IDLE:
            self.close()
        self._fresh = self._smtp is None
        smtp = self._smtp or self._open()
        try:
            self._say_envelope(smtp)
        except (OSError, smtplib.SMTPException):
            self._reopen_and_say()

    def transmit(self, body: bytes) -> None:
        """Give it the whole letter. Raises Refused, ConnectionLost, InDoubt, ServerUnavailable."""
        try:
            self._await_envelope()
            self._before_dot(body)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.drop()
            raise ConnectionLost(_words(error)) from error
        with self._in_doubt():
            self._live().send(b".\r\n")

    def settle(self) -> None:
        """Hear whether it took the letter. Raises Refused and InDoubt."""
        with self._in_doubt():
            smtp = self._live()
            smtp.sock.settimeout(settings.SMTP_TIMEOUT * FINAL_DOT_PATIENCE)  # type: ignore[union-attr]
            code, text = smtp.getreply()
            if not 200 <= code < 600:
                raise smtplib.SMTPServerDisconnected(f"unreadable answer {code}")
            smtp.sock.settimeout(settings.SMTP_TIMEOUT)  # type: ignore[union-attr]
        if code // 100 != 2:
            self._refuse(Phase.DOT, code, text)
        self._used_at = time.monotonic()

    def abandon(self) -> None:
        """Take back what was offered and not transmitted."""
        self.drop()

    def drop(self) -> None:
        """Forget the connection without a word."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """Say QUIT; what the server makes of it does not matter any more."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None

    # -- opening

    def _open(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._connect()
            if settings.SMTP_USER:
                smtp.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if smtp is not None:
                smtp.close()
            raise ServerUnavailable(_words(error)) from error
        # The final dot goes out in a packet of its own; it must not wait for the others.
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
        self._smtp = smtp
        return smtp

    def _connect(self) -> smtplib.SMTP:
        if settings.SMTP_SECURITY == "tls":
            return _greeted(
                smtplib.SMTP_SSL(
                    settings.SMTP_HOST,
                    settings.SMTP_PORT,
                    settings.MAIL_DOMAIN,
                    timeout=settings.SMTP_TIMEOUT,
                    context=ssl.create_default_context(),
                )
            )
        smtp = _greeted(
            smtplib.SMTP(
                settings.SMTP_HOST,
                settings.SMTP_PORT,
                settings.MAIL_DOMAIN,
                timeout=settings.SMTP_TIMEOUT,
            )
        )
        if settings.SMTP_SECURITY == "starttls":
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
        return smtp

    # -- one letter

    def _say_envelope(self, smtp: smtplib.SMTP) -> None:
        sender, recipient = self._offered
        smtp.putcmd("MAIL", f"FROM:<{sender}>")
        if smtp.has_extn("pipelining"):
            smtp.putcmd("RCPT", f"TO:<{recipient}>")

    def _reopen_and_say(self) -> None:
        self.drop()
        self._fresh = True
        try:
            self._say_envelope(self._open())
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise ServerUnavailable(_words(error)) from error

    def _await_envelope(self) -> None:
        code, text = self._mail_answer()
        smtp = self._live()
        if smtp.has_extn("pipelining"):
            rcpt = smtp.getreply()
        elif code // 100 == 2:
            smtp.putcmd("RCPT", f"TO:<{self._offered[1]}>")
            rcpt = smtp.getreply()
        else:
            rcpt = (code, text)
        if code // 100 != 2:
            self._refuse(Phase.MAIL, code, text)
        if rcpt[0] // 100 != 2:
            self._refuse(Phase.RCPT, *rcpt)

    def _mail_answer(self) -> tuple[int, bytes]:
        """The answer to MAIL; a kept connection that turns out to be dead is replaced once."""
        try:
            code, text = self._live().getreply()
            if code != 421 or self._fresh:
                return code, text
        except (OSError, smtplib.SMTPException):
            if self._fresh:
                raise
        self._reopen_and_say()
        return self._live().getreply()

    def _before_dot(self, body: bytes) -> None:
        smtp = self._live()
        smtp.putcmd("DATA")
        code, text = smtp.getreply()
        if code != 354:
            self._refuse(Phase.DATA, code, text)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        smtp.send(_DOT_AT_LINE_START.sub(b"..", body))
        if select.select([smtp.sock], [], [], 0)[0]:  # type: ignore[type-var]
            # It spoke, or hung up, before it could have the whole letter.
            code, text = smtp.getreply()
            self.drop()
            raise ConnectionLost(f"{code} before the final dot: {text.decode(errors='replace')}")

    @contextmanager
    def _in_doubt(self) -> Iterator[None]:
        """From the final dot on, whatever breaks leaves a doubt."""
        try:
            yield
        except (OSError, smtplib.SMTPException, ValueError, AttributeError) as error:
            self.drop()
            raise InDoubt(_words(error)) from error

    def _live(self) -> smtplib.SMTP:
        if self._smtp is None or self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._smtp

    def _refuse(self, phase: Phase, code: int, text: bytes) -> None:
        """Raise Refused, and leave the connection ready for the next letter."""
        if code == 421 or not 200 <= code < 600:
            self.drop()
        elif phase != Phase.DOT:
            try:
                if self._live().rset()[0] // 100 != 2:
                    self.drop()
            except (OSError, smtplib.SMTPException):
                self.drop()
        words = text.decode("utf-8", "replace").replace(self._offered[1], "the recipient")
        raise Refused(phase, code, " ".join(words.split())[:200])


def _greeted(smtp: smtplib.SMTP) -> smtplib.SMTP:
    try:
        smtp.ehlo_or_helo_if_needed()
    except Exception:
        smtp.close()
        raise
    return smtp


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
