"""The form of an alert: e-mail, place, how far, which types."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from events import place_box
from events.fields import EmailField
from events.places import Place
from events.search import DEFAULT_MILES, WITHIN_CHOICES
from events.states import EventType
from rsvps.alerts import Wish
from rsvps.forms.strangers import StrangersForm

_WITHIN = [
    (miles, ngettext_lazy("%(miles)s mile", "%(miles)s miles", miles) % {"miles": miles})
    for miles in WITHIN_CHOICES
]


class AlertForm(StrangersForm):
    """ "Tell me when there's one"."""

    near = forms.CharField(
        label=_("Near"),
        max_length=200,
        help_text=_("A ZIP code, or a city and state."),
        error_messages={"required": _("Tell us where: a ZIP code, or a city and state.")},
    )
    within = forms.TypedChoiceField(
        label=_("Within"), choices=_WITHIN, coerce=int, initial=DEFAULT_MILES
    )
    email = EmailField(
        label=_("Your email"),
        help_text=_("First we'll send one email with a button, to make sure it's yours."),
        error_messages={"required": _("We need your email address.")},
    )
    type = forms.MultipleChoiceField(required=False, choices=EventType.choices)

    field_order = ("near", "within", "type", "email")

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, now=now, **kwargs)
        self.places: list[Place] = []
        if self.is_bound and "use_near" in self.data:  # one of the places offered
            self.data["near"] = str(self.data["use_near"])

    @classmethod
    def of_search(cls, params: QueryDict, *, now: datetime) -> "AlertForm":
        """An empty form for what a search's address asks for; nonsense in it is left out."""
        within = params.get("within", "")
        known = dict(EventType.choices)
        return cls(
            now=now,
            initial={
                "near": params.get("near", "")[:200],
                "within": next(
                    (miles for miles in WITHIN_CHOICES if within == str(miles)), DEFAULT_MILES
                ),
                "type": [name for name in params.getlist("type") if name in known],
            },
        )

    def clean_near(self) -> str:
        text = self.cleaned_data["near"]
        self.places = place_box.read(text)
        if not self.places:
            raise ValidationError(
                _("We don't know that place. Try a ZIP code, or a city and state.")
            )
        if len(self.places) > 1:
            raise ValidationError(_("There's more than one place by that name. Choose one below."))
        return text

    @property
    def choices(self) -> list[str]:
        """The places the box may mean, where it means several."""
        return [place.label for place in self.places] if len(self.places) > 1 else []

    @property
    def ticked(self) -> list[str]:
        """The types that are chosen."""
        return list(self["type"].value() or [])

    def to_wish(self) -> Wish:
        """The cleaned form as the domain takes it."""
        data = self.cleaned_data
        return Wish(self.places[0], data["within"], data["type"])
