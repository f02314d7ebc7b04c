"""What a request must bring along, and what its address must not hold."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import resolve, reverse

from events.disclosure import Policy
from events.states import EventState
from hosts import cohosting, own_data
from rsvps import buttons, links
from tests.dump import everything
from tests.factories import log_in_staff
from tests.homes.walking import pages, paths
from tests.homes.world import World, ask, make_world
from tests.security.forms import forms_on
from tests.security.test_robot import a_ticket
from tests.test_policies import addresses

pytestmark = pytest.mark.django_db

# Pages behind mailed links: whoever can name the address holds its key.
WITHOUT_TOKEN = {Policy.TOKEN}
ABOUT_PEOPLE = re.compile(r"mail|phone|password|name$|note|street|unit|code$|words|csrf", re.I)


def test_no_form_is_taken_from_another_site():
    browser = Client(enforce_csrf_checks=True)
    log_in_staff(browser, senior=True)
    refused = 0
    for path in addresses(*(set(Policy) - WITHOUT_TOKEN)):
        for headers in ({}, {"origin": "https://elsewhere.example"}):
            answer = browser.post(path, {"do": "yes"}, headers=headers)
            # A form that was typed for long is kept behind a new log-in, and not acted upon.
            kept = hasattr(resolve(path).func, "keep_refused")
            assert answer.status_code == 403 or kept, path
            refused += 1
    assert refused > 100


def test_looking_at_any_address_in_any_way_changes_nothing(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = make_world(private=True, state=EventState.APPROVED)
    visitors = [one for one in world.visitors if one.role in {"guest", "host", "senior"}]
    issued = list(keys(world))
    before = kept()
    for visitor in [*visitors[:1], *visitors[-2:]]:
        for route in pages():
            for path in list(paths(route, world, visitor))[:1]:
                look(visitor.client, path)
    for name, number, token in issued:
        arguments = {"token": token} | ({"rsvp_id": number} if number else {})
        assert look(Client(), reverse(name, kwargs=arguments)) == 200, name
    assert kept() - before == Counter()
    assert before - kept() == Counter()


def look(client: Client, path: str) -> int:
    """Every way of looking; the page's status."""
    client.head(path)
    client.options(path)
    return client.get(path).status_code


def keys(world: World) -> Iterator[tuple[str, int, str]]:
    """For each page behind a mailed link, a key that opens it: (route, RSVP, token)."""
    rsvp = world.canary
    manage = last_part(links.manage_url(rsvp.guest))
    found = {
        "manage": (0, manage),
        "answer_coming": (rsvp.pk, manage),
        "answer_cannot": (rsvp.pk, manage),
        "feedback": (rsvp.pk, manage),
        "confirm": (0, a_ticket(buttons.CONFIRM, rsvp.guest, world)),
        "unsubscribe": (0, last_part(links.unsubscribe_url(rsvp.supporter))),
        "alert": (0, last_part(links.alert_url(world.alert))),
        "own_data": (0, a_ticket(own_data.PURPOSE, None, world)),
        "cohost_answer": (0, last_part(cohosting.request_url(world.asked))),
    }
    assert found.keys() == {r.name for r in pages() if r.policy == Policy.TOKEN}
    return ((name, *key) for name, key in found.items())


def last_part(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def kept() -> Counter[str]:
    """All that is stored, but who read an address and what a browser's session remembers."""
    lines = everything().splitlines()
    noted = ("events_addressreading.", "hosts_record.", "django_session.", "{", "rsvps_ratecount.")
    noted += ("outbox_heartbeat.",)  # the deliverers' one row, made when first looked for
    return Counter(line for line in lines if not line.startswith(noted))


def test_nothing_people_type_about_themselves_goes_into_an_address():
    world = make_world(private=True, state=EventState.APPROVED)
    found = set()
    for visitor in world.visitors:
        for route in pages():
            if route.spaces[:1] == ("admin",):
                continue
            for path in list(paths(route, world, visitor))[:1]:
                answer, _words, _read = ask(visitor, path)
                if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
                    continue
                for form in forms_on(path, answer.content.decode()):
                    if form.method == "get":
                        found |= set(form.values)
    assert found  # searches
    assert not [name for name in found if ABOUT_PEOPLE.search(name)]


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.git/HEAD", "/static/.git/config", "/static/../.git/config",
             "/static/%2e%2e/.git/config", "/media/../.git/HEAD", "/.svn/entries", "/.env"],
)  # fmt: skip
def test_the_sources_of_the_site_cannot_be_read(client, path):
    assert client.get(path).status_code == 404
