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
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parent.parent
RADII = (10, 25, 50, 100)
LIMIT = 20
TRIES = 3
MANHATTAN = (40.754, -73.984)
DENSE_MILES = 12
BY_TIME, BY_DISTANCE = "the bound by time", "the bound by distance"


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
        hello = self._hear()
        self.vendor, self.contenders = hello["vendor"], hello["contenders"]

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


def timed(call, *args) -> tuple[float, list[int]]:
    """The best of some tries, for the bound and for its rivals: other work must not count."""
    best = float("inf")
    for _try in range(TRIES):
        begun = time.perf_counter()
        found = call(*args)
        best = min(best, (time.perf_counter() - begun) * 1000)
    return best, found


def main() -> None:
    options = read_options()
    databases = [Database(url, options.rows) for url in options.databases]
    bound, places, vector, chord = load_bound(options)
    times: dict[tuple, list[float]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    warm_up = places[:20]
    for turn, place in enumerate([*warm_up, *places]):
        point = np.array(vector(*place))
        dense = (
            2 * 3958.76 * np.arcsin(np.linalg.norm(point - vector(*MANHATTAN)) / 2) < DENSE_MILES
        )
        for miles in RADII:
            across = chord(miles) ** 0.5
            tree_ms, by_time = timed(bound.by_tree, point, across)
            scan_ms, same = timed(bound.by_scan, point, across)
            assert by_time == same
            near_ms, by_distance = timed(bound.nearest, point, across)
            measured = {
                "the bound by time": min(tree_ms, scan_ms),
                "the bound by distance": near_ms,
            }
            for database in databases:
                for name in database.contenders:
                    answer = database.ask(contender=name, place=place, miles=miles, tries=TRIES)
                    label = f"{database.vendor}: {name}"
                    measured[label] = answer["ms"]
                    expected = len(by_distance) if "distance" in name else by_time
                    found = len(answer["ids"]) if "distance" in name else answer["ids"]
                    wrong[label] += name != "count" and found != expected
            if turn < len(warm_up):
                continue
            for label, ms in measured.items():
                times[label, miles, False].append(ms)
                if dense:
                    times[label, miles, True].append(ms)
    report(options, times, wrong)
    for database in databases:
        report_upkeep(database)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--sqlite", default="", help="a file; var/bench-ROWS.sqlite3 unless said")
    parser.add_argument("--postgres", default=os.environ.get("POSTGRES_URL", ""))
    options = parser.parse_args()
    (ROOT / "var").mkdir(exist_ok=True)
    file = options.sqlite or ROOT / "var" / f"bench-{options.rows}.sqlite3"
    options.databases = [f"sqlite:///{file}"]
    if options.postgres:
        options.databases.append(options.postgres)
    else:
        print("NO POSTGRESQL: set POSTGRES_URL to an empty database of its own")
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


def report(options: argparse.Namespace, times: dict, wrong: dict) -> None:
    print(
        f"\n{options.rows:,} upcoming timeslots, {options.places} places,"
        f" milliseconds, best of {TRIES} tries each\n"
    )
    labels = list(dict.fromkeys(label for label, _miles, _dense in times))
    for miles in RADII:
        print(f"| {miles} mi | p50 | p95 | p99 | New York p95 | x bound p50 | p95 |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for label in labels:
            ms = times[label, miles, False]
            base = times[
                "the bound by distance" if "distance" in label else "the bound by time",
                miles,
                False,
            ]
            metro = times.get((label, miles, True)) or [float("nan")]
            print(
                f"| {label} | {at(ms, 50)} | {at(ms, 95)} | {at(ms, 99)} | {at(metro, 95)}"
                f" | {np.percentile(ms, 50) / np.percentile(base, 50):.1f}"
                f" | {np.percentile(ms, 95) / np.percentile(base, 95):.1f} |"
            )
        print()
    for label, number in wrong.items():
        if number:
            print(f"{label}: {number} answers differ from the bound's")


def report_upkeep(database: Database) -> None:
    times = database.ask(upkeep=300)
    with_index, without = (np.median(times[kind]) for kind in ("with", "without"))
    print(
        f"{database.vendor}: approving takes {with_index:.2f} ms with the index,"
        f" {without:.2f} ms without: {with_index / without:.2f} x"
    )


def at(ms: list[float], percentile: int) -> str:
    return f"{np.percentile(ms, percentile):.2f}"


if __name__ == "__main__":
    main()
