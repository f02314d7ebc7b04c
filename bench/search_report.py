"""What `bench/search.py` measured, as tables, beside the targets."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

BY_TIME, BY_DISTANCE = "the bound by time", "the bound by distance"
PAGE = "by time, search()"


class Times:
    """Milliseconds of everything that was asked."""

    def __init__(self, rows: int, best_of: int, vendors: Sequence[str]) -> None:
        self.rows, self.best_of, self.vendors = rows, best_of, vendors
        self.dense: set[int] = set()  # the places in a dense metro
        # By the number of the place; pages that are asked for beside maps by the map's zoom too.
        self.search: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
        self.wrong: dict[str, int] = defaultdict(int)
        self.pages: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
        self.map: dict[tuple[str, int, str], dict[int, float]] = defaultdict(dict)
        self.upkeep: dict[str, dict[str, list[float]]] = {}
        self.searching: dict[str, list[float]] = {}
        self.written: dict[str, float] = {}

    def at(self, label: str, miles: int, percentile: int = 95) -> float:
        return _percentile(self.search[label, miles], percentile)

    def in_metro(self, label: str, miles: int, percentile: int = 95) -> float:
        times = [ms for place, ms in self.search[label, miles].items() if place in self.dense]
        return float(np.percentile(times or [np.nan], percentile))

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(label for label, _miles in self.search))

    # -- tables --------------------------------------------------------------------------------

    def print_search(self, radii: Iterable[int]) -> None:
        print(f"\n{self.rows:,} upcoming timeslots; milliseconds, best of {self.best_of}\n")
        for miles in radii:
            print(f"| {miles} mi | p50 | p95 | p99 | New York p95 | x bound p50 | p95 |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            for label in self.labels:
                bound = BY_DISTANCE if "distance" in label else BY_TIME
                cells = [f"{self.at(label, miles, p):.2f}" for p in (50, 95, 99)]
                cells.append(f"{self.in_metro(label, miles):.2f}")
                for p in (50, 95):
                    cells.append(f"{self.at(label, miles, p) / self.at(bound, miles, p):.1f}")
                print(f"| {label} | {' | '.join(cells)} |")
            print(flush=True)
        for label, number in self.wrong.items():
            if number:
                print(f"!!! {label}: {number} answers differ from the bound's !!!")

    def print_map(self, zooms: Sequence[int], filters: Sequence[str]) -> None:
        for vendor in self.vendors:
            print(f"| {vendor}: map, p50 / p95 | {' | '.join(filters)} |")
            print(f"| --- |{' --- |' * len(filters)}")
            page = _two(self.pages[vendor].values())
            print(f"| a page beside them | {page} |{' |' * (len(filters) - 1)}")
            for zoom in zooms:
                cells = []
                for asked in filters:
                    ms = self.map[vendor, zoom, asked]
                    cells.append(_two(ms.values()))
                print(f"| zoom {zoom} | {' | '.join(cells)} |")
            print(flush=True)

    def print_upkeep(self) -> None:
        for vendor, times in self.upkeep.items():
            with_index, without = (np.median(times[kind]) for kind in ("with", "without"))
            print(
                f"{vendor}: approving takes {with_index:.2f} ms with the index, {without:.2f} ms"
                f" without: {with_index / without:.2f} x"
            )
        if self.searching:
            print(
                f"postgresql: while {self.written['events']:.0f} events and"
                f" {self.written['rsvps']:.0f} RSVPs a second are written, search() takes"
                f" {_two(self.searching['busy'])} ms; quiet {_two(self.searching['quiet'])}"
            )

    # -- targets -------------------------------------------------------------------------------

    def print_targets(
        self, radii: Sequence[int], zooms: Sequence[int], filters: Sequence[str], *, folder: Path
    ) -> None:
        print("\n| target (p95, worst of all radii) | at most | measured | |")
        print("| --- | --- | --- | --- |")
        for vendor in self.vendors:
            self._print_ratios(vendor, radii)
            self._print_map_ratios(vendor, zooms, filters)
            times = self.upkeep[vendor]
            ratio = np.median(times["with"]) / np.median(times["without"])
            _say(f"{vendor}: approving / without the index (p50)", 1.5, ratio)
        if self.searching:
            busy, quiet = (np.percentile(self.searching[kind], 95) for kind in ("busy", "quiet"))
            _say("postgresql: search() while others write / quiet", 2, busy / quiet)
        self._compare_sizes(radii, folder)

    def _print_ratios(self, vendor: str, radii: Sequence[int]) -> None:
        by_time, by_distance = f"{vendor}: by time", f"{vendor}: by distance"
        rows = [
            (f"{by_time} / bound", 6, by_time, BY_TIME),
            (f"{vendor}: {PAGE} / bound", 10, f"{vendor}: {PAGE}", BY_TIME),
            (f"{by_time} / PostGIS", 1 / 20, by_time, "postgresql: PostGIS by time"),
            (f"{by_distance} / KNN", 1, by_distance, "postgresql: PostGIS by distance"),
            (f"{vendor}: count / by time", 2, f"{vendor}: count", by_time),
        ]
        for words, most, ours, theirs in rows:
            if theirs in self.labels:
                ratios = {miles: self.at(ours, miles) / self.at(theirs, miles) for miles in radii}
                worst = max(ratios, key=ratios.__getitem__)
                _say(f"{words} ({worst} mi)", most, ratios[worst])

    def _print_map_ratios(self, vendor: str, zooms: Sequence[int], filters: Sequence[str]) -> None:
        page = _percentile(self.pages[vendor])
        for most, names in ((2, filters[:1]), (10, filters[1:])):
            worst = max(
                (_percentile(self.map[vendor, zoom, asked]) / page, zoom, asked)
                for zoom in zooms
                for asked in names
            )
            _say(f"{vendor}: map, filter: {worst[2]}, zoom {worst[1]} / search()", most, worst[0])

    def _compare_sizes(self, radii: Sequence[int], folder: Path) -> None:
        ours = {
            f"{label}|{miles}": self.at(label, miles) for label in self.labels for miles in radii
        }
        (folder / f"bench-search-{self.rows}.json").write_text(json.dumps(ours))
        smaller = folder / "bench-search-100000.json"
        if self.rows <= 100_000 or not smaller.exists():
            print("\n(To compare sizes, run ROWS=100000 first and then a larger one.)")
            return
        then = json.loads(smaller.read_text())
        for vendor in self.vendors:
            for name in ("by time", PAGE, "by distance", "count"):
                keys = [f"{vendor}: {name}|{miles}" for miles in radii]
                worst = max(ours[key] / then[key] for key in keys if key in then)
                _say(f"{vendor}: {name} at {self.rows:,} / at 100,000", 2, worst)


def keep_best[K](times: dict[K, float], asked: K, ms: float) -> None:
    """Of all rounds."""
    times[asked] = min(ms, times.get(asked, ms))


def _percentile[K](times: dict[K, float], percentile: int = 95) -> float:
    return float(np.percentile([*times.values()], percentile))


def _two(ms: Iterable[float]) -> str:
    middle, most = np.percentile([*ms], [50, 95])
    return f"{middle:.1f} / {most:.1f}"


def _say(words: str, most: float, ratio: float) -> None:
    met = "met" if ratio <= most else "**MISSED**"
    print(f"| {words} | {most:.3g} x | {ratio:.3g} x | {met} |")
