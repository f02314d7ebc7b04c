"""One database's side of `bench/search.py`: answers questions on stdin with times on stdout.

Run by it, with DATABASE_URL set; makes its data when there is none.
"""

import json
import math
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

os.environ["BARNSTORM_MODE"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from bench import world
from events import entries, maps, spatial, streams
from events.circles import Circle
from events.models import Event, Listing
from events.search import COUNTED, SearchQuery, search
from events.spatial import squared_chord, unit_vector
from events.states import EventState
from events.streams import unix
from hosts import review, vetting
from hosts.models import StaffRole, User

NOW = unix(world.NOW)
LIMIT = 20
METRES = 1609.344
CRITERIA = SearchQuery().criteria(NOW)


def rows_of(sql: str, params: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def bare(lat: float, lng: float, miles: float) -> list[int]:
    """What any question costs before it is a question."""
    return [row[0] for row in rows_of("SELECT 1", [])]


# -- ours ------------------------------------------------------------------------------------


def by_time(lat: float, lng: float, miles: float) -> list[int]:
    hits = streams.soonest(CRITERIA, Circle(lat, lng, miles), limit=LIMIT)
    return [hit.timeslot_id for hit in hits]


def by_distance(lat: float, lng: float, miles: float) -> list[int]:
    hits = streams.nearest(CRITERIA, Circle(lat, lng, miles), limit=LIMIT)
    return [hit.timeslot_id for hit in hits]


def counted(lat: float, lng: float, miles: float) -> list[int]:
    counting = streams.counting(CRITERIA, Circle(lat, lng, miles), cap=COUNTED + 1)
    return list(counting.rows()[0])


def whole(lat: float, lng: float, miles: float) -> list[int]:
    query = SearchQuery(latitude=lat, longitude=lng, within_miles=miles, widen=False)
    page = search(query, now=world.NOW)
    return [result.timeslot.pk for result in page.results]


PIXELS = 960  # of the map asked for: 640 in view, and a quarter more on each side
WEEK = {"date_from": world.NOW.date(), "date_to": (world.NOW + timedelta(days=6)).date()}
FILTERS: dict[str, SearchQuery] = {
    "none": SearchQuery(),
    "a type": SearchQuery(types=("canvass",)),
    "a week": SearchQuery(**WEEK),
    "a type in a week": SearchQuery(types=("canvass",), **WEEK),
    "from a day on": SearchQuery(date_from=(world.NOW + timedelta(days=20)).date()),
}


def on_the_map(lat: float, lng: float, zoom: int, asked: str) -> int:
    """How many features the map's answer has."""
    across = PIXELS / 2 * 360 / (256 * 2**zoom)
    up = min(60.0, across * math.cos(math.radians(lat)))
    east_west = (-180.0, 180.0) if across >= 180 else (lng - across, lng + across)
    view = maps.View(max(-85.0, lat - up), east_west[0], min(85.0, lat + up), east_west[1], zoom)
    sight = maps.look(FILTERS[asked], view, now=world.NOW)
    return len(sight.points) + len(sight.bunches)


# -- the others ------------------------------------------------------------------------------


def make_rivals() -> bool:
    """Tables of the same rows for the rivals; True where PostGIS is at hand."""
    vendor, has_postgis = connection.vendor, False
    with connection.cursor() as cursor:
        if "bench_plain" in connection.introspection.table_names(cursor):
            return "bench_geo" in connection.introspection.table_names(cursor)
        columns = (
            "l.timeslot_id AS id, l.starts, e.public_latitude AS lat, e.public_longitude AS lng,"
            " l.x, l.y, l.z, (l.previous_starts = 0) AS first"
            " FROM events_listing l JOIN events_event e ON e.id = l.event_id"
        )
        cursor.execute(f"CREATE TABLE bench_plain AS SELECT {columns}")
        cover = " INCLUDE (starts, id, x, y, z)" if vendor == "postgresql" else ""
        more = "" if cover else ", starts, id, x, y, z"
        cursor.execute(
            f"CREATE INDEX bench_plain_place ON bench_plain (lat, lng{more}){cover} WHERE first"
        )
        if vendor == "postgresql":
            try:
                with transaction.atomic():
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
                has_postgis = True
            except django.db.Error as error:
                print("NO POSTGIS HERE:", error, file=sys.stderr)
        if has_postgis:
            cursor.execute(
                "CREATE TABLE bench_geo AS SELECT id, starts, first,"
                " ST_SetSRID(ST_MakePoint(lng, lat), 4326)::geography AS geog FROM bench_plain"
            )
            cursor.execute(
                "CREATE INDEX bench_geo_place ON bench_geo USING gist (geog, starts) WHERE first"
            )
        cursor.execute("VACUUM ANALYZE" if vendor == "postgresql" else "ANALYZE")
    return has_postgis


def plain_by_time(lat: float, lng: float, miles: float) -> list[int]:
    """A box of latitude and longitude, then the distance."""
    north = miles / 69.0
    east = north / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + north))))
    x, y, z = unit_vector(lat, lng)
    sql = (
        "SELECT id FROM bench_plain WHERE first AND lat BETWEEN %s AND %s AND lng BETWEEN %s AND %s"
        " AND starts > %s AND (x - %s) * (x - %s) + (y - %s) * (y - %s) + (z - %s) * (z - %s) <= %s"
        " ORDER BY starts, id LIMIT %s"
    )
    box = [lat - north, lat + north, lng - east, lng + east, NOW]
    params = [*box, x, x, y, y, z, z, squared_chord(miles), LIMIT]
    return [row[0] for row in rows_of(sql, params)]


_POINT = "ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography"


def postgis_by_time(lat: float, lng: float, miles: float) -> list[int]:
    sql = (
        f"SELECT id FROM bench_geo WHERE first AND ST_DWithin(geog, {_POINT}, %s, false)"
        " AND starts > %s ORDER BY starts, id LIMIT %s"
    )
    return [row[0] for row in rows_of(sql, [lng, lat, miles * METRES, NOW, LIMIT])]


def postgis_by_distance(lat: float, lng: float, miles: float) -> list[int]:
    sql = (
        f"SELECT id FROM bench_geo WHERE first AND ST_DWithin(geog, {_POINT}, %s, false)"
        f" AND starts > %s ORDER BY geog <-> {_POINT} LIMIT %s"
    )
    return [row[0] for row in rows_of(sql, [lng, lat, miles * METRES, NOW, lng, lat, LIMIT])]


# -- upkeep ----------------------------------------------------------------------------------


def only_entries(event: Event, *, now: datetime) -> None:
    """What index_event does besides the index: it keeps the entries of the calendar feeds."""
    timeslots = event.timeslots.open().filter(starts_at__gt=now - spatial.KEPT)
    entries.write(event, list(timeslots.order_by("starts_at", "pk")))


def upkeep(number: int) -> dict[str, list[float]]:
    """Milliseconds of the whole approve transaction, with and without the index, in turns."""
    times: dict[str, list[float]] = {"with": [], "without": []}
    email = "senior@bench.example.org"
    senior, _made = User.objects.get_or_create(
        email=email, defaults={"name": "Sam Senior", "staff_role": StaffRole.SENIOR}
    )
    ids = list(Event.objects.order_by("pk").values_list("pk", flat=True)[: number * 2])
    for turn, pk in enumerate(ids):
        event = Event.objects.select_related("host").get(pk=pk)
        Listing.objects.filter(event=event).delete()
        Event.objects.filter(pk=pk).update(state=EventState.SUBMITTED)
        event.refresh_from_db()
        kind = "with" if turn % 2 else "without"
        seen = vetting.stamp_of(event, None)
        begun = time.perf_counter()
        if kind == "with":
            review.approve(event, by=senior, seen=seen, now=world.NOW)
        else:
            with patch.object(spatial, "index_event", only_entries):
                review.approve(event, by=senior, seen=seen, now=world.NOW)
        times[kind].append((time.perf_counter() - begun) * 1000)
        spatial.index_event(event, now=world.NOW)
    return times


# -- while others write ----------------------------------------------------------------------


def search_for(seconds: float, seed: int) -> list[float]:
    """Milliseconds of whole pages of search, one after another, for so long."""
    rng = random.Random(seed)
    zips, times = world.Zips(), []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        latitude, longitude, *_rest = zips.draw(rng, 1)[0]
        begun = time.perf_counter()
        whole(latitude, longitude, rng.choice([10, 25, 50, 100]))
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)  # a client, not a flood
    return times


def best_of(tries: int, run: Callable, *args: object) -> tuple[float, object]:
    best, answer = float("inf"), None
    for _try in range(tries):
        spatial.cover.cache_clear()  # every place is a new one
        begun = time.perf_counter()
        answer = run(*args)
        best = min(best, (time.perf_counter() - begun) * 1000)
    return best, answer


def load(rows: int) -> None:
    call_command("migrate", verbosity=0)
    if Listing.objects.count() != rows:
        if Listing.objects.exists():
            sys.exit("This database holds other rows (every run writes some): give an empty one.")
        world.make(rows)
        world.check()


def main() -> None:
    begun = time.perf_counter()
    load(int(sys.argv[1]))
    contenders: dict[str, Callable[[float, float, float], list[int]]] = {
        "a bare round trip": bare,
        "by time": by_time,
        "by time, search()": whole,
        "by distance": by_distance,
        "count": counted,
        "lat/lng B-tree by time": plain_by_time,
    }
    if make_rivals():
        contenders["PostGIS by time"] = postgis_by_time
        contenders["PostGIS by distance"] = postgis_by_distance
    seconds = round(time.perf_counter() - begun)
    say({"contenders": list(contenders), "vendor": connection.vendor, "seconds": seconds})
    for line in sys.stdin:
        match json.loads(line):
            case {"upkeep": number}:
                say(upkeep(number))
            case {"search_for": seconds, "seed": seed}:
                say({"ms": search_for(seconds, seed)})
            case {"zoom": zoom, "asked": asked, "place": place, "tries": tries}:
                ms, features = best_of(tries, on_the_map, *place, zoom, asked)
                say({"ms": ms, "features": features})
            case {"contender": name, "place": place, "miles": miles, "tries": tries}:
                ms, ids = best_of(tries, contenders[name], *place, miles)
                say({"ms": ms, "ids": ids})


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
