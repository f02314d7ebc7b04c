"""A guest's calendar, by RFC 5546 2.1.5, ends in the database's state whatever happens.

Letters leave at any moment and arrive in any order. `make check-letters-model` runs it at its
full size (500 runs of 50 steps); here a small sample.
"""

import os
import random
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from events import calendars, lifecycle
from events.disclosure import Role
from events.models import Event, Timeslot
from events.states import EventState, TimeslotState
from outbox import inbound
from outbox.letters import kind_named
from outbox.models import Message
from outbox.states import MessageState
from rsvps import attending, buttons, invites, links, replies
from rsvps.capacity import TimeslotFull
from rsvps.models import Rsvp
from rsvps.states import COMING, GONE
from tests.factories import make_event, make_guest, make_rsvp, make_timeslot
from tests.model_calendar import ModelCalendar

RUNS = int(os.environ.get("MODEL_RUNS", "8"))
STEPS = int(os.environ.get("MODEL_STEPS", "20"))
START = datetime(2027, 1, 2, 15, 30, tzinfo=UTC)


MOST_GUESTS = 10
REPLY = """\
From: {attendee}
To: {organizer}
MIME-Version: 1.0
Content-Type: text/calendar; method=REPLY; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
METHOD:REPLY
BEGIN:VEVENT
UID:{uid}
SEQUENCE:{sequence}
DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
ORGANIZER:mailto:{organizer}
ATTENDEE;PARTSTAT={answer}:mailto:{attendee}
END:VEVENT
END:VCALENDAR
"""


class Guests(RuleBasedStateMachine):
    """One event with two timeslots, a few guests at each, and what can happen to them."""

    @initialize(private=st.booleans())
    def begin(self, private):
        self.now = START
        self.event = make_event(private=private)
        slots = [
            make_timeslot(self.event, starts_at=START + timedelta(days=9, hours=n), capacity=7)
            for n in range(2)
        ]
        self.rsvps = [make_rsvp(slot) for slot in slots for _ in range(2)]
        self.calendars = {rsvp.pk: ModelCalendar() for rsvp in self.rsvps}
        self.on_the_way: list[tuple[int, bytes]] = []
        self.sent: dict[int, int] = {}
        for rsvp in self.rsvps:
            invites.post_invitation(rsvp, now=self.now)

    def tick(self) -> datetime:
        self.now += timedelta(seconds=90)
        return self.now

    def a_timeslot(self, n: int) -> Timeslot:
        slots = Timeslot.objects.filter(event=self.event).select_related("event").order_by("pk")
        return slots[n]

    def an_rsvp(self, n: int) -> Rsvp:
        found = Rsvp.objects.select_related("guest__event", "supporter", "timeslot__event")
        found = found.select_related("guest__supporter")
        return found.get(pk=self.rsvps[n % len(self.rsvps)].pk)

    def happens(self, step, *args, **kwargs) -> None:
        """What lifecycle refuses, nobody hears of."""
        try:
            changes = step(*args, by=None, now=self.tick(), **kwargs)
        except lifecycle.StateConflict:
            return
        invites.post_changes(changes, now=self.now, words="We are sorry.")

    @rule(n=st.integers(0, 1), hours=st.integers(-30, 30))
    def move_time(self, n, hours):
        slot = self.a_timeslot(n)
        shift = timedelta(hours=hours)
        if slot.starts_at + shift < START + timedelta(days=1):
            return  # keep it ahead: nothing is told of the past
        self.happens(
            lifecycle.move_timeslot,
            slot,
            starts_at=slot.starts_at + shift,
            ends_at=slot.ends_at + shift,
            live=True,
        )

    @rule(venue=st.sampled_from(["The Old Mill", "Elm Street Hall", "Annex; 2, rear"]))
    def move_place(self, venue):
        self.happens(lifecycle.change_event, self.event, fields={"venue": venue}, live=True)

    # No form lets control characters in, and PostgreSQL stores no NUL.
    @rule(title=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20))
    def cosmetic_edit(self, title):
        self.happens(lifecycle.change_event, self.event, fields={"title": title}, live=True)

    @rule(n=st.integers(0, 1))
    def cancel_timeslot(self, n):
        self.happens(lifecycle.cancel_timeslot, self.a_timeslot(n))

    @rule(n=st.integers(0, 1))
    def reinstate_timeslot(self, n):
        self.happens(lifecycle.reinstate_timeslot, self.a_timeslot(n))

    @rule(
        n=st.integers(0, 1), seed=st.integers(0, 999), then=st.sampled_from(["begins", "in doubt"])
    )
    def cancel_timeslot_and_think_again(self, n, seed, then):
        """While nobody can tell who has heard of it."""
        self.cancel_timeslot(n)
        self.letters_leave(seed, 1.0, then)
        self.reinstate_timeslot(n)

    @rule()
    def unlist(self):
        self.happens(lifecycle.unlist, self.event, note="")

    @rule()
    def relist(self):
        self.happens(lifecycle.relist, self.event)

    @rule(asks=st.booleans())
    def host_answers_each_guest(self, asks):
        self.happens(
            lifecycle.change_event, self.event, fields={"approve_each_guest": asks}, live=True
        )

    @precondition(lambda self: len(self.rsvps) < MOST_GUESTS)
    @rule(n=st.integers(0, 1), size=st.integers(1, 2))
    def somebody_new_comes(self, n, size):
        slot = self.a_timeslot(n)
        guest = make_guest(slot.event)
        self.tries(attending.set_plan, guest, {slot.pk: slot.version}, party_size=size)
        for rsvp in guest.rsvps.all():
            self.rsvps.append(rsvp)
            self.calendars[rsvp.pk] = ModelCalendar()

    @rule(n=st.integers(0, 9), size=st.integers(1, 3))
    def fill_in_the_form_again(self, n, size):
        """Whoever is on the list, or was, presses the button in the letter about a second form."""
        rsvp = self.an_rsvp(n)
        payload = {
            "timeslots": [[rsvp.timeslot_id, rsvp.timeslot.version]],
            "party_size": size,
            **dict.fromkeys(("note", "name", "phone", "postal_code"), ""),
            "consents": {},
        }
        ticket, _token = links.new_ticket(
            buttons.SECOND_FORM,
            guest=rsvp.guest,
            payload=payload,
            lasts=timedelta(days=1),
            now=self.now,
        )
        self.tries(buttons.confirm, ticket)

    @rule(n=st.integers(0, 9), size=st.integers(1, 4))
    def change_party(self, n, size):
        rsvp = self.an_rsvp(n)
        if rsvp.status in COMING:
            self.tries(attending.change_party, rsvp, size)

    @rule(n=st.integers(0, 9))
    def cancel_rsvp(self, n):
        self.tries(attending.cancel_rsvp, self.an_rsvp(n))

    @rule(n=st.integers(0, 9))
    def come_back(self, n):
        rsvp = self.an_rsvp(n)
        if rsvp.status in GONE:
            self.tries(attending.come_back, rsvp)

    @rule(n=st.integers(0, 9))
    def host_says_yes(self, n):
        self.tries(attending.approve_guest, self.an_rsvp(n), by=self.event.host)

    @rule(n=st.integers(0, 9))
    def host_says_no(self, n):
        self.tries(attending.decline_guest, self.an_rsvp(n), by=self.event.host)

    @rule(n=st.integers(0, 9), block=st.booleans())
    def host_removes(self, n, block):
        guest = self.an_rsvp(n).guest
        self.tries(attending.remove_guest, guest, by=self.event.host, block=block)

    @rule(n=st.integers(0, 9))
    def host_welcomes_again(self, n):
        self.tries(attending.welcome_again, self.an_rsvp(n).guest)

    def tries(self, step, *args, **kwargs) -> None:
        try:
            with transaction.atomic():
                step(*args, now=self.tick(), **kwargs)
        except (
            attending.RsvpChanged,
            attending.EventClosed,
            attending.NotWelcome,
            TimeslotFull,
            attending.TimeslotUnavailable,
        ):
            return

    @rule(n=st.integers(0, 9), answer=st.sampled_from(["ACCEPTED", "TENTATIVE", "DECLINED"]))
    def calendar_answers(self, n, answer):
        """To the entry it holds, whatever letters are on the way."""
        rsvp = self.an_rsvp(n)
        uid = rsvp.timeslot.uid
        entry = self.calendars[rsvp.pk].holds(uid)
        if entry is None:
            return
        reply = REPLY.format(
            uid=uid,
            sequence=entry["SEQUENCE"],
            stamp=self.tick(),
            organizer=links.reply_address(rsvp),
            attendee=rsvp.supporter.email,
            answer=answer,
        )
        self.calendars[rsvp.pk].answer(uid, answer)
        outcome = replies.receive(inbound.read(reply.encode()), now=self.now)
        assert outcome not in {None, "reply: unreadable", "reply: unknown address"}

    @rule(
        seed=st.integers(0, 999),
        share=st.sampled_from([0.3, 1.0]),
        then=st.sampled_from(["arrives", "arrives", "begins", "in doubt"]),
    )
    def letters_leave(self, seed, share, then):
        chance = random.Random(seed)
        waiting = list(Message.objects.queued().filter(topic=f"event:{self.event.pk}"))
        for message in chance.sample(waiting, round(len(waiting) * share)):
            self.begin_to_send(message)
            if then != "begins":
                self.settle(message, arrives=then == "arrives" or chance.random() < 0.5, then=then)

    @rule(seed=st.integers(0, 999))
    def servers_answer(self, seed):
        """What began to leave has arrived, or the server hung up; then it may have, or not."""
        chance = random.Random(seed)
        for message in Message.objects.filter(state=MessageState.TRANSMITTING):
            then = chance.choice(["arrives", "in doubt"])
            self.settle(message, arrives=then == "arrives" or chance.random() < 0.5, then=then)

    def begin_to_send(self, message: Message) -> None:
        kind = kind_named(message.kind)
        # Deliverers' clocks differ: DTSTAMP alone must not decide which letter is newer.
        now = self.tick() + timedelta(minutes=random.Random(message.pk).randrange(-90, 90))
        if kind.wanted(message, now):
            message.state = MessageState.SUPERSEDED
        else:
            message.state = MessageState.TRANSMITTING
            if message.body is None:  # else the same bytes are sent again
                message.body = kind.render(message, now).calendar or b""
                self.check_sequence(message)
        message.save()

    def check_sequence(self, message: Message) -> None:
        if message.body:
            rsvp = int(message.subject_key[5:])
            (entry,) = icalendar.Calendar.from_ical(message.body).walk("VEVENT")
            assert entry["SEQUENCE"] > self.sent.get(rsvp, -1), message
            self.sent[rsvp] = entry["SEQUENCE"]

    def settle(self, message: Message, *, arrives: bool, then: str) -> None:
        if message.state != MessageState.TRANSMITTING:
            return
        if arrives and message.body:
            self.on_the_way.append((int(message.subject_key[5:]), bytes(message.body)))
        if then == "in doubt":
            message.state = MessageState.QUEUED
            message.doubts += 1
        else:
            message.state, message.body = MessageState.SENT, None
        message.save()

    @precondition(lambda self: self.on_the_way)
    @rule(seed=st.integers(0, 999))
    def letters_arrive(self, seed):
        chance = random.Random(seed)
        chance.shuffle(self.on_the_way)
        for _ in range(chance.randrange(len(self.on_the_way) + 1)):
            self.arrive()

    def arrive(self) -> None:
        rsvp, data = self.on_the_way.pop()
        self.calendars[rsvp].receive(data)
        if random.Random(len(data)).random() < 0.3:  # in doubt, the same bytes come twice
            self.calendars[rsvp].receive(data)

    @invariant()
    def one_letter_at_most_waits_for_each_guest(self):
        if not hasattr(self, "event"):
            return
        standing = Message.objects.queued().filter(
            topic=f"event:{self.event.pk}",
            doubts=0,
            kind__in=["invitation", "change", "cancellation", "unlisted"],
        )
        wanted = [m.subject_key for m in standing if not kind_named(m.kind).wanted(m, self.now)]
        assert len(wanted) == len(set(wanted))

    def teardown(self):
        if not hasattr(self, "event"):
            return
        self.servers_answer(seed=0)
        while waiting := list(Message.objects.queued().filter(topic=f"event:{self.event.pk}")):
            for message in waiting:
                self.begin_to_send(message)
                self.settle(message, arrives=True, then="arrives")
        random.Random(len(self.on_the_way)).shuffle(self.on_the_way)
        while self.on_the_way:
            self.arrive()
        for n in range(len(self.rsvps)):
            self.check(self.an_rsvp(n))

    def check(self, rsvp: Rsvp) -> None:
        slot = rsvp.timeslot
        event: Event = slot.event
        entry = self.calendars[rsvp.pk].shows(slot.uid)
        if rsvp.status not in COMING or slot.state != TimeslotState.OPEN:
            assert entry is None, (rsvp.status, slot.state, entry)
            return
        assert entry is not None, (rsvp.status, slot.state, event.state)
        assert entry.decoded("DTSTART") == slot.starts_at
        assert entry.decoded("DTEND") == slot.ends_at
        assert entry["SEQUENCE"] <= slot.version + rsvp.revision
        place = entry.get("LOCATION", "")
        if event.state == EventState.UNLISTED:
            assert place == ""
        else:
            assert place == calendars.place_for(event, Role.GUEST)


@pytest.mark.django_db
def test_every_guests_calendar_ends_in_the_databases_state():
    run_state_machine_as_test(
        Guests,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=RUNS <= 50,
            suppress_health_check=list(HealthCheck),
        ),
    )
