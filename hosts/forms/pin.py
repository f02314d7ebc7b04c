"""Where the pin stands, as two numbers; the map fills them in where it can."""

import re
from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.models import Event
from events.words import tidy

_DEGREES = r"([-−+]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW]?)"
# "39.9612, -82.9988", as maps on phones give a position to paste.
_PAIR = re.compile(rf"\s*{_DEGREES}\s*[,;\s]\s*{_DEGREES}\s*", re.IGNORECASE)


class DegreesField(forms.FloatField):
    """Degrees, as a number or as it stands on maps: 82.9988° W is -82.9988."""

    # A phone's keypad for numbers may have no minus.
    widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"})

    def __init__(self, *, most: int, letters: str, **kwargs: Any) -> None:
        super().__init__(min_value=-most, max_value=most, **kwargs)
        self.letters = letters

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        text = tidy(str(value)).upper() if value not in self.empty_values else ""
        if not text:
            return None
        found = re.fullmatch(_DEGREES, text)
        if found is None or found[2] not in self.letters:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        degrees = float(found[1].replace("−", "-"))
        return -abs(degrees) if found[2] in ("S", "W") else degrees


class PinForm(forms.Form):
    """A position in degrees (WGS 84); both may be pasted into one of the boxes."""

    latitude = DegreesField(
        label=_("Latitude"),
        most=90,
        letters="NS",
        error_messages={
            "required": _("Give both numbers."),
            "invalid": _("The latitude is a number such as 39.9612."),
            "min_value": _("A latitude lies between -90 and 90."),
            "max_value": _("A latitude lies between -90 and 90."),
        },
    )
    longitude = DegreesField(
        label=_("Longitude"),
        most=180,
        letters="EW",
        help_text=_("In America it begins with a minus: -82.9988."),
        error_messages={
            "required": _("Give both numbers."),
            "invalid": _("The longitude is a number such as -82.9988."),
            "min_value": _("A longitude lies between -180 and 180."),
            "max_value": _("A longitude lies between -180 and 180."),
        },
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data if data is None else _apart(data), **kwargs)

    @classmethod
    def of(cls, event: Event) -> Self | None:
        """The form with the event's pin; None where the event has none."""
        if event.latitude is None:
            return None
        return cls(initial={"latitude": event.latitude, "longitude": event.longitude})


def _apart(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, with a position pasted into one box in its two."""
    sent = {name: data[name] for name in data}
    for name in ("latitude", "longitude"):
        if pair := _PAIR.fullmatch(str(sent.get(name, ""))):
            sent["latitude"], sent["longitude"] = pair[1] + pair[2], pair[3] + pair[4]
            break
    return sent
