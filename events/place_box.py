"""What somebody typed into the box, read as places: by the gazetteer, a street by the provider.

Without a provider a street address is read down to its ZIP code or city, which stand in the
same text; a provider that is slow, busy or wrong changes nothing but that.
"""

from dataclasses import replace

import structlog

from events import gazetteer, geocoder_service
from events.cities import countries_named
from events.geocoder_service import Address, Answer, ProviderFailed
from events.geocoding import FURTHEST_KM
from events.places import Place, kilometres
from events.regions import COUNTRY_NICKNAMES
from events.spelling import after_street, names_a_street, normalise
from events.states import Accuracy

log = structlog.get_logger(__name__)

# Nobody who looks for an event waits longer for a provider than this.
PATIENCE = 2.0


def read(text: str) -> list[Place]:
    """The places `text` may mean, likeliest first; [] where it means none. Never raises."""
    places = gazetteer.find(text)
    if geocoder_service.is_configured() and _names_a_street(text, places):
        exact = _ask(text, places)
        if exact is not None:
            return [exact]
    return places


def _names_a_street(text: str, places: list[Place]) -> bool:
    # "97201 Portland" begins with no house number.
    if places and places[0].postal_code and text.strip().startswith(places[0].postal_code):
        return False
    return any(names_a_street(part) or any(after_street(part)) for part in text.split(","))


def _ask(text: str, places: list[Place]) -> Place | None:
    address = Address(" ".join(text.split()), "", "", "", _country(text, places))
    try:
        answer = geocoder_service.ask(address, patience=PATIENCE)
    except ProviderFailed as failure:
        log.warning("geocoder_failed_a_search", reason=str(failure))
        return None
    if answer is None or not _believable(answer, places):
        return None
    near = gazetteer.nearest(answer.latitude, answer.longitude)
    return replace(near, kind="address", latitude=answer.latitude, longitude=answer.longitude)


def _country(text: str, places: list[Place]) -> str:
    """Where the text names no country: that of its city, or else this one."""
    last = normalise(text.rpartition(",")[2])
    if last in COUNTRY_NICKNAMES or countries_named(last):
        return ""
    return places[0].country if places else "US"


def _believable(answer: Answer, places: list[Place]) -> bool:
    if not places:
        return True
    if answer.accuracy in {Accuracy.CITY, Accuracy.ZIP}:
        return False  # no better than what the text says itself
    return any(
        kilometres(answer.latitude, answer.longitude, place.latitude, place.longitude)
        <= FURTHEST_KM
        for place in places
    )
