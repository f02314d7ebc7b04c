"""`make bench-http`: requests a second of the public pages, beside the smallest possible view.

A production site (gunicorn, production settings) with 100,000 upcoming timeslots, on SQLite and,
with POSTGRES_URL, on a database made there. All pages take turns, so that a busy machine is busy
for all. Warm: the same address again and again, as strangers ask. Uncached: every address once,
at 500 places. ROWS, ROUNDS, SECONDS and PORT change the size.
"""

import os
import subprocess
import sys
from statistics import median

from bench import drills
from bench.http import load, profile, world
from bench.http.load import Load
from bench.http.world import SMALLEST, Page
from bench.production import Site

ROWS = int(os.environ.get("ROWS") or 100_000)
ROUNDS = int(os.environ.get("ROUNDS") or 5)
SECONDS = float(os.environ.get("SECONDS") or 3)
ONCE = 5000  # addresses in a round; a process keeps fewer pages than this
FOLDER = drills.ROOT / "var" / "bench-http"
# The least share of the smallest view's requests a second, warm.
TARGETS = {"home": 1 / 2, "results": 1 / 4, "event page": 1 / 2}

type Loads = dict[tuple[str, str], list[Load]]  # by page, and "warm" or "uncached"


def main() -> None:
    if len(sys.argv) > 1:
        sys.exit(not measure(sys.argv[1]))
    print(f"{ROWS:,} timeslots, {ROUNDS} rounds of {SECONDS:g} s, made by {load.generator()}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    codes = [measure_apart(f"sqlite:///{FOLDER}/site-{ROWS}.sqlite3")]
    if server := os.environ.get("POSTGRES_URL"):
        with drills.fresh_database(server, "http") as url:
            codes.append(measure_apart(url))
    else:
        print("\nNO POSTGRESQL: set POSTGRES_URL to a server to make a database on")
    if any(codes):
        sys.exit("Some pages are slower than they may be: see above.")


def measure_apart(database: str) -> int:
    """Measure in a process of its own, since Django knows one database."""
    return subprocess.run([sys.executable, "-m", "bench.http", database]).returncode


def measure(database: str) -> bool:
    """Print the tables of one database; whether the targets were reached."""
    site = Site(FOLDER, database, int(os.environ.get("PORT") or 8000))
    vendor = world.set_up(site, ROWS)
    more = {
        "DJANGO_SETTINGS_MODULE": "bench.http.settings",
        "LOG_LEVEL": "INFO",
        # Workers are renewed now and then; here that would be one round's bad luck.
        "GUNICORN_CMD_ARGS": "--max-requests=0",
    }
    with site.running(**more):
        pages = world.pages(site)
        loads = take_turns(site, pages)
    fine = show(vendor, pages, loads)
    profile.show(pages)
    return fine


def take_turns(site: Site, pages: list[Page]) -> Loads:
    loads: Loads = {}
    scratch = FOLDER / "requests.txt"
    for turn in range(-1, ROUNDS):
        for page in pages:
            asked = {"warm": [page.warm]}
            if page.once:
                begun = (turn + 1) * ONCE
                asked["uncached"] = [page.once(begun + number) for number in range(ONCE)]
            for kind, requests in asked.items():
                seconds = SECONDS if turn >= 0 else 1
                found = load.put(site.address, requests, seconds=seconds, scratch=scratch)
                if found.faults or not found.rate:
                    sys.exit(f"{page.name}, {kind}: {found.faults or 'all'} requests failed.")
                if turn >= 0:
                    loads.setdefault((page.name, kind), []).append(found)
    return loads


def show(vendor: str, pages: list[Page], loads: Loads) -> bool:
    """Print the medians of all rounds."""
    print(f"\n| {vendor} | requests a second | x {SMALLEST} | p50 ms | p95 ms |")
    print("| --- | --- | --- | --- | --- |")
    fine = True
    for kind in ("warm", "uncached"):
        base = median(one.rate for one in loads[SMALLEST, kind])
        for page in pages:
            if (found := loads.get((page.name, kind))) is None:
                continue
            rate = median(one.rate for one in found)
            p50, p95 = median(one.p50 for one in found), median(one.p95 for one in found)
            low = kind == "warm" and rate / base < TARGETS.get(page.name, 0)
            fine = fine and not low
            print(
                f"| {page.name}, {kind} | {rate:,.0f} | {rate / base:.2f}{' (too low)' * low}"
                f" | {p50:.1f} | {p95:.1f} |",
                flush=True,
            )
    return fine


if __name__ == "__main__":
    main()
