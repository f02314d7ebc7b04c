"""What staff type at the review desk, and what a visitor reports."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events.fields import EmailField, LinesField, PhoneField, WordsField, show_phone
from events.models import Event
from events.states import AddressVisibility, EventType, YesNoUnknown
from hosts.forms.pin import PinForm
from hosts.forms.place import WhereForm
from hosts.models import EventReport, ReportReason
from hosts.review import REASONS


class Seen(forms.HiddenInput):
    """What the page showed; several forms of one page carry it, so it has no id."""

    def __init__(self) -> None:
        super().__init__(attrs={"id": False})


class DecisionForm(forms.Form):
    """Which step, about what was shown, and why."""

    step = forms.CharField(max_length=20, widget=forms.HiddenInput, required=False)
    seen = forms.CharField(max_length=80, widget=Seen)
    reasons = forms.MultipleChoiceField(
        label=_("Why? The host reads this."),
        choices=list(REASONS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    words = LinesField(
        label=_("In your own words"),
        max_length=1500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class FixForm(WhereForm):
    """Any field of an event, for staff; an address that changed is looked up anew."""

    seen = forms.CharField(max_length=80, widget=Seen)
    title = WordsField(label=_("Title"), max_length=120)
    type = forms.ChoiceField(label=_("Type"), choices=EventType)
    official = forms.BooleanField(label=_("Official campaign event"), required=False)
    description = LinesField(
        label=_("Description"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    address_visibility = forms.ChoiceField(
        label=_("Who sees the address"), choices=AddressVisibility
    )
    confirm_rsvps = forms.BooleanField(
        label=_("Ask guests to confirm their email address first"), required=False
    )
    contact_name = WordsField(label=_("Contact name"), max_length=100, required=False)
    contact_phone = PhoneField(label=_("Contact phone"), required=False)
    contact_email = EmailField(label=_("Contact email"), required=False)
    approve_each_guest = forms.BooleanField(
        label=_("The host says yes or no to each guest"), required=False
    )
    wheelchair = forms.ChoiceField(label=_("Wheelchair"), choices=YesNoUnknown)
    asl = forms.ChoiceField(label=_("Sign language"), choices=YesNoUnknown)
    child_care = forms.ChoiceField(label=_("Child care"), choices=YesNoUnknown)
    language = WordsField(label=_("Language"), max_length=60, required=False)
    transit_notes = LinesField(label=_("Transit"), max_length=500, required=False)
    parking_notes = LinesField(label=_("Parking"), max_length=500, required=False)
    picture_alt = WordsField(label=_("What the picture shows"), max_length=160, required=False)
    remove_picture = forms.BooleanField(label=_("Take the picture away"), required=False)
    reason = LinesField(
        label=_("A word to the host (optional)"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    field_order = ["seen", "title", "type", "official", "description", *WhereForm.base_fields]
    NOT_OF_EVENT = frozenset({"seen", "reason", "remove_picture"})

    @classmethod
    def initial_of(cls, event: Event) -> dict[str, Any]:
        names = [name for name in cls.base_fields if name not in cls.NOT_OF_EVENT]
        phone = show_phone(event.contact_phone) if event.contact_phone else ""
        return {name: getattr(event, name) for name in names} | {"contact_phone": phone}

    def fields_of_event(self) -> dict[str, Any]:
        fields = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in self.NOT_OF_EVENT
        }
        if self.cleaned_data["remove_picture"]:
            fields |= {"picture": "", "picture_alt": ""}
        return fields


class SeenForm(forms.Form):
    """What the page showed (`vetting.stamp_of`)."""

    seen = forms.CharField(max_length=80, widget=Seen)


class FixPinForm(SeenForm, PinForm):
    """Where the pin belongs."""


class ReportForm(forms.ModelForm):
    """Report this event. The trap is a box that people do not see and robots fill in."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ReportReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong.")},
    )
    words = LinesField(
        label=_("Tell us more (optional)"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    email = EmailField(
        label=_("Your email, if we may write back (optional)"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    class Meta:
        model = EventReport
        fields = ["reason", "words", "email"]

    @property
    def is_robot(self) -> bool:
        return bool(self.cleaned_data["website"])


class TextForm(forms.Form):
    """A text in Markdown."""

    text = LinesField(
        label=_("Text"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("Markdown: # for a heading, - for a list, **bold**, [words](address)."),
    )


class AgreementTextForm(TextForm):
    """The host agreement's next version; `seen` is the version it follows."""

    seen = forms.IntegerField(widget=Seen)


class SitePageForm(TextForm):
    """A page of the site, in Markdown."""

    seen = forms.CharField(max_length=40, widget=Seen)
    title = WordsField(label=_("Title"), max_length=100)
    field_order = ["title", "text", "seen"]
