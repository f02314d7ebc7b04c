"""allauth's forms in plain words: an address is enough, a password is for who wants one."""

from copy import copy
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from events.fields import EmailField
from hosts.forms.asking import AskingForm
from rsvps.alike import nobody, taken_back

_EMAIL_ATTRS = {
    "inputmode": "email",
    "autocapitalize": "none",
    "spellcheck": "false",
}
_PASSWORD_HELP = _("At least 10 characters. A short sentence is easy to remember.")
_DIGITS = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "7"}


class LoginForm(allauth_forms.LoginForm):
    """For those who set a password; a code is asked for with `CodeForm`."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_email(self, "login", autocomplete="username")
        _say(self, "password", _("Password"))


class CodeForm(allauth_forms.RequestLoginCodeForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_email(self, "email")


class SignupForm(allauth_forms.SignupForm):
    """An address is enough; a password can be added later."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password1", None)
        _ask_for_email(self, "email")

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        """allauth's (account, answer); for an address that has one, (None, the same answer)."""
        if self.account_already_exists:
            stranger = copy(self)
            stranger.account_already_exists = False
            stranger.cleaned_data = self.cleaned_data | {"email": nobody()}
            with taken_back():
                stranger.save(request)
        return super().try_save(request)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_email(self, "email")


class NewEmailForm(allauth_forms.AddEmailForm):
    """On the account's page."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_email(self, "email")
        self.fields["email"].label = _("Your new email")


class MendEmailForm(allauth_forms.ChangeEmailForm):
    """Beside the box for the code, for somebody who mistyped their address."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_email(self, "email")


class SetPasswordForm(allauth_forms.SetPasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_password(self)


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "oldpassword", _("Your current password"))
        _ask_for_password(self)


class NewPasswordForm(allauth_forms.ResetPasswordKeyForm):
    """After the code that was mailed to somebody who forgot theirs."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_password(self)


class PasswordAgainForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "password", _("Your password"))


class SecondStepForm(mfa_forms.AuthenticateForm):
    """Six digits, or a recovery code, which is longer."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", _("The six digits, or a recovery code"))


class SecondStepAgainForm(mfa_forms.ReauthenticateForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", _("The six digits, or a recovery code"))


class SetUpAppForm(ActivateTOTPForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "code", _("The six digits"), **_DIGITS)


class AddKeyForm(webauthn_forms.AddWebAuthnForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "name", _("A name, so you can tell your keys apart"))
        _say(
            self,
            "passwordless",
            _("Use it by itself to log in"),
            help_text=_("It must be one that asks for your fingerprint, your face, or a PIN."),
        )


class RenameKeyForm(webauthn_forms.EditWebAuthnForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _say(self, "name", _("Name of the key"))


def _say(form: forms.Form, name: str, label: Any, *, help_text: Any = None, **attrs: str) -> None:
    """Label a field of allauth's in our words; no placeholder says it a second time."""
    field = form.fields[name]
    field.label = label
    field.error_messages["required"] = _("Please fill this in.")
    if help_text is not None:
        field.help_text = help_text
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attrs)


def _ask_for_email(form: forms.Form, name: str, *, autocomplete: str = "email") -> None:
    """One form of an address everywhere: as guests and co-hosts are known by it."""
    form.fields[name] = EmailField()
    _say(form, name, _("Your email"), **_EMAIL_ATTRS, autocomplete=autocomplete)
    form.fields[name].error_messages["required"] = _("Type your email address, please.")


def _ask_for_password(form: forms.Form) -> None:
    _say(form, "password1", _("A new password"), help_text=_PASSWORD_HELP)
    _say(form, "password2", _("The new password again"))


class StaffForm(AskingForm):
    """Asks somebody to join the staff."""

    senior = forms.BooleanField(
        label=_("Senior: may approve high-level events and give roles"), required=False
    )
    field_order = ["email", "senior", "doubted"]
