"""Which letters the clock sends to guests, and when: staff's form."""

from datetime import time
from typing import Any

from django import forms
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from rsvps.steps import (
    HOURS_OF_DAY,
    MOST_DAYS,
    MOST_HOURS_AFTER,
    MOST_HOURS_BEFORE,
    Step,
    Steps,
)


def _number(label: Any, *, least: int, most: int) -> forms.IntegerField:
    # A step that is switched off keeps its number; an empty box then is no mistake.
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class RemindersForm(forms.Form):
    """The three steps, each on or off."""

    day_before = forms.BooleanField(label=_("Remind guests before the day"), required=False)
    days = _number(_("How many days before"), least=1, most=MOST_DAYS)
    hour = forms.TypedChoiceField(
        label=_("At what time, by the clock at the event"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=lambda: [(hour, time_format(time(hour), "P")) for hour in HOURS_OF_DAY],
    )
    on_the_day = forms.BooleanField(
        label=_("Remind guests on the day"),
        required=False,
        help_text=_(
            "Never before 8 a.m.; for starts before 9 a.m. at 8 p.m. on the evening before."
        ),
    )
    hours_before = _number(_("How many hours before the start"), least=1, most=MOST_HOURS_BEFORE)
    thanks = forms.BooleanField(label=_("Say thanks afterward, and ask how it was"), required=False)
    hours_after = _number(_("How many hours after the end"), least=0, most=MOST_HOURS_AFTER)

    # Which number belongs to which step.
    _NUMBERS = {
        "days": "day_before",
        "hour": "day_before",
        "hours_before": "on_the_day",
        "hours_after": "thanks",
    }

    def __init__(self, *args: Any, steps: Steps, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "day_before": steps.day_before.enabled,
            "days": steps.day_before.days,
            "hour": steps.day_before.hour,
            "on_the_day": steps.on_the_day.enabled,
            "hours_before": steps.on_the_day.hours,
            "thanks": steps.thanks.enabled,
            "hours_after": steps.thanks.hours,
        }
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, step in self._NUMBERS.items():
            if name in data and data[name] is None:
                if data.get(step):
                    self.add_error(name, _("Type a number."))
                data[name] = self.initial[name]
        return data

    def to_steps(self) -> Steps:
        """The cleaned form as `rsvps.steps` takes it."""
        data = self.cleaned_data
        return Steps(
            day_before=Step(data["day_before"], days=data["days"], hour=data["hour"]),
            on_the_day=Step(data["on_the_day"], hours=data["hours_before"]),
            thanks=Step(data["thanks"], hours=data["hours_after"]),
        )
