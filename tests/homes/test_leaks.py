"""A stranger who opens everything that is public finds none of the home's canaries.

The crawl starts from every public route the URL resolver knows and from the sitemap, follows
every link and picture of this site, and reads bodies and headers.
"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from events import geocoding, lifecycle, spatial
from events.disclosure import Policy
from events.states import AttendanceMode, EventState
from hosts.models import CoHost
from tests.factories import make_event, make_host, make_rsvp, make_timeslot, make_user
from tests.homes.walking import QUERY, pages, paths
from tests.homes.world import make_world
from tests.test_policies import ROUTES

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

CANARIES = {
    "street": "8417 Canarygrass",
    "unit": "Zebrafinch",
    "venue": "Goldcrest Cottage",
    "latitude": "39.9537",
    "longitude": "-82.9381",
    "host's surname": "Yellowhammer",
    "host's email": "robin.account@home.example",
    "contact's name": "Wagtail",
    "contact's phone": "614 555 0177",
    "contact's email": "robin.contact@home.example",
    "host's phone": "614 555 0188",
    "door code": "Kingfisher 4711",
    "joining link": "meet.example.org/siskin",
    "joining notes": "Passphrase bullfinch",
    "a guest's name": "Nuthatch",
    "a guest's note": "allergic to treecreepers",
    "a guest's email": "guest.canary@home.example",
    "a co-host's email": "cohost.canary@home.example",
}


@pytest.fixture
def home():
    """An approved house party that holds every canary, with a guest and a co-host."""
    now = timezone.now()
    user = make_user(email=CANARIES["host's email"], name="Robin Yellowhammer")
    host = make_host(user=user)
    host.phone = "+16145550188"
    host.save()
    event = make_event(
        host=user,
        private=True,
        attendance_mode=AttendanceMode.BOTH,
        venue=CANARIES["venue"],
        street=f"{CANARIES['street']} Lane",
        unit=f"Apt {CANARIES['unit']}",
        latitude=39.95374,
        longitude=-82.93816,
        pin_moved=True,
        contact_name="Robin Wagtail",
        contact_phone="+16145550177",
        contact_email=CANARIES["contact's email"],
        joining_url=f"https://{CANARIES['joining link']}",
        joining_notes=CANARIES["joining notes"],
    )
    geocoding.place_event(event, now=now)
    event.save()
    slot = make_timeslot(event, capacity=20, instructions=CANARIES["door code"])
    make_rsvp(slot, email=CANARIES["a guest's email"], note=CANARIES["a guest's note"])
    event.guests.get().supporter.__class__.objects.update(name="Sam Nuthatch")
    CoHost.objects.create(
        event=event,
        email=CANARIES["a co-host's email"],
        token_digest="0" * 64,
        invited_at=now,
    )
    spatial.index_event(event, now=now)
    return event


def starting_points(event):
    """Every public route, with this event's id where it wants one, and what the sitemap lists."""
    values = [{}, {"id": event.pk, "slug": event.slug}, {"id": event.pk}, {"event_id": event.pk}]
    values += [{"slug": slug} for slug in ("terms", "privacy", "contact")]
    for route in ROUTES:
        if route.policy != Policy.PUBLIC:
            continue
        for kwargs in values:
            try:
                yield reverse(route.name, kwargs=kwargs)
                break
            except NoReverseMatch:
                continue
    for ending in ("ics", "atom", "json", "geojson"):
        for query in ("near=43215", "near=43215&within=100&sort=distance", "near=39.95,-82.94"):
            yield f"/events.{ending}?{query}"
    yield "/events/?near=43215&within=50&sort=distance"
    for zoom in (4, 9, 14):
        yield f"/map.geojson?view=39.8,-83.2,40.1,-82.8&zoom={zoom}"


def links_of(text):
    for link in re.findall(r"""(?:href|src|action|content)=["']([^"'#]+)|<loc>([^<]+)""", text):
        yield unescape(link[0] or link[1])
    yield from re.findall(r'"(?:url|@id)":\s*"([^"]+)"', text)


def crawl(client, start, *, most):
    """Every answer of this site that links lead to: {address: its bytes as text, headers first}."""
    waiting, seen = list(dict.fromkeys(start)), {}
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen:
            continue
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        text = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        text += "\n\n" + body.decode("utf-8", "replace")
        seen[address] = text
        follow = [answer.headers["Location"]] if "Location" in answer.headers else []
        for link in [*follow, *links_of(text)]:
            parts = urlsplit(urljoin(f"http://testserver{address}", link))
            if parts.netloc in {"testserver", "localhost:8000"} and "static" not in parts.path:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return seen


def hits(pages):
    """Where a canary sings, in any spelling: {(canary, address)}."""
    found = set()
    for address, text in pages.items():
        plain = unescape(text).casefold()
        digits = re.sub(r"[\s().+-]", "", plain)
        for name, canary in CANARIES.items():
            if canary.casefold() in plain or (
                "phone" in name and canary.replace(" ", "") in digits
            ):
                found.add((name, address))
    return found


def test_a_crawl_of_everything_public_finds_no_canary(home, full):
    pages = crawl(Client(), starting_points(home), most=2000 if full else 80)
    assert any(home.title in text for text in pages.values()), "the crawl missed the event"
    assert any(address.endswith(".ics") for address in pages)
    print(f"\npages read: {len(pages)}; canaries: {len(CANARIES)}")
    assert hits(pages) == set()


def test_the_crawl_would_find_the_canaries_of_a_public_address(home):
    home.address_visibility = "public"
    geocoding.place_event(home, now=timezone.now())
    home.save()
    pages = crawl(Client(), [home.get_absolute_url()], most=3)
    assert {name for name, _ in hits(pages)} >= {"street", "venue", "door code"}


def test_unlisting_empties_every_public_surface_within_one_request(home):
    lifecycle.unlist(home, by=home.host, now=timezone.now(), note="reported")
    start = list(starting_points(home))
    pages = crawl(Client(), [path for path in start if not path.startswith("/accounts")], most=80)
    assert [address for address, text in pages.items() if home.title in text] == []
    assert Client().get(home.get_absolute_url()).status_code == 404


def test_an_hour_old_search_page_key_does_not_bring_an_unlisted_event_back(home):
    lifecycle.unlist(home, by=home.host, now=timezone.now(), note="reported")
    soon = int((timezone.now() - timedelta(hours=1)).timestamp())
    answer = Client().get(f"/events/?near=43215&after={soon}_{soon}_1")
    assert home.title not in answer.content.decode()


# They say the same whatever stands in the database.
SAY_NOTHING_OF_EVENTS = {"robots", "place_suggest", "brand_css", "brand_icon", "manifest"}


@pytest.mark.parametrize("private", [True, False])
def test_no_cache_keeps_anything_of_an_event_for_more_than_a_minute(private):
    world = make_world(private=private, state=EventState.APPROVED)
    stranger = world.visitors[0]
    looked = 0
    for route in pages():
        if route.policy != Policy.PUBLIC or route.name in SAY_NOTHING_OF_EVENTS:
            continue
        for path in paths(route, world, stranger):
            answer = stranger.client.get(path, QUERY)
            told = answer.headers.get("Cache-Control", "")
            seconds = [int(age) for age in re.findall(r"max-age=(\d+)", told)]
            assert "immutable" not in told, path
            assert max(seconds, default=0) <= 60, path
            looked += 1
    assert looked > 20
