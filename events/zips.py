"""US ZIP codes: where they are, read from the `zipcodes` package at run time."""

from functools import lru_cache

import zipcodes

from events.places import Place, kilometres
from events.zones import zone_at


@lru_cache(maxsize=4096)
def zip_place(code: str) -> Place | None:
    """The centre of a five-digit US ZIP code; None where there is no such code."""
    if not (code.isascii() and code.isdigit() and len(code) == 5):
        return None
    rows = _on_the_map(zipcodes.matching(code))
    return _place(rows[0]) if rows else None


def zips_starting(digits: str, *, limit: int) -> list[Place]:
    """ZIP codes that begin with at least three digits, ordinary ones first."""
    rows = _on_the_map(zipcodes.similar_to(digits))
    rows.sort(key=lambda row: (row["zip_code_type"] != "STANDARD", row["zip_code"]))
    return [_place(row) for row in rows[:limit]]


def postal_city(name: str, state_code: str) -> Place | None:
    """A town by the name the post knows it under: many small ones are in no other list."""
    rows = _on_the_map(zipcodes.filter_by(city=name, state=state_code))
    return _place(rows[0], kind="city") if rows else None


def nearest_zip(latitude: float, longitude: float) -> Place | None:
    """The ordinary ZIP code whose centre is nearest, within 60 miles."""
    for miles in (4, 15, 60):
        rows = [
            row
            for row in zipcodes.filter_by_coordinates(latitude, longitude, miles)
            if row["zip_code_type"] == "STANDARD" and row["active"] and row["country"] == "US"
        ]
        if rows:
            return _place(
                min(
                    rows,
                    key=lambda row: (
                        kilometres(latitude, longitude, float(row["lat"]), float(row["long"])),
                        row["zip_code"],
                    ),
                )
            )
    return None


def _on_the_map(rows: list[dict]) -> list[dict]:
    """Rows with a position: military and some retired codes stand at 0,0."""
    return [row for row in rows if float(row["lat"])]


def _place(row: dict, kind: str = "zip") -> Place:
    latitude, longitude = float(row["lat"]), float(row["long"])
    return Place(
        kind=kind,
        name=row["city"],
        state_code=row["state"],
        country="US",
        country_name="United States",
        latitude=latitude,
        longitude=longitude,
        timezone=zone_at(latitude, longitude),
        county=row["county"] or "",
        postal_code=row["zip_code"] if kind == "zip" else "",
    )
