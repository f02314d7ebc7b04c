"""The disclosure table holds on a running site: role by field by surface, nothing left out.

Walks every route of the URL resolver as everybody in the table (tests/homes/world.py) and every
registered kind of letter, and compares what is found with `events.disclosure`. A new route, kind
of letter or field is walked without a change here.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone

from events.disclosure import SURFACES, Field, Policy, Role, may_see, may_show
from events.models import Event, Timeslot
from events.states import EventState, TimeslotState
from hosts import decision_letters
from outbox import letters
from outbox.models import Message
from rsvps import alerts, links
from rsvps.states import COMING
from rsvps.wording import facts_of
from tests.factories import make_event
from tests.homes.walking import QUERY, forms_in, pages, paths
from tests.homes.world import (
    CANARIES,
    Visitor,
    World,
    ask,
    fields_in,
    make_world,
    over_http,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

EVERYWHERE = {Field.PUBLIC_FACTS, Field.PUBLIC_PLACE}
LET_IN = {
    Policy.TOKEN: {Role.GUEST, Role.OTHER_GUEST},
    Policy.ACCOUNT: {Role.HOST},  # these pages show one's own account
    Policy.HOST: {Role.HOST, Role.COHOST},
    Policy.REVIEWER: {Role.REVIEWER, Role.SENIOR},
    Policy.SENIOR: {Role.SENIOR},
}
POLICIES = {route.name: route.policy for route in pages()}
OPEN = {Policy.PUBLIC, Policy.OPERATOR, Policy.DEMO}
# Public addresses that look who asks: a picture is always its host's.
LOOKS_WHO_ASKS = {"event_picture"}
# Not a reading, but an export, which is on the record as one.
ON_RECORD = {"account_data/download"}
# The worlds that are walked: (private, state, whether something is typed and not sent).
STATES = [
    (True, EventState.APPROVED, False),
    (True, EventState.APPROVED, True),
    (False, EventState.APPROVED, False),
    *((True, state, False) for state in EventState if state != EventState.APPROVED),
]


class Walk:
    """What was found where: {(surface, role): fields}, and what broke a rule."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Role], set[Field]] = defaultdict(set)
        self.differences: set[tuple[str, str, str]] = set()
        self.unread: set[tuple[str, str]] = set()
        self.failed: set[tuple[str, str]] = set()
        self.requests = self.forms = 0

    def of(self, world: World, *, post: bool, all_doors: bool) -> None:
        """Open everything as everybody; with `post`, send what its forms offer too; with
        `all_doors`, press buttons that are not there, and try the admin's doors."""
        for route in pages():
            buttons = [s for s in SURFACES if s.startswith(f"{route.name}/")]
            admin = route.name.startswith("admin:")
            for visitor in world.visitors:
                if admin and not all_doors and visitor.role != Role.SENIOR:
                    continue
                for path in paths(route, world, visitor):
                    page = ask(visitor, path, QUERY)
                    self.note(world, route.name, visitor, page)
                    if post and not admin:
                        self._send_forms(world, visitor, path, page[0])
                    if all_doors:
                        answer = ask(visitor, path, {}, post=True)
                        self.note(world, route.name, visitor, answer)
                    for button in buttons:
                        data = {"do": button.rpartition("/")[2]}
                        answer = ask(visitor, path, data, post=True)
                        self.note(world, button, visitor, answer)

    def _send_forms(self, world: World, visitor: Visitor, path: str, page) -> None:
        for action, data in forms_in(path, page):
            name = resolve(action).view_name
            button = f"{name}/{data.get('do')}"
            answer = ask(visitor, action, data, post=True)
            surface = button if button in SURFACES else name
            self.note(world, surface, visitor, answer)
            self.forms += 1

    def _role(self, name: str, visitor: Visitor) -> Role:
        """As whom they are looked at there: what is public shows nobody more than strangers."""
        public = POLICIES[name] in OPEN and name not in LOOKS_WHO_ASKS
        return Role.STRANGER if public else visitor.role

    def note(self, world, surface, visitor, asked) -> None:
        answer, words, has_read = asked
        role = self._role(surface.partition("/")[0], visitor)
        self.requests += 1
        if answer.status_code >= 500 and surface != "readyz":  # nobody delivers letters here
            self.failed.add((surface, visitor.called))
        fields = fields_in(words)
        self.found[surface, role] |= fields
        self.differences |= {
            (surface, visitor.called, field.value)
            for field in fields
            if not may_show(surface, role, field, world.event)
        }
        noted = has_read or surface in ON_RECORD
        if Field.EXACT_PLACE in fields and world.event.is_private and not noted:
            self.unread.add((surface, visitor.called))

    def missing(self) -> set[tuple[str, str, str]]:
        """What the table lists for a page and somebody who is let in, and nobody was shown."""
        event = make_event(private=True)
        return {
            (surface, role.value, field.value)
            for surface, fields in SURFACES.items()
            if not surface.startswith("letter/")
            for role in LET_IN.get(POLICIES[surface.partition("/")[0]], set())
            for field in fields - EVERYWHERE
            if may_show(surface, role, field, event) and (surface, role) in self.found
            if (surface, role) != ("host_cohost_ask", Role.COHOST)  # the host alone asks
            if field not in self.found[surface, role]
        }


def test_every_field_of_the_table_has_a_canary():
    assert set(CANARIES) == set(Field)


def test_every_surface_of_the_table_is_there():
    names = {route.name for route in pages()}
    assert {s.partition("/")[0] for s in SURFACES} - {"letter"} <= names


def test_what_pages_show_is_what_the_table_says_for_every_role_and_each_reading_is_noted(full):
    walk = Walk()
    for number, (private, state, typed) in enumerate(STATES if full else STATES[:1]):
        before = transaction.savepoint_create()
        world = make_world(private=private, state=state, typed=typed)
        walk.of(world, post=full, all_doors=full and number == 0)
        transaction.savepoint_rollback(before)
    print(f"\nrequests compared with the table: {walk.requests}, {walk.forms} of them forms of")
    print(f"pages; roles: {len(Role)}")
    assert sorted(walk.failed) == []
    assert sorted(walk.differences) == []
    assert sorted(walk.unread) == []
    if full:
        assert sorted(walk.missing()) == []


@pytest.mark.django_db(transaction=True)
def test_the_table_holds_on_a_running_server(live_server):
    """Over HTTP, by everybody, on every page; `full` above asks more, inside this process."""
    world = make_world(private=True, state=EventState.APPROVED)
    walk = Walk()
    for route in pages():
        for visitor in world.visitors:
            for path in paths(route, world, visitor):
                address = f"{path}?{urlencode(QUERY)}"
                answer = over_http(live_server.url, visitor, address)
                walk.note(world, route.name, visitor, answer)
    assert walk.requests > 1000
    assert sorted(walk.failed) == []
    assert sorted(walk.differences) == []
    told = {role for (_, role), fields in walk.found.items() if Field.EXACT_PLACE in fields}
    assert told >= {Role.GUEST, Role.HOST, Role.REVIEWER, Role.SENIOR}


# -- Letters -------------------------------------------------------------------------

TICKETS = {"confirm", "second_form", "new_address"}
# What the letter is about; all others are about an RSVP.
SUBJECTS = {
    **dict.fromkeys([*TICKETS, "host_message"], "guest"),
    **dict.fromkeys(["resend"], "supporter"),
    **dict.fromkeys(["submitted", "new_rsvps"], "event"),
    "cohost_request": "cohost",
    **dict.fromkeys([alerts.CONFIRM, alerts.NEWS], "alert"),
    **dict.fromkeys([kind for kind, _title in decision_letters.KINDS.values()], "decision"),
    decision_letters.WAITING: "user",
}

MADE_UP = {"example"}  # of people and places that are not there


def letters_of(kind: letters.Kind, world: World) -> Iterator[tuple[Role, Message]]:
    """The letters of this kind that the world's people may get, by the role of who gets them."""
    now, event, slot = timezone.now(), world.event, world.canary.timeslot
    subject = SUBJECTS.get(kind.name, "rsvp")
    was = facts_of(slot).as_json() | {"place": "8417 Canarygrass Lane before"}
    message = Message(
        kind=kind.name,
        topic=f"event:{event.pk}",
        version=slot.version,
        expires_at=now + timedelta(days=1),
        payload={
            "was": was if kind.name == "change" else 2,
            **{"knew": "on", "why": "new", "words": "See you!", "token": "nobody"},
            **{"organizer": "rsvp+nobody@barnstorm.example", "trusted": False, "changed": []},
            **{"user": event.host_id, "since": (now - timedelta(days=1)).isoformat()},
            "until": (now + timedelta(days=1)).isoformat(),
        },
    )
    if subject in {"rsvp", "guest", "supporter"}:
        for status, rsvp in world.guests.items():
            role = Role.GUEST if status in COMING else Role.OTHER_GUEST
            number = {"rsvp": rsvp.pk, "guest": rsvp.guest_id, "supporter": rsvp.supporter_id}
            # A given-up letter goes to the address the guest had before.
            to = "before@example.org" if kind.name == "given_up" else rsvp.supporter.email
            if kind.name in TICKETS:
                message.payload["token"] = links.new_ticket(
                    kind.name, guest=rsvp.guest, payload={}, lasts=timedelta(days=1), now=now
                )[1]
            yield role, _about(message, f"{subject}:{number[subject]}", to)
    else:
        number = {
            "event": event.pk,
            "cohost": world.asked.pk,
            "decision": world.arguments["decision_id"][0],
            "user": world.arguments["reviewer_id"][0],
            "alert": world.alert.pk,
        }
        others = {"cohost": Role.OTHER_GUEST, "user": Role.REVIEWER, "alert": Role.STRANGER}
        to = world.alert.supporter.email if subject == "alert" else ""
        yield others.get(subject, Role.HOST), _about(message, f"{subject}:{number[subject]}", to)


def _about(message: Message, subject: str, recipient: str) -> Message:
    message.subject_key, message.recipient = subject, recipient
    return message


def test_what_letters_say_is_what_the_table_says_for_everybody_who_gets_one(full):
    found, differences, sent = defaultdict(set), set(), 0
    worlds = [(p, s, a) for p, s, _ in STATES for a in (False, True)]
    for private, state, cancelled in worlds if full else worlds[:2]:
        before = transaction.savepoint_create()
        world = make_world(private=private, state=state)
        # Staff are reminded of what has waited for days.
        Event.objects.update(submitted_at=timezone.now() - timedelta(days=3))
        if cancelled:
            Timeslot.objects.filter(event=world.event).update(state=TimeslotState.CANCELLED)
        for kind in letters.kinds().values():
            if kind.account_mail or kind.name in MADE_UP:
                continue
            for role, message in letters_of(kind, world):
                if kind.wanted(message, timezone.now()) is not None:
                    continue
                letter = kind.render(message, timezone.now())
                text = f"{letter.subject}\n{letter.text}\n{letter.html}\n"
                text += (letter.calendar or b"").decode()
                sent += 1
                found[f"letter/{kind.name}", role] |= {
                    field
                    for field in fields_in(text)
                    if not may_see(Role.STRANGER, field, world.event)
                }
                differences |= {
                    (kind.name, message.subject_key, role.value, state, field.value)
                    for field in fields_in(text)
                    if not may_show(f"letter/{kind.name}", role, field, world.event)
                }
        transaction.savepoint_rollback(before)
    print(f"\nletters compared with the table: {sent}")
    assert sorted(differences) == []
    written = {surface.partition("/")[2] for surface, _role in found}
    listed = {surface.partition("/")[2] for surface in SURFACES if surface.startswith("letter/")}
    assert written >= TICKETS
    if full:  # every kind, and all that the table says its readers learn
        assert {
            kind.name for kind in letters.kinds().values() if not kind.account_mail
        } - MADE_UP == written
        told = defaultdict(set)
        for (surface, _role), fields in found.items():
            told[surface] |= fields - EVERYWHERE
        assert {f"letter/{name}": SURFACES[f"letter/{name}"] for name in listed} == {
            surface: fields for surface, fields in told.items() if fields
        }
