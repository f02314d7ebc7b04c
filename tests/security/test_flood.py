"""A flood of forms, from one connection and from 500, and twenty real people in the middle of it.

Four kinds of attacker: the same victim again and again, a list of victims, every event for each
victim, and all the seats of a small house. Whoever they are, an address gets one letter for an
event and three a day, none with the attacker's words; the real people, without scripts and
without anybody else's service, all come in.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Timeslot
from outbox import letters
from outbox.models import Message
from rsvps import errands
from rsvps.models import Rsvp
from tests.factories import make_event, make_timeslot

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(3600)]

FORMS, PEOPLE = 5_000, 20
WORDS = "Evil BUYPILLS"  # a link in a name is refused anyway


class Town:
    """A public event without a limit, a hall, a house of twenty-four seats, ten more events."""

    def __init__(self) -> None:
        self.hall = make_timeslot(make_event(), capacity=120)
        self.house = make_timeslot(make_event(private=True), capacity=24)
        self.square = make_timeslot(make_event())
        self.others = [make_timeslot(make_event()) for _ in range(10)]
        self.slots = [self.square, self.hall, self.house, *self.others]
        self.stamps = {slot.pk: self.stamp(slot) for slot in self.slots}

    @staticmethod
    def stamp(slot: Timeslot) -> str:
        return Client().get(f"/events/{slot.event_id}/rsvp/").context["form"].initial["stamp"]


def attack(town: Town, number: int, rng: random.Random) -> tuple[Timeslot, dict[str, str]]:
    """The next form of the flood: to which timeslot, and what is typed."""
    slot, email = [
        (town.square, "victim@example.org"),
        (town.square, f"victim{rng.randrange(300)}@example.org"),
        (rng.choice(town.slots), f"victim{rng.randrange(20)}@example.org"),
        (town.house, f"fresh{number}@example.org"),
        (town.hall, f"fresh{number}@example.org"),
    ][number % 5]
    return slot, {
        "timeslots": f"{slot.pk}.{slot.version}",
        "party_size": str(rng.choice([1, 1, 2, 4])),
        "name": WORDS,
        "email": email,
        "postal_code": "43215",
        "note": f"{WORDS} https://evil.example/{number}",
        "stamp": town.stamps[slot.pk],
    }


def addresses(number: int) -> list[str]:
    """So many connections; one network holds a handful of them."""
    return [f"10.{n // 1000}.{n // 7 % 250}.{n % 7 + 1}" for n in range(number)]


class Person:
    """Somebody real, without scripts: fills in the form as it is shown, waits where it says so,
    and presses the button in the letter."""

    def __init__(self, number: int) -> None:
        self.email = f"neighbor{number}@example.org"
        self.client = Client(REMOTE_ADDR=f"198.51.{number}.7")

    def come(self, slot: Timeslot) -> str:
        page = self.client.get(f"/events/{slot.event_id}/rsvp/")
        form = {
            "timeslots": page.context["choices"][0].value,
            "party_size": "1",
            "name": "Kim Neighbor",
            "email": self.email,
            "postal_code": "43215",
            "stamp": page.context["form"].initial["stamp"],
        }
        answer = self.client.post(f"/events/{slot.event_id}/rsvp/", form, follow=True)
        assert answer.status_code == 200, answer.status_code
        assert answer.redirect_chain, re.sub(r"<[^>]+>|\s+", " ", answer.text)[:900]
        letter = Message.objects.filter(kind="confirm", recipient=self.email).first()
        if letter is not None:
            pressed = self.client.post(f"/c/{letter.payload['token']}/")
            assert pressed.status_code == 200
        return Rsvp.objects.get(supporter__email=self.email, timeslot=slot).status


def flood(town: Town, sources: list[str], forms: int, people: int) -> Iterator[str]:
    """Send the flood, a real person every so often; what became of each form and person."""
    rng, clients = random.Random(forms), [Client(REMOTE_ADDR=source) for source in sources]
    every = forms // people
    for number in range(forms):
        slot, form = attack(town, number, rng)
        answer = clients[number % len(clients)].post(f"/events/{slot.event_id}/rsvp/", form)
        if answer.status_code == 429:
            assert int(answer["Retry-After"]) > 0
        assert answer.status_code < 500
        yield str(answer.status_code)
        if number % 50 == 0:
            errands.run(timezone.now())  # the worker
        if number % every == every - 1:
            person = number // every
            goal = [town.square, town.hall, town.house][person % 3]
            yield Person(person).come(goal)


def check_letters(now: datetime) -> tuple[int, int]:
    """(letters, victims): few for each, and none with the attacker's words."""
    sent = Message.objects.exclude(recipient__startswith="neighbor")
    per_event = Counter(sent.values_list("recipient", "topic"))
    assert max(per_event.values()) == 1
    today = Counter(sent.filter(not_before__lte=now).values_list("recipient", flat=True))
    assert max(today.values()) <= 3
    for message in sent:
        letter = letters.kind_named(message.kind).render(message, now)
        text = f"{letter} {letter.calendar}"
        assert "Evil" not in text
        assert "BUYPILLS" not in text
    return sum(today.values()), len(today)


@pytest.mark.parametrize("sources", [1, 500])
def test_flood_fills_no_letter_box_and_keeps_nobody_out(sources, full):
    town = Town()
    forms, people = (FORMS, PEOPLE) if full else (90, 3)
    became = Counter(flood(town, addresses(sources), forms, people))
    assert became["accepted"] == people
    sent, victims = check_letters(timezone.now())
    for slot in town.slots:
        slot.refresh_from_db()
        assert slot.capacity is None or slot.seats_taken <= slot.capacity
    if full:
        assert became["429"] > 0
    print(f"\n{forms} forms from {sources}: {dict(became)}; {sent} letters to {victims} victims")
