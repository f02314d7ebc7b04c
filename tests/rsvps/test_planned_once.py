"""Exactly-once planning under fire: planners and deliverers at once, their clocks at odds.

One row for each person, channel, timeslot version and step: the ledger's own constraint holds
it, whoever is faster.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock

import pytest
from django.db import IntegrityError, connections, transaction

from events import lifecycle
from outbox.delivery import Deliverer
from outbox.models import Message
from outbox.states import MessageState
from rsvps import invites, reminders
from rsvps.models import Rsvp
from rsvps.states import ReminderKind
from tests.factories import make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)  # 15:00 in New York
DUE = START - timedelta(hours=28)  # 11:00 the day before
LONG_AGO = DUE - timedelta(days=3)
# One is an hour behind and one an hour ahead.
CLOCKS = [timedelta(hours=hours) for hours in (-1, 0, 0, 0, 1)]
GUESTS = 15


class Postbox:
    """Takes every letter; safe to share."""

    def __init__(self):
        self.recipients: list[str] = []
        self._lock = Lock()

    def channel(self):
        return _Slit(self)

    def take(self, recipient):
        with self._lock:
            self.recipients.append(recipient)


class _Slit:
    def __init__(self, box):
        self.box, self.recipient = box, ""

    def offer(self, *, sender, recipient, name):
        self.recipient = recipient

    def transmit(self, body):
        self.box.take(self.recipient)

    def settle(self):
        pass

    def abandon(self):
        self.recipient = ""

    def close(self):
        pass


def all_at_once(*works):
    ready = Barrier(len(works))

    def run(work):
        try:
            ready.wait()
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(run, works))


def five_planners_and_five_deliverers(box: Postbox) -> None:
    """Each goes round a few times by its own clock, from just before the hour to after it."""

    def rounds(clock):
        return [DUE + clock + timedelta(minutes=minutes) for minutes in (-1, 0, 6)]

    def planner(clock):
        return lambda: [reminders.plan(now) for now in rounds(clock)]

    def deliverer(clock):
        def work():
            for now in rounds(clock):
                own = Deliverer(clock=lambda now=now: now, channel=box.channel())
                while own.work():
                    pass

        return work

    all_at_once(*map(planner, CLOCKS), *map(deliverer, CLOCKS))


def keys(kind):
    found = Message.objects.filter(kind=kind)
    return sorted(found.values_list("subject_key", "channel", "version", "step"))


def test_five_planners_and_five_deliverers_remind_everybody_once():
    slots = [make_timeslot(starts_at=START) for _ in range(3)]
    for number in range(GUESTS):
        make_rsvp(slots[number % 3], told_at=LONG_AGO)
    box = Postbox()
    five_planners_and_five_deliverers(box)
    reminders.plan(DUE)
    own = Deliverer(clock=lambda: DUE, channel=box.channel())
    while own.work():
        pass
    expected = sorted((f"rsvp:{rsvp.pk}", "email", 0, "") for rsvp in Rsvp.objects.all())
    assert keys(ReminderKind.DAY_BEFORE) == expected
    assert sorted(box.recipients) == sorted(Rsvp.objects.values_list("supporter__email", flat=True))
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}


def test_an_event_moved_meanwhile_is_reminded_once_for_each_version():
    """Nobody hears twice of one version, and nobody is left out of the last one."""
    slot = make_timeslot(starts_at=START)
    for _ in range(6):
        make_rsvp(slot, told_at=LONG_AGO)
    later = START + timedelta(days=1)
    box = Postbox()

    @transaction.atomic
    def move():
        changes = lifecycle.move_timeslot(
            slot, starts_at=later, ends_at=later + timedelta(hours=2), by=None, now=DUE, live=True
        )
        invites.post_changes(changes, now=DUE)

    all_at_once(lambda: five_planners_and_five_deliverers(box), move)
    next_day = DUE + timedelta(days=1)
    all_at_once(*[lambda clock=clock: reminders.plan(next_day + clock) for clock in CLOCKS])
    of_the_move = keys(ReminderKind.DAY_BEFORE)
    assert len(of_the_move) == len(set(of_the_move))
    assert [key for key in of_the_move if key[2] == 1] == sorted(
        (f"rsvp:{rsvp.pk}", "email", 1, "") for rsvp in Rsvp.objects.all()
    )


def test_the_constraint_refuses_a_second_row_whoever_writes_it():
    make_rsvp(make_timeslot(starts_at=START), told_at=LONG_AGO)
    reminders.plan(DUE)
    again = Message.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError):
        again.save(force_insert=True)
