"""Where an event is: the form's part that is read by the geocoder and the address rules."""

import copy
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import gazetteer, geocoding
from events.cities import country_names
from events.fields import LinesField, PostalCodeField, WordsField
from events.models import Event
from events.regions import CANADIAN_PROVINCES, US_STATES, US_TERRITORIES
from events.states import AddressVisibility, AttendanceMode
from events.zips import zip_place
from hosts.drafts import SAME_NAME

_ADDRESS = ("street", "city", "state_code", "postal_code", "country")


_TOWN = {"city", "state_code", "postal_code"}


class WhereForm(forms.Form):
    """Where an event is, in person or online. A valid form names a place that exists."""

    attendance_mode = forms.ChoiceField(
        label=gettext_lazy("Where do people meet?"),
        choices=AttendanceMode,
        widget=forms.RadioSelect,
    )
    joining_url = WordsField(
        label=gettext_lazy("Link to join online"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Shown only to people who are coming."),
        widget=forms.URLInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )
    joining_notes = LinesField(
        label=gettext_lazy("How to join"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Password or phone-in number. Shown only to people who are coming."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    venue = WordsField(
        label=gettext_lazy("Name of the place"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("“Elm Street Library,” “the red barn.”"),
    )
    street = WordsField(
        label=gettext_lazy("Street and number"),
        required=False,
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    unit = WordsField(
        label=gettext_lazy("Apartment, floor, or room"), required=False, max_length=60
    )
    city = WordsField(
        label=gettext_lazy("City"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    state_code = WordsField(
        label=gettext_lazy("State"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "address-level1"}),
    )
    postal_code = PostalCodeField(label=gettext_lazy("ZIP code"), required=False)
    country = forms.ChoiceField(
        label=gettext_lazy("Country"), choices=country_names, required=False
    )

    def clean_joining_url(self) -> str:
        link = _link(self.cleaned_data["joining_url"])
        if link is None:
            raise ValidationError(
                _("That isn't a web link. It should look like https://example.org/x.")
            )
        return link

    def clean_country(self) -> str:
        return self.cleaned_data["country"] or "US"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        mode = values.get("attendance_mode")
        self._clean_state(values)
        here, online = mode != AttendanceMode.VIRTUAL, mode != AttendanceMode.IN_PERSON
        if online and values.get("joining_url") == "":
            self.add_error("joining_url", _("People who join online need the link."))
        if here and values.get("street") == values.get("venue") == "":
            self.add_error("street", _("Where is it? Give the street, or the name of the place."))
        if self._has_place(values) and not _TOWN & set(self.errors):
            if unknown := _unknown_place(values):
                self.add_error(*unknown)
            else:
                self._place(values)
        return values

    def _place(self, values: dict[str, Any]) -> None:
        """Called once the place is known to exist."""

    def _clean_state(self, values: dict[str, Any]) -> None:
        """ "ohio" and "oh" are OH; only countries whose states we know are checked."""
        typed, country = values.get("state_code", ""), values.get("country", "US")
        if country in US_TERRITORIES:
            values["country"], values["state_code"] = "US", country
            return
        known = {"US": US_STATES, "CA": CANADIAN_PROVINCES}.get(country)
        if not typed or known is None:
            return
        plain = typed.replace(".", "").strip().casefold()
        code = next(
            (c for c, name in known.items() if plain in {c.casefold(), name.casefold()}), ""
        )
        if code:
            values["state_code"] = code
        else:
            self.add_error(
                "state_code", _("We don't know the state “%(state)s.”") % {"state": typed}
            )

    def _has_place(self, values: dict[str, Any]) -> bool:
        if values.get("postal_code") or (values.get("city") and values.get("state_code")):
            return True
        if values.get("city") and values.get("country", "US") not in {"US", "CA"}:
            return True
        virtual = values.get("attendance_mode") == AttendanceMode.VIRTUAL
        if not _TOWN & set(self.errors):
            self.add_error(
                "postal_code",
                _("Give your ZIP code: the time zone comes from it.")
                if virtual
                else _("Give the ZIP code, or the city and state."),
            )
        return False


class PlaceForm(WhereForm):
    """The place as the host gives it. A valid form has `candidate`: the event, placed.

    The candidate is a copy of `event` with what was typed, its position, public place and
    time zone; nothing is saved.
    """

    event: Event
    now: datetime
    candidate: Event | None = None

    is_home = forms.BooleanField(
        label=gettext_lazy("This is somebody’s home"),
        help_text=gettext_lazy(
            "Everyone else sees only the general area. Guests who are coming get the address."
        ),
        required=False,
    )

    def _place(self, values: dict[str, Any]) -> None:
        """Find the place on the map; a slow or failing geocoder never stands in the way."""
        candidate = copy.copy(self.event)
        same_address = all(values.get(name) == getattr(self.event, name) for name in _ADDRESS)
        for name in SAME_NAME:
            if name in values:
                setattr(candidate, name, values[name])
        candidate.address_visibility = self._visibility(values)
        if not same_address:
            candidate.latitude = candidate.longitude = None
            candidate.accuracy, candidate.pin_moved = "", False
        geocoding.place_event(candidate, now=self.now)
        self.candidate = candidate

    def _visibility(self, values: dict[str, Any]) -> AddressVisibility:
        # An event that moves online keeps its old address: it stays as private as it was.
        here = values.get("attendance_mode") != AttendanceMode.VIRTUAL or values.get("street")
        home = values.get("is_home") and here
        return AddressVisibility.PRIVATE if home else AddressVisibility.PUBLIC


def _link(typed: str) -> str | None:
    """A typed web link, with its https:// added where it was left out; None where it is none."""
    text = typed.replace(" ", "")
    if not text:
        return ""
    if "://" not in text:
        text = f"https://{text}"
    try:
        URLValidator(schemes=["https", "http"])(text)
    except ValidationError:
        return None
    return text


def _unknown_place(values: dict[str, Any]) -> tuple[str, str] | None:
    """The field and the words where neither ZIP nor city is known anywhere; else None."""
    code, city = values.get("postal_code", ""), values.get("city", "")
    region = ", ".join(part for part in (values.get("state_code"), values.get("country")) if part)
    if code and gazetteer.find(code):
        return None
    if city and gazetteer.find(f"{city}, {region}"):
        return None
    if code:
        return "postal_code", _("We don't know the ZIP code “%(code)s.” Is there a typo?") % {
            "code": code
        }
    words = _("We don't know “%(city)s.” Check the city and state, or give the ZIP code.")
    return "city", words % {"city": city}


def zip_of_another_state(event: Event) -> str:
    """A word of warning where the ZIP code lies in another state than the one given; else ""."""
    place = zip_place(event.postal_code) if event.country == "US" else None
    if place is None or event.state_code in {"", place.state_code}:
        return ""
    return _("The ZIP code %(zip)s is in %(place)s, not in %(state)s. Is there a typo?") % {
        "zip": event.postal_code,
        "place": f"{place.name}, {place.state_code}",
        "state": event.state_code,
    }
