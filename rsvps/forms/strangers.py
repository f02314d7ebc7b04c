"""What every form shares that a stranger may send: an e-mail address, and a look for machines."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from events.fields import EmailField, suggest_email

# Leading zero bits of SHA-256 over stamp and work: a second or two of a phone's time, asked for
# only where more forms come from a network than people send (static/js/work.js).
WORK_BITS = 16
# People fill in a form in more than this; machines count double against the limits.
QUICK = timedelta(seconds=2)


class StyledField(forms.BoundField):
    """Bootstrap's classes on every input, and its mark on those with an error."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        if not widget.is_hidden:
            style = "form-control"
            if isinstance(widget, forms.CheckboxInput):
                style = "form-check-input"
            elif isinstance(widget, forms.Select):
                style = "form-select"
            attrs["class"] = f"{style} is-invalid" if self.errors else style
        return attrs


class EmailForm(forms.Form):
    """An e-mail address that is looked at twice: a mistyped domain is asked about once."""

    bound_field_class = StyledField
    data: QueryDict

    email = EmailField()
    email_kept = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggested_email: str | None = None
        if self.is_bound:
            self.data = self.data.copy()
            if "use_email" in self.data:  # the button beside "Did you mean ...?"
                self.data["email"] = str(self.data["use_email"])

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        suggestion = suggest_email(email)
        if suggestion and email not in {self.data.get("email_kept"), self.initial.get("email")}:
            self.suggested_email = suggestion
            self.data["email_kept"] = email  # the same again means it
            raise ValidationError(
                _("Did you mean %(email)s? If not, just send the form again."),
                code="mistyped",
                params={"email": suggestion},
            )
        return email


class StrangersForm(EmailForm):
    """An e-mail address, a trap for machines, and when the form was shown."""

    # A field people never see: whoever fills it in is a machine.
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)
    work = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial["stamp"] = _stamp(now)

    def clean(self) -> dict[str, Any]:
        if _stamped_at(self.data.get("stamp", "")) is None:
            self.data["stamp"] = _stamp(self.now)
            self.add_error(
                None, _("This page was open for a long time. Look it over and send it again.")
            )
        return self.cleaned_data

    @property
    def by_machine(self) -> bool:
        """Whether the field nobody sees was filled in."""
        return bool(self.data.get("website"))

    @property
    def points(self) -> int:
        """What this form costs against the limits of its network."""
        stamped = _stamped_at(self.data.get("stamp", ""))
        return 2 if stamped is None or self.now - stamped < QUICK else 1

    @property
    def has_worked(self) -> bool:
        """Whether the browser found what makes the digest of its genuine stamp begin with
        enough zeros."""
        stamp, work = self.data.get("stamp", ""), self.data.get("work", "")
        if not work.isdecimal() or len(work) > 12 or _stamped_at(stamp) is None:
            return False
        digest = sha256(f"{stamp}:{work}".encode()).digest()
        return int.from_bytes(digest) >> (256 - WORK_BITS) == 0

    def ask_for_other_work(self) -> None:
        """Each work counts once: shown again, the form needs a stamp of its own."""
        self.data["stamp"], self.data["work"] = _stamp(self.now), ""


def _stamp(now: datetime) -> str:
    """Says when a form was shown, and makes two forms shown to one person differ."""
    return signing.dumps([now.timestamp(), token_urlsafe(6)], salt="rsvps.forms.RsvpForm")


def _stamped_at(stamp: str) -> datetime | None:
    """When the form was shown; None where the stamp is missing or altered."""
    try:
        seconds, _nonce = signing.loads(stamp, salt="rsvps.forms.RsvpForm")
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)
