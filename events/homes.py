"""The address rules for private homes (docs/architecture.md, "Two places").

A private home is shown as the H3 cell of about 5 km² it stands in: everything public reads the
cell's centre and what is near that, never the house. A cell, unlike random noise, does not
average out over many requests or many events of one host.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext as _
from h3.api import basic_int as h3

from events.gazetteer import nearest
from events.models import Event, HomeCell
from events.spelling import DIRECTIONS, STREET_KINDS, normalise, normalise_street
from events.states import Accuracy

HOME_RESOLUTION = 7

# How well a position may fix a home's cell.
_PRECISION = {Accuracy.CITY: 1, Accuracy.ZIP: 2, Accuracy.STREET: 3, Accuracy.ROOFTOP: 4}
_PINNED = 5
_PRECISE = 3

_UNIT = re.compile(r"(?:\s|,)(?:apt|apartment|unit|suite|ste|fl|floor|#)\W*\w*\s*$", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[a-z]{2,}", re.IGNORECASE)
# After these a number tells a time, a day or an amount, not a house.
_NOT_A_HOUSE = re.compile(r"\s*(?:[ap]\.?m\b|o.?clock|:\d|%|people|guests|minutes|hours)", re.I)


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """All that may be told of where a private home is."""

    latitude: float
    longitude: float
    neighborhood: str
    city: str
    state_code: str
    postal_code: str
    county: str
    timezone: str


def normalised_street(street: str) -> str:
    """A street address as one spelling: "41 South Elm Street, Apt 4" is "41 s elm st"."""
    return normalise_street(_UNIT.sub("", street))


def address_digest(event: Event) -> str:
    """A keyed hash of the event's street address; "" where it names no street.

    It tells nothing without ADDRESS_KEY, so it may outlive the address itself.
    """
    street = normalised_street(event.street)
    if not street:
        return ""
    town = event.postal_code[:5] or f"{normalise(event.city)} {normalise(event.state_code)}"
    address = "|".join((street, town.casefold(), event.country))
    key = settings.ADDRESS_KEY.encode()
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def home_cell(event: Event) -> int:
    """The cell that stands for the home, the same for every event at this address.

    Once a precise position gave it, the cell stays although a later position lies just over
    its edge: a geocoder's noise must not tell that the house is near that edge. A better
    position replaces a guess (the ZIP code's centre), and one more than a cell away a mistake.
    """
    if event.latitude is None or event.longitude is None:
        raise ValueError("The event has no position yet.")
    cell = h3.latlng_to_cell(event.latitude, event.longitude, HOME_RESOLUTION)
    digest = address_digest(event)
    if not digest:
        return cell
    precision = _PINNED if event.pin_moved else _PRECISION.get(Accuracy(event.accuracy), 0)
    kept, created = HomeCell.objects.get_or_create(
        address_digest=digest, defaults={"cell": cell, "precision": precision}
    )
    if created or precision < kept.precision:
        return kept.cell
    if kept.precision >= _PRECISE and not _further_than_a_cell(kept.cell, cell):
        cell = kept.cell
    HomeCell.objects.filter(pk=digest).update(cell=cell, precision=precision)
    return cell


def public_place(cell: int) -> PublicPlace:
    """What is told of a home in this cell: the cell's centre and its nearest places."""
    latitude, longitude = (round(degrees, 5) for degrees in h3.cell_to_latlng(cell))
    place = nearest(latitude, longitude)
    return PublicPlace(
        latitude=latitude,
        longitude=longitude,
        neighborhood=place.neighborhood,
        city=place.name,
        state_code=place.state_code,
        postal_code=place.postal_code,
        county=place.county,
        timezone=place.timezone,
    )


def warnings(event: Event) -> list[str]:
    """What the words of a private event would give away, in sentences for its host.

    Looks into the title and description for the street, the house number, phone numbers and
    e-mail addresses. Public addresses give no warnings.
    """
    if not event.is_private:
        return []
    found = []
    for name, text in ((_("title"), event.title), (_("description"), event.description)):
        for words in _given_away(text, event):
            found.append(
                _("It looks like the %(where)s includes %(what)s. Everyone can read it there.")
                % {"where": name, "what": words}
            )
    return found


def _given_away(text: str, event: Event) -> list[str]:
    number, name = _number_and_name(event.street)
    plain = f" {normalised_street(text)} "
    found = []
    if name and f" {name} " in plain:
        found.append(_("the street of your home"))
    if number and any(
        not _NOT_A_HOUSE.match(text, match.end())
        for match in re.finditer(rf"(?<![\w:.$-]){re.escape(number)}(?![\w:-]|\.\d)", text, re.I)
    ):
        found.append(_("your house number"))
    if any(True for _match in phonenumbers.PhoneNumberMatcher(text, "US")) or _holds_digits(
        text, event.contact_phone
    ):
        found.append(_("a phone number"))
    if _EMAIL.search(text) or (event.contact_email and event.contact_email in text.casefold()):
        found.append(_("an email address"))
    return found


def _number_and_name(street: str) -> tuple[str, str]:
    """ "41 South Elm Street" -> ("41", "elm st"): what would lead to the door."""
    words = normalised_street(street).split()
    number = words.pop(0) if words and words[0][:1].isdigit() and len(words) > 1 else ""
    while len(words) > 1 and words[0] in DIRECTIONS:
        words.pop(0)
    while len(words) > 1 and words[-1] in DIRECTIONS:
        words.pop()
    # A name without its "street" counts when it is no everyday word: "Kosciuszko", not "Oak".
    if len(words) > 1 and words[-1] in STREET_KINDS and len(" ".join(words[:-1])) >= 8:
        words.pop()
    return number, " ".join(words)


def _holds_digits(text: str, phone: str) -> bool:
    wanted = re.sub(r"\D", "", phone)[-10:]
    return len(wanted) >= 7 and wanted in re.sub(r"[\s().+-]", "", text)


def _further_than_a_cell(one: int, other: int) -> bool:
    try:
        return h3.grid_distance(one, other) > 1
    except h3.H3FailedError:
        return True  # too far apart to be counted
