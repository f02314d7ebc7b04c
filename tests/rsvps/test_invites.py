"""rsvps.invites: which letters are posted for what happened to a guest or a timeslot."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import lifecycle
from events.models import Timeslot
from outbox import ledger
from outbox.models import Message
from outbox.states import MessageState
from rsvps import attending, invites
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


def queued() -> list[str]:
    return list(
        Message.objects.filter(state=MessageState.QUEUED)
        .order_by("pk")
        .values_list("kind", flat=True)
    )


def all_sent() -> None:
    Message.objects.update(state=MessageState.SENT, sent_at=NOW)


def in_doubt() -> None:
    """A server hung up after the final dot: the same bytes wait to be sent again."""
    for message in ledger.claim(owner="a", now=NOW, limit=9):
        message.body = b"the bytes"
        ledger.mark_transmitting(message, now=NOW)
        ledger.mark_uncertain(message, now=NOW, why="dropped after the final dot")


def move(timeslot: Timeslot, *, hours: int) -> lifecycle.Changes:
    shift = timedelta(hours=hours)
    return lifecycle.move_timeslot(
        timeslot,
        starts_at=timeslot.starts_at + shift,
        ends_at=timeslot.ends_at + shift,
        by=None,
        now=NOW,
        live=True,
    )


class TestInvitation:
    def test_it_is_keyed_by_version_and_revision(self):
        rsvp = make_rsvp(make_timeslot(version=2), revision=1)
        invites.post_invitation(rsvp, now=NOW)
        message = Message.objects.get()
        assert (message.subject_key, message.version, message.revision) == (f"rsvp:{rsvp.pk}", 2, 1)
        assert message.recipient == rsvp.supporter.email

    def test_posting_it_twice_is_harmless(self):
        rsvp = make_rsvp()
        invites.post_invitation(rsvp, now=NOW)
        invites.post_invitation(rsvp, now=NOW)
        assert queued() == ["invitation"]

    def test_coming_back_is_a_new_invitation(self):
        rsvp = make_rsvp()
        invites.post_invitation(rsvp, now=NOW)
        all_sent()
        rsvp.revision = 2
        invites.post_invitation(rsvp, now=NOW)
        assert queued() == ["invitation"]
        assert Message.objects.order_by("pk").last().payload["why"] == "back"

    def test_a_new_party_size_is_told_without_touching_the_sequence(self):
        rsvp = make_rsvp(party_size=3)
        invites.post_invitation(rsvp, now=NOW)
        all_sent()
        invites.post_party_change(rsvp, was=1, now=NOW)
        assert queued() == ["party_change"]
        assert invites.last_sequence_sent(rsvp) == 0

    def test_a_party_that_changes_again_before_the_letter_left_is_told_once(self):
        rsvp = make_rsvp(party_size=3)
        invites.post_party_change(rsvp, was=1, now=NOW)
        invites.post_party_change(rsvp, was=2, now=NOW + timedelta(seconds=5))
        assert queued() == ["party_change"]


class TestChanges:
    @pytest.fixture
    def rsvp(self):
        """A guest whose invitation has been sent."""
        rsvp = make_rsvp(make_timeslot())
        invites.post_invitation(rsvp, now=NOW)
        all_sent()
        return rsvp

    def test_a_moved_timeslot_is_told_with_what_it_was(self, rsvp):
        was = rsvp.timeslot.starts_at
        assert invites.post_changes(move(rsvp.timeslot, hours=2), now=NOW) == 1
        message = Message.objects.get(kind="change")
        assert message.version == 1
        assert message.payload["knew"] == "on"
        assert message.payload["was"]["starts_at"] == was.isoformat()

    def test_a_moved_place_is_told_to_the_guests_of_every_timeslot(self, rsvp):
        other = make_rsvp(make_timeslot(rsvp.timeslot.event))
        changes = lifecycle.change_event(
            rsvp.timeslot.event, fields={"venue": "The Old Mill"}, by=None, now=NOW, live=True
        )
        invites.post_changes(changes, now=NOW)
        letters = Message.objects.filter(kind="change")
        assert {message.subject_key for message in letters} == {
            f"rsvp:{rsvp.pk}",
            f"rsvp:{other.pk}",
        }
        assert "Elm Street Hall" in letters[0].payload["was"]["place"]

    def test_a_changed_title_writes_to_nobody(self, rsvp):
        changes = lifecycle.change_event(
            rsvp.timeslot.event, fields={"title": "A better title"}, by=None, now=NOW, live=True
        )
        assert invites.post_changes(changes, now=NOW) == 0

    def test_who_is_not_coming_is_not_told(self, rsvp):
        for status in (RsvpStatus.CANCELLED, RsvpStatus.REMOVED, RsvpStatus.UNCONFIRMED):
            make_rsvp(rsvp.timeslot, status=status)
        assert invites.post_changes(move(rsvp.timeslot, hours=2), now=NOW) == 1

    def test_who_waits_for_the_host_is_told(self, rsvp):
        make_rsvp(rsvp.timeslot, status=RsvpStatus.PENDING)
        assert invites.post_changes(move(rsvp.timeslot, hours=2), now=NOW) == 2

    def test_a_cancelled_timeslot_carries_the_hosts_words(self, rsvp):
        changes = lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW)
        invites.post_changes(changes, now=NOW, words="The hall is flooded.")
        message = Message.objects.get(kind="cancellation")
        assert message.payload["words"] == "The hall is flooded."
        assert message.version == 1

    def test_reinstated_after_the_cancellation_left_is_a_letter_of_its_own(self, rsvp):
        invites.post_changes(lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW), now=NOW)
        all_sent()
        changes = lifecycle.reinstate_timeslot(rsvp.timeslot, by=None, now=NOW)
        assert invites.post_changes(changes, now=NOW) == 1
        assert Message.objects.filter(kind="change").get().payload["knew"] == "cancelled"

    def test_reinstated_before_the_cancellation_left_nobody_hears_of_either(self, rsvp):
        invites.post_changes(lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW), now=NOW)
        changes = lifecycle.reinstate_timeslot(rsvp.timeslot, by=None, now=NOW)
        assert invites.post_changes(changes, now=NOW) == 0
        assert queued() == []

    def test_two_moves_in_a_row_make_one_letter_that_compares_with_the_first(self, rsvp):
        was = rsvp.timeslot.starts_at
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        rsvp.timeslot.refresh_from_db()
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        (message,) = Message.objects.filter(state=MessageState.QUEUED)
        assert message.version == 2
        assert message.payload["was"]["starts_at"] == was.isoformat()

    def test_moved_there_and_back_before_the_letter_left_writes_to_nobody(self, rsvp):
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        rsvp.timeslot.refresh_from_db()
        invites.post_changes(move(rsvp.timeslot, hours=-1), now=NOW)
        assert queued() == []

    def test_moved_before_the_invitation_left_invites_to_the_new_time(self):
        rsvp = make_rsvp()
        invites.post_invitation(rsvp, now=NOW)
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        (message,) = Message.objects.filter(state=MessageState.QUEUED)
        assert (message.kind, message.version) == ("invitation", 1)

    def test_a_move_taken_back_while_its_letter_is_in_doubt_is_told_all_the_same(self, rsvp):
        """The server may have taken the first letter; the calendar must not stay at its time."""
        was = rsvp.timeslot.starts_at
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        in_doubt()
        rsvp.timeslot.refresh_from_db()
        assert invites.post_changes(move(rsvp.timeslot, hours=-1), now=NOW) == 1
        (message,) = Message.objects.filter(state=MessageState.QUEUED)
        told = message.payload["was"]["starts_at"]
        assert (message.kind, message.version) == ("change", 2)
        assert told == (was + timedelta(hours=1)).isoformat()

    def test_reinstated_while_the_cancellation_is_in_doubt_is_a_letter_of_its_own(self, rsvp):
        invites.post_changes(lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW), now=NOW)
        in_doubt()
        changes = lifecycle.reinstate_timeslot(rsvp.timeslot, by=None, now=NOW)
        assert invites.post_changes(changes, now=NOW) == 1
        (message,) = Message.objects.filter(state=MessageState.QUEUED)
        assert (message.kind, message.payload["knew"]) == ("change", "cancelled")

    def test_a_doubt_outlives_the_letters_that_came_after_it_and_never_left(self, rsvp):
        for hours in (1, -1, 1, -1):
            invites.post_changes(move(rsvp.timeslot, hours=hours), now=NOW)
            rsvp.timeslot.refresh_from_db()
            if hours == 1 and rsvp.timeslot.version == 1:
                in_doubt()
            assert queued() == ["change"]

    def test_a_move_taken_back_while_its_letter_is_leaving_is_told_whatever_comes_of_it(self, rsvp):
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        Message.objects.queued().update(state=MessageState.TRANSMITTING)
        for hours in (-1, 1):
            rsvp.timeslot.refresh_from_db()
            invites.post_changes(move(rsvp.timeslot, hours=hours), now=NOW)
            assert queued() == ["change"]

    def test_a_doubt_is_settled_once_a_copy_arrived(self, rsvp):
        invites.post_changes(move(rsvp.timeslot, hours=1), now=NOW)
        in_doubt()
        all_sent()
        for hours in (1, -1):
            rsvp.timeslot.refresh_from_db()
            invites.post_changes(move(rsvp.timeslot, hours=hours), now=NOW)
        assert queued() == []

    def test_unlisted_and_listed_again(self, rsvp):
        event = rsvp.timeslot.event
        invites.post_changes(lifecycle.unlist(event, by=None, now=NOW, note=""), now=NOW)
        assert queued() == ["unlisted"]
        all_sent()
        invites.post_changes(lifecycle.relist(event, by=None, now=NOW), now=NOW)
        assert queued() == ["change"]
        assert Message.objects.get(kind="change").payload["knew"] == "unlisted"

    def test_listed_moved_and_unlisted_before_a_letter_left_tells_the_new_time(self, rsvp):
        event = rsvp.timeslot.event
        invites.post_changes(lifecycle.unlist(event, by=None, now=NOW, note=""), now=NOW)
        all_sent()
        invites.post_changes(lifecycle.relist(event, by=None, now=NOW), now=NOW)
        slot = Timeslot.objects.select_related("event").get()
        invites.post_changes(move(slot, hours=1), now=NOW)
        invites.post_changes(lifecycle.unlist(event, by=None, now=NOW, note=""), now=NOW)
        assert queued() == ["unlisted"]

    def test_a_change_counts_as_telling_for_reminders(self, rsvp):
        later = NOW + timedelta(hours=1)
        invites.post_changes(move(rsvp.timeslot, hours=2), now=later)
        rsvp.refresh_from_db()
        assert rsvp.told_at == later

    def test_queries_do_not_grow_with_guests(self, rsvp, django_assert_num_queries):
        changes = move(rsvp.timeslot, hours=2)
        for _ in range(5):
            make_rsvp(rsvp.timeslot)
        with django_assert_num_queries(7):
            assert invites.post_changes(changes, now=NOW) == 6


def test_what_waits_for_a_guest_who_leaves_is_withdrawn():
    rsvp = make_rsvp()
    invites.post_invitation(rsvp, now=NOW)
    attending.cancel_rsvp(rsvp, now=NOW)
    assert queued() == ["rsvp_cancelled"]


def test_a_hosts_message_goes_once_to_each_person_coming():
    event = make_event()
    first, second = make_timeslot(event), make_timeslot(event)
    both = make_rsvp(first)
    make_rsvp(second, supporter=both.supporter)
    make_rsvp(second)
    make_rsvp(second, status=RsvpStatus.CANCELLED)
    assert (
        invites.post_host_message(
            event, words="Bring a chair.", timeslots=[first, second], by=1, now=NOW
        )
        == 2
    )


def test_a_lost_letter_asked_for_again_at_once_is_sent_once():
    supporter = make_rsvp().supporter
    invites.post_resend(supporter, now=NOW)
    invites.post_resend(supporter, now=NOW)
    assert queued() == ["resend"]
