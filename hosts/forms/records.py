"""What narrows the page of records."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events.fields import DayInput, EmailField
from hosts.models import RecordKind


class RecordsForm(forms.Form):
    """Who, which event, what and when; all of them may be empty."""

    who = EmailField(label=_("Person's email"), required=False)
    event = forms.IntegerField(label=_("Event's number"), required=False, min_value=1)
    kind = forms.ChoiceField(
        label=_("What"), choices=[("", _("Anything")), *RecordKind.choices], required=False
    )
    since = forms.DateField(label=_("From"), required=False, widget=DayInput)
    until = forms.DateField(label=_("To"), required=False, widget=DayInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            chosen = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if chosen else "form-control"
