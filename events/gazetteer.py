"""Reading what people type as a place, without asking the network.

US ZIP codes (events/zips.py), the world's cities and Canada's postal areas
(events/cities.py), positions, nicknames and small typing mistakes. Why these sources:
docs/decisions/0002-gazetteer.md.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from events.cities import (
    cities_like,
    cities_named,
    cities_starting,
    countries_named,
    fsa_place,
    largest_cities,
    nearest_city,
    nearest_fsa,
)
from events.places import Place, kilometres
from events.regions import CANADIAN_PROVINCES, COUNTRY_NICKNAMES, US_STATES
from events.spelling import after_street, names_a_street, normalise
from events.zips import nearest_zip, postal_city, zip_place, zips_starting
from events.zones import zone_at

__all__ = ["Place", "find", "nearest", "suggest", "zone_at"]

# One answer is sure when it is this many times larger than the next of the same name: "Miami"
# means Florida's; "Portland" could be either.
SURE_RATIO = 30
# A city this large is meant even where a state has its name: New York, Washington.
METROPOLIS = 600_000
LONGEST_TEXT = 200
NEIGHBORHOOD_KM = 3

_NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*"
_POSITION = re.compile(rf"\(?\s*{_NUMBER}([NS]?)\s*[,;\s]\s*{_NUMBER}([EW]?)\s*\)?", re.IGNORECASE)
_ZIP = re.compile(
    r"(?:^|[\s,])(\d{5})(?:\s?-?\s?\d{4})?(?:[\s,]+(?:usa?|united states))?$", re.IGNORECASE
)
_ZIP_FIRST = re.compile(r"(\d{5})(?:-\d{4})?[\s,]+(\D+)")
_FSA = re.compile(
    r"(?:^|[\s,])([ABCEGHJ-NPRSTVXY]\d[A-Z])(?:[ -]?\d[A-Z]\d)?(?:[\s,]+canada)?$", re.IGNORECASE
)
_FSA_BEGUN = re.compile(r"([A-Z]\d[A-Z])[ -]?\d?[A-Z]?\d?", re.IGNORECASE)
_COUNTIES = (" county", " parish", " borough", " municipio", " city", " census area")


def find(text: str, *, limit: int = 10) -> list[Place]:
    """What somebody typed into a place box, read as a place.

    Reads ZIP codes (also ZIP+4 and at the end of an address), Canadian postal codes,
    "lat,lng", "city", "city, state", "city, country", nicknames and small typing mistakes.
    Returns [] where nothing fits, one place where that is sure, and several to offer, likeliest
    first, where the name means several.
    """
    text = _clean(text)
    if match := _POSITION.fullmatch(text):
        return _read_position(*match.groups())
    if match := _ZIP.search(text):
        place = zip_place(match[1])
        return [place] if place else []
    if match := _ZIP_FIRST.fullmatch(text):
        place = zip_place(match[1])
        # "97201 Portland", but not the house number of "12345 Main Street, Portland".
        if place and any(_near(place, city) for city in _read_name(match[2])):
            return [place]
    if match := _FSA.search(text):
        place = fsa_place(match[1].upper())
        return [place] if place else []
    return _told_apart(_read_name(text)[:limit])


def suggest(prefix: str, *, limit: int = 8) -> list[Place]:
    """Places that what was typed so far may become, likeliest first."""
    text = _clean(prefix)
    digits = text.partition("-")[0].replace(" ", "")[:5]
    if digits.isascii() and digits.isdigit():
        return zips_starting(digits, limit=limit) if len(digits) >= 3 else []
    if match := _FSA_BEGUN.fullmatch(text):
        place = fsa_place(match[1].upper())
        return [place] if place else []
    norm = normalise(text)
    found = [] if "," in text else cities_starting(norm, limit=limit)
    found = found or _cities_and_region_begun(text)[:limit]
    return _told_apart(found or _starting_but_for_a_slip(norm)[:limit])


def nearest(latitude: float, longitude: float) -> Place:
    """The city, state, ZIP, county and zone a point belongs to: those of its nearest places.

    The same point always gets the same answer. `neighborhood` is the nearest named part of
    town within 3 km, where one is known.
    """
    city = nearest_city(latitude, longitude)
    if city is None:
        zone = zone_at(latitude, longitude)
        return Place("city", "", "", "", latitude, longitude, zone)
    if city.country == "CA":
        return replace(city, postal_code=nearest_fsa(latitude, longitude))
    place = nearest_zip(latitude, longitude) if city.country == "US" else None
    if place is None:
        return city
    part_of_town = (
        kilometres(latitude, longitude, city.latitude, city.longitude) <= NEIGHBORHOOD_KM
        and city.state_code == place.state_code
        and normalise(city.name) != normalise(place.name)
        and postal_city(city.name, city.state_code) is None
    )
    return replace(place, timezone=city.timezone, neighborhood=city.name if part_of_town else "")


def _near(one: Place, other: Place) -> bool:
    return kilometres(one.latitude, one.longitude, other.latitude, other.longitude) < 50


def _clean(text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text[:LONGEST_TEXT])
    return " ".join(text.split()).strip(" ,;")


def _read_position(latitude: str, north: str, longitude: str, east: str) -> list[Place]:
    lat = float(latitude) * (-1 if north.upper() == "S" else 1)
    lng = float(longitude) * (-1 if east.upper() == "W" else 1)
    if not (-90 <= lat <= 90 and -180 <= lng <= 180):
        return []
    return [replace(nearest(lat, lng), kind="position", latitude=lat, longitude=lng)]


# -- Names ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Region:
    """What stands after a city's name: any of these states or countries, maybe a county."""

    states: frozenset[tuple[str, str]]  # (country, state)
    countries: frozenset[str]
    county: str = ""

    def has_state(self, place: Place) -> bool:
        return (place.country, place.state_code) in self.states

    def lies_in(self, other: "_Region") -> bool:
        return any(country in other.countries for country, _state in self.states)

    def holds(self, place: Place) -> bool:
        inside = self.has_state(place) or place.country in self.countries
        return inside and (not self.county or normalise(place.county) == self.county)


@lru_cache(maxsize=1)
def _state_words() -> dict[str, set[tuple[str, str]]]:
    """Codes and names of states and provinces -> {(country, code)}."""
    words: dict[str, set[tuple[str, str]]] = {"washington dc": {("US", "DC")}}
    for country, table in (("US", US_STATES), ("CA", CANADIAN_PROVINCES)):
        for code, name in table.items():
            for word in (code.lower(), normalise(name)):
                words.setdefault(word, set()).add((country, code))
    return words


@lru_cache(maxsize=1024)
def _region(norm: str) -> _Region | None:
    """A state or country by code, name or nickname; "ca" is California and Canada."""
    states = _state_words().get(norm, set())
    nickname = COUNTRY_NICKNAMES.get(norm)
    countries = {nickname} if nickname else countries_named(norm)
    return _Region(frozenset(states), frozenset(countries)) if states or countries else None


def _read_name(text: str) -> list[Place]:
    parts = [norm for part in text.split(",") if (norm := normalise(part))]
    if len(parts) < 2:
        return (_read_words(parts[0]) or _past_the_street(parts[0])) if parts else []
    *head, tail = parts
    region = _region(tail)
    if region is None:
        # In an address without a state the city stands last: "12 Main Street, Portland".
        whole = _read_words(" ".join(parts))
        return whole or _read_words(tail) or _past_the_street(tail)
    narrower = _region(head[-1])
    if narrower is not None and narrower.lies_in(region):
        if len(head) == 1:
            return [place for place in _read_words(head[0]) if region.holds(place)]
        # "Springfield, MA, USA": the country adds nothing to the state.
        region, head = narrower, head[:-1]
    if len(head) > 1 and head[-1].endswith(_COUNTIES):
        found = _named(head[-2], replace(region, county=head[-1]))
        if found:
            return found
    found = _named(head[-1], region) or _past_the_street(head[-1], region)
    if not found and names_a_street(head[-1]):
        return _read_words(tail)  # "350 Fifth Avenue, New York": the city, not its state
    return found or (_read_words(head[-1]) if narrower else [])


def _past_the_street(norm: str, region: _Region | None = None) -> list[Place]:
    """The town in an address without commas: "12 main st springfield il"."""
    for town in after_street(norm):
        found = _named(town, region) if region else _read_words(town)
        if found:
            return found
    return []


def _read_words(norm: str) -> list[Place]:
    """Words without a comma: a name, a state, or a name and its state."""
    found = cities_named(norm, alias=False)
    region = _region(norm) or _region(norm.removesuffix(" state"))
    if region and not (found and found[0].weight > METROPOLIS) and norm != "washington dc":
        known = {place.geoname_id for place in found}
        found += [place for place in _largest_within(region) if place.geoname_id not in known]
        return sorted(found, key=lambda place: -place.weight)
    if found:
        return _sure(found)
    words = norm.split()
    for count in (1, 2, 3):
        region = _region(" ".join(words[-count:])) if len(words) > count else None
        if region is None:
            continue
        rest = " ".join(words[:-count])
        # "austin texas usa" is read from the end: what is left holds its own state.
        found = _named(rest, region) or (
            [place for place in _read_words(rest) if region.holds(place)]
            if region.countries and not region.states
            else []
        )
        if found:
            return found
    return _named(norm, None)


def _largest_within(region: _Region) -> list[Place]:
    if region.states:
        return [p for where in sorted(region.states) for p in largest_cities(*where, limit=6)]
    return [p for code in sorted(region.countries) for p in largest_cities(code, limit=6)]


def _named(norm: str, region: _Region | None) -> list[Place]:
    """Cities called so: by their own name, by another, by the post's, then but for a slip."""
    for alias in (False, True):
        found = [
            place
            for place in cities_named(norm, alias=alias)
            if region is None or region.holds(place)
        ]
        if region and region.states and region.countries:
            # "Windsor, CA" is sooner in California than in Canada.
            found.sort(key=lambda place: -place.weight * (10 if region.has_state(place) else 1))
        if found:
            return _sure(found)
    for country, state in region.states if region else ():
        town = postal_city(norm.title(), state) if country == "US" else None
        if town:
            return [town]
    shorter = norm.removesuffix(" city").removesuffix(" township")
    return (_named(shorter, region) if shorter != norm else []) or _misspelt(norm, region)


def _misspelt(norm: str, region: _Region | None) -> list[Place]:
    found = [
        (rank, place) for rank, place in cities_like(norm) if region is None or region.holds(place)
    ]
    if len(found) > 1 and found[0][0] >= SURE_RATIO * found[1][0]:
        return [found[0][1]]
    # Beside a likely answer the far-fetched ones only confuse.
    return [place for rank, place in found if rank * 200 >= found[0][0]]


def _sure(places: list[Place]) -> list[Place]:
    """One place where it dwarfs the others of its name, else all of them."""
    if len(places) > 1 and places[0].weight >= SURE_RATIO * places[1].weight:
        return places[:1]
    return places


def _told_apart(places: list[Place]) -> list[Place]:
    labels = [place.label for place in places]
    return [
        replace(place, by_county=True) if labels.count(label) > 1 else place
        for place, label in zip(places, labels, strict=True)
    ]


# -- Suggestions ---------------------------------------------------------------------


def _cities_and_region_begun(text: str) -> list[Place]:
    """A whole name and the beginning of its region: "portland, o" and "portland or"."""
    head, comma, tail = text.rpartition(",")
    if not comma:
        head, _space, tail = text.rpartition(" ")
    norm, start = normalise(head), normalise(tail)
    return [
        place
        for place in cities_named(norm, alias=False) or cities_named(norm, alias=True)
        if any(
            normalise(word).startswith(start)
            for word in (place.state_code, place.state_name, place.country, place.country_name)
        )
    ]


def _starting_but_for_a_slip(norm: str) -> list[Place]:
    """Cities that begin like this but for two letters swapped or one too many."""
    if len(norm) < 4:
        return []
    found: dict[int, Place] = {}
    for at in range(1, len(norm)):
        swapped = norm[: at - 1] + norm[at] + norm[at - 1] + norm[at + 1 :]
        for spelling in {swapped, norm[:at] + norm[at + 1 :]} - {norm}:
            found.update({p.geoname_id: p for p in cities_starting(spelling, limit=3)})
    return sorted(found.values(), key=lambda place: -place.weight)
