"""A change commits while a planner plans, a deliverer holds the old version and a guest confirms.

Statement by statement, in random order, on real connections. No letter that the change made
stale begins to leave after it was committed; afterwards every guest's calendar and reminders
are right. `make check-letters-model` runs 1,000 interleavings; here a small sample.
"""

import email
import os
import random
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from events import calendars, lifecycle
from events.disclosure import Role
from outbox.delivery import Deliverer, deliver_once
from outbox.models import Message
from rsvps import attending, buttons, invites, links, reminders
from rsvps.models import Guest, Rsvp
from rsvps.states import COMING, RsvpStatus
from tests.factories import make_event, make_rsvp, make_timeslot
from tests.model_calendar import ModelCalendar
from tests.turns import Turns

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = int(os.environ.get("INTERLEAVINGS", "8"))
START = datetime(2027, 1, 9, 20, 0, tzinfo=UTC)
NOW = START - timedelta(hours=28)  # 11:00 in New York on the day before
ON_THE_DAY = START - timedelta(hours=3)
HOUR = timedelta(hours=1)


class MailServer:
    """Takes everything; notes at which tick the commit began that let each letter leave."""

    def __init__(self, turns: Turns | None = None) -> None:
        self.turns = turns
        self.taken: list[tuple[int, bytes]] = []

    def offer(self, **envelope):
        pass

    def transmit(self, body):
        tick = self.turns.began[threading.current_thread().name] if self.turns else 0
        self.taken.append((tick, body))

    def settle(self):
        pass

    def abandon(self):
        pass

    def close(self):
        pass


class Night:
    """One party: two guests are due a reminder, one an invitation; one has yet to confirm."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.event = make_event(private=self.chance.random() < 0.7)
        self.slot = make_timeslot(self.event, starts_at=START, capacity=20)
        told = NOW - timedelta(days=3)
        self.reminded = [make_rsvp(self.slot, told_at=told) for _ in range(2)]
        self.new = make_rsvp(self.slot, told_at=told)
        for rsvp in (*self.reminded, self.new):
            invites.post_invitation(rsvp, now=told)
        self.server = MailServer()
        deliver_once(now=told, channel=self.server)
        Rsvp.objects.filter(pk__in=[rsvp.pk for rsvp in self.reminded]).update(told_at=told)
        Message.objects.filter(subject_key=f"rsvp:{self.new.pk}").update(state="queued")
        self.asked = make_rsvp(self.slot, status=RsvpStatus.UNCONFIRMED)
        self.ticket, _token = links.new_ticket(
            buttons.CONFIRM,
            guest=self.asked.guest,
            payload={
                "timeslots": [[self.slot.pk, 0]],
                "party_size": 1,
                "note": "",
                "name": "Alex",
                "phone": "",
                "postal_code": "",
                "consents": {},
            },
            lasts=timedelta(days=1),
            now=NOW,
        )

    # -- what happens at once

    def plan(self):
        reminders.plan(NOW)

    def deliver(self):
        deliverer = Deliverer(clock=lambda: NOW, channel=self.during)
        for _ in range(3):
            deliverer.work()

    def confirm(self):
        buttons.confirm(self.ticket, now=NOW)

    def change(self):
        self.what = self.chance.choice(["time", "place", "cancel", "unlist", "leave"])
        getattr(self, f"change_{self.what}")()

    def change_time(self):
        later, end = self.slot.starts_at + HOUR, self.slot.ends_at + HOUR
        self.tell(
            lambda: lifecycle.move_timeslot(
                self.slot, starts_at=later, ends_at=end, by=None, now=NOW, live=True
            )
        )

    def change_place(self):
        fields = {"street": "7 Mill Street"}
        self.tell(
            lambda: lifecycle.change_event(self.event, fields=fields, by=None, now=NOW, live=True)
        )

    def change_cancel(self):
        self.tell(lambda: lifecycle.cancel(self.event, by=None, now=NOW, note=""))

    def change_unlist(self):
        self.tell(lambda: lifecycle.unlist(self.event, by=None, now=NOW, note=""))

    def change_leave(self):
        guest = Guest.objects.select_related("event", "supporter").get(pk=self.reminded[0].guest_id)
        attending.cancel_all(guest, now=NOW)

    def tell(self, step):
        with transaction.atomic():
            invites.post_changes(step(), now=NOW)

    # -- and what must be true of it

    def go(self, turns: Turns):
        self.during = MailServer(turns)
        turns.run(plan=self.plan, deliver=self.deliver, change=self.change, confirm=self.confirm)

    def stale(self, turns: Turns) -> list[Message]:
        """Letters of before the change whose way out began after its commit."""
        late = [body for tick, body in self.during.taken if tick > turns.ended["change"]]
        self.slot.refresh_from_db()
        found = []
        for message in Message.objects.exclude(message_id=""):
            if not any(message.message_id.encode() in body for body in late):
                continue
            rsvp = Rsvp.objects.filter(pk=message.subject_key.removeprefix("rsvp:")).first()
            if message.version < self.slot.version or rsvp is None or rsvp.status not in COMING:
                found.append(message)
        return [m for m in found if m.kind.startswith("reminder") or m.kind == "invitation"]

    def wait_for_the_party(self):
        for instant in (NOW, NOW + HOUR, ON_THE_DAY, ON_THE_DAY + HOUR):
            deliver_once(now=instant + timedelta(minutes=2), channel=self.server)

    def calendars(self) -> dict[int, ModelCalendar]:
        shown: dict[str, ModelCalendar] = {}
        for _tick, body in self.server.taken + self.during.taken:
            message = email.message_from_bytes(body)
            for part in message.walk():
                if part.get_content_type() == "text/calendar":
                    one = shown.setdefault(message["To"], ModelCalendar())
                    one.receive(part.get_payload(decode=True))
        rsvps = Rsvp.objects.select_related("supporter")
        return {rsvp.pk: shown.get(rsvp.supporter.email, ModelCalendar()) for rsvp in rsvps}


def check_calendars(night: Night):
    shown = night.calendars()
    for rsvp in Rsvp.objects.select_related("timeslot__event"):
        entry, slot = shown[rsvp.pk].shows(rsvp.timeslot.uid), rsvp.timeslot
        if rsvp.status not in COMING or calendars.is_cancelled(slot):
            assert entry is None, (night.what, rsvp.status)
            continue
        assert entry is not None, (night.what, rsvp.pk)
        assert entry.decoded("DTSTART") == slot.starts_at, night.what
        if night.what != "unlist":
            assert entry["LOCATION"] == calendars.place_for(slot.event, Role.GUEST), night.what


def check_reminders(night: Night):
    for rsvp in Rsvp.objects.filter(status__in=COMING):
        about = Message.objects.filter(subject_key=f"rsvp:{rsvp.pk}", state="sent")
        current = about.filter(version=night.slot.version)
        on_the_day = current.filter(kind="reminder_on_the_day").count()
        assert on_the_day == (night.what in {"time", "place", "leave"}), night.what
        assert current.filter(kind="reminder_day_before").count() <= 1


def waits_for_a_lock() -> bool:
    """Whether somebody does; on SQLite everybody who writes waits for whoever writes."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


def while_a_change_is_being_written(night: Night, act):
    """`act` begins when all of the change is written but its commit, which it may ask for."""
    written, go = threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            night.change_place()
            written.set()
            go.wait(20)
        connections.close_all()

    def commit():
        go.set()
        changer.join()

    def meanwhile():
        try:
            act(commit)
        finally:
            connections.close_all()

    night.what = "place"
    changer = threading.Thread(target=change)
    other = threading.Thread(target=meanwhile)
    changer.start()
    assert written.wait(20)
    other.start()
    while other.is_alive() and not go.is_set() and not waits_for_a_lock():
        other.join(0.05)
    go.set()
    for thread in (changer, other):
        thread.join()


def test_guest_who_confirms_while_the_event_is_moved_gets_the_new_place():
    night = Night(1)
    night.during = MailServer()
    while_a_change_is_being_written(night, lambda commit: night.confirm())
    night.wait_for_the_party()
    check_calendars(night)


def test_reminder_planned_while_the_event_is_moved_does_not_leave():
    night = Night(1)
    server = night.during = MailServer()

    def plan_and_deliver(commit):
        night.plan()
        # The letter has been looked at: now the change is committed.
        server.offer = lambda **envelope: commit()
        deliverer = Deliverer(clock=lambda: NOW, channel=server)
        deliverer.work()

    while_a_change_is_being_written(night, plan_and_deliver)
    reminders_sent = Message.objects.filter(kind__startswith="reminder", state="sent")
    assert not reminders_sent.filter(version=0).exists()


@pytest.mark.parametrize("seed", range(COUNT))
def test_no_stale_letter_begins_to_leave_after_a_change_is_committed(seed):
    night, turns = Night(seed), Turns(seed)
    night.go(turns)
    with suppress(ValueError):
        refused = (attending.EventClosed, attending.RsvpChanged, attending.TimeslotUnavailable)
        turns.failed.remove(
            next((f for f in turns.failed if f[0] == "confirm" and isinstance(f[1], refused)), None)
        )
    assert turns.failed == []
    assert night.stale(turns) == []
    night.wait_for_the_party()
    check_calendars(night)
    check_reminders(night)
