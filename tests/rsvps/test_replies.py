"""rsvps.replies: what calendars answer, in the shapes they really send, and forgeries."""

import base64
import quopri
import socket
from datetime import UTC, datetime, timedelta

import pytest

from events.models import Event, Timeslot
from events.states import EventState, TimeslotState
from outbox import inbound
from outbox.letters import kind_named
from outbox.models import InboundTally, Message
from outbox.states import MessageState
from rsvps import attending, invites, links
from rsvps.models import Guest, Rsvp
from rsvps.states import RsvpStatus
from tests.factories import make_guest, make_rsvp, make_supporter, make_timeslot

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)
START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)
STAMP = "20270102T152900Z"


@pytest.fixture
def rsvp() -> Rsvp:
    """A party of two, invited by a letter that has been sent (SEQUENCE 0)."""
    return invited(make_timeslot(starts_at=START, capacity=5), party_size=2)


def invited(timeslot: Timeslot, **fields) -> Rsvp:
    guest = make_guest(timeslot.event, supporter=make_supporter(email="alex@example.org"))
    rsvp = make_rsvp(timeslot, supporter=guest.supporter, **fields)
    links.seal_guest(guest)
    links.seal_rsvps(guest, [rsvp])
    invites.post_invitation(rsvp, now=NOW - timedelta(hours=1))
    Message.objects.update(state=MessageState.SENT, sent_at=NOW - timedelta(hours=1))
    return rsvp


def ics(
    rsvp: Rsvp,
    *,
    answer: str = "DECLINED",
    method: str = "REPLY",
    attendee: str = "mailto:alex@example.org",
    organizer: str | None = "",
    uid: str = "",
    sequence: int | None = 0,
    stamp: str = STAMP,
    more: str = "",
) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Test//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid or rsvp.timeslot.uid}",
        f"DTSTAMP:{stamp}",
        "DTSTART:20270109T200000Z",
        "DTEND:20270109T220000Z",
        f"ATTENDEE;PARTSTAT={answer}:{attendee}",
        *([f"SEQUENCE:{sequence}"] if sequence is not None else []),
        *(
            [f"ORGANIZER:{organizer or 'mailto:' + links.reply_address(rsvp)}"]
            if organizer is not None
            else []
        ),
        *([more] if more else []),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)


def mail(rsvp: Rsvp, calendar: str, *, to: str = "", kind: str = "text/calendar") -> bytes:
    """The least a reply can be: one calendar part."""
    return (
        f"From: Alex Guest <alex@example.org>\r\nTo: {to or links.reply_address(rsvp)}\r\n"
        "Subject: Declined\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: {kind}; method=REPLY; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n" + calendar
    ).encode()


def receive(raw: bytes, *, now: datetime = NOW) -> str:
    return inbound.receive(raw, now=now)


def status(rsvp: Rsvp) -> str:
    rsvp.refresh_from_db()
    return rsvp.status


# -- The shapes programs send, written from their documented form -------------------------


def gmail(rsvp: Rsvp, answer: str) -> bytes:
    """multipart/mixed: an alternative with the calendar last, and invite.ics again."""
    calendar = ics(
        rsvp,
        answer=answer,
        attendee="mailto:alex@example.org",
        more="CREATED:20270102T142900Z\r\nLAST-MODIFIED:20270102T152900Z\r\nSTATUS:CONFIRMED\r\n"
        "SUMMARY:Neighbours for a new library\r\nTRANSP:OPAQUE",
    ).replace(
        f"ATTENDEE;PARTSTAT={answer}:",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN=Alex\r\n"
        " Guest;X-NUM-GUESTS=0:",
    )
    encoded = base64.encodebytes(calendar.encode()).decode().replace("\n", "\r\n")
    return (
        "MIME-Version: 1.0\r\nReply-To: Alex Guest <alex@example.org>\r\n"
        "Sender: Google Calendar <calendar-notification@google.example>\r\n"
        "From: Alex Guest <alex@example.org>\r\n"
        f"To: {links.reply_address(rsvp)}\r\nSubject: Declined: Neighbours\r\n"
        'Content-Type: multipart/mixed; boundary="00"\r\n\r\n'
        '--00\r\nContent-Type: multipart/alternative; boundary="01"\r\n\r\n'
        '--01\r\nContent-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\nQWxleA==\r\n"
        '--01\r\nContent-Type: text/html; charset="UTF-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Alex</p>\r\n"
        '--01\r\nContent-Type: text/calendar; charset="UTF-8"; method=REPLY\r\n'
        f"Content-Transfer-Encoding: 7bit\r\n\r\n{calendar}\r\n--01--\r\n"
        '--00\r\nContent-Type: application/ics; name="invite.ics"\r\n'
        'Content-Disposition: attachment; filename="invite.ics"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--00--\r\n"
    ).encode()


def outlook(rsvp: Rsvp, answer: str) -> bytes:
    """Outlook.com and Exchange: no ORGANIZER, upper-case MAILTO, a base64 calendar, own zone."""
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nPRODID:Microsoft Exchange Server 2010\r\n"
        "VERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Eastern Standard Time\r\nBEGIN:STANDARD\r\n"
        "DTSTART:16010101T020000\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\n"
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0500\r\n"
        "TZOFFSETTO:-0400\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3\r\n"
        "END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
        f"ATTENDEE;PARTSTAT={answer};CN=Alex Guest:MAILTO:Alex@Example.org\r\n"
        "COMMENT;LANGUAGE=en-US:\\n\r\n"
        f"UID:{rsvp.timeslot.uid}\r\nSUMMARY;LANGUAGE=en-US:Declined: Neighbours\r\n"
        "DTSTART;TZID=Eastern Standard Time:20270109T150000\r\n"
        "DTEND;TZID=Eastern Standard Time:20270109T170000\r\nCLASS:PUBLIC\r\nPRIORITY:5\r\n"
        f"DTSTAMP:{STAMP}\r\nTRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\nSEQUENCE:0\r\n"
        "X-MICROSOFT-CDO-APPT-SEQUENCE:0\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    encoded = base64.encodebytes(calendar.encode()).decode().replace("\n", "\r\n")
    return (
        "From: Alex Guest <alex@example.org>\r\n"
        f"To: Barnstorm <{links.reply_address(rsvp)}>\r\nSubject: Declined: Neighbours\r\n"
        "MIME-Version: 1.0\r\nContent-Language: en-US\r\n"
        'Content-Type: multipart/alternative; boundary="_002_"\r\n\r\n'
        '--_002_\r\nContent-Type: text/plain; charset="iso-8859-1"\r\n\r\n\r\n'
        '--_002_\r\nContent-Type: text/html; charset="iso-8859-1"\r\n\r\n<html></html>\r\n'
        '--_002_\r\nContent-Type: text/calendar; charset="utf-8"; method=REPLY\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--_002_--\r\n"
    ).encode()


def apple(rsvp: Rsvp, answer: str) -> bytes:
    """Apple Mail and Calendar: multipart/alternative, quoted-printable, DTSTAMP first."""
    calendar = ics(rsvp, answer=answer, more="CLASS:PUBLIC\r\nX-APPLE-TRAVEL:0").replace(
        f"ATTENDEE;PARTSTAT={answer}:",
        'ATTENDEE;CN="Alex Guest";CUTYPE=INDIVIDUAL;EMAIL="alex@example.org";'
        f"PARTST\r\n AT={answer}:",
    )
    quoted = quopri.encodestring(calendar.encode()).decode()
    return (
        "From: Alex Guest <alex@example.org>\r\n"
        f"To: {links.reply_address(rsvp)}\r\nSubject: Alex Guest declined\r\n"
        "Mime-Version: 1.0 (Mac OS X Mail 16.0)\r\n"
        'Content-Type: multipart/alternative; boundary="Apple-Mail=_1"\r\n\r\n'
        "--Apple-Mail=_1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nAlex\r\n"
        "--Apple-Mail=_1\r\nContent-Disposition: inline; filename=iCal.ics\r\n"
        "Content-Type: text/calendar; x-unix-mode=0644; method=REPLY; name=iCal.ics;"
        " charset=utf-8\r\n"
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}\r\n--Apple-Mail=_1--\r\n"
    ).encode()


def thunderbird(rsvp: Rsvp, answer: str) -> bytes:
    """multipart/mixed > alternative with text/calendar, and application/ics once more."""
    calendar = ics(rsvp, answer=answer, more="X-MOZ-RECEIVED-SEQUENCE:0")
    quoted = quopri.encodestring(calendar.encode()).decode()
    encoded = base64.encodebytes(calendar.encode()).decode().replace("\n", "\r\n")
    return (
        f"To: {links.reply_address(rsvp)}\r\nFrom: alex@example.org\r\n"
        "Subject: Event Invitation Reply (Declined)\r\nMIME-Version: 1.0\r\n"
        'Content-type: multipart/mixed; boundary="B1"\r\n\r\n'
        '--B1\r\nContent-type: multipart/alternative; boundary="B2"\r\n\r\n'
        "--B2\r\nContent-type: text/plain; charset=UTF-8\r\n"
        "Content-transfer-encoding: quoted-printable\r\n\r\nAlex has declined\r\n"
        "--B2\r\nContent-type: text/calendar; method=REPLY; charset=UTF-8\r\n"
        f"Content-transfer-encoding: quoted-printable\r\n\r\n{quoted}\r\n--B2--\r\n"
        '--B1\r\nContent-type: application/ics; name="invite.ics"\r\n'
        'Content-disposition: attachment; filename="invite.ics"\r\n'
        f"Content-transfer-encoding: base64\r\n\r\n{encoded}\r\n--B1--\r\n"
    ).encode()


def proton(rsvp: Rsvp, answer: str) -> bytes:
    """multipart/mixed with a text/calendar attachment, SEQUENCE kept."""
    calendar = ics(rsvp, answer=answer).replace(
        "\r\nDTSTART", "\r\nX-PM-PROTON-REPLY:TRUE\r\nDTSTART"
    )
    encoded = base64.encodebytes(calendar.encode()).decode().replace("\n", "\r\n")
    return (
        f"To: <{links.reply_address(rsvp)}>\r\nFrom: Alex <alex@example.org>\r\n"
        "Subject: Re: Invitation\r\nMime-Version: 1.0\r\n"
        "Content-Type: multipart/mixed;boundary=b1_x\r\n\r\n"
        "--b1_x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nalex declined\r\n"
        "--b1_x\r\nContent-Type: text/calendar; filename=invite.ics; method=REPLY;"
        " name=invite.ics\r\nContent-Disposition: attachment; filename=invite.ics\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b1_x--\r\n"
    ).encode()


def file_only(rsvp: Rsvp, answer: str) -> bytes:
    """A program that sends nothing but an application/ics file."""
    return mail(rsvp, ics(rsvp, answer=answer), kind="application/ics")


SHAPES = [gmail, outlook, apple, thunderbird, proton, file_only]


@pytest.mark.parametrize("shape", SHAPES)
class TestGenuine:
    def test_declined_frees_the_seats(self, rsvp, shape):
        assert receive(shape(rsvp, "DECLINED")) == "reply: declined"
        assert status(rsvp) == RsvpStatus.DECLINED
        assert Timeslot.objects.get().seats_taken == 0

    def test_tentative_is_recorded_and_keeps_the_seats(self, rsvp, shape):
        assert receive(shape(rsvp, "TENTATIVE")) == "reply: tentative"
        assert status(rsvp) == RsvpStatus.TENTATIVE
        assert Timeslot.objects.get().seats_taken == 2

    def test_accepted_says_nothing_new(self, rsvp, shape):
        assert receive(shape(rsvp, "ACCEPTED")) == "reply: nothing new"
        assert status(rsvp) == RsvpStatus.ACCEPTED


class TestAnswers:
    def test_nobody_is_written_to_for_a_decline(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        assert not Message.objects.queued().exists()

    def test_accepted_again_goes_through_capacity_and_mends_the_entry(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        again = ics(rsvp, answer="ACCEPTED", stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: came back"
        assert status(rsvp) == RsvpStatus.ACCEPTED
        assert Timeslot.objects.get().seats_taken == 2
        (letter,) = Message.objects.queued()
        assert (letter.kind, letter.revision) == ("invitation", 2)

    def test_maybe_after_a_decline_takes_the_seats_too(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        again = ics(rsvp, answer="TENTATIVE", stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: came back"
        assert status(rsvp) == RsvpStatus.TENTATIVE
        assert Timeslot.objects.get().seats_taken == 2

    def test_accepted_again_when_it_is_full_takes_the_entry_away(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        make_rsvp(Timeslot.objects.get(), party_size=4)
        again = ics(rsvp, answer="ACCEPTED", stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: no room"
        assert status(rsvp) == RsvpStatus.DECLINED
        assert Timeslot.objects.get().seats_taken == 4
        (letter,) = Message.objects.queued()
        assert letter.kind == "no_room"
        assert letter.version + letter.revision > invites.last_sequence_sent(rsvp)

    def test_each_cancel_raises_the_sequence(self, rsvp):
        """CANCEL after the guest left, and two answers of their calendar to what is full."""
        attending.cancel_rsvp(Rsvp.objects.get(pk=rsvp.pk), now=NOW)
        make_rsvp(Timeslot.objects.get(), party_size=4)
        sent = [invites.last_sequence_sent(rsvp)]
        for second in range(3):
            if second:
                answer = ics(
                    rsvp, answer="ACCEPTED", sequence=sent[-1], stamp=f"20270102T15293{second}Z"
                )
                assert receive(mail(rsvp, answer)) == "reply: no room"
            (letter,) = Message.objects.queued()
            assert kind_named(letter.kind).wanted(letter, NOW) is None
            assert kind_named(letter.kind).render(letter, NOW).calendar_method == "CANCEL"
            Message.objects.update(state=MessageState.SENT)
            sent.append(invites.last_sequence_sent(rsvp))
        assert sent == [0, 1, 2, 3]

    def test_a_blocked_guests_yes_takes_the_entry_away(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        Guest.objects.update(blocked_at=NOW)
        again = ics(rsvp, answer="ACCEPTED", stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: nothing to come to"
        (letter,) = Message.objects.queued()
        assert (letter.kind, letter.payload) == ("no_room", {"why": "off"})

    def test_an_answer_to_the_last_update_counts_while_the_next_waits(self, rsvp):
        Timeslot.objects.update(version=1)
        assert receive(mail(rsvp, ics(rsvp))) == "reply: declined"

    def test_an_answer_to_a_letter_in_doubt_counts(self, rsvp):
        """The server took it and hung up: its bytes wait to be sent again, and were answered."""
        Message.objects.update(state=MessageState.QUEUED, sent_at=None, doubts=1)
        assert receive(mail(rsvp, ics(rsvp))) == "reply: declined"

    def test_a_reply_without_organizer_counts(self, rsvp):
        """Outlook.com omits it."""
        assert receive(mail(rsvp, ics(rsvp, organizer=None))) == "reply: declined"

    def test_an_unknown_attendee_has_no_effect_and_is_counted(self, rsvp):
        receive(mail(rsvp, ics(rsvp, attendee="mailto:eve@example.org")))
        assert status(rsvp) == RsvpStatus.ACCEPTED
        tally = InboundTally.objects.get()
        assert (tally.outcome, tally.count) == ("reply: unknown attendee", 1)

    def test_a_reply_with_the_attendee_percent_encoded_counts(self, rsvp):
        raw = mail(rsvp, ics(rsvp, attendee="MAILTO:alex%40example.org"))
        assert receive(raw) == "reply: declined"

    def test_outcomes_are_counted(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        assert InboundTally.objects.get().outcome == "reply: declined"


class TestAnswersWhereTheHostAnswersEachGuest:
    """The phone shows an accepted entry, which looks like a seat: it is taken away."""

    @pytest.fixture(params=["ACCEPTED", "TENTATIVE"])
    def waiting(self, rsvp, request):
        receive(mail(rsvp, ics(rsvp)))
        Event.objects.update(approve_each_guest=True)
        again = ics(rsvp, answer=request.param, stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: waits for the host"
        return Rsvp.objects.select_related("guest__event", "timeslot__event", "supporter").get()

    def test_who_only_waits_gets_one_letter_that_takes_the_entry_away(self, waiting):
        assert waiting.status == RsvpStatus.PENDING
        (message,) = Message.objects.queued()
        assert (message.kind, message.payload) == ("no_room", {"why": "waits"})
        assert kind_named("no_room").wanted(message, NOW) is None
        letter = kind_named("no_room").render(message, NOW)
        assert letter.calendar_method == "CANCEL"
        assert "The host answers each guest" in letter.text
        assert links.manage_url(waiting.guest) in letter.text
        assert message.version + message.revision > invites.last_sequence_sent(waiting)

    def test_it_is_taken_away_from_who_comes_back_before_their_cancel_has_left(self, rsvp):
        attending.cancel_rsvp(rsvp, now=NOW)
        Event.objects.update(approve_each_guest=True)
        rsvp = Rsvp.objects.get()
        attending.come_back(rsvp, now=NOW)
        assert rsvp.status == RsvpStatus.PENDING
        assert self.wanted() == [("no_room", "CANCEL")]

    def test_the_hosts_yes_brings_it_back(self, waiting):
        Message.objects.queued().update(state=MessageState.SENT)
        sent = invites.last_sequence_sent(waiting)
        attending.approve_guest(waiting, by=waiting.timeslot.event.host, now=NOW)
        (message,) = Message.objects.queued()
        assert message.kind == "invitation"
        assert message.version + message.revision > sent

    def test_the_hosts_no_takes_away_what_is_not_gone_yet(self, waiting):
        attending.decline_guest(waiting, by=waiting.timeslot.event.host, now=NOW)
        assert self.wanted() == [("declined_by_host", "CANCEL")]

    def test_so_does_the_guests_own(self, waiting):
        attending.cancel_rsvp(waiting, now=NOW)
        assert self.wanted() == [("rsvp_cancelled", "CANCEL")]

    def test_a_yes_to_an_old_entry_of_who_asked_on_the_page_takes_it_away(self, rsvp):
        receive(mail(rsvp, ics(rsvp)))
        Event.objects.update(approve_each_guest=True)
        attending.come_back(Rsvp.objects.get(pk=rsvp.pk), now=NOW)
        assert self.wanted() == [("no_room", "CANCEL")]
        again = ics(rsvp, answer="ACCEPTED", stamp="20270102T152930Z")
        assert receive(mail(rsvp, again)) == "reply: waits for the host"
        assert self.wanted() == [("no_room", "CANCEL")]

    def test_a_no_gives_back_the_seats_of_who_waits(self, waiting):
        again = ics(waiting, stamp="20270102T152940Z")
        assert receive(mail(waiting, again)) == "reply: declined"
        assert Timeslot.objects.get().seats_taken == 0

    def wanted(self) -> list[tuple[str, str | None]]:
        """The letters that will leave, and what they say to the calendar."""
        return [
            (message.kind, kind_named(message.kind).render(message, NOW).calendar_method)
            for message in Message.objects.queued()
            if not kind_named(message.kind).wanted(message, NOW)
        ]


# -- Forgeries and accidents: nothing changes ---------------------------------------------


def _two(rsvp: Rsvp) -> str:
    one = ics(rsvp)
    event = one[one.index("BEGIN:VEVENT") : one.index("END:VCALENDAR")]
    return one.replace("END:VCALENDAR", event + "END:VCALENDAR")


def _two_parts(rsvp: Rsvp) -> bytes:
    part = f"Content-Type: text/calendar; method=REPLY\r\n\r\n{ics(rsvp)}\r\n"
    return (
        f"To: {links.reply_address(rsvp)}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\n{part}--b\r\n{part}--b--\r\n"
    ).encode()


FORGERIES = {
    "another guest's address": lambda r: mail(r, ics(r, attendee="mailto:eve@example.org")),
    "the organizer as attendee": lambda r: mail(
        r, ics(r, attendee="mailto:" + links.reply_address(r))
    ),
    "no address": lambda r: mail(r, ics(r, attendee="mailto:")),
    "a name for an address": lambda r: mail(r, ics(r, attendee="urn:uuid:1234")),
    "two attendees": lambda r: mail(
        r, ics(r, more="ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.org")
    ),
    "the same attendee twice": lambda r: mail(
        r, ics(r, more="ATTENDEE;PARTSTAT=ACCEPTED:mailto:alex@example.org")
    ),
    "no attendee": lambda r: mail(
        r, ics(r).replace("ATTENDEE;PARTSTAT=DECLINED:mailto:alex@example.org\r\n", "")
    ),
    "another event's uid": lambda r: mail(r, ics(r, uid=make_timeslot().uid)),
    "an unknown uid": lambda r: mail(r, ics(r, uid="x@y")),
    "no uid": lambda r: mail(r, ics(r).replace(f"UID:{r.timeslot.uid}\r\n", "")),
    "a guessed token": lambda r: mail(
        r, ics(r), to="rsvp+AAAAAAAAAAAAAAAAAAAAAA@barnstorm.example"
    ),
    "no token": lambda r: mail(r, ics(r), to="rsvp@barnstorm.example"),
    "the token at another domain": lambda r: mail(
        r, ics(r), to=links.reply_address(r).replace("barnstorm", "evil")
    ),
    "the token cut short": lambda r: mail(r, ics(r), to=links.reply_address(r).replace("@", "", 1)),
    "the database id for a token": lambda r: mail(r, ics(r), to=f"rsvp+{r.pk}@barnstorm.example"),
    "the stored digest for a token": lambda r: mail(
        r, ics(r), to=f"rsvp+{r.reply_digest}@barnstorm.example"
    ),
    "an older sequence": lambda r: (
        Message.objects.update(version=3),
        mail(r, ics(r, sequence=2)),
    )[1],
    "a negative sequence": lambda r: mail(r, ics(r, sequence=-1)),
    "no sequence after an update": lambda r: (
        Message.objects.update(version=1),
        mail(r, ics(r, sequence=None)),
    )[1],
    "a sequence that is no number": lambda r: mail(
        r, ics(r).replace("SEQUENCE:0", "SEQUENCE:first")
    ),
    "a stamp from the future": lambda r: mail(r, ics(r, stamp="20280101T000000Z")),
    "no stamp": lambda r: mail(r, ics(r).replace(f"DTSTAMP:{STAMP}\r\n", "")),
    "a date for a stamp": lambda r: mail(r, ics(r, stamp="20270102")),
    "method request": lambda r: mail(r, ics(r, method="REQUEST")),
    "method cancel": lambda r: mail(r, ics(r, method="CANCEL")),
    "method counter": lambda r: mail(r, ics(r, method="COUNTER")),
    "method refresh": lambda r: mail(r, ics(r, method="REFRESH")),
    "method add": lambda r: mail(r, ics(r, method="ADD")),
    "method publish": lambda r: mail(r, ics(r, method="PUBLISH")),
    "method declinecounter": lambda r: mail(r, ics(r, method="DECLINECOUNTER")),
    "no method": lambda r: mail(r, ics(r).replace("METHOD:REPLY\r\n", "")),
    "needs-action": lambda r: mail(r, ics(r, answer="NEEDS-ACTION")),
    "delegated": lambda r: mail(r, ics(r, answer="DELEGATED")),
    "an invented answer": lambda r: mail(r, ics(r, answer="REMOVE-EVERYBODY")),
    "one day of a series": lambda r: mail(r, ics(r, more="RECURRENCE-ID:20270109T200000Z")),
    "a rule of recurrence": lambda r: mail(r, ics(r, more="RRULE:FREQ=DAILY")),
    "two events": lambda r: mail(r, _two(r)),
    "two calendar parts": _two_parts,
    "no calendar": lambda r: mail(r, "I can't come, sorry!", kind="text/plain"),
    "garbage": lambda r: mail(r, "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEV"),
    "binary": lambda r: mail(r, "\x00\x01\x02\ud7ff" * 50),
    "an empty calendar": lambda r: mail(r, ""),
    "a task for an event": lambda r: mail(r, ics(r).replace("VEVENT", "VTODO")),
    "too large": lambda r: mail(r, ics(r, more="COMMENT:" + "x" * 300_000)),
    "in html only": lambda r: mail(r, ics(r), kind="text/html"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_changes_nothing(rsvp, forge):
    raw = forge(rsvp)
    before = Rsvp.objects.values().get(pk=rsvp.pk)
    outcome = receive(raw)
    assert Rsvp.objects.values().get(pk=rsvp.pk) == before
    assert rsvp.timeslot.__class__.objects.get(pk=rsvp.timeslot_id).seats_taken == 2
    assert not Message.objects.queued().exists()
    assert outcome not in {"reply: declined", "broken"}


@pytest.mark.parametrize("method", ["COUNTER", "REFRESH", "ADD"])
def test_what_is_no_answer_is_counted(rsvp, method):
    receive(mail(rsvp, ics(rsvp, method=method)))
    assert InboundTally.objects.get().outcome == f"reply: method {method.lower()}"


def test_nothing_that_a_reply_names_is_fetched(rsvp):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
        more = f"ATTACH:{url}\r\nURL:{url}\r\nIMAGE;VALUE=URI:{url}"
        calendar = ics(rsvp, more=more).replace("VERSION:2.0", f"VERSION:2.0\r\nSOURCE:{url}")
        raw = mail(rsvp, calendar).replace(
            b"charset=utf-8", f'charset=utf-8; access-type=URL; URL="{url}"'.encode()
        )
        assert receive(raw) == "reply: declined"
        with pytest.raises(BlockingIOError):
            trap.accept()


class TestReplay:
    def test_the_same_reply_twice_counts_once(self, rsvp):
        raw = mail(rsvp, ics(rsvp))
        receive(raw)
        attending.come_back(Rsvp.objects.get(pk=rsvp.pk), now=NOW)
        assert receive(raw) == "reply: older than the last"
        assert status(rsvp) == RsvpStatus.ACCEPTED

    def test_an_older_answer_that_arrives_later_is_ignored(self, rsvp):
        receive(mail(rsvp, ics(rsvp, answer="TENTATIVE", stamp="20270102T152900Z")))
        late = mail(rsvp, ics(rsvp, answer="DECLINED", stamp="20270102T152800Z"))
        assert receive(late) == "reply: older than the last"
        assert status(rsvp) == RsvpStatus.TENTATIVE

    @pytest.mark.parametrize("state", [RsvpStatus.REMOVED, RsvpStatus.UNCONFIRMED])
    @pytest.mark.parametrize("answer", ["ACCEPTED", "DECLINED", "TENTATIVE"])
    def test_who_was_never_or_is_no_longer_invited_cannot_answer(self, rsvp, state, answer):
        Rsvp.objects.update(status=state)
        assert receive(mail(rsvp, ics(rsvp, answer=answer))) == "reply: no invitation"
        assert status(rsvp) == state

    def test_before_any_invitation_left_there_is_nothing_to_answer(self, rsvp):
        Message.objects.update(state=MessageState.QUEUED)
        assert receive(mail(rsvp, ics(rsvp))) == "reply: no invitation"

    @pytest.mark.parametrize("gone", ["cancelled", "unlisted"])
    def test_a_yes_to_what_is_off_takes_no_seat_and_the_entry_away(self, rsvp, gone):
        receive(mail(rsvp, ics(rsvp)))
        if gone == "cancelled":
            Timeslot.objects.update(state=TimeslotState.CANCELLED)
        else:
            Event.objects.update(state=EventState.UNLISTED)
        again = mail(rsvp, ics(rsvp, answer="ACCEPTED", stamp="20270102T152930Z"))
        assert receive(again) == "reply: nothing to come to"
        assert Timeslot.objects.get().seats_taken == 0
        (letter,) = Message.objects.queued()
        assert (letter.kind, letter.payload) == ("no_room", {"why": "off"})

    def test_after_the_event_answers_change_nothing(self, rsvp):
        late = START + timedelta(hours=3)
        stamp = f"{late:%Y%m%dT%H%M%SZ}"
        assert receive(mail(rsvp, ics(rsvp, stamp=stamp)), now=late) == "reply: event is over"

    def test_another_guests_token_does_not_answer_for_this_one(self, rsvp):
        other = make_rsvp(rsvp.timeslot, email="eve@example.org")
        links.seal_rsvps(other.guest, [other])
        raw = mail(rsvp, ics(rsvp), to=links.reply_address(other))
        assert receive(raw) == "reply: unknown attendee"
        assert status(rsvp) == RsvpStatus.ACCEPTED

    def test_a_reply_to_two_of_our_addresses_is_refused(self, rsvp):
        other = make_rsvp()
        links.seal_rsvps(other.guest, [other])
        both = f"{links.reply_address(rsvp)}, {links.reply_address(other)}"
        assert receive(mail(rsvp, ics(rsvp), to=both)) == "reply: several addresses"
        assert status(rsvp) == RsvpStatus.ACCEPTED
