"""Move a house inside its cell, across ZIP and city lines too, and every public byte stays.

Two worlds are built that differ in nothing but where one house stands (its street, ZIP code,
city and exact position), and both are asked the same random questions with the clock, the
request's id and chance held still.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import h3
import pytest
import time_machine
import zipcodes
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from events import geocoding, maps, spatial, totals
from events.models import HomeCell
from events.states import EventType, YesNoUnknown
from tests.factories import make_event, make_host, make_rsvp, make_timeslot

# The worlds are flushed and built anew, so that ids are the same in both.
pytestmark = [
    pytest.mark.django_db(transaction=True, reset_sequences=True),
    pytest.mark.timeout(3600),
]

NOW = datetime(2026, 7, 15, 15, 0, tzinfo=UTC)
# Headers that would differ between any two requests.
STILL = {"X-Request-ID": "0123456789abcdef"}
HOMES = 5  # in each cell
DEEP = 4  # so many pages of an answer are turned
FEW_POINTS = 6  # beyond which the map counts, in every other question to it
TIMES = [*["", "morning", "afternoon", "evening"], "midnight"]


def cells_with_several_towns():
    """H3 cells that hold ZIP codes of different cities: the hardest places to keep quiet about."""
    by_cell = defaultdict(list)
    for row in zipcodes.list_all():
        lat, lng = float(row["lat"]), float(row["long"])
        if lat and row["zip_code_type"] == "STANDARD":
            by_cell[h3.latlng_to_cell(lat, lng, 7)].append(row)
    return [rows for _, rows in sorted(by_cell.items()) if len({row["city"] for row in rows}) > 1]


def neighbours(full):
    """Cells in clusters, so that searches have second pages and maps have bunches."""
    found = cells_with_several_towns()
    apart, several, clusters = (33, 8, 5) if full else (80, 5, 2)
    return [rows for at in range(clusters) for rows in found[at * apart :][:several]]


def a_spot(row, chance):
    """Somewhere about the ZIP code's centre, in the same cell."""
    latitude, longitude = float(row["lat"]), float(row["long"])
    cell = h3.latlng_to_cell(latitude, longitude, 7)
    while True:
        spot = latitude + chance.gauss(0, 0.004), longitude + chance.gauss(0, 0.004)
        if h3.latlng_to_cell(*spot, 7) == cell:
            return spot


def build_world(towns, which):
    """The same events in the same order; the homes stand at their first or second place."""
    call_command("flush", interactive=False, verbosity=0)
    HomeCell.objects.all().delete()
    cache.clear()
    host = make_host(email="host@example.org", name="Robin Sample").user
    moved, still = random.Random(which), random.Random(5)
    number = 0
    for rows in towns:
        for private in (True,) * HOMES + (False,):
            row = rows[(which + number) % len(rows)] if private else rows[0]
            latitude, longitude = a_spot(row, moved if private else still)
            event = make_event(
                host=host,
                private=private,
                type=list(EventType)[number % len(EventType)],
                title=f"Gathering {number}",
                street=f"{number} {'Elm' if which else 'Oak'} Street" if private else "1 Main",
                unit=f"Unit {which}" if private else "",
                city=row["city"],
                state_code=row["state"],
                postal_code=row["zip_code"],
                latitude=latitude,
                longitude=longitude,
                pin_moved=True,
                official=number % 4 == 0,
                wheelchair=YesNoUnknown.YES if number % 5 else YesNoUnknown.UNKNOWN,
            )
            geocoding.place_event(event, now=NOW)
            event.save()
            for day in (2, 9):
                slot = make_timeslot(
                    event,
                    starts_at=NOW + timedelta(days=day, hours=number % 12),
                    capacity=[None, 5, 12][number % 3],
                    instructions=f"Door code {which}" if private else "",
                    uid=f"{event.pk}-{day}@barnstorm",
                )
                if number % 3 == 1:
                    make_rsvp(slot, party_size=5, email=f"guest{number}@example.org")
            spatial.index_event(event, now=NOW)
            number += 1


def a_search(chance, row):
    """Any place, distance, order and filters."""
    place = chance.choice(
        [
            row["zip_code"],
            f"{row['city']}, {row['state']}",
            f"{float(row['lat']) + chance.gauss(0, 0.03):.5f},"
            f"{float(row['long']) + chance.gauss(0, 0.03):.5f}",
            "nowhere at all",
        ]
    )
    search = {
        "near": place,
        "within": chance.choice(["5", "10", "25", "50", "100", "500", "x"]),
        "sort": chance.choice(["time", "distance"]),
    }
    # Few filters at once, or nothing is found.
    others = {
        "type": chance.choice([*EventType.values]),
        "where": chance.choice(["in_person", "virtual"]),
        "room": "1",
        "accessible": "1",
        "official": "1",
        "time": chance.choice(TIMES),
        "when": chance.choice(["today", "weekend", "week"]),
        "from": chance.choice(["2026-07-17", "2026-02-30"]),
        "to": chance.choice(["2026-07-18", "2026-07-30", "2026-01-01"]),
    }
    chosen = chance.sample(sorted(others), chance.choice([0, 0, 1, 2]))
    return search | {name: others[name] for name in chosen}


def a_view(chance, row):
    """A box of the map about this town, of any size: its edges cut through cells."""
    zoom = chance.choice([3, 6, 8, 9, 11, 12, 14, 16])
    height = 360 / 2**zoom * chance.uniform(0.5, 2)
    south = float(row["lat"]) - height * chance.random()
    west = float(row["long"]) - height * chance.random()
    box = (max(-90.0, south), west, min(90.0, south + height), west + 1.5 * height)
    return {"view": ",".join(f"{edge:.5f}" for edge in box), "zoom": str(zoom)}


def questions(chance, towns, count):
    """Random public requests: places, radii, orders, filters, words, map, feeds, errors."""
    events = (HOMES + 1) * len(towns)
    for _ in range(count):
        rows = chance.choice(towns)
        row = chance.choice(rows)
        search = a_search(chance, row)
        number = chance.randint(1, events + 1)
        page = f"/events/{number}-gathering-{number - 1}"
        yield chance.choice(
            [
                ("/events/", search),
                ("/events/", search),
                ("/events/", search),
                ("/events.geojson", search),
                ("/map.geojson", search | a_view(chance, row)),
                ("/map.geojson", a_view(chance, row)),
                ("/events.json", search),
                ("/events.ics", search),
                ("/events.atom", search),
                ("/places/", {"q": chance.choice([row["city"][:4], row["city"], row["zip_code"]])}),
                ("/alerts/", search),
                ("/", {}),
                (f"/events/{number}-gathering/", {}),
                (f"{page}/", {}),
                (f"{page}.ics", {}),
                (f"{page}.ics", {"timeslot": str(2 * number - chance.choice([0, 1, 2]))}),
                (f"/events/{number}/rsvp/", {}),
                ("/sitemap.xml", {}),
                ("/robots.txt", {}),
                ("/no/such/page", {}),
            ]
        )


def following(answer, body: bytes) -> str:
    """Where a redirect, or the link to the next page, leads; "" where there is no more."""
    if 300 <= answer.status_code < 400:
        return answer["Location"]
    if "json" in answer["Content-Type"]:
        return (b'"next"' in body and answer.json().get("next")) or ""
    more = re.search(r'rel="next" href="([^"]*)"', body.decode("utf-8", "replace"))
    return unescape(more[1]) if more else ""


def whole_answer(client, path, query) -> Iterator[tuple]:
    """The answer, what it redirects to and its next pages: every byte, headers included."""
    for _ in range(DEEP):
        answer = client.get(path, query)
        body = b"".join(answer) if answer.streaming else answer.content
        yield path, query, answer.status_code, sorted(answer.headers.items()), body
        onward = following(answer, body)
        if not onward:
            return
        to = urlsplit(urljoin(path, onward))
        path, query = to._replace(scheme="", netloc="").geturl(), {}


def answers(towns, which, count, monkeypatch) -> Iterator[tuple]:
    """Every byte of every answer, headers included, in the world `which`."""
    dice = random.Random(99)
    monkeypatch.setattr("secrets.choice", dice.choice)
    monkeypatch.setattr("secrets.token_bytes", lambda size=32: dice.randbytes(size))
    monkeypatch.setattr("secrets.randbits", dice.getrandbits)
    build_world(towns, which)
    client = Client(headers=STILL)
    for number, (path, query) in enumerate(questions(random.Random(7), towns, count)):
        if number == count // 4:  # until then nobody has counted for the map
            totals.recount(NOW)
        monkeypatch.setattr(maps, "MOST_POINTS", (200, FEW_POINTS)[number % 2])
        yield from whole_answer(client, path, query)


def test_moving_a_house_inside_its_cell_changes_no_public_byte(full, monkeypatch):
    towns = neighbours(full)
    count = 5000 if full else 200
    with time_machine.travel(NOW, tick=False):
        first = list(answers(towns, 0, count, monkeypatch))
        second = list(answers(towns, 1, count, monkeypatch))
    statuses: Counter[int] = Counter()
    seen: Counter[str] = Counter()
    for one, other in zip(first, second, strict=True):
        assert one == other
        path, _query, status, _headers, body = one
        statuses[status] += 1
        seen["next pages"] += "after=" in path
        seen["next pages by distance"] += "after=" in path and "sort=distance" in path
        seen["bunches"] += path == "/map.geojson" and b'"count":' in body
        seen["points"] += path == "/map.geojson" and b'"url":' in body
    print(
        f"\nrequests: {len(first)}, cells: {len(towns)}, by status: {dict(statuses)}; {dict(seen)}"
    )
    # The questions must reach real pages, or equal silence would pass.
    assert statuses[200] > count / 2
    assert statuses[301] + statuses[302] > 0
    assert min(seen.values()) > 0, seen
