"""Move a house inside its cell, across ZIP and city lines too, and every public byte stays.

Two worlds are built that differ in nothing but where one house stands (its street, ZIP code,
city and exact position), and both are asked the same random questions with the clock, the
request's id and chance held still.
"""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import h3
import pytest
import time_machine
import zipcodes
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from events import geocoding, spatial
from events.models import HomeCell
from events.states import EventType
from tests.factories import make_event, make_host, make_rsvp, make_timeslot

# The worlds are flushed and built anew, so that ids are the same in both.
pytestmark = [
    pytest.mark.django_db(transaction=True, reset_sequences=True),
    pytest.mark.timeout(3600),
]

NOW = datetime(2026, 7, 15, 15, 0, tzinfo=UTC)
# Headers that would differ between any two requests.
STILL = {"X-Request-ID": "0123456789abcdef"}


def cells_with_several_towns():
    """H3 cells that hold ZIP codes of different cities: the hardest places to keep quiet about."""
    by_cell = defaultdict(list)
    for row in zipcodes.list_all():
        lat, lng = float(row["lat"]), float(row["long"])
        if lat and row["zip_code_type"] == "STANDARD":
            by_cell[h3.latlng_to_cell(lat, lng, 7)].append(row)
    return [rows for _, rows in sorted(by_cell.items()) if len({row["city"] for row in rows}) > 1]


def build_world(towns, which):
    """The same events in the same order; the homes stand at their first or second place."""
    call_command("flush", interactive=False, verbosity=0)
    HomeCell.objects.all().delete()
    cache.clear()
    host = make_host(email="host@example.org", name="Robin Sample").user
    for number, rows in enumerate(towns):
        for private in (True, False):
            row = rows[which if private else 0]
            # Not quite at the ZIP's centre either; both places lie in one cell.
            event = make_event(
                host=host,
                private=private,
                type=list(EventType)[number % len(EventType)],
                title=f"Gathering {number}",
                street=f"{which * 7 + 1} {'Elm' if which else 'Oak'} Street"
                if private
                else "1 Main",
                unit=f"Unit {which}" if private else "",
                city=row["city"],
                state_code=row["state"],
                postal_code=row["zip_code"],
                latitude=float(row["lat"]),
                longitude=float(row["long"]),
                pin_moved=True,
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


def questions(chance, towns, count):
    """Random public requests: places, radii, orders, pages, words, map, feeds, errors."""
    ids = range(1, 2 * len(towns) + 2)
    for _ in range(count):
        rows = chance.choice(towns)
        row = chance.choice(rows)
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
            "within": chance.choice(["5", "10", "25", "50", "100", "x"]),
            "sort": chance.choice(["time", "distance"]),
            "type": chance.choice(["", *EventType.values]),
            "where": chance.choice(["", "in_person", "virtual"]),
            "room": chance.choice(["", "1"]),
            "from": chance.choice(["", "2026-07-17", "2026-02-30"]),
        }
        zoom = chance.choice(["3", "6", "9", "12", "16"])
        view = chance.choice(["25,-125,50,-66", "39.5,-83.5,40.5,-82.5", "39.9,-83.1,40,-82.9"])
        number = chance.choice(ids)
        yield chance.choice(
            [
                ("/events/", search),
                ("/events/", search),
                ("/events.geojson", search),
                ("/map.geojson", search | {"view": view, "zoom": zoom}),
                ("/events.json", search),
                ("/events.ics", search),
                ("/events.atom", search),
                ("/", {}),
                (f"/events/{number}-gathering/", {}),
                (f"/events/{number}-gathering-{(number - 1) // 2}/", {}),
                (f"/events/{number}-gathering-{(number - 1) // 2}.ics", {}),
                (f"/events/{number}/rsvp/", {}),
                ("/sitemap.xml", {}),
                ("/robots.txt", {}),
                ("/no/such/page", {}),
            ]
        )


def answers(towns, which, count, monkeypatch):
    """Every byte of every answer, headers included, in the world `which`."""
    dice = random.Random(99)
    monkeypatch.setattr("secrets.choice", dice.choice)
    monkeypatch.setattr("secrets.token_bytes", lambda size=32: dice.randbytes(size))
    monkeypatch.setattr("secrets.randbits", dice.getrandbits)
    build_world(towns, which)
    client = Client(headers=STILL)
    for path, query in questions(random.Random(7), towns, count):
        answer = client.get(path, query, follow=True)
        body = b"".join(answer) if answer.streaming else answer.content
        yield path, query, answer.status_code, sorted(answer.headers.items()), body


def test_moving_a_house_inside_its_cell_changes_no_public_byte(full, monkeypatch):
    towns = cells_with_several_towns()[:: 11 if full else 60][: 25 if full else 6]
    count = 5000 if full else 120
    with time_machine.travel(NOW, tick=False):
        first = list(answers(towns, 0, count, monkeypatch))
        second = list(answers(towns, 1, count, monkeypatch))
    statuses = defaultdict(int)
    for one, other in zip(first, second, strict=True):
        assert one == other
        statuses[one[2]] += 1
    print(f"\nrequests: {count}, cells: {len(towns)}, answers by status: {dict(statuses)}")
    # The questions must reach real pages, or equal silence would pass.
    assert statuses[200] > count / 2
