"""Ids of others open nothing, and do not tell whether they exist.

Every route with an id in its address, from the URL resolver, for every role it is not for. What
is compared is a real id of somebody else's and one that nobody has: status, address to go on to
and body are alike, for GET and POST.
"""

import re

import pytest

from events.disclosure import Policy, Role
from events.states import EventState
from rsvps.models import Rsvp
from tests.homes.walking import arguments_of, pages, paths
from tests.homes.world import Visitor, World, ask, fields_in, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

NOBODYS = 987_654_321
# Whom a route with this policy is not for, though they are logged in.
OUTSIDE = {
    Policy.HOST: {Role.OTHER_HOST, Role.REVIEWER, Role.SENIOR},
    Policy.REVIEWER: {Role.HOST, Role.COHOST, Role.OTHER_HOST},
    Policy.SENIOR: {Role.HOST, Role.COHOST, Role.OTHER_HOST, Role.REVIEWER},
}
ID = re.compile(r"/\d+(?=[-/.]|$)")
# What differs between any two answers.
VARIES = re.compile(r'csrfmiddlewaretoken" value="[^"]*|nonce="[^"]*|name="stamp" value="[^"]*')


def with_ids(world: World, visitor: Visitor, *policies: Policy) -> list[tuple[str, str, str]]:
    """(route's name, its address with real ids, the same with ids nobody has)."""
    return [
        (route.name, path, ID.sub(f"/{NOBODYS}", path))
        for route in pages()
        if route.policy in policies and any(n.endswith("id") for n in arguments_of(route))
        for path in list(paths(route, world, visitor))[:1]
    ]


def look(visitor: Visitor, path: str, *, post: bool) -> tuple[int, str, str]:
    """The answer's status, where it leads, and its words, without ids and what always varies."""
    answer, _words, _read = ask(visitor, path, {"do": "contact"} if post else {}, post=post)
    body = b"".join(answer) if answer.streaming else answer.content
    words = VARIES.sub("", body.decode("utf-8", "replace"))
    plain = [re.sub(r"\d+", "#", text) for text in (answer.headers.get("Location", ""), words)]
    assert fields_in(words) == set(), f"{path} shows {fields_in(words)} to {visitor.called}"
    return answer.status_code, plain[0], plain[1]


@pytest.fixture
def world():
    return make_world(private=True, state=EventState.APPROVED)


@pytest.mark.parametrize("role", [Role.HOST, Role.COHOST, Role.OTHER_HOST, *list(Role)[-2:]])
def test_somebody_logged_in_gets_404_and_no_data_for_what_is_not_theirs(world, role):
    visitor = next(one for one in world.visitors if one.role == role)
    looked = 0
    for policy, outside in OUTSIDE.items():
        if role not in outside:
            continue
        for name, real, nobodys in with_ids(world, visitor, policy):
            answers = [look(visitor, real, post=post) for post in (False, True)]
            assert answers == [look(visitor, nobodys, post=post) for post in (False, True)], name
            # A page without a button refuses any POST, a button any GET: that tells nothing.
            assert 404 in {found[0] for found in answers} <= {404, 405}, name
            looked += 1
    assert looked > 15


def test_a_stranger_is_sent_to_log_in_alike_for_ids_that_exist_and_ids_that_do_not(world):
    stranger = world.visitors[0]
    routes = with_ids(world, stranger, Policy.HOST, Policy.REVIEWER, Policy.SENIOR, Policy.ACCOUNT)
    for name, real, nobodys in routes:
        for post in (False, True):
            found = look(stranger, real, post=post)
            assert found[0] == 302, name
            assert found[1].startswith("/accounts/"), name
            assert found == look(stranger, nobodys, post=post), name
    assert len(routes) > 40


@pytest.mark.parametrize("state", [s for s in EventState if s not in {"approved", "cancelled"}])
def test_an_event_that_is_not_public_answers_everybody_like_one_that_is_not_there(state, full):
    if not full and state != EventState.UNLISTED:
        pytest.skip("the other states are for make check-homes")
    world = make_world(private=True, state=state)
    for visitor in world.visitors:
        if visitor.tokens and visitor.role != Role.STRANGER:
            continue
        for name, real, nobodys in with_ids(world, visitor, Policy.PUBLIC):
            for post in (False, True):
                found = look(visitor, real, post=post)
                assert found[0] in {404, 405}, name
                assert found == look(visitor, nobodys, post=post), name


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
                for post in (False, True):
                    found = look(visitor, path, post=post)
                    assert found[0] == 404
                    assert found == look(visitor, nobodys, post=post)
