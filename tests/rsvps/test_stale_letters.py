"""No letter that a change made stale begins to leave after the change was committed.

A deliverer looks at a letter, greets the mail server, and only then marks it as leaving. Here
the change is committed at each of these points.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import lifecycle
from events.models import Event
from outbox import ledger
from outbox.delivery import Deliverer, render
from outbox.letters import kind_named
from outbox.models import Message
from outbox.states import MessageState
from rsvps import attending, invites, reminders
from rsvps.models import Guest, Rsvp
from rsvps.states import RsvpStatus
from tests.factories import STREET, make_event, make_rsvp, make_supporter, make_timeslot

pytestmark = pytest.mark.django_db
START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)
NOW = START - timedelta(hours=28)  # 11:00 in New York on the day before
RETRIED_AFTER = timedelta(minutes=2)
POINTS = ["claim", "offer", "transmit"]


class Server:
    """A mail server that takes everything, and does `meanwhile` at one point of one letter."""

    def __init__(self, point, meanwhile):
        self.point, self.meanwhile = point, meanwhile
        self.begun: list[bytes] = []

    def at(self, point):
        if point == self.point:
            self.point = ""
            self.meanwhile()

    def offer(self, *, sender, recipient, name):
        self.at("offer")

    def transmit(self, body):
        self.begun.append(body)
        self.at("transmit")

    def settle(self):
        pass

    def abandon(self):
        pass

    def close(self):
        pass


def move(rsvp):
    slot = rsvp.timeslot
    hour = timedelta(hours=1)
    return lifecycle.move_timeslot(
        slot, starts_at=START + hour, ends_at=slot.ends_at + hour, by=None, now=NOW, live=True
    )


CHANGES = {
    "moved": lambda rsvp: invites.post_changes(move(rsvp), now=NOW),
    "cancelled": lambda rsvp: invites.post_changes(
        lifecycle.cancel_timeslot(rsvp.timeslot, by=None, now=NOW), now=NOW
    ),
    "event cancelled": lambda rsvp: invites.post_changes(
        lifecycle.cancel(rsvp.timeslot.event, by=None, now=NOW, note=""), now=NOW
    ),
    "unlisted": lambda rsvp: invites.post_changes(
        lifecycle.unlist(rsvp.timeslot.event, by=None, now=NOW, note=""), now=NOW
    ),
    "place": lambda rsvp: invites.post_changes(
        lifecycle.change_event(
            rsvp.timeslot.event, fields={"venue": "Mill"}, by=None, now=NOW, live=True
        ),
        now=NOW,
    ),
    "guest left": lambda rsvp: attending.cancel_rsvp(
        Rsvp.objects.select_related("guest__event", "supporter", "timeslot__event").get(pk=rsvp.pk),
        now=NOW,
    ),
    "guest's calendar declined": lambda rsvp: attending.decline(rsvp, now=NOW),
}


POSTS = {
    "reminder_day_before": lambda rsvp, now: reminders.plan(NOW),
    "invitation": lambda rsvp, now: invites.post_invitation(rsvp, now=now),
    "party_change": lambda rsvp, now: invites.post_party_change(rsvp, was=2, now=now),
    "pending": lambda rsvp, now: invites.post_pending(rsvp, now=now),
}


@pytest.fixture(params=[*POSTS, "party_change again", "pending again"])
def waiting(request) -> Message:
    """One letter to one guest, due now; some are retries, whose bytes are made already."""
    kind, _, again = request.param.partition(" ")
    status = RsvpStatus.PENDING if kind == "pending" else RsvpStatus.ACCEPTED
    slot = make_timeslot(starts_at=START)
    rsvp = make_rsvp(slot, status=status, told_at=NOW - timedelta(days=3))
    if not again:
        POSTS[kind](rsvp, NOW)
        return Message.objects.get()
    POSTS[kind](rsvp, NOW - RETRIED_AFTER)
    refused_once(now=NOW - RETRIED_AFTER)
    return Message.objects.get()


def refused_once(*, now) -> None:
    [message] = ledger.claim(owner="before", now=now, limit=1)
    render(message, kind_named(message.kind), now)
    ledger.mark_transmitting(message, now=now)
    ledger.retry_later(message, now=now, why="451 not now")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("point", POINTS)
def test_a_stale_letter_does_not_begin_to_leave(waiting, point, change):
    rsvp = Rsvp.objects.select_related("timeslot__event").get()
    server = Server(point, lambda: CHANGES[change](rsvp))
    deliverer = Deliverer(clock=lambda: NOW, channel=server)
    if point == "claim":
        claimed = ledger.claim(owner=deliverer.owner, now=NOW, limit=1)
        server.at("claim")
        ledger.release(deliverer.owner)
        assert claimed == [waiting]
    deliverer.work()
    waiting.refresh_from_db()
    if point == "transmit":  # it began before the change: RFC 5546 puts it right
        assert waiting.state == MessageState.SENT
    else:
        assert waiting.state == MessageState.SUPERSEDED
        assert waiting.sent_at is None
        assert waiting.message_id.encode() not in b"".join(server.begun) or not waiting.message_id


@pytest.mark.parametrize("change", CHANGES)
def test_bytes_kept_for_a_retry_do_not_leave_once_they_are_stale(change):
    """The address of a home was in them."""
    rsvp = make_rsvp(make_timeslot(make_event(private=True), starts_at=START), party_size=3)
    POSTS["party_change"](rsvp, NOW - RETRIED_AFTER)
    refused_once(now=NOW - RETRIED_AFTER)
    assert STREET.encode() in bytes(Message.objects.get().body or b"")
    CHANGES[change](Rsvp.objects.select_related("timeslot__event").get())
    server = Server("", lambda: None)
    deliverer = Deliverer(clock=lambda: NOW, channel=server)
    while deliverer.work():
        pass
    assert Message.objects.get(version=0, kind="party_change").state == MessageState.SUPERSEDED
    letters = [b"now for 3 people" in body for body in server.begun]
    assert any(letters) == (change in {"moved", "place"})


class TestAHostsMessage:
    @pytest.fixture
    def message(self):
        rsvp = make_rsvp(make_timeslot(starts_at=START))
        event, slots = rsvp.timeslot.event, [rsvp.timeslot]
        invites.post_host_message(event, words="Mind the dog.", timeslots=slots, by=1, now=NOW)
        return Message.objects.get()

    def test_it_does_not_leave_once_the_event_is_unlisted(self, message):
        wanted = kind_named("host_message").wanted
        assert wanted(message, NOW) is None
        changes = lifecycle.unlist(Event.objects.get(), by=None, now=NOW, note="")
        assert wanted(message, NOW) == "unlisted since"
        invites.post_changes(changes, now=NOW)
        message.refresh_from_db()
        assert message.state == MessageState.SUPERSEDED

    def test_it_does_not_leave_to_an_address_given_up(self, message):
        """The link in it would be the one the new address got."""
        Guest.objects.update(supporter=make_supporter(email="new@example.org"))
        wanted = kind_named("host_message").wanted
        assert wanted(message, NOW) == "the person has another address now"


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_while_the_letter_before_leaves_stops_what_was_looked_up_with_it(change):
    """A batch looks its RSVPs up together; the ledger's row still has the last word."""
    slot = make_timeslot(starts_at=START)
    first, second = (make_rsvp(slot, told_at=NOW - timedelta(days=3)) for _ in range(2))
    reminders.plan(NOW)
    if Message.objects.earliest("pk").subject_key == f"rsvp:{second.pk}":
        first, second = second, first  # planned in any order
    second = Rsvp.objects.select_related("timeslot__event").get(pk=second.pk)
    server = Server("transmit", lambda: CHANGES[change](second))
    Deliverer(clock=lambda: NOW, channel=server).work()
    states = dict(
        Message.objects.filter(kind="reminder_day_before").values_list("subject_key", "state")
    )
    assert states == {
        f"rsvp:{first.pk}": MessageState.SENT,
        f"rsvp:{second.pk}": MessageState.SUPERSEDED,
    }


@pytest.mark.parametrize("letters", [1, 3])
def test_a_batch_looks_up_its_guests_and_their_timeslot_together(letters):
    slot = make_timeslot(starts_at=START)
    for _ in range(letters):
        make_rsvp(slot, told_at=NOW - timedelta(days=3))
    reminders.plan(NOW)
    with CaptureQueriesContext(connection) as queries:
        Deliverer(clock=lambda: NOW, channel=Server("", lambda: None)).work()
    asked = [query["sql"] for query in queries]
    for table in ("rsvps_rsvp", "events_timeslot"):
        assert sum(f'FROM "{table}"' in sql for sql in asked) == 1
    assert Message.objects.filter(state=MessageState.SENT).count() == letters
