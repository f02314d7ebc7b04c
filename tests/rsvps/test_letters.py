"""rsvps.letters and rsvps.contents: what guests' letters say, and when they are still wanted."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.conf import settings

from events import lifecycle
from events.models import Event, Timeslot
from events.states import EventState
from outbox.letters import Letter, kind_named, kinds
from outbox.models import Message
from rsvps import attending, buttons, invites, links
from rsvps.models import Rsvp, Ticket
from rsvps.states import ReminderKind, RsvpStatus
from tests.factories import STREET, make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)
START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)
OURS = [name for name, kind in kinds().items() if kind.render.__module__.startswith("rsvps")]


def letter_of(message: Message, now: datetime = NOW) -> Letter:
    return kind_named(message.kind).render(message, now)


def wanted(message: Message, now: datetime = NOW) -> str | None:
    return kind_named(message.kind).wanted(message, now)


def entry_of(letter: Letter) -> icalendar.Event:
    (entry,) = icalendar.Calendar.from_ical(letter.calendar).walk("VEVENT")
    return entry


def posted(kind: str) -> Message:
    return Message.objects.filter(kind=kind).latest("pk")


@pytest.fixture
def rsvp() -> Rsvp:
    """Invited to a private home, Saturday January 9, 2027, 15:00 in New York."""
    timeslot = make_timeslot(make_event(private=True), starts_at=START)
    rsvp = make_rsvp(timeslot, party_size=3)
    invites.post_invitation(rsvp, now=NOW)
    return rsvp


class TestEveryKind:
    @pytest.mark.parametrize("name", OURS)
    def test_it_can_be_previewed(self, name):
        letter = kind_named(name).example(NOW)
        assert letter.subject
        assert len(letter.subject) < 100
        for body in (letter.text, letter.html):
            assert "{{" not in body
            assert "{%" not in body
            assert "\\n" not in body
            assert "None" not in body
        assert letter.html.startswith("<!doctype html>")
        assert "<script" not in letter.html
        assert "http://localhost:8000" in letter.text

    def test_previews_call_guests_by_name(self):
        assert "Hi Alex," in kind_named("invitation").example(NOW).text

    @pytest.mark.parametrize("name", OURS)
    def test_calendar_letters_come_from_their_organizer(self, name):
        letter = kind_named(name).example(NOW)
        if letter.calendar:
            entry = entry_of(letter)
            assert entry["ORGANIZER"] == f"mailto:{letter.from_email}"
            assert entry["ATTENDEE"] == "mailto:alex@example.org"
            assert entry["ORGANIZER"] != entry["ATTENDEE"]
            assert icalendar.Calendar.from_ical(letter.calendar)["METHOD"] == letter.calendar_method
            assert b"/r/" not in letter.calendar

    @pytest.mark.parametrize("name", kinds())
    def test_in_doubt_what_a_copy_of_does_no_harm_is_sent_again_and_nothing_else(self, name):
        kind = kind_named(name)
        if kind.example and kind.example(NOW).calendar:
            assert kind.in_doubt == "resend"
        if kind.quiet:
            assert kind.in_doubt == "leave"

    def test_the_night_binds_reminders_thanks_digests_and_alerts_alone(self):
        quiet = {name for name, kind in kinds().items() if kind.quiet}
        assert quiet == {*ReminderKind.values, "new_rsvps", "staff_waiting", "alert"}

    def test_unsubscribing_stops_what_people_may_refuse_alone(self):
        """Never a change or a cancellation; an alert is stopped on its own."""
        optional = {name for name, kind in kinds().items() if kind.optional}
        assert optional == {*ReminderKind.values, "new_rsvps", "staff_waiting", "host_message"}

    @pytest.mark.parametrize("name", kinds())
    def test_each_kind_is_useless_after_a_while(self, name):
        assert timedelta(0) < kind_named(name).useful_for <= timedelta(days=7)


def test_invitations_name_no_other_guest(rsvp):
    """Other products leaked whole guest lists."""
    other = make_rsvp(rsvp.timeslot)
    invites.post_invitation(other, now=NOW)
    letter = letter_of(Message.objects.get(subject_key=f"rsvp:{rsvp.pk}"))
    for body in (letter.text.encode(), letter.html.encode(), letter.calendar):
        assert other.supporter.email.encode() not in body
        assert other.supporter.name.encode() not in body


def test_the_organizer_is_the_same_in_every_update(rsvp):
    invitation = letter_of(posted("invitation"))
    Message.objects.update(state="sent")
    slot, hour = rsvp.timeslot, timedelta(hours=1)
    changes = lifecycle.move_timeslot(
        slot, starts_at=START + hour, ends_at=slot.ends_at + hour, by=None, now=NOW, live=True
    )
    invites.post_changes(changes, now=NOW)
    change = letter_of(posted("change"))
    assert change.from_email == invitation.from_email
    assert entry_of(change)["ORGANIZER"] == entry_of(invitation)["ORGANIZER"]
    assert entry_of(change)["UID"] == entry_of(invitation)["UID"]


def test_the_uid_is_random_and_stays_for_ever(rsvp):
    slot, hour = rsvp.timeslot, timedelta(hours=1)
    uid = slot.uid
    others = {make_timeslot(slot.event).uid for _ in range(20)}
    assert len(others | {uid}) == 21
    assert all(len(one.partition("@")[0]) >= 22 for one in others)  # at least 128 bits
    steps = [
        lambda: lifecycle.move_timeslot(
            slot, starts_at=START + hour, ends_at=slot.ends_at + hour, by=None, now=NOW, live=True
        ),
        lambda: lifecycle.cancel_timeslot(slot, by=None, now=NOW),
        lambda: lifecycle.reinstate_timeslot(slot, by=None, now=NOW),
        lambda: lifecycle.unlist(slot.event, by=None, now=NOW, note=""),
        lambda: lifecycle.relist(slot.event, by=None, now=NOW),
    ]
    for step in steps:
        Message.objects.update(state="sent")
        slot = Timeslot.objects.select_related("event").get(pk=slot.pk)
        invites.post_changes(step(), now=NOW)
        (message,) = Message.objects.queued()
        assert entry_of(letter_of(message))["UID"] == uid


def test_one_guest_who_cancels_touches_no_other_guests_letters(rsvp):
    other = make_rsvp(rsvp.timeslot)
    invites.post_invitation(other, now=NOW)
    found = Rsvp.objects.select_related("guest__event", "supporter", "timeslot__event")
    attending.cancel_rsvp(found.get(pk=rsvp.pk), now=NOW)
    waiting = posted("invitation")
    assert waiting.subject_key == f"rsvp:{other.pk}"
    assert wanted(waiting) is None
    assert entry_of(letter_of(waiting))["SEQUENCE"] == 0


class TestInvitation:
    def test_it_tells_everything_needed_to_get_there(self, rsvp):
        letter = letter_of(posted("invitation"))
        assert letter.subject == "You're in: Neighbours for a new library, Sat, Jan 9, 3:00 p.m."
        for body in (letter.text, letter.html.replace("\xa0", " ")):
            assert "Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST" in body
            assert STREET in body
            assert links.manage_url(rsvp.guest) in body
            assert "3 people" in body

    def test_its_calendar_object_is_a_request_from_the_reply_address(self, rsvp):
        letter = letter_of(posted("invitation"))
        assert letter.calendar_method == "REQUEST"
        assert letter.from_email == links.reply_address(rsvp)
        assert letter.reply_to == settings.MAIL_FROM
        assert entry_of(letter)["SEQUENCE"] == 0

    def test_the_sequence_is_version_plus_revision(self):
        rsvp = make_rsvp(make_timeslot(version=2), revision=3)
        invites.post_invitation(rsvp, now=NOW)
        assert entry_of(letter_of(posted("invitation")))["SEQUENCE"] == 5

    def test_html_typed_by_people_is_shown_as_typed(self):
        event = make_event(title="<script>alert(1)</script>", contact_name="<b>Bo</b>")
        rsvp = make_rsvp(make_timeslot(event))
        invites.post_invitation(rsvp, now=NOW)
        letter = letter_of(posted("invitation"))
        assert "<script" not in letter.html
        assert "<b>Bo" not in letter.html
        assert "<b>Bo</b>" in letter.text

    @pytest.mark.parametrize("status", [RsvpStatus.CANCELLED, RsvpStatus.REMOVED])
    def test_it_is_not_wanted_once_the_guest_is_gone(self, rsvp, status):
        assert wanted(posted("invitation")) is None
        Rsvp.objects.update(status=status)
        assert wanted(posted("invitation")) == "no longer coming"

    def test_it_is_not_wanted_once_the_timeslot_changed(self, rsvp):
        Timeslot.objects.update(version=1)
        assert wanted(posted("invitation")) == "changed since"

    def test_it_is_not_wanted_under_an_address_given_up(self, rsvp):
        rsvp.supporter.email = "new@example.org"
        rsvp.supporter.save()
        assert wanted(posted("invitation")) == "the person has another address now"

    def test_it_is_not_wanted_once_the_event_is_over(self, rsvp):
        assert wanted(posted("invitation"), START + timedelta(hours=3)) == "the event is over"


class TestChanges:
    def test_a_move_says_what_it_was_and_what_it_is(self, rsvp):
        shift = timedelta(hours=1)
        slot = rsvp.timeslot
        changes = lifecycle.move_timeslot(
            slot,
            starts_at=START + shift,
            ends_at=slot.ends_at + shift,
            by=None,
            now=NOW,
            live=True,
        )
        Message.objects.update(state="sent")
        invites.post_changes(changes, now=NOW)
        letter = letter_of(posted("change"))
        assert letter.subject == "Changed: Neighbours for a new library, now Sat, Jan 9, 4:00 p.m."
        assert "Was: Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST" in letter.text
        assert "Now: Saturday, January 9, 2027, 4:00 p.m. to 6:00 p.m. EST" in letter.text
        assert entry_of(letter)["SEQUENCE"] == 1
        assert letter.calendar_method == "REQUEST"

    def test_a_cancellation_takes_the_entry_away_and_hides_the_home(self, rsvp):
        Message.objects.update(state="sent")
        changes = lifecycle.cancel(rsvp.timeslot.event, by=None, now=NOW, note="Flooded")
        invites.post_changes(changes, now=NOW, words="Flooded")
        letter = letter_of(posted("cancellation"))
        assert letter.calendar_method == "CANCEL"
        assert entry_of(letter)["SEQUENCE"] == 1
        assert "Flooded" in letter.text
        assert STREET not in letter.text + letter.html
        assert STREET.encode() not in letter.calendar

    def test_an_unlisted_event_leaves_no_place_anywhere(self, rsvp):
        Message.objects.update(state="sent")
        changes = lifecycle.unlist(rsvp.timeslot.event, by=None, now=NOW, note="fishy")
        invites.post_changes(changes, now=NOW)
        letter = letter_of(posted("unlisted"))
        assert letter.calendar_method == "REQUEST"
        assert "LOCATION" not in entry_of(letter)
        for body in (letter.text, letter.html, letter.calendar.decode()):
            assert STREET not in body
            assert "Columbus" not in body
            assert "fishy" not in body

    def test_somebody_who_waits_for_the_host_gets_no_calendar_object(self, rsvp):
        waiting = make_rsvp(rsvp.timeslot, status=RsvpStatus.PENDING)
        Message.objects.update(state="sent")
        changes = lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW)
        invites.post_changes(changes, now=NOW)
        letter = letter_of(Message.objects.get(subject_key=f"rsvp:{waiting.pk}"))
        assert letter.calendar is None

    def test_nobody_is_told_of_a_calendar_entry_they_never_had(self, rsvp):
        waiting = make_rsvp(rsvp.timeslot, status=RsvpStatus.PENDING)
        Message.objects.update(state="sent")
        changes = lifecycle.unlist(rsvp.timeslot.event, by=None, now=NOW, note="")
        invites.post_changes(changes, now=NOW)
        letters = [
            letter_of(Message.objects.get(subject_key=f"rsvp:{one.pk}", kind="unlisted"))
            for one in (rsvp, waiting)
        ]
        assert ["your calendar" in letter.text for letter in letters] == [True, False]

    def test_a_stale_change_is_not_wanted(self, rsvp):
        Message.objects.update(state="sent")
        changes = lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW)
        invites.post_changes(changes, now=NOW)
        message = posted("cancellation")
        assert wanted(message) is None
        lifecycle.reinstate_timeslot(rsvp.timeslot, by=None, now=NOW)
        assert wanted(message) == "takes place after all"

    def test_a_cancelled_date_that_is_moved_is_cancelled_all_the_same(self, rsvp):
        Message.objects.update(state="sent")
        changes = lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW)
        invites.post_changes(changes, now=NOW)
        Timeslot.objects.update(version=9)
        assert wanted(posted("cancellation")) is None


class TestOwnAnswers:
    @pytest.fixture
    def gone(self, rsvp):
        rsvp.status, rsvp.revision = RsvpStatus.CANCELLED, 1
        rsvp.save()
        return rsvp

    def test_a_cancelled_rsvp_is_taken_out_of_the_calendar_without_the_address(self, gone):
        invites.post_cancelled(gone, now=NOW)
        letter = letter_of(posted("rsvp_cancelled"))
        assert letter.calendar_method == "CANCEL"
        assert entry_of(letter)["SEQUENCE"] == 1
        for body in (letter.text, letter.html, letter.calendar.decode()):
            assert STREET not in body
        assert links.manage_url(gone.guest) in letter.text

    def test_it_is_not_wanted_once_the_guest_is_back(self, gone):
        invites.post_cancelled(gone, now=NOW)
        gone.status, gone.revision = RsvpStatus.ACCEPTED, 2
        gone.save()
        assert wanted(posted("rsvp_cancelled")) == "the RSVP changed since"

    def test_who_was_removed_and_is_welcome_again_still_has_the_entry_taken_away(self, rsvp):
        Message.objects.update(state="sent")
        attending.remove_guest(rsvp.guest, by=rsvp.timeslot.event.host, now=NOW)
        message = posted("removed")
        assert wanted(message) is None
        attending.welcome_again(rsvp.guest, now=NOW)
        assert wanted(message) is None
        assert letter_of(message).calendar_method == "CANCEL"

    def test_a_guest_who_waits_reads_no_address_and_gets_no_entry(self):
        rsvp = make_rsvp(make_timeslot(make_event(private=True)), status=RsvpStatus.PENDING)
        invites.post_pending(rsvp, now=NOW)
        letter = letter_of(posted("pending"))
        assert letter.calendar is None
        assert STREET not in letter.text + letter.html

    def test_the_address_to_confirm_is_asked_in_fixed_words(self):
        rsvp = make_rsvp(
            make_timeslot(make_event(private=True)),
            status=RsvpStatus.UNCONFIRMED,
            note="Buy cheap watches",
        )
        rsvp.supporter.name = "Cheap Watches"
        rsvp.supporter.save()
        ticket, token = links.new_ticket(
            "confirm", guest=rsvp.guest, payload={}, lasts=timedelta(days=1), now=NOW
        )
        invites.post_confirm_address(
            rsvp.guest, token=token, expires_at=NOW + timedelta(minutes=30), held=True, now=NOW
        )
        message = posted("confirm")
        letter = letter_of(message)
        for body in (letter.subject, letter.text, letter.html):
            assert "heap" not in body
            assert STREET not in body
        assert f"{settings.SITE_URL}/c/{token}" in letter.text
        assert wanted(message) is None
        links.redeem(ticket, now=NOW)
        assert wanted(message) == "the button in it no longer works"


class TestReminders:
    def remind(self, rsvp: Rsvp, kind: str = "reminder_day_before") -> Message:
        return Message(
            kind=kind, subject_key=f"rsvp:{rsvp.pk}", recipient=rsvp.supporter.email, version=0
        )

    def test_the_day_before_offers_both_answers(self, rsvp):
        letter = letter_of(self.remind(rsvp), START - timedelta(days=1))
        manage = links.manage_url(rsvp.guest)
        assert "tomorrow" in letter.subject
        assert f"{manage}coming/{rsvp.pk}/" in letter.text
        assert f"{manage}cannot/{rsvp.pk}/" in letter.text
        assert STREET in letter.text
        assert letter.unsubscribe_url == links.unsubscribe_url(rsvp.supporter)
        assert letter.unsubscribe_url in letter.text

    def test_one_that_leaves_late_says_the_right_day(self, rsvp):
        letter = letter_of(self.remind(rsvp), START - timedelta(hours=4))
        assert "today" in letter.subject

    def test_it_is_wanted_only_while_nothing_has_changed(self, rsvp):
        message = self.remind(rsvp)
        assert wanted(message) is None
        Rsvp.objects.update(revision=4)
        assert wanted(message) is None  # one guest's cancel and return touch no reminder
        Timeslot.objects.update(version=1)
        assert wanted(message) == "changed since"

    def test_it_is_not_wanted_after_the_start_or_for_an_unlisted_event(self, rsvp):
        assert wanted(self.remind(rsvp), START) == "the event has begun"
        Event.objects.update(state=EventState.UNLISTED)
        assert wanted(self.remind(rsvp)) == "cancelled or unlisted since"

    def test_it_is_not_wanted_by_who_cancelled(self, rsvp):
        Rsvp.objects.update(status=RsvpStatus.CANCELLED)
        assert wanted(self.remind(rsvp)) == "no longer coming"


def test_the_calendar_behind_an_address_given_up_is_cleared(rsvp):
    old, organizer = rsvp.supporter.email, links.reply_address(rsvp)
    Message.objects.update(state="sent")
    buttons.request_new_address(rsvp.guest, "new@example.org", now=NOW)
    ticket = Ticket.objects.get()
    buttons.confirm(ticket, now=NOW)
    message = posted("given_up")
    letter = letter_of(message)
    assert message.recipient == old
    assert wanted(message) is None
    assert letter.calendar_method == "CANCEL"
    assert letter.from_email == organizer
    entry = entry_of(letter)
    assert (entry["ORGANIZER"], entry["ATTENDEE"]) == (f"mailto:{organizer}", f"mailto:{old}")
    assert entry["SEQUENCE"] == 1
    assert "new@example.org" not in letter.text + letter.html
    assert "/r/" not in letter.text + letter.html
    assert STREET not in letter.text + letter.html
    assert posted("invitation").recipient == "new@example.org"


def test_a_lost_letter_lists_everything_to_come_and_nothing_past():
    rsvp = make_rsvp(make_timeslot(starts_at=START))
    make_rsvp(make_timeslot(make_event(title="Long ago"), starts_at=NOW - timedelta(days=9)))
    old = make_rsvp(
        make_timeslot(make_event(title="Long ago"), starts_at=NOW - timedelta(days=9)),
        supporter=rsvp.supporter,
    )
    invites.post_resend(rsvp.supporter, now=NOW)
    letter = letter_of(posted("resend"))
    assert links.manage_url(rsvp.guest) in letter.text
    assert links.manage_url(old.guest) not in letter.text
    assert "Long ago" not in letter.text


def test_a_hosts_message_is_not_wanted_by_who_left():
    rsvp = make_rsvp()
    event = rsvp.timeslot.event
    invites.post_host_message(
        event, words="Bring <b>chairs</b>", timeslots=[rsvp.timeslot], by=1, now=NOW
    )
    letter = letter_of(posted("host_message"))
    assert "Bring <b>chairs</b>" in letter.text
    assert "<b>chairs" not in letter.html
    assert wanted(posted("host_message")) is None
    Rsvp.objects.update(status=RsvpStatus.CANCELLED)
    assert wanted(posted("host_message")) == "no longer coming"
