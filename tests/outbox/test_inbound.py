import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from outbox import bounces, delivery, inbound, ledger, letters, suppression
from outbox.models import InboundTally, Message, Suppression
from outbox.states import MessageState, SuppressionReason
from rsvps import replies
from tests.certificates import certificate
from tests.outbox.imap_server import PASSWORD, ImapServer
from tests.outbox.reports import bounce, complaint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def handlers():
    letters.register_inbound(bounces.handle_complaint)
    letters.register_inbound(bounces.handle_delivery_report)


@pytest.fixture
def sent(now, settings, tmp_path):
    """A letter that has left, made as often as asked."""
    settings.SMTP_HOST, settings.LETTERS_DIR = "", tmp_path

    def send(subject="rsvp:1", at=now) -> Message:
        ledger.post("invitation", to="ana@example.org", subject=subject, now=at)
        delivery.deliver_once(now=at)
        return Message.objects.get(subject_key=subject)

    return send


def reason():
    return suppression.blocked_by("ana@example.org", letters.kind_named("invitation"))


def test_hard_bounce_suppresses_at_once(now, sent):
    letter = sent()
    raw = bounce("5.1.1", to=delivery.bounce_address(letter))
    assert inbound.receive(raw, now=now) == "bounce_hard"
    assert reason() == SuppressionReason.HARD_BOUNCE
    letter.refresh_from_db()
    assert (letter.state, letter.error) == (MessageState.FAILED, "came back: 5.1.1")


def test_bounce_is_known_by_the_envelope_where_the_server_tells_it(now, sent):
    raw = bounce("5.1.1")
    address = delivery.bounce_address(sent())
    assert inbound.receive(raw, now=now, recipients=[address]) == "bounce_hard"


def test_bounce_is_known_by_the_message_id_it_quotes(now, sent):
    raw = bounce("5.1.1", original=sent().message_id)
    assert inbound.receive(raw, now=now) == "bounce_hard"


def test_mail_server_that_changes_case_is_understood(now, sent):
    address = delivery.bounce_address(sent()).upper()
    assert inbound.receive(bounce("5.1.1", to=address), now=now) == "bounce_hard"


def test_fourth_soft_bounce_in_fourteen_days_suppresses(now, sent):
    for number in range(4):
        assert reason() is None
        at = now + timedelta(days=4 * number)
        letter = sent(f"rsvp:{number}", at)
        inbound.receive(bounce("5.2.2", to=delivery.bounce_address(letter)), now=at)
    assert reason() == SuppressionReason.SOFT_BOUNCES


def test_soft_bounces_spread_over_longer_do_not_suppress(now, sent):
    for number in range(6):
        at = now + timedelta(days=5 * number)
        letter = sent(f"rsvp:{number}", at)
        inbound.receive(bounce("4.2.2", to=delivery.bounce_address(letter)), now=at)
    assert reason() is None


def test_same_bounce_four_times_counts_once(now, sent):
    raw = bounce("5.2.2", to=delivery.bounce_address(sent()))
    for _ in range(4):
        inbound.receive(raw, now=now)
    assert reason() is None


def test_report_of_a_delay_changes_nothing(now, sent):
    letter = sent()
    raw = bounce("4.4.7", action="delayed", to=delivery.bounce_address(letter))
    assert inbound.receive(raw, now=now) == "bounce_delayed"
    letter.refresh_from_db()
    assert letter.state == MessageState.SENT


@pytest.mark.parametrize(
    "to",
    [
        "bounce+1.AAAAAAAAAAAAAAAA@barnstorm.example",
        "bounce+zz@barnstorm.example",
        "bounce+1@barnstorm.example",
        "bounce+1.@barnstorm.example",
        "bounce+-1.x@barnstorm.example",
        "hello@barnstorm.example",
    ],
)
def test_made_up_bounce_silences_nobody(now, sent, to):
    letter = sent()
    assert inbound.receive(bounce("5.1.1", to=to), now=now).startswith("bounce_un")
    assert not Suppression.objects.exists()
    letter.refresh_from_db()
    assert letter.state == MessageState.SENT


def test_bounce_names_the_letter_not_the_address_it_claims(now, sent):
    """A report about one's own letter must not silence somebody else."""
    address = delivery.bounce_address(sent())
    inbound.receive(bounce("5.1.1", to=address, recipient="victim@example.org"), now=now)
    assert suppression.blocked_by("victim@example.org", letters.kind_named("invitation")) is None


def test_out_of_office_note_to_the_bounce_address_changes_nothing(now, sent):
    letter = sent()
    raw = (
        f"From: ana@example.org\r\nTo: {delivery.bounce_address(letter)}\r\n"
        "Subject: Away until Monday\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n"
    ).encode()
    assert inbound.receive(raw, now=now) == "bounce_unread"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("headers_only", [False, True])
def test_complaint_suppresses_at_once(now, sent, headers_only):
    raw = complaint(sent().message_id, headers_only=headers_only)
    assert inbound.receive(raw, now=now) == "complaint"
    assert reason() == SuppressionReason.COMPLAINT


def test_complaint_that_quotes_no_letter_of_ours_changes_nothing(now, sent):
    sent()
    assert inbound.receive(complaint("<made-up@x>"), now=now) == "complaint_unknown"
    assert inbound.receive(complaint(""), now=now) == "complaint_unknown"
    assert not Suppression.objects.exists()


def test_not_spam_after_all_changes_nothing(now, sent):
    raw = complaint(sent().message_id, kind="not-spam")
    assert inbound.receive(raw, now=now) == "complaint_withdrawn"
    assert not Suppression.objects.exists()


def test_every_letter_is_counted_by_what_became_of_it(now):
    for _ in range(2):
        inbound.receive(b"Subject: hi\r\n\r\nhello", now=now)
    assert InboundTally.objects.get().count == 2
    assert InboundTally.objects.get().outcome == "ignored"


def test_letter_larger_than_256_kb_is_not_read(now):
    raw = b"Subject: hi\r\n\r\n" + b"x" * inbound.LARGEST
    assert inbound.receive(raw, now=now) == "too_large"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n",
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n--B",
        b"To: =?utf-8?q?=FF?= <\r\nContent-Type: message/delivery-status\r\n\r\nStatus",
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n" * 3000,
    ],
)
def test_nonsense_is_survived(now, raw):
    assert inbound.receive(raw, now=now) in {"ignored", "broken", "complaint_unknown"}


def test_handler_that_breaks_is_counted_and_the_next_letter_taken(now):
    letters.register_inbound(lambda mail, *, now: 1 // 0)
    assert inbound.receive(b"Subject: hi\r\n\r\n", now=now) == "broken"


def test_database_that_is_gone_leaves_the_letter_with_the_mail_server(now, monkeypatch):
    def gone(mail, *, now):
        raise OperationalError

    letters.register_inbound(gone)
    with pytest.raises(OperationalError):
        inbound.receive(b"Subject: hi\r\n\r\n", now=now)


def test_registered_handler_is_asked_with_the_tokens_of_its_purpose(now):
    seen = []

    def handler(mail, *, now):
        seen.append(mail.tokens("rsvp"))
        return "reply"

    letters.register_inbound(handler)
    raw = b"To: Barnstorm <rsvp+AbC_-1@barnstorm.example>, rsvp+x@elsewhere.example\r\n\r\n"
    assert inbound.receive(raw, now=now) == "reply"
    assert seen == [["AbC_-1"]]


def test_receive_mail_reads_one_letter_from_standard_input(sent, monkeypatch):
    raw = bounce("5.1.1")
    address = delivery.bounce_address(sent())
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    out = io.StringIO()
    call_command("receive_mail", "--recipient", address, stdout=out)
    assert out.getvalue() == "bounce_hard\n"


# -- The mailbox ---------------------------------------------------------------------------


@pytest.fixture
def imap(settings, tmp_path, monkeypatch):
    """A mailbox on a socket, with a certificate that is trusted, and its settings."""
    trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with ImapServer(trusted) as server:
        settings.IMAP_HOST, settings.IMAP_PORT = "127.0.0.1", server.port
        settings.IMAP_USER, settings.IMAP_PASSWORD = "ledger", PASSWORD
        yield server


def poll() -> str:
    out = io.StringIO()
    call_command("poll_mailbox", stdout=out)
    return out.getvalue()


def test_mailbox_is_emptied_of_what_was_understood(sent, imap):
    one, another = sent("rsvp:1"), sent("rsvp:2")
    imap.put(bounce("5.1.1", original=one.message_id), complaint(another.message_id))
    assert poll() == "1 bounce_hard, 1 complaint\n"
    assert imap.letters == {}
    assert reason() == SuppressionReason.COMPLAINT


def words(to: str, *headers: str) -> bytes:
    """Somebody's own words, or a program's."""
    return "\r\n".join([f"To: {to}", *headers, "", "Is there parking?", ""]).encode()


NOT_UNDERSTOOD = {
    "ignored": words("hello@barnstorm.example"),
    "too_large": words("x@barnstorm.example") + b"x" * inbound.LARGEST,
    "bounce_unread": words("bounce+1.AAAAAAAAAAAAAAAA@barnstorm.example"),
    "bounce_unknown": bounce("5.1.1"),
    "complaint_unknown": complaint("<made-up@x>"),
    "reply: no calendar": words("rsvp+abc@barnstorm.example"),
    "reply: unreadable": words("rsvp+abc@barnstorm.example", "Content-Type: text/calendar"),
    "broken": words("break@barnstorm.example"),
}


def breaks(mail, *, now):
    if "break@barnstorm.example" in mail.recipients:
        raise ZeroDivisionError


def test_mailbox_keeps_what_was_not_understood_marked_read(imap):
    letters.register_inbound(replies.receive)
    letters.register_inbound(breaks)
    imap.put(*NOT_UNDERSTOOD.values())
    assert poll() == ", ".join(f"1 {outcome}" for outcome in sorted(NOT_UNDERSTOOD)) + "\n"
    assert list(imap.letters.values()) == list(NOT_UNDERSTOOD.values())
    assert all(flags == {"\\Seen"} for flags in imap.flags.values())
    assert poll() == "nothing new\n"


def test_database_that_is_gone_leaves_the_letter_in_the_mailbox_unread(imap):
    def gone(mail, *, now):
        raise OperationalError

    letters.register_inbound(gone)
    imap.put(words("hello@barnstorm.example"))
    with pytest.raises(OperationalError):
        poll()
    assert (len(imap.letters), imap.flags) == (1, {})


def test_mailbox_with_another_password_cannot_be_read(imap, settings):
    settings.IMAP_PASSWORD = "guess"
    with pytest.raises(CommandError, match="cannot be read"):
        poll()


def test_password_is_not_shown_to_a_server_nobody_vouches_for(imap, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(CommandError, match="certificate"):
        poll()
    assert imap.commands == []


def test_mailbox_that_is_not_set_is_said_to_be(settings):
    settings.IMAP_HOST = ""
    with pytest.raises(CommandError, match="Set IMAP_HOST"):
        poll()
