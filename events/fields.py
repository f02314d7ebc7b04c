"""Form fields that take what people really type and hand on one clean form of it."""

import re
from datetime import date
from difflib import get_close_matches
from typing import Any

import idna
import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from events.words import tidy
from outbox.message import ascii_domain

# Where nearly everybody's mail lives; only these are ever suggested.
_MAIL_DOMAINS = [
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "aol.com",
    "comcast.net",
    "verizon.net",
    "att.net",
    "sbcglobal.net",
    "proton.me",
    "protonmail.com",
    "live.com",
    "msn.com",
    "me.com",
    "mac.com",
]
_NORTH_AMERICA = 1
# Real domains that look like a slip of the ones above.
_REAL_DOMAINS = frozenset({"mail.com", "gmx.com", "ymail.com", "email.com", "hey.com", "pm.me"})


# A time of day as a browser's picker takes it.
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


class DayInput(forms.DateInput):
    """The browser's picker of days, or a plain line where it would not show what was typed."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if not _is_day(context["widget"]["value"] or "1970-01-01"):
            context["widget"]["type"] = "text"
        return context


class TimeInput(forms.TimeInput):
    """The same for times of day."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if not _TIME.fullmatch(context["widget"]["value"] or "00:00"):
            context["widget"]["type"] = "text"
        return context


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class UncutField(forms.CharField):
    """Text that comes back whole, with what to do, where it is too long.

    The browser gets no `maxlength`: it would cut off what is pasted, without a word.
    """

    default_error_messages = {
        "required": _("Please fill this in."),
        "max_length": _(
            "Please shorten this: it has %(show_value)d characters, and at most"
            " %(limit_value)d characters fit."
        ),
    }

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs


class WordsField(UncutField):
    """One line of text, tidied (events.words.tidy)."""

    def to_python(self, value: Any) -> str:
        return tidy(str(value)) if value not in self.empty_values else ""


class LinesField(UncutField):
    """Several lines of text, tidied; the line ends stay."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return tidy(str(value), lines=True) if value not in self.empty_values else ""


class EmailField(UncutField):
    """An e-mail address, lower-case, its domain in ASCII (RFC 5891), stray spaces dropped.

    At most 254 characters (RFC 5321 4.5.3.1.3, less the angle brackets).
    """

    widget = forms.EmailInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254} | kwargs)
        self.widget.attrs.setdefault("autocomplete", "email")

    def to_python(self, value: Any) -> str:
        return normalize_email(str(value)) if value not in self.empty_values else ""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_email(value):
            raise ValidationError(
                _(
                    "“%(email)s” isn't a complete email address."
                    " It should look like name@example.org."
                ),
                code="invalid",
                params={"email": value[:100]},
            )


def normalize_email(typed: str) -> str:
    """The one form an address is kept in: no spaces, no `mailto:`, lower-case, ASCII domain."""
    typed = re.sub(r"\s+", "", tidy(typed)).removeprefix("mailto:").strip("<>,;").rstrip(".")
    name, at, domain = typed.rpartition("@")
    try:
        domain = domain if domain.isascii() else ascii_domain(domain)
    except UnicodeError:
        return typed.lower()
    return f"{name}{at}{domain}".lower()


def show_email(address: str) -> str:
    """A kept address as its owner writes it: rita@bücher.example."""
    name, at, domain = address.rpartition("@")
    try:
        return f"{name}{at}{idna.decode(domain)}" if "xn--" in domain else address
    except UnicodeError:
        return address


def is_email(address: str) -> bool:
    """Whether a normalised address could exist; at most 254 characters, 64 before the @.

    RFC 5321 4.5.3.1.
    """
    if not address.isascii() or len(address) > 254 or len(address.rpartition("@")[0]) > 64:
        return False
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def suggest_email(address: str) -> str | None:
    """The address that was probably meant, where the domain looks mistyped; else None."""
    name, _at, domain = address.rpartition("@")
    if not name or domain in _MAIL_DOMAINS or domain in _REAL_DOMAINS:
        return None
    close = get_close_matches(domain, _MAIL_DOMAINS, n=1, cutoff=0.8)
    return f"{name}@{close[0]}" if close else None


class PhoneField(UncutField):
    """A phone number in any national form, handed on as E.164 (+16145550123).

    Numbers without a country code are read as North American.
    """

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40} | kwargs)

    def to_python(self, value: Any) -> str:
        text = tidy(str(value)) if value not in self.empty_values else ""
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, "US")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not _can_be_called(number):
            raise ValidationError(
                _(
                    "“%(phone)s” doesn't look like a phone number. Type it with the area code,"
                    " like 614 555 0123, or with + and the country code."
                ),
                code="invalid",
                params={"phone": text[:40]},
            )
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _can_be_called(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it is as long as its country's numbers; in North America with its area code."""
    if number.country_code == _NORTH_AMERICA:
        return 2_000_000_000 <= (number.national_number or 0) < 10_000_000_000
    return phonenumbers.is_possible_number(number)


def show_phone(e164: str) -> str:
    """A kept number as people read it: (614) 555-0123, or +44 20 7946 0018 abroad."""
    try:
        number = phonenumbers.parse(e164, "US")
    except phonenumbers.NumberParseException:
        return e164
    form = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 1
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, form)


class PostalCodeField(UncutField):
    """A US ZIP code (a ZIP+4 is cut to its five digits) or another country's code, upper-case.

    Whether the place exists is for the gazetteer to say, not for this field.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 12} | kwargs)
        self.widget.attrs.setdefault("autocomplete", "postal-code")

    def to_python(self, value: Any) -> str:
        text = tidy(str(value)).upper() if value not in self.empty_values else ""
        us = re.fullmatch(r"(\d{5})(?:[\s-]*\d{4})?", text)
        return us[1] if us else text
