"""Becoming a host, and agreeing to the agreement."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events import gazetteer
from events.fields import PhoneField, PostalCodeField, WordsField
from hosts.models import HostAgreement


class AgreementForm(forms.Form):
    """The box under the agreement; carries the version that was shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read this and I agree"),
        error_messages={"required": _("Please read the agreement and check the box to continue.")},
    )

    def __init__(self, data: Any = None, *, agreement: HostAgreement, initial: Any = None) -> None:
        self.agreement = agreement
        super().__init__(data, initial={"version": agreement.version} | (initial or {}))

    def ask_again(self, agreement: HostAgreement) -> None:
        """Show a version that was published since the form was."""
        self.agreement = agreement
        kept = {name: value for name, value in self.data.items() if name != "agree"}
        self.data = kept | {"version": agreement.version}
        self.add_error("agree", _("The agreement changed a moment ago. Please read it again."))


class BecomeHostForm(AgreementForm):
    """Name, phone and ZIP: what staff need to know somebody they have not met."""

    name = WordsField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Please tell us your name.")},
    )
    phone = PhoneField(
        label=_("Your phone"),
        help_text=_("For our staff, in case they have a question. It isn't shown on your events."),
        error_messages={
            "required": _("Please give a phone number. Our staff may need to call you.")
        },
    )
    postal_code = PostalCodeField(
        label=_("Your ZIP code"),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
        error_messages={"required": _("Please give your ZIP code.")},
    )
    field_order = ["name", "phone", "postal_code", "agree", "version"]

    def clean_postal_code(self) -> str:
        code = self.cleaned_data["postal_code"]
        if not gazetteer.find(code):
            raise ValidationError(
                _("We don't know the ZIP code “%(code)s.” Is there a typo?"),
                params={"code": code},
            )
        return code
