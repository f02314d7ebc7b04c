"""Each rule of "The message", on bytes taken from a real SMTP socket."""

import email
import socket
from datetime import UTC, datetime
from email import policy

import pytest
from aiosmtpd.controller import Controller

from outbox import delivery, ledger, letters
from outbox.letters import Kind, Letter
from outbox.message import UnusableAddress, ascii_address, build, new_message_id

NOW = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Barnstorm//EN\r\nMETHOD:REQUEST\r\n"
    b"BEGIN:VEVENT\r\nUID:1@barnstorm\r\nSUMMARY:P\xc3\xadcnic\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
UNSUBSCRIBE = "https://events.example.org/u/abcdefghijklmnopqrstuv"
WORDS = {
    "subject": "You're coming: Pícnic in the park 🧺 " + "and more " * 12,
    "text": "Hello Zoë,\n\n.a line that begins with a dot\n" + "long " * 300 + "end\n",
    "html": "<p>Hello Zoë</p>" + "<td>cell</td>" * 300,
}


class Sink:
    """Keeps what arrived, exactly; announces no 8BITMIME."""

    def __init__(self):
        self.letters: list[bytes] = []

    async def handle_DATA(self, server, session, envelope):
        self.letters.append(envelope.original_content)
        return "250 OK"


@pytest.fixture
def wire(settings, db):
    """Send one letter through the ledger to a real socket; answers the bytes that came out."""
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    settings.SMTP_HOST, settings.SMTP_SECURITY = "127.0.0.1", "none"
    settings.SMTP_PORT = port

    def send(letter: Letter, *, account_mail: bool = False) -> bytes:
        letters.register(
            Kind(
                name="any",
                wanted=lambda message, now: None,
                render=lambda message, now: letter,
                quiet=False,
                in_doubt="resend",
                title="Any",
                account_mail=account_mail,
            )
        )
        ledger.post("any", to="zoe@example.org", subject="rsvp:1", now=NOW)
        assert delivery.deliver_once(now=NOW) == {"sent": 1}
        [received] = sink.letters
        return received

    yield send
    controller.stop()


@pytest.fixture
def invitation() -> Letter:
    return Letter(
        **WORDS,
        from_email="rsvp+abcdefghijklmnopqrstuv@barnstorm.example",
        calendar=ICS,
        calendar_method="REQUEST",
        unsubscribe_url=UNSUBSCRIBE,
    )


def structure(part) -> object:
    if part.is_multipart():
        return {part.get_content_type(): [structure(child) for child in part.iter_parts()]}
    return part.get_content_type()


def parse(received: bytes):
    return email.message_from_bytes(received, policy=policy.default)


def test_invitation_is_mixed_of_alternative_with_the_calendar_last_and_one_attachment(
    wire, invitation
):
    message = parse(wire(invitation))
    assert structure(message) == {
        "multipart/mixed": [
            {"multipart/alternative": ["text/plain", "text/html", "text/calendar"]},
            "application/ics",
        ]
    }
    calendar = list(message.walk())[4]
    assert calendar.get_content_disposition() is None  # an attachment is not offered
    assert calendar.get_payload(decode=True) == ICS
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "invite.ics"
    assert attachment.get_payload(decode=True) == ICS


def test_method_parameter_equals_the_method_inside(wire, invitation):
    calendar = list(parse(wire(invitation)).walk())[4]
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert b"METHOD:REQUEST" in calendar.get_payload(decode=True)


def test_letter_without_a_calendar_is_an_alternative_of_text_and_html(wire):
    message = parse(wire(Letter(**WORDS)))
    assert structure(message) == {"multipart/alternative": ["text/plain", "text/html"]}


def test_wire_bytes_are_7_bit_with_short_crlf_lines(wire, invitation):
    received = wire(invitation)
    assert received.isascii()
    assert b"\n" not in received.replace(b"\r\n", b"")
    assert b"\r" not in received.replace(b"\r\n", b"")
    lines = received.split(b"\r\n")
    assert max(map(len, lines)) <= 78


def test_words_arrive_as_they_were_written(wire, invitation):
    message = parse(wire(invitation))
    assert message["Subject"] == WORDS["subject"].strip()
    plain, html = list(message.walk())[2:4]
    assert plain.get_content().replace("\r\n", "\n") == WORDS["text"]
    assert html.get_content().rstrip("\r\n") == WORDS["html"]


def test_list_unsubscribe_is_whole_on_one_line_and_one_click(wire, invitation):
    received = wire(invitation)
    assert f"\r\nList-Unsubscribe: <{UNSUBSCRIBE}>\r\n".encode() in received
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in received


def test_letter_whose_kind_brings_no_unsubscribe_link_gets_the_ledgers_own(wire, settings):
    message = parse(wire(Letter(**WORDS)))
    url = message["List-Unsubscribe"].strip("<>")
    assert url.startswith(f"{settings.SITE_URL}/u/")
    assert len(url) <= 72


def test_account_mail_cannot_be_unsubscribed_from(wire):
    message = parse(wire(Letter(**WORDS), account_mail=True))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_letters_say_that_a_machine_wrote_them(wire, invitation):
    assert parse(wire(invitation))["Auto-Submitted"] == "auto-generated"


def test_from_is_the_address_replies_and_the_organizer_use(wire, invitation):
    message = parse(wire(invitation))
    [sender] = message["From"].addresses
    assert sender.addr_spec == invitation.from_email
    assert message["To"] == "zoe@example.org"


def test_every_header_of_a_letter_stands_once(wire, invitation):
    message = parse(wire(invitation))
    names = [name.lower() for name in message]
    assert sorted(names) == sorted(set(names))
    assert message.defects == []


def test_retry_builds_identical_bytes_from_the_same_letter(invitation):
    fixed = {"to": "zoe@example.org", "message_id": "<1@x>", "date": NOW, "unsubscribe": ""}
    assert build(invitation, **fixed) == build(invitation, **fixed)


@pytest.mark.parametrize(
    "hostile",
    [
        "Hello\r\nBcc: everybody@example.org",
        "Hello\nContent-Type: text/html",
        "a\x00b",
        "line\u2028separator",
        "\ud800 lone surrogate",
        "=?utf-8?q?encoded?=",
        "‮right to left",
    ],
)
def test_hostile_subject_stays_one_header(hostile):
    letter = Letter(subject=hostile, text="x\n", html="<p>x</p>")
    message = parse(build(letter, to="a@b.org", message_id="<1@x>", date=NOW, unsubscribe=""))
    assert message["Bcc"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert message["From"].addresses[0].domain == "barnstorm.example"


@pytest.mark.parametrize(
    "hostile", ["--boundary", "--=_a0", ".", "..", "From me", "\x00", "a\rb", "=3D", "\u0085"]
)
def test_hostile_text_arrives_or_is_encoded_never_breaks_the_letter(wire, hostile):
    letter = Letter(subject="x", text=f"one\n{hostile}\ntwo\n", html=f"<p>{hostile}</p>")
    message = parse(wire(letter))
    assert structure(message) == {"multipart/alternative": ["text/plain", "text/html"]}
    plain = next(message.iter_parts()).get_content().replace("\r\n", "\n")
    assert plain == f"one\n{hostile}\ntwo\n".replace("\r", "\n")


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("zoe@example.org", "zoe@example.org"),
        (" zoe@bücher.example ", "zoe@xn--bcher-kva.example"),
        ("o'neil+x@sub.example.org", "o'neil+x@sub.example.org"),
    ],
)
def test_address_is_spelled_in_ascii(typed, spelled):
    assert ascii_address(typed) == spelled


@pytest.mark.parametrize(
    "typed", ["", "zoe", "a b@example.org", "a@b.org\r\nRCPT TO:<c@d.org>", "zoë@x.org", "a@b>c"]
)
def test_address_that_could_break_the_envelope_is_refused(typed):
    with pytest.raises(UnusableAddress):
        ascii_address(typed)


@pytest.mark.parametrize(
    "subject",
    [
        "Changed: Lemonade and plans for the library, now Fri, Nov 27, 3:00 p.m.",
        "short",
        "x" * 200,
        "word " * 60 + "end",
        "é " * 80 + "é",
        "🧺" * 90,
        "=?utf-8?q?looks_encoded?= but is not",
        "日本語の件名" * 12,
    ],
)
def test_subject_arrives_as_it_was_written_on_lines_that_are_not_empty(subject):
    letter = Letter(subject=subject, text="x\n", html="<p>x</p>")
    built = build(letter, to="a@b.org", message_id="<1@x>", date=NOW, unsubscribe="")
    assert parse(built)["Subject"] == subject
    head = built.partition(b"\r\nFrom: ")[0].split(b"\r\n")
    assert all(line.strip() and len(line) <= 78 for line in head)
    assert len(head[0]) > len("Subject: ")


@pytest.mark.parametrize(
    "name", ["Barnstorm", "Neighbors, Inc.", 'The "Real" Deal', "Vecinos en Acción", "日本の声"]
)
def test_senders_name_arrives_as_it_was_written(name):
    letter = Letter(subject="x", text="x\n", html="<p>x</p>", from_name=name)
    built = build(letter, to="a@b.org", message_id="<1@x>", date=NOW, unsubscribe="")
    [sender] = parse(built)["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "hello@barnstorm.example")


def test_message_ids_are_random():
    assert new_message_id() != new_message_id()
