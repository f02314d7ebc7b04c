"""What a request must bring along, and what its address must not hold."""

import re
from collections import Counter

import pytest
from django.test import Client
from django.urls import resolve

from events.disclosure import Policy
from events.states import EventState
from tests.dump import everything
from tests.factories import log_in_staff
from tests.homes.walking import pages, paths
from tests.homes.world import ask, make_world
from tests.security.forms import forms_on
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
    before = kept()
    for visitor in [*visitors[:1], *visitors[-2:]]:
        for route in pages():
            for path in list(paths(route, world, visitor))[:1]:
                for send in (visitor.client.get, visitor.client.head, visitor.client.options):
                    send(path)
    assert kept() - before == Counter()
    assert before - kept() == Counter()


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
