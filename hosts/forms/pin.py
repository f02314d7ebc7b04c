"""Where the pin stands, as two numbers; the map fills them in where it can."""

from typing import Self

from django import forms
from django.utils.translation import gettext_lazy as _

from events.models import Event


class PinForm(forms.Form):
    """A position in degrees (WGS 84)."""

    latitude = forms.FloatField(
        label=_("Latitude"),
        min_value=-90,
        max_value=90,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"invalid": _("The latitude is a number such as 39.9612.")},
    )
    longitude = forms.FloatField(
        label=_("Longitude"),
        min_value=-180,
        max_value=180,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"invalid": _("The longitude is a number such as -82.9988.")},
    )

    @classmethod
    def of(cls, event: Event) -> Self | None:
        """The form with the event's pin; None where the event has none."""
        if event.latitude is None:
            return None
        return cls(initial={"latitude": event.latitude, "longitude": event.longitude})
