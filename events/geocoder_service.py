"""Asking the operator's geocoding service: any geopy geocoder, by settings.

GEOCODER names the service, GEOCODER_OPTIONS holds its arguments. Every request carries a
user agent that says who we are, ends within GEOCODER_TIMEOUT seconds however slowly the service
drips, and keeps GEOCODER_MIN_DELAY_MS between requests of all processes on this machine.
Answers are cached under a hash of the address.
"""

import fcntl
import hashlib
import hmac
import json
import threading
import time
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from geopy.geocoders import get_geocoder_for_service
from geopy.geocoders.base import Geocoder

from events.states import Accuracy

log = structlog.get_logger(__name__)

_KEEP_NOT_FOUND = 3600
_NOT_FOUND = "not found"
# After a failure nobody who is impatient asks for a while.
_RESTS, _RESTING = "geocoder:rests", 30


@dataclass(frozen=True, slots=True)
class Address:
    street: str
    city: str
    state_code: str
    postal_code: str
    country: str

    def __str__(self) -> str:
        town = " ".join(part for part in (self.state_code, self.postal_code) if part)
        return ", ".join(part for part in (self.street, self.city, town, self.country) if part)


@dataclass(frozen=True, slots=True)
class Answer:
    """Degrees, and an Accuracy."""

    latitude: float
    longitude: float
    accuracy: str


class ProviderFailed(Exception):
    """The service did not answer, or not in time, or not in its own language."""


def is_configured() -> bool:
    return bool(settings.GEOCODER)


def ask(address: Address, *, patience: float | None = None) -> Answer | None:
    """Where the service says the address is; None where it knows none. Raises ProviderFailed.

    `patience` is how many seconds, the turn's waiting included, the answer is of use; whoever
    sets it is not even kept waiting by a service that failed a moment ago.
    """
    key = _cache_key(address)
    kept = cache.get(key)
    if kept is not None:
        return None if kept == _NOT_FOUND else kept
    if patience is not None and cache.get(_RESTS):
        raise ProviderFailed("failed a moment ago")
    timeout: float = settings.GEOCODER_TIMEOUT
    if patience is None:
        _wait_for_turn(timeout)
    else:  # half of it for the turn, so that the service has the other half
        timeout = min(timeout, patience - _wait_for_turn(patience / 2))
    try:
        answer = _read(_within_time(lambda: _service().geocode(str(address)), timeout))
    except ProviderFailed:
        cache.set(_RESTS, True, _RESTING)
        raise
    # Where a home stands is kept no longer than its address (docs/privacy.md).
    keep_found = settings.KEEP_ADDRESS_DAYS * 24 * 3600
    cache.set(key, answer or _NOT_FOUND, keep_found if answer else _KEEP_NOT_FOUND)
    return answer


def _read(location: Any) -> Answer | None:
    if location is None:
        return None
    try:
        latitude, longitude = float(location.latitude), float(location.longitude)
        accuracy = accuracy_of(location.raw)
    except (AttributeError, TypeError, ValueError) as error:
        raise ProviderFailed(type(error).__name__) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ProviderFailed("a position off the earth")
    return Answer(latitude, longitude, accuracy)


def accuracy_of(raw: Any) -> str:
    """How exact an answer is, from what the known services say about it (an Accuracy)."""
    if not isinstance(raw, dict):
        return Accuracy.STREET
    # A gazetteer may say it outright; Google: geometry.location_type and types; Photon:
    # properties.type; Mapbox: place_type; Nominatim: addresstype or class/type.
    properties, geometry = (
        part if isinstance(part := raw.get(name), dict) else {}
        for name in ("properties", "geometry")
    )
    words = [raw.get("accuracy"), geometry.get("location_type"), properties.get("accuracy")]
    words += [properties.get("type"), raw.get("addresstype"), raw.get("type"), raw.get("class")]
    for name in ("types", "place_type"):
        words += raw[name] if isinstance(raw.get(name), list) else []
    known = {str(word).lower() for word in words if word}
    for accuracy, signs in _SIGNS:
        if known & signs:
            return accuracy
    return Accuracy.STREET


_SIGNS: list[tuple[str, frozenset[str]]] = [
    (Accuracy.ROOFTOP, frozenset({"rooftop", "parcel", "house", "building", "house_number"})),
    (Accuracy.ZIP, frozenset({"zip", "postal_code", "postcode", "postalcode"})),
    (Accuracy.CITY, frozenset({"city", "town", "village", "hamlet", "locality", "place"})),
    (Accuracy.CITY, frozenset({"administrative", "county", "state", "region", "country"})),
    (Accuracy.STREET, frozenset({"street", "route", "interpolated", "range_interpolated"})),
]


@lru_cache(maxsize=1)
def _service() -> Geocoder:
    options = json.loads(settings.GEOCODER_OPTIONS) if settings.GEOCODER_OPTIONS else {}
    options.setdefault("timeout", settings.GEOCODER_TIMEOUT)
    options.setdefault("user_agent", f"Barnstorm ({settings.SITE_URL}; {settings.MAIL_FROM})")
    return get_geocoder_for_service(settings.GEOCODER)(**options)


def forget_service() -> None:
    """Read the settings again at the next question (for tests)."""
    _service.cache_clear()


def _within_time(call: Any, seconds: float) -> Any:
    """The call's answer, or ProviderFailed once so many seconds have passed.

    geopy's own timeout starts anew with each byte that trickles in; this one does not. The
    thread left behind ends with its connection.
    """
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["answer"] = call()
        except Exception as error:  # whatever a service's answer breaks is the service's failure
            outcome["error"] = error

    thread = threading.Thread(target=run, name="geocoder", daemon=True)
    thread.start()
    thread.join(seconds)
    if "answer" in outcome:
        return outcome["answer"]
    error = outcome.get("error")
    raise ProviderFailed(type(error).__name__ if error else "too slow") from error


def _wait_for_turn(longest: float) -> float:
    """Keep the distance between requests the service asks for; answers the seconds that took.

    The next free instant stands in a file that all processes of this machine share. Raises
    ProviderFailed where the wait would be too long: the planner asks again later.
    """
    delay = settings.GEOCODER_MIN_DELAY_MS / 1000
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "geocoder-turn").open("a+") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        turn.seek(0)
        now = time.time()
        try:
            free = min(float(turn.read() or 0), now + 60)
        except ValueError:
            free = 0.0
        start = max(now, free)
        if start - now > longest:
            raise ProviderFailed("too many questions at once")
        turn.seek(0)
        turn.truncate()
        turn.write(repr(start + delay))
    time.sleep(start - now)
    return start - now


def _cache_key(address: Address) -> str:
    words = json.dumps([settings.GEOCODER, *(part.strip().casefold() for part in astuple(address))])
    digest = hmac.new(settings.ADDRESS_KEY.encode(), words.encode(), hashlib.sha256).hexdigest()
    return f"geocoded:{digest}"
