"""The event's form: one page, in the order in which a person thinks.

It is always bound to what was typed (`hosts.drafts.Typed`), so that a draft, a form that came
back with errors and an event that is public already are shown alike.
"""

import hashlib
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import homes
from events.changes import SlotFields
from events.fields import (
    EmailField,
    LinesField,
    PhoneField,
    WordsField,
    is_email,
    normalize_email,
    show_phone,
    suggest_email,
)
from events.models import Event
from events.states import EventType, YesNoUnknown
from hosts.cohosting import MOST
from hosts.drafts import FIELDS, SAME_NAME, Typed
from hosts.forms.place import PlaceForm, zip_of_another_state
from hosts.forms.times import timeslots_form
from hosts.hosting import PLACED
from hosts.pictures import picture_mark, picture_named


class EventForm(PlaceForm):
    """All about an event but its dates, which are `times`; `is_valid` reads both."""

    # -- what
    type = forms.ChoiceField(label=gettext_lazy("What kind of event is it?"), choices=EventType)
    title = WordsField(
        label=gettext_lazy("Title"),
        max_length=120,
        help_text=gettext_lazy("Short and inviting, like “Porch party for a new library.”"),
        error_messages={"required": gettext_lazy("Give your event a title.")},
    )
    description = LinesField(
        label=gettext_lazy("What will happen?"),
        max_length=10_000,
        help_text=gettext_lazy(
            "Why come, what you’ll do together, what to bring. **Two stars** make words bold;"
            " a dash at the start of a line makes a list."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Say in a few words what will happen.")},
    )
    official = forms.BooleanField(
        label=gettext_lazy("This is an official campaign event"),
        help_text=gettext_lazy(
            "Someone from the campaign asked you to hold it. Our staff will check."
        ),
        required=False,
    )
    # -- who
    contact_name = WordsField(
        label=gettext_lazy("Who should guests ask for?"),
        max_length=100,
        error_messages={"required": gettext_lazy("Who should guests ask for?")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_phone = PhoneField(
        label=gettext_lazy("Phone on the day"),
        help_text=gettext_lazy("Only people who are coming see it."),
        error_messages={"required": gettext_lazy("Guests who get lost need a number to call.")},
    )
    contact_email = EmailField(
        label=gettext_lazy("Email for questions"),
        required=False,
        help_text=gettext_lazy("For staff and co-hosts. Guests don't see it."),
    )
    approve_each_guest = forms.BooleanField(
        label=gettext_lazy("I want to say yes or no to each guest"),
        help_text=gettext_lazy("Guests don't get the address until you say yes."),
        required=False,
    )
    cohosts = LinesField(
        label=gettext_lazy("Ask co-hosts to help"),
        required=False,
        max_length=3000,
        help_text=gettext_lazy(
            "Their email addresses, one per line. Each one gets an email and has to say yes."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "inputmode": "email", "autocomplete": "off"}),
    )
    # -- access
    wheelchair = forms.ChoiceField(
        label=gettext_lazy("Is it wheelchair accessible, inside and out?"),
        choices=YesNoUnknown,
        widget=forms.RadioSelect,
        required=False,
    )
    asl = forms.ChoiceField(
        label=gettext_lazy("Will there be a sign language (ASL) interpreter?"),
        choices=YesNoUnknown,
        widget=forms.RadioSelect,
        required=False,
    )
    child_care = forms.ChoiceField(
        label=gettext_lazy("Is there child care?"),
        choices=YesNoUnknown,
        widget=forms.RadioSelect,
        required=False,
    )
    language = WordsField(
        label=gettext_lazy("Language"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("If it isn't only English: “Spanish,” “English and Hmong.”"),
    )
    transit_notes = LinesField(
        label=gettext_lazy("Bus and train"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    parking_notes = LinesField(
        label=gettext_lazy("Parking"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    # -- picture: the file itself comes in hosts.forms.picture and is kept by its mark
    picture_kept = forms.CharField(required=False, widget=forms.HiddenInput)
    picture_alt = WordsField(
        label=gettext_lazy("What does the picture show?"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("For people who can't see it."),
    )
    field_order = FIELDS
    # What was warned of when the form was sent: sent again, it is meant so.
    warned = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, typed: Typed, *, event: Event, now: datetime, read: bool) -> None:
        """`read`: read what was typed as an event; else only show it."""
        self.event, self.now, self.typed = event, now, typed
        self.warnings: list[str] = []
        shown = typed["fields"]
        if read:
            super().__init__(data=shown)
        else:
            phone = show_phone(shown["contact_phone"])
            super().__init__(initial=shown | {"contact_phone": phone})
            self.times = timeslots_form(event=event, now=now, initial=typed["times"])

    def is_valid(self) -> bool:
        """Reads fields, place and dates; warnings not yet confirmed count as "not valid"."""
        fine = super().is_valid()
        zone = self.candidate.timezone if self.candidate else None
        self.times = timeslots_form(
            event=self.event, now=self.now, zone=zone, data=_rows_as_data(self.typed["times"])
        )
        fine = self.times.is_valid() and fine
        if fine:
            self.warnings = self._warnings()
        return fine and (not self.warnings or self.cleaned_data["warned"] == self.warning_mark)

    # -- single fields

    def clean_cohosts(self) -> list[str]:
        lines = self.cleaned_data["cohosts"].replace(",", "\n").replace(";", "\n").split("\n")
        emails = list(dict.fromkeys(normalize_email(line) for line in lines if line.strip()))
        for email in emails:
            if not is_email(email):
                raise ValidationError(
                    _("“%(email)s” isn't a complete email address."),
                    params={"email": email[:100]},
                )
            if meant := suggest_email(email):
                raise ValidationError(
                    _("“%(email)s” looks like a typo. Did you mean %(meant)s?"),
                    params={"email": email, "meant": meant},
                )
        if len(emails) > MOST:
            raise ValidationError(_("At most %(most)s co-hosts."), params={"most": MOST})
        return emails

    def clean_picture_kept(self) -> str:
        return picture_named(self.cleaned_data["picture_kept"])

    def _yes_no(self, name: str) -> str:
        return self.cleaned_data[name] or YesNoUnknown.UNKNOWN

    def clean_wheelchair(self) -> str:
        return self._yes_no("wheelchair")

    def clean_asl(self) -> str:
        return self._yes_no("asl")

    def clean_child_care(self) -> str:
        return self._yes_no("child_care")

    def _warnings(self) -> list[str]:
        values = self.cleaned_data
        if self.candidate is None:
            return []
        found = homes.warnings(self.candidate)
        if elsewhere := zip_of_another_state(self.candidate):
            found.append(elsewhere)
        if self.event.is_private and self.event.street and not self.candidate.is_private:
            found.append(_("Until now, only guests saw the address. From now on, everyone will."))
        email = values["contact_email"]
        if email and (meant := suggest_email(email)):
            found.append(
                _("“%(email)s” looks like a typo. Did you mean %(meant)s?")
                % {"email": email, "meant": meant}
            )
        return found

    @property
    def warning_mark(self) -> str:
        return hashlib.sha256("\n".join(self.warnings).encode()).hexdigest()[:16]

    @cached_property
    def picture_name(self) -> str:
        """The file of the picture beside the field: kept from before, or just uploaded."""
        return picture_named(self["picture_kept"].value() or "").rpartition("/")[2]

    # -- what the domain takes

    def event_fields(self) -> dict[str, Any]:
        """The event's fields as `events.lifecycle.change_event` takes them; when valid only."""
        values = self.cleaned_data
        fields = {name: values[name] for name in SAME_NAME}
        fields["picture"] = values["picture_kept"]
        fields["address_visibility"] = self._visibility(values)
        return fields | {name: getattr(self.candidate, name) for name in PLACED}

    def slots(self) -> list[SlotFields]:
        return self.times.slots()


def typed_with_picture(typed: Typed, name: str) -> Typed:
    """What was typed, with a picture just stored."""
    return Typed(
        fields=typed["fields"] | {"picture_kept": picture_mark(name)}, times=typed["times"]
    )


def _rows_as_data(times: list[dict[str, str]]) -> dict[str, str]:
    data = {"times-TOTAL_FORMS": str(len(times)), "times-INITIAL_FORMS": "0"}
    for row, values in enumerate(times):
        data |= {f"times-{row}-{name}": text for name, text in values.items()}
    return data
