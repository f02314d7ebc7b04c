"""`make bench-search ROWS=100000`: search, side by side with its rivals, in one run.

Questions go to every contender in turn, so that a busy machine is busy for all. The bound is,
per question, the faster of a KD-tree and a scan in order of time, both in this process's own
memory with nothing to store, share or update: no database can be as fast.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from bench.search_report import BY_DISTANCE, BY_TIME, PAGE, Times, keep_best

ROOT = Path(__file__).resolve().parent.parent
RADII = (10, 25, 50, 100)
LIMIT = 20
ROUNDS = 2  # minutes apart: a virtual machine is at times slow for a while
MANHATTAN = (40.754, -73.984)
DENSE_MILES = 12
ZOOMS = range(3, 17)
FILTERS = ("none", "a type", "a week", "a type in a week", "from a day on")
MAP_PLACES = 40
PAGE_MILES = 25  # of the page that maps are compared with
UNLISTED = {"count", "a bare round trip"}  # they answer with no list of events
EVENTS_A_SECOND, RSVPS_A_SECOND, SECONDS = 200, 20, 30


class Bound:
    """All listings that stand for their events, in order of time, in memory."""

    def __init__(self, rows: list[tuple]) -> None:
        table = np.array(rows, dtype=float)
        self.ids = table[:, 0].astype(int)
        self.points = table[:, 1:4]
        self.tree = cKDTree(self.points)

    def by_tree(self, point: np.ndarray, chord: float) -> list[int]:
        inside = self.tree.query_ball_point(point, chord, return_sorted=True)
        return self.ids[inside[:LIMIT]].tolist()

    def by_scan(self, point: np.ndarray, chord: float) -> list[int]:
        found: list[int] = []
        begun, step = 0, 1024
        while begun < len(self.points) and len(found) < LIMIT:
            away = self.points[begun : begun + step] - point
            inside = np.flatnonzero((away * away).sum(axis=1) <= chord * chord)
            found += self.ids[begun + inside].tolist()
            begun, step = begun + step, step * 4
        return found[:LIMIT]

    def nearest(self, point: np.ndarray, chord: float) -> list[int]:
        _away, at = self.tree.query(point, k=LIMIT, distance_upper_bound=chord)
        return self.ids[at[at < len(self.ids)]].tolist()


class Database:
    """A contender's process."""

    def __init__(self, url: str, rows: int) -> None:
        environment = os.environ | {"DATABASE_URL": url}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.contenders", str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def begin(self) -> None:
        """Wait until the data stands."""
        hello = self._hear()
        self.vendor, self.contenders = hello["vendor"], hello["contenders"]
        print(f"{self.vendor}: the data stood after {hello['seconds']} s", flush=True)
        if self.vendor == "postgresql" and "PostGIS by time" not in self.contenders:
            print("!!! NO POSTGIS HERE: install postgresql-15-postgis-3 to measure beside it !!!")

    def ask(self, **question: object) -> dict:
        assert self.process.stdin
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return self._hear()

    def _hear(self) -> dict:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            sys.exit("A contender died; its words are above.")
        return json.loads(line)


def timed(tries: int, call, *args) -> tuple[float, list[int]]:
    """The best of some tries, for the bound and for its rivals: other work must not count."""
    best = float("inf")
    for _try in range(tries):
        begun = time.perf_counter()
        found = call(*args)
        best = min(best, (time.perf_counter() - begun) * 1000)
    return best, found


def main() -> None:
    options = read_options()
    begun = time.perf_counter()
    databases = [Database(url, options.rows) for url in options.databases]
    for database in databases:
        database.begin()
    bound, places, vector, chord = load_bound(options)
    best_of = ROUNDS * options.tries
    times = Times(options.rows, best_of, [database.vendor for database in databases])
    for number, place in enumerate(places):
        if miles_between(vector(*place), vector(*MANHATTAN)) < DENSE_MILES:
            times.dense.add(number)
    warm_up = Times(0, 1, [])
    for asked in enumerate(places[:20]):
        ask_everybody(warm_up, 1, bound, databases, asked, vector, chord)
    for _round in range(ROUNDS):
        for asked in enumerate(places):
            ask_everybody(times, options.tries, bound, databases, asked, vector, chord)
    times.print_search(RADII)
    for _round in range(ROUNDS):
        for asked in enumerate(places[:MAP_PLACES]):
            ask_for_maps(times, options.tries, databases, asked)
    times.print_map(ZOOMS, FILTERS)
    for database in databases:
        times.upkeep[database.vendor] = database.ask(upkeep=300)
        if database.vendor == "postgresql":
            search_while_others_write(database, options, times)
    times.print_upkeep()
    times.print_targets(RADII, ZOOMS, FILTERS, folder=ROOT / "var")
    print(f"\nAll of it took {(time.perf_counter() - begun) / 60:.0f} minutes.")


def ask_everybody(
    times: Times, tries: int, bound, databases, asked: tuple[int, tuple], vector, chord
) -> None:
    """One question in each radius, to the bound and then to each contender in turn."""
    number, place = asked
    for miles in RADII:
        point, across = np.array(vector(*place)), chord(miles) ** 0.5
        tree_ms, by_time = timed(tries, bound.by_tree, point, across)
        scan_ms, same = timed(tries, bound.by_scan, point, across)
        assert by_time == same
        near_ms, by_distance = timed(tries, bound.nearest, point, across)
        keep_best(times.search[BY_TIME, miles], number, min(tree_ms, scan_ms))
        keep_best(times.search[BY_DISTANCE, miles], number, near_ms)
        for database in databases:
            for name in database.contenders:
                answer = database.ask(contender=name, place=place, miles=miles, tries=tries)
                label = f"{database.vendor}: {name}"
                keep_best(times.search[label, miles], number, answer["ms"])
                expected = len(by_distance) if "distance" in name else by_time
                found = len(answer["ids"]) if "distance" in name else answer["ids"]
                times.wrong[label] += name not in UNLISTED and found != expected


def ask_for_maps(times: Times, tries: int, databases, asked: tuple[int, tuple]) -> None:
    """A map at each zoom with each set of filters, and a page beside each zoom's."""
    number, place = asked
    page = {"contender": PAGE, "place": place, "miles": PAGE_MILES}
    for zoom in ZOOMS:
        for database in databases:
            answer = database.ask(**page, tries=tries)
            keep_best(times.pages[database.vendor], (number, zoom), answer["ms"])
        for name in FILTERS:
            for database in databases:
                answer = database.ask(place=place, zoom=zoom, asked=name, tries=tries)
                keep_best(times.map[database.vendor, zoom, name], number, answer["ms"])


def search_while_others_write(database: Database, options, times: Times) -> None:
    """Pages of search, quiet, then while events and RSVPs are written, then quiet again."""
    quiet = database.ask(search_for=SECONDS / 2, seed=1)["ms"]
    rates = [str(number) for number in (SECONDS + 4, EVENTS_A_SECOND, RSVPS_A_SECOND)]
    writers = subprocess.Popen(
        [sys.executable, "-m", "bench.writers", *rates],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": options.postgres},
    )
    assert writers.stdout
    writers.stdout.readline()  # it has begun
    time.sleep(2)
    busy = database.ask(search_for=SECONDS, seed=2)["ms"]
    written = json.loads(writers.stdout.readline() or sys.exit("The writers died."))
    writers.wait()
    quiet += database.ask(search_for=SECONDS / 2, seed=3)["ms"]
    times.written = written
    times.searching = {"quiet": quiet, "busy": busy}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument(
        "--tries", type=int, default=3, help="in each of two rounds; the best counts"
    )
    parser.add_argument("--sqlite", default="", help="a file; var/bench-ROWS.sqlite3 unless said")
    parser.add_argument("--postgres", default=os.environ.get("POSTGRES_URL", ""))
    options = parser.parse_args()
    (ROOT / "var").mkdir(exist_ok=True)
    file = options.sqlite or ROOT / "var" / f"bench-{options.rows}.sqlite3"
    options.databases = [f"sqlite:///{file}"]
    if options.postgres:
        options.databases.append(options.postgres)
    else:
        print("!!! NO POSTGRESQL: set POSTGRES_URL to an empty database of its own !!!")
    return options


def load_bound(options: argparse.Namespace):
    """The in-memory rival, and the places to ask from, read from the first database."""
    os.environ |= {
        "DATABASE_URL": options.databases[0],
        "BARNSTORM_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    import django

    django.setup()
    from bench import world
    from events.models import Listing
    from events.spatial import squared_chord, unit_vector

    rows = Listing.objects.filter(previous_starts=0).order_by("starts", "pk")
    bound = Bound(list(rows.values_list("pk", "x", "y", "z")))
    rng = random.Random(7)
    places = [place[:2] for place in world.Zips().draw(rng, options.places)]
    return bound, places, unit_vector, squared_chord


def miles_between(one: tuple, other: tuple) -> float:
    return 2 * 3958.76 * np.arcsin(np.linalg.norm(np.subtract(one, other)) / 2)


if __name__ == "__main__":
    main()
