import re
from collections import defaultdict

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from events.disclosure import Policy, Role
from events.models import Timeslot
from events.states import EventState
from hosts import cohosting
from hosts.models import User
from rsvps import attending
from rsvps.models import Rsvp
from tests.factories import make_event, make_rsvp, make_timeslot
from tests.homes.walking import arguments_of, forms_in, pages, paths
from tests.homes.world import Visitor, World, ask, fields_in, make_world
from tests.test_policies import Route

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

NOBODYS = 987_654_321
# What a co-host may not decide.
HOST_ALONE = {
    *("host_event_cancel", "host_event_unlist", "host_event_copy"),
    *("host_cohost_ask", "host_cohost_remove"),
}
# Whom a route with this policy is not for, though they are logged in.
OUTSIDE = {
    Policy.HOST: {Role.COHOST, Role.OTHER_HOST, Role.REVIEWER, Role.SENIOR},
    Policy.REVIEWER: {Role.HOST, Role.COHOST, Role.OTHER_HOST},
    Policy.SENIOR: {Role.HOST, Role.COHOST, Role.OTHER_HOST, Role.REVIEWER},
}
ID = re.compile(r"/\d+(?=[-/.]|$)")
# What differs between any two answers.
VARIES = re.compile(r'csrfmiddlewaretoken" value="[^"]*|nonce="[^"]*|name="stamp" value="[^"]*')
# Fields with the id of a date in them, and what people type beside them.
HOLD_DATES = {"id", "timeslots"}
TYPED = {"name": "Alex Guest", "email": "alex@example.org", "words": "See you soon!"}


def with_ids(world: World, visitor: Visitor, *policies: Policy) -> list[tuple[str, str, str]]:
    """(route's name, each of its addresses with real ids, the same with ids nobody has)."""
    return [
        (route.name, path, ID.sub(f"/{NOBODYS}", path))
        for route in pages()
        if route.policy in policies and any(n.endswith("id") for n in arguments_of(route))
        for path in paths(route, world, visitor)
    ]


def own_pages() -> list[Route]:
    """All pages but the admin's and the operator's."""
    return [
        route
        for route in pages()
        if route.policy != Policy.OPERATOR and not route.name.startswith("admin:")
    ]


def forms_offered(world: World, *roles: Role) -> dict[str, list[dict]]:
    """Everything people in these roles can send from their pages, by where it goes."""
    offered: dict[str, list[dict]] = defaultdict(list)
    for visitor in world.visitors:
        if visitor.role not in roles:
            continue
        for path in {p for route in own_pages() for p in paths(route, world, visitor)}:
            answer, _words, _read = ask(visitor, path)
            for action, data in forms_in(path, answer):
                offered[action].append(data)
    return offered


Answer = tuple[int, str, str]


def look(visitor: Visitor, path: str, data: dict | None = None) -> Answer:
    """What a GET, or a POST of `data`, brings: the answer's status, where it leads, and its words,
    without ids and what always varies."""
    answer, _words, _read = ask(visitor, path, data, post=data is not None)
    body = b"".join(answer) if answer.streaming else answer.content
    words = VARIES.sub("", body.decode("utf-8", "replace"))
    plain = [re.sub(r"\d+", "#", text) for text in (answer.headers.get("Location", ""), words)]
    assert fields_in(words) == set(), f"{path} shows {fields_in(words)} to {visitor.called}"
    return answer.status_code, plain[0], plain[1]


def all_looks(visitor: Visitor, path: str, forms: list[dict] | None) -> list[Answer]:
    """A GET, and a POST of each of the forms that others are offered there."""
    return [look(visitor, path, data) for data in (None, *(forms or [{"do": "contact"}]))]


@pytest.fixture
def world():
    return make_world(private=True, state=EventState.APPROVED)


def who(world: World, role: Role) -> Visitor:
    return next(one for one in world.visitors if one.role == role)


@pytest.mark.parametrize("role", [Role.HOST, Role.COHOST, Role.OTHER_HOST, *list(Role)[-2:]])
def test_somebody_logged_in_gets_404_and_no_data_for_what_is_not_theirs(world, role):
    visitor = who(world, role)
    offered = forms_offered(world, Role.HOST, Role.SENIOR)
    looked = pressed = 0
    for policy, outside in OUTSIDE.items():
        if role not in outside:
            continue
        for name, real, nobodys in with_ids(world, visitor, policy):
            if role == Role.COHOST and policy == Policy.HOST and name not in HOST_ALONE:
                continue
            forms = offered.get(real)
            answers = all_looks(visitor, real, forms)
            assert answers == all_looks(visitor, nobodys, forms), name
            # A page without a button refuses any POST, a button any GET: that tells nothing.
            assert 404 in {found[0] for found in answers} <= {404, 405}, name
            looked += 1
            pressed += len(forms or [])
    assert looked > 15
    assert pressed > 5


def test_a_stranger_is_sent_to_log_in_alike_for_ids_that_exist_and_ids_that_do_not(world):
    stranger = world.visitors[0]
    routes = with_ids(world, stranger, Policy.HOST, Policy.REVIEWER, Policy.SENIOR, Policy.ACCOUNT)
    offered = forms_offered(world, Role.HOST, Role.SENIOR)
    for name, real, nobodys in routes:
        for data in (None, *offered.get(real, [{}])):
            found = look(stranger, real, data)
            assert found[0] == 302, name
            assert found[1].startswith("/accounts/"), name
            assert found == look(stranger, nobodys, data), name
    assert len(routes) > 40


def test_a_cohost_may_do_all_that_a_host_may_but_what_is_the_hosts_alone():
    world = make_world(private=True, state=EventState.APPROVED)
    offered = forms_offered(world, Role.HOST)
    shut = defaultdict(set)
    for role in (Role.HOST, Role.COHOST):
        visitor = who(world, role)
        for name, path, _nobodys in with_ids(world, visitor, Policy.HOST):
            for data in (None, *offered.get(path, [{}])):
                answer, _words, _read = ask(visitor, path, data, post=data is not None)
                shut[name, role].add(answer.status_code in {404, 405})
    assert {name for (name, role), found in shut.items() if found == {True}} == HOST_ALONE
    assert {role for (_name, role), found in shut.items() if found == {True}} == {Role.COHOST}


# -- One's own event, and something of somebody else's ---------------------------------


@pytest.fixture
def theirs(world) -> dict[str, int]:
    """What another host has: an event with a date, a guest who was removed, and a co-host."""
    now = timezone.now()
    event = make_event(host=user_of(who(world, Role.OTHER_HOST)), title="Godwit evening")
    slot = make_timeslot(event, instructions="Ring at the dotterel")
    guest = make_rsvp(slot).guest
    attending.remove_guest(guest, by=event.host, now=now)
    (cohost,) = cohosting.ask_cohosts(event, ["kit@dunnock.example"], by=event.host, now=now)
    return {
        "event_id": event.pk,
        "timeslot_id": slot.pk,
        "rsvp_id": make_rsvp(slot).pk,
        "guest_id": guest.pk,
        "cohost_id": cohost.pk,
    }


def user_of(visitor: Visitor) -> User:
    return User.objects.get(pk=int(visitor.reader.partition(":")[2]))


def test_a_host_with_their_own_event_in_the_address_reaches_nothing_of_another(world, theirs):
    host = who(world, Role.HOST)
    walked = set()
    for route in pages():
        names = [name for name in arguments_of(route) if name.endswith("id")]
        if route.policy != Policy.HOST or len(names) < 2:
            continue
        own = {name: world.arguments[name][0] for name in names}
        for name in names:
            paths_to = [
                reverse(route.name, kwargs=own | {name: number})
                for number in (theirs[name], NOBODYS)
            ]
            found, nobodys = ([look(host, path, data) for data in (None, {})] for path in paths_to)
            assert found == nobodys, paths_to[0]
            assert 404 in {answer[0] for answer in found} <= {404, 405}, paths_to[0]
        walked.add(route.name)
    assert walked >= {"host_guest_welcome", "host_cohost_remove"}


def test_forms_of_ones_own_event_take_no_date_of_another(world, theirs):
    """Each field that holds the id of a date, on the host's pages, a guest's and a stranger's."""
    own = str(world.arguments["timeslot_id"][0])
    taken = set()
    for visitor in (world.visitors[0], who(world, Role.GUEST), who(world, Role.HOST)):
        for path, data, name in fields_with_dates(world, visitor, own):
            before = dates_of(theirs)
            with_theirs, with_nobodys = (
                press(visitor, path, data | {name: f"{number}{data[name][len(own) :]}"}, theirs)
                for number in (theirs["timeslot_id"], NOBODYS)
            )
            assert with_theirs == with_nobodys, (path, name)
            assert with_theirs[-1] == before, (path, name)
            taken.add((visitor.role, name))
    assert taken >= {
        (Role.STRANGER, "timeslots"),
        (Role.GUEST, "timeslots"),
        (Role.HOST, "timeslots"),
        (Role.HOST, "id"),
    }


def fields_with_dates(world: World, visitor: Visitor, own: str):
    """(where a form goes, the form, the field with the date's id)."""
    for path in {p for route in own_pages() for p in paths(route, world, visitor)}:
        answer, _words, _read = ask(visitor, path)
        for action, data in forms_in(path, answer):
            typed = {name: TYPED[name] for name in TYPED.keys() & data.keys()}
            for name, value in data.items():
                if name in HOLD_DATES and re.fullmatch(rf"{own}(\.\d+)?", value):
                    yield action, data | typed, name


def press(visitor: Visitor, path: str, data: dict, theirs: dict[str, int]):
    """What comes of a form: status, words without numbers, and the other's dates afterwards."""
    before = transaction.savepoint_create()
    answer = visitor.client.post(path, data, follow=True)
    words = re.sub(r"\d+", "#", VARIES.sub("", answer.content.decode()))
    assert not re.search("Godwit|dotterel|dunnock", words), path
    found = answer.status_code, words, dates_of(theirs)
    transaction.savepoint_rollback(before)
    return found


def dates_of(theirs: dict[str, int]):
    return list(Timeslot.objects.filter(event=theirs["event_id"]).values())


@pytest.mark.parametrize("state", [s for s in EventState if s not in {"approved", "cancelled"}])
def test_an_event_that_is_not_public_answers_everybody_like_one_that_is_not_there(state, full):
    if not full and state != EventState.UNLISTED:
        pytest.skip("the other states are for make check-homes")
    world = make_world(private=True, state=state)
    for visitor in world.visitors:
        if visitor.tokens and visitor.role != Role.STRANGER:
            continue
        for name, real, nobodys in with_ids(world, visitor, Policy.PUBLIC):
            for data in (None, {"do": "contact"}):
                found = look(visitor, real, data)
                assert found[0] in {404, 405}, name
                assert found == look(visitor, nobodys, data), name


def test_a_guests_link_opens_no_rsvp_of_another_guest(world, full):
    guests = [one for one in world.visitors if one.reader.startswith("guest:")]
    for visitor in guests if full else guests[1:3]:
        number = visitor.reader.partition(":")[2]
        theirs = set(Rsvp.objects.filter(guest=number).values_list("pk", flat=True))
        for route in pages():
            if route.policy != Policy.TOKEN or "rsvp_id" not in arguments_of(route):
                continue
            for path in paths(route, world, visitor):
                if int(ID.findall(path)[-1][1:]) in theirs:
                    continue
                nobodys = ID.sub(f"/{NOBODYS}", path)
                for data in (None, {"do": "contact"}):
                    found = look(visitor, path, data)
                    assert found[0] == 404
                    assert found == look(visitor, nobodys, data)
