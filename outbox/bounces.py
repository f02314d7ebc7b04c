"""Delivery reports (RFC 3464) and complaints (RFC 5965) about letters of ours.

A report counts only if it proves that its sender had the letter: it came to the letter's own
bounce address, or quotes its random Message-ID. Anybody can write the rest.
"""

import re
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as EmailPart

from outbox import ledger, suppression
from outbox.inbound import InboundMail, NotUnderstood
from outbox.models import Message
from outbox.states import SuppressionReason
from outbox.tokens import letter_of

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
# Status codes that say nobody lives there (RFC 3463): bad mailbox, bad system, disabled, no
# such host. A full mailbox or a policy is no such thing.
_DEAD = re.compile(r"5\.1\.\d+|5\.2\.1|5\.4\.4")


def handle_delivery_report(mail: InboundMail, *, now: datetime) -> str | None:
    """A bounce: hard ones suppress the address at once, soft ones are counted.

    Raises NotUnderstood for a note without a report, and a report about no letter of ours.
    """
    if mail.message.get_content_type() != "multipart/report" and not mail.tokens("bounce"):
        return None
    if _report_type(mail) == "feedback-report":
        return None
    groups = _delivery_groups(mail)
    if not groups:
        # An out-of-office note to the envelope's sender, or a server with a style of its own.
        if mail.tokens("bounce"):
            raise NotUnderstood("bounce_unread")
        return None
    letter = _letter_of(mail)
    if letter is None:
        raise NotUnderstood("bounce_unknown")
    failed = [group for group in groups if group.get("Action", "").strip().lower() == "failed"]
    if not failed:
        return "bounce_delayed"
    match = _STATUS.search(failed[0].get("Status", ""))
    status = match[0] if match else "5.0.0"
    return _take_back(letter, status, now)


def _take_back(letter: Message, status: str, now: datetime) -> str:
    ledger.mark_bounced(letter, now=now, why=f"came back: {status}")
    if not letter.recipient:
        return "bounce_forgotten"
    if _DEAD.fullmatch(status):
        suppression.suppress(letter.recipient, SuppressionReason.HARD_BOUNCE, now=now)
        return "bounce_hard"
    suppression.count_soft_bounce(letter, now=now)
    return "bounce_soft"


def handle_complaint(mail: InboundMail, *, now: datetime) -> str | None:
    """ "This is spam": the address gets no more letters, but for codes it asks for itself.

    Raises NotUnderstood where it quotes no letter of ours.
    """
    if _report_type(mail) != "feedback-report":
        return None
    kinds = {
        str(group.get("Feedback-Type", "")).strip().lower()
        for part in mail.parts("message/feedback-report")
        for group in _headers_inside(part)
    }
    if "not-spam" in kinds:
        return "complaint_withdrawn"
    letter = _letter_of(mail)
    if letter is None or not letter.recipient:
        raise NotUnderstood("complaint_unknown")
    suppression.suppress(letter.recipient, SuppressionReason.COMPLAINT, now=now)
    return "complaint"


def _report_type(mail: InboundMail) -> str:
    return str(mail.message.get_param("report-type") or "").lower()


def _letter_of(mail: InboundMail) -> Message | None:
    """The letter that the report proves to be about."""
    for token in mail.tokens("bounce"):
        number = letter_of("bounce", token, any_case=True)
        if number is not None:
            return Message.objects.filter(pk=number).first()
    quoted = [str(part["Message-ID"]).strip() for part in _originals(mail) if part["Message-ID"]]
    return Message.objects.filter(message_id__in=quoted).exclude(message_id="").first()


def _originals(mail: InboundMail) -> list[EmailPart]:
    """The returned letter, whole or only its headers."""
    found: list[EmailPart] = []
    for part in mail.parts("message/rfc822"):
        found += [inner for inner in _inside(part) if inner is not part]
    for part in mail.parts("text/rfc822-headers"):
        found += _headers_inside(part)
    return found


def _delivery_groups(mail: InboundMail) -> list[EmailPart]:
    """The blocks of a message/delivery-status part: one for the message, one a recipient."""
    return [group for part in mail.parts("message/delivery-status") for group in _inside(part)]


def _inside(part: EmailMessage) -> list[EmailPart]:
    content = part.get_payload()
    return (
        [inner for inner in content if isinstance(inner, EmailPart)]
        if isinstance(content, list)
        else []
    )


def _headers_inside(part: EmailMessage) -> list[EmailPart]:
    """A part that is a block of headers, which parsers leave as text or as a message."""
    inner = _inside(part)
    if inner:
        return inner
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return []
    return [message_from_bytes(content.lstrip())]
