"""Logging in and signing up: an e-mail address is enough, a password is for who wants one."""

from allauth.account import forms as allauth_forms
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from hosts.models import EMAIL_MAX_LENGTH

_EMAIL_ATTRS = {
    "placeholder": "",
    "inputmode": "email",
    "autocapitalize": "none",
    "spellcheck": "false",
}
# allauth's own e-mail fields say so to the browser only; the database would refuse.
_FITS = MaxLengthValidator(EMAIL_MAX_LENGTH)


class LoginForm(allauth_forms.LoginForm):
    """For those who set a password; a code is asked for with `CodeForm`."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Your e-mail")
        self.fields["login"].validators.append(_FITS)
        self.fields["login"].widget.attrs.update(_EMAIL_ATTRS | {"autocomplete": "username"})
        self.fields["password"].widget.attrs.pop("placeholder", None)


class CodeForm(allauth_forms.RequestLoginCodeForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Your e-mail")
        self.fields["email"].validators.append(_FITS)
        self.fields["email"].widget.attrs.update(_EMAIL_ATTRS | {"autocomplete": "email"})


class SignupForm(allauth_forms.SignupForm):
    """An address is enough; a password can be added later."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password1", None)
        self.fields["email"].label = _("Your e-mail")
        self.fields["email"].validators.append(_FITS)
        self.fields["email"].widget.attrs.update(_EMAIL_ATTRS | {"autocomplete": "email"})


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Your e-mail")
        self.fields["email"].validators.append(_FITS)
        self.fields["email"].widget.attrs.update(_EMAIL_ATTRS | {"autocomplete": "email"})


class StaffForm(forms.Form):
    """Asks somebody to join the staff."""

    email = forms.EmailField(label=_("E-mail address"), max_length=EMAIL_MAX_LENGTH)
    senior = forms.BooleanField(
        label=_("Senior: may approve high-level events and give roles"), required=False
    )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()
