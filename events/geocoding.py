"""From an address to a position, its zone and its public place.

The configured geopy provider is asked first (events/geocoder_service.py); where there is none,
or it fails, is slow or talks nonsense, the centre of the ZIP code or city answers at once, the
accuracy says so, and the planner asks again later. Nothing here raises for a bad address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point

from events import geocoder_service, homes, spatial
from events.gazetteer import find, nearest
from events.geocoder_service import Address, ProviderFailed
from events.models import Event
from events.places import Place, kilometres
from events.spatial import MILES_PER_KM
from events.states import Accuracy
from events.zips import zip_place

log = structlog.get_logger(__name__)

# A pin may be moved this far from where the address is; an answer further from the ZIP's or
# city's centre is a namesake elsewhere.
FURTHEST_KM = 50
# When to ask again after a failure: after the last the place stays as it is, and staff see it.
_AGAIN = [timedelta(minutes=m) for m in (2, 15, 120, 720)]
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Geocoded:
    """Where an address is. Without any answer the degrees are None and the accuracy ""."""

    latitude: float | None
    longitude: float | None
    accuracy: str
    provider_failed: bool = False


class PinTooFar(ValueError):
    """The pin is `miles` away from where its address is; FURTHEST_KM is the limit."""

    def __init__(self, distance: float) -> None:
        super().__init__(f"{distance:.0f} km")
        self.miles = distance * MILES_PER_KM


class GazetteerGeocoder(Geocoder):
    """The embedded gazetteer as a geopy geocoder: ZIP codes and cities, no streets, no network.

    Each Location's `raw` holds `accuracy` and the `place`.
    """

    def geocode(self, query, *, exactly_one=True, timeout=DEFAULT_SENTINEL, limit=None):
        """`query`: words, or a dict with street, city, state, postalcode and country."""
        if isinstance(query, dict):
            place = centre_of(
                Address(
                    street=query.get("street", ""),
                    city=query.get("city", ""),
                    state_code=query.get("state", ""),
                    postal_code=query.get("postalcode", ""),
                    country=query.get("country", "US"),
                )
            )
            places = [place] if place else []
        else:
            places = find(str(query), limit=limit or 10)
        found = [_location(place) for place in places]
        if exactly_one:
            return found[0] if found else None
        return found or None

    def reverse(self, query, *, exactly_one=True, timeout=DEFAULT_SENTINEL):
        point = Point(query)
        found = _location(nearest(point.latitude, point.longitude))
        return found if exactly_one else [found]


def _location(place: Place) -> Location:
    accuracy = Accuracy.CITY if place.kind == "city" else Accuracy.ZIP
    raw = {"accuracy": str(accuracy), "place": place}
    return Location(place.label, Point(place.latitude, place.longitude), raw)


def centre_of(address: Address) -> Place | None:
    """The ZIP code's or else the city's centre, from the gazetteer; None where both are unknown."""
    code = address.postal_code.strip()
    if address.country == "US":
        place = zip_place(code[:5])
        if place is not None:
            return place
    elif address.country == "CA" and code:
        for place in find(f"{code[:3]}"):
            return place
    if address.city:
        region = [part for part in (address.state_code, address.country) if part]
        for place in find(", ".join([address.city, *region])):
            return place
    return None


def geocode(
    *, street: str = "", city: str = "", state_code: str = "", postal_code: str = "", country="US"
) -> Geocoded:
    """Where an address is, as well as can be told now. Never raises."""
    address = Address(street, city, state_code, postal_code, country)
    centre = centre_of(address)
    failed = False
    if street.strip() and geocoder_service.is_configured():
        try:
            answer = geocoder_service.ask(address)
        except ProviderFailed as failure:
            log.warning("geocoder_failed", reason=str(failure))
            failed = True
        else:
            if answer is not None and _believable(answer, centre):
                return Geocoded(answer.latitude, answer.longitude, answer.accuracy)
    if centre is None:
        return Geocoded(None, None, "", failed)
    accuracy = Accuracy.CITY if centre.kind == "city" else Accuracy.ZIP
    return Geocoded(centre.latitude, centre.longitude, accuracy, failed)


def _believable(answer: geocoder_service.Answer, centre: Place | None) -> bool:
    if centre is None:
        return True
    if answer.accuracy == Accuracy.CITY and centre.kind != "city":
        return False  # the ZIP code's centre says more
    apart = kilometres(answer.latitude, answer.longitude, centre.latitude, centre.longitude)
    return apart <= FURTHEST_KM


def _geocode_event(event: Event) -> Geocoded:
    return geocode(
        street=event.street,
        city=event.city,
        state_code=event.state_code,
        postal_code=event.postal_code,
        country=event.country,
    )


def place_event(event: Event, *, now: datetime) -> None:
    """Fill in the event's position (where it has none), zone and public place. Does not save.

    A position that is there stays: to have a changed address found, set `latitude` None first.
    An online event keeps no place, only the zone of its ZIP code or city.
    """
    if event.is_virtual_only:
        _place_nowhere(event)
        return
    if event.latitude is None or event.longitude is None:
        found = _geocode_event(event)
        event.latitude, event.longitude = found.latitude, found.longitude
        event.accuracy, event.pin_moved = found.accuracy, False
        event.geocode_attempts = 0
        event.geocode_again_at = now + _AGAIN[0] if found.provider_failed else None
    write_public_place(event)


def move_pin(event: Event, latitude: float, longitude: float) -> None:
    """Put the pin where the host says, and the public place with it. Does not save.

    Raises PinTooFar beyond FURTHEST_KM from where the address is.
    """
    if event.pin_moved or event.latitude is None or event.longitude is None:
        found = _geocode_event(event)
        base = (found.latitude, found.longitude)
    else:
        base = (event.latitude, event.longitude)
    if base[0] is not None and base[1] is not None:
        apart = kilometres(base[0], base[1], latitude, longitude)
        if apart > FURTHEST_KM:
            raise PinTooFar(apart)
    event.latitude, event.longitude = round(latitude, 6), round(longitude, 6)
    event.accuracy, event.pin_moved = Accuracy.ROOFTOP, True
    event.geocode_again_at = None
    write_public_place(event)


def write_public_place(event: Event) -> None:
    """Set the zone and all public_* fields from the position, by the address rules."""
    if event.latitude is None or event.longitude is None:
        _clear_public_place(event)
        return
    if event.is_private:
        place = homes.public_place(homes.home_cell(event))
        event.public_latitude, event.public_longitude = place.latitude, place.longitude
        event.public_neighborhood = place.neighborhood
        event.public_city, event.public_state_code = place.city, place.state_code
        event.public_postal_code, event.public_county = place.postal_code, place.county
        event.timezone = place.timezone
        return
    near = nearest(event.latitude, event.longitude)
    event.public_latitude, event.public_longitude = event.latitude, event.longitude
    event.public_neighborhood = near.neighborhood
    event.public_city = event.city or near.name
    event.public_state_code = event.state_code or near.state_code
    event.public_postal_code = event.postal_code or near.postal_code
    event.public_county = near.county
    event.timezone = near.timezone


def _place_nowhere(event: Event) -> None:
    centre = centre_of(Address("", event.city, event.state_code, event.postal_code, event.country))
    if centre is not None:
        event.timezone = centre.timezone
    event.latitude = event.longitude = None
    event.accuracy, event.pin_moved = "", False
    event.geocode_again_at = None
    _clear_public_place(event)


def _clear_public_place(event: Event) -> None:
    event.public_latitude = event.public_longitude = None
    event.public_neighborhood = event.public_city = event.public_state_code = ""
    event.public_postal_code = event.public_county = ""


# -- Again, later --------------------------------------------------------------------


def geocode_again(now: datetime) -> int:
    """Planner: ask the provider again for places it failed to answer; returns how many it found.

    A provider that fails now is left alone for a minute by all the others that wait, so that
    the letters due at the same tick are not held up by its silence.
    """
    due = Event.objects.filter(geocode_again_at__lte=now).order_by("geocode_again_at")
    found = 0
    for event in due[:_AT_ONCE]:
        try:
            found += _ask_again(event, now=now)
        except ProviderFailed:
            due.update(geocode_again_at=now + timedelta(minutes=1))
            break
    return found


def _ask_again(event: Event, *, now: datetime) -> bool:
    """Ask once more for one event. Raises ProviderFailed; the next time is set before asking.

    The row is not locked while the provider thinks; the answer counts only if the address and
    the pin are still what they were.
    """
    attempt = event.geocode_attempts + 1
    later = now + _AGAIN[attempt] if attempt < len(_AGAIN) else None
    claimed = Event.objects.filter(
        pk=event.pk, geocode_again_at=event.geocode_again_at, pin_moved=False
    ).update(geocode_again_at=later, geocode_attempts=attempt)
    if not claimed:
        return False
    found = _geocode_event(event)
    if found.provider_failed:
        raise ProviderFailed(str(event.pk))
    if found.latitude is None:
        return False
    with transaction.atomic():
        current = Event.objects.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
        if current.pin_moved or homes.address_digest(current) != homes.address_digest(event):
            return False
        zone = current.timezone
        current.latitude, current.longitude = found.latitude, found.longitude
        current.accuracy, current.geocode_again_at = found.accuracy, None
        write_public_place(current)
        if current.timezone != zone:
            # The host gave the times in the old zone: only a person can tell which is meant.
            log.warning("geocoded_into_another_zone", event_id=event.pk)
            Event.objects.filter(pk=event.pk).update(geocode_again_at=None)
            return False
        current.save(update_fields=_WRITTEN)
        spatial.index_event(current, now=now)
    log.info("geocoded_again", event_id=event.pk, accuracy=found.accuracy)
    return True


_WRITTEN = [
    "latitude",
    "longitude",
    "accuracy",
    "geocode_again_at",
    "public_latitude",
    "public_longitude",
    "public_neighborhood",
    "public_city",
    "public_state_code",
    "public_postal_code",
    "public_county",
]
