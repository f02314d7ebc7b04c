"""The world's cities: a read-only SQLite file made by bin/build_gazetteer.py.

The file is kept compressed beside the code and unpacked once into the var folder. Every
thread of every process opens a connection of its own, so forks and threads never share one,
while the pages themselves are shared through the operating system's cache.
"""

import hashlib
import lzma
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from h3.api import basic_int as h3

from events.places import Place, kilometres
from events.spelling import likeness, near_misses, slips
from events.zones import zone_at

# Shared with bin/build_gazetteer.py.
CITY_CELL = 4
PREFIX_LENGTH = 4
PREFIX_ROWS = 12
EXACT_BONUS = 5

_DATA = Path(__file__).resolve().parent / "data" / "gazetteer.sqlite3.xz"
_SELECT = (
    "SELECT city.id, city.name, city.state, city.country, country.name, city.county,"
    " city.latitude, city.longitude, city.timezone, city.population, city.score"
)
_FROM = " FROM city JOIN country ON country.code = city.country"
_local = threading.local()


def cities_named(norm: str, *, alias: bool) -> list[Place]:
    """Cities of this name (by their own, or by another), likeliest first."""
    rows = _db().execute(
        f"{_SELECT}{_FROM} JOIN name ON name.city = city.id"
        " WHERE name.norm = ? AND name.alias = ? ORDER BY city.score DESC, city.id",
        [norm, int(alias)],
    )
    return [_place(row) for row in rows]


def cities_starting(norm: str, *, limit: int) -> list[Place]:
    """Cities whose name begins so: own names before others, larger before smaller."""
    if len(norm) <= PREFIX_LENGTH:
        row = _db().execute("SELECT cities FROM prefix WHERE prefix = ?", [norm]).fetchone()
        return _by_id([int(city) for city in row[0].split(",")][:limit]) if row else []
    rows = _db().execute(
        "SELECT city FROM name JOIN city ON city.id = name.city WHERE norm >= ? AND norm < ?"
        " GROUP BY city ORDER BY min(alias), max(score * iif(norm = ?, ?, 1)) DESC, city LIMIT ?",
        [norm, norm + "\U0010ffff", norm, EXACT_BONUS, limit],
    )
    return _by_id([city for (city,) in rows])


def cities_like(norm: str) -> list[tuple[float, Place]]:
    """Cities at most two slips of the finger away, with how likely each is, likeliest first."""
    if not 4 <= len(norm) <= 30:
        return []
    spellings = list(set(near_misses(norm)))
    marks = ",".join("?" * len(spellings))
    query = f"{_SELECT}, name.norm, name.alias{_FROM} JOIN name ON name.city = city.id WHERE "
    rows = _db().execute(f"{query}name.norm IN ({marks})", spellings).fetchall()
    rows += _db().execute(
        query + "city.id IN (SELECT city FROM likeness WHERE key = ?) AND name.alias = 0",
        [likeness(norm)],
    )
    best: dict[int, tuple[float, Place]] = {}
    for row in rows:
        place, apart, alias = _place(row[:-2]), slips(norm, row[-2]), row[-1]
        # A second slip, or a name hardly anybody uses, must buy a much larger city.
        rank = place.weight / 100 ** (apart - 1 + alias)
        if apart <= 2 and rank > best.get(place.geoname_id, (0.0, place))[0]:
            best[place.geoname_id] = (rank, place)
    return sorted(best.values(), key=lambda found: (-found[0], found[1].geoname_id))


def largest_cities(country: str, state: str = "", *, limit: int) -> list[Place]:
    """The largest cities of a country or state, for whoever typed only that."""
    rows = _db().execute(
        f"{_SELECT}{_FROM} WHERE city.country = ? AND (? = '' OR city.state = ?)"
        " ORDER BY city.score DESC LIMIT ?",
        [country, state, state, limit],
    )
    return [_place(row) for row in rows]


def all_cities(*, least: int) -> Iterator[Place]:
    """Every city of at least so many people, largest first."""
    rows = _db().execute(
        f"{_SELECT}{_FROM} WHERE population >= ? ORDER BY population DESC, city.id", [least]
    )
    return (_place(row) for row in rows)


def nearest_city(latitude: float, longitude: float) -> Place | None:
    """The nearest city in the point's own time zone, else the nearest; None far out at sea.

    Zones do not cross the borders of countries, so a house in Detroit is not taken for one in
    Windsor, Ontario.
    """
    zone = zone_at(latitude, longitude)
    cell = h3.latlng_to_cell(latitude, longitude, CITY_CELL)
    for rings in (1, 3, 8, 20):
        cells = h3.grid_disk(cell, rings)
        marks = ",".join("?" * len(cells))
        rows = _db().execute(f"{_SELECT}{_FROM} WHERE city.cell IN ({marks})", cells)
        places = [_place(row) for row in rows]
        places = [place for place in places if place.timezone == zone] or places
        if places:
            nearest = min(
                places,
                key=lambda place: (
                    kilometres(latitude, longitude, place.latitude, place.longitude),
                    place.geoname_id,
                ),
            )
            return replace(nearest, timezone=zone)
    return None


def fsa_place(code: str) -> Place | None:
    """A Canadian forward sortation area (the first three characters of a postal code)."""
    row = (
        _db()
        .execute("SELECT name, state, latitude, longitude FROM fsa WHERE code = ?", [code])
        .fetchone()
    )
    if row is None:
        return None
    name, state, latitude, longitude = row
    return Place(
        kind="fsa",
        name=name,
        state_code=state,
        country="CA",
        country_name="Canada",
        latitude=latitude,
        longitude=longitude,
        timezone=zone_at(latitude, longitude),
        postal_code=code,
    )


def nearest_fsa(latitude: float, longitude: float) -> str:
    """The code of the forward sortation area whose centre is nearest, "" where none is near."""
    rows = _db().execute(
        "SELECT code, latitude, longitude FROM fsa"
        " WHERE latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ?",
        [latitude - 1, latitude + 1, longitude - 2, longitude + 2],
    )
    found = [(kilometres(latitude, longitude, lat, lng), code) for code, lat, lng in rows]
    return min(found)[1] if found else ""


def countries_named(norm: str) -> set[str]:
    """ISO codes of countries with this code or normalised name."""
    rows = _db().execute(
        "SELECT code FROM country WHERE code = ? OR norm = ?", [norm.upper(), norm]
    )
    return {code for (code,) in rows}


def country_names() -> list[tuple[str, str]]:
    """(ISO code, name) of every country, by name."""
    return _db().execute("SELECT code, name FROM country ORDER BY name").fetchall()


def _by_id(ids: Iterable[int]) -> list[Place]:
    ids = list(ids)
    marks = ",".join("?" * len(ids))
    rows = _db().execute(f"{_SELECT}{_FROM} WHERE city.id IN ({marks})", ids)
    found = {row[0]: _place(row) for row in rows}
    return [found[city] for city in ids]


def _place(row: tuple) -> Place:
    return Place(
        kind="city",
        geoname_id=row[0],
        name=row[1],
        state_code=row[2],
        country=row[3],
        country_name=row[4],
        county=row[5],
        latitude=row[6],
        longitude=row[7],
        timezone=row[8],
        population=row[9],
        weight=row[10],
    )


def _db() -> sqlite3.Connection:
    if getattr(_local, "pid", None) != os.getpid():
        path = _unpacked()
        _local.db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        _local.db.execute("PRAGMA mmap_size = 67108864")
        _local.pid = os.getpid()
    return _local.db


@lru_cache(maxsize=1)
def _unpacked() -> Path:
    """The unpacked file, written whole under a name that says which edition it is."""
    packed = _DATA.read_bytes()
    edition = hashlib.blake2b(packed, digest_size=6).hexdigest()
    for folder in (settings.VAR_DIR, Path(tempfile.gettempdir())):
        path = folder / f"gazetteer-{edition}.sqlite3"
        if path.exists():
            return path
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as draft:
                draft.write(lzma.decompress(packed))
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(path)
        except OSError:
            continue  # a var folder that may only be read: the system's own will do
        return path
    raise OSError("The gazetteer could be unpacked neither into the var folder nor into /tmp.")
