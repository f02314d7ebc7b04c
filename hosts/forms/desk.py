"""Short forms of the event's page: a note, a number, a message."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events.calendars import when_in_words
from events.cards import unbroken
from events.fields import LinesField
from events.models import Timeslot
from hosts.forms.times import RoomField, TimeslotForm


class NoteForm(forms.Form):
    """Words to guests that go with what is done."""

    note = LinesField(
        label=_("A few words to your guests"),
        required=False,
        max_length=1000,
        help_text=_("These go in the email. You can leave it blank."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CapacityForm(forms.Form):
    """The room of one date."""

    capacity = RoomField()


class OneTimeslotForm(TimeslotForm):
    """A date by itself, to add or to move; it cannot be blank."""

    @property
    def is_blank(self) -> bool:
        return False


class RemoveForm(forms.Form):
    """Taking a guest off the list."""

    words = LinesField(
        label=_("A few words to them"),
        required=False,
        max_length=1000,
        help_text=_("These go in the email. You can leave it blank."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    block = forms.BooleanField(
        label=_("Don't let them sign up for this event again"), required=False
    )


class MessageForm(forms.Form):
    """A message to everybody coming."""

    words = LinesField(
        label=_("Your message"),
        max_length=2000,
        help_text=_(
            "Each guest gets their own copy by email. No one sees who else got it."
            " Our staff can read it."
        ),
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": _("Write a few words first.")},
    )
    timeslots = forms.ModelMultipleChoiceField(
        label=_("To the guests of"),
        queryset=Timeslot.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one date.")},
    )

    def __init__(self, *args: Any, timeslots: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["timeslots"]
        field.queryset = timeslots
        field.label_from_instance = _label
        field.initial = [slot.pk for slot in timeslots]


def _label(slot: Timeslot) -> str:
    return unbroken(when_in_words(slot.starts_at, slot.ends_at, slot.event.timezone))
