"""Asking somebody by e-mail to help."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.fields import EmailField, suggest_email


def too_often(email: str) -> str:
    """What is said when an address may not be asked again so soon."""
    return gettext("We can't send %(email)s another request today. Please try again tomorrow.") % {
        "email": email
    }


class AskingForm(forms.Form):
    """Whom to ask. A mistyped address, which may be somebody else's, is asked about once."""

    email = EmailField(
        label=_("Ask by email"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give a complete email address, like name@example.org.")},
    )
    doubted = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        meant = suggest_email(email)
        if meant and self.data.get("doubted") != email:
            self.data = dict(self.data.items()) | {"doubted": email}
            raise ValidationError(
                _(
                    "“%(email)s” looks like a typo. Did you mean %(meant)s? No one was asked yet."
                    " If it’s right, press the button again."
                ),
                params={"email": email, "meant": meant},
            )
        return email
