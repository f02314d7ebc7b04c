"""What a place is, wherever it was found."""

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from events.regions import state_name

EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Place:
    """A place somebody may mean. Degrees WGS 84; `timezone` an IANA name; codes as the post's."""

    kind: str  # zip, city, fsa, position, address
    name: str
    state_code: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    county: str = ""
    postal_code: str = ""
    population: int = 0
    neighborhood: str = ""
    country_name: str = ""
    geoname_id: int = 0
    # How likely it is meant: people, discounted abroad.
    weight: float = 0.0
    # Two results of one search are called the same: their county tells them apart.
    by_county: bool = False

    @property
    def state_name(self) -> str:
        return state_name(self.state_code, self.country)

    @property
    def label(self) -> str:
        """The place in words, such as "Portland, OR 97201"; `gazetteer.find` reads it back."""
        parts = [self.name]
        if self.by_county and self.county:
            parts.append(self.county)
        parts.append(f"{self.state_code} {self.postal_code}".strip())
        if self.country != "US":
            parts.append(self.country_name)
        text = ", ".join(part for part in parts if part)
        return _("Near %(place)s") % {"place": text} if self.kind == "position" else text


def kilometres(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """The great-circle distance between two points (haversine)."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((p2 - p1) / 2) ** 2
    half += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lng2 - lng1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
