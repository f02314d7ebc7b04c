"""What guests type: the RSVP form, the manage page's forms, the lost letter's."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from events import gazetteer
from events.calendars import when_in_words
from events.fields import (
    EmailField,
    LinesField,
    PhoneField,
    PostalCodeField,
    WordsField,
)
from events.models import Event, Timeslot
from events.states import PHONE_REQUIRED_TYPES
from rsvps.capacity import TimeslotUnavailable
from rsvps.forms.strangers import EmailForm, StrangersForm, StyledField
from rsvps.models import Guest
from rsvps.signup import MAX_PARTY, SignupForm
from rsvps.states import SEATED

_LOOKS_LIKE_A_LINK = re.compile(r"://|www\.|[^\s.]\.(com|net|org|info|ru|cn|xyz)\b|@", re.I)
CONSENTS = {
    "news": _("Email me news about the campaign. I can stop it anytime."),
    "texts": _("Remind me by text. Message and data rates may apply."),
}


class NameField(WordsField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 100} | kwargs)
        self.widget.attrs |= {"autocomplete": "name", "autocapitalize": "words"}

    def validate(self, value: str) -> None:
        super().validate(value)
        # Names greet people in letters: a link there would be an advertisement by our mail.
        if value and _LOOKS_LIKE_A_LINK.search(value):
            raise ValidationError(_("Just your name, please, with no links or addresses."))


class PartySizeField(forms.IntegerField):
    """How many people come, 1 to MAX_PARTY."""

    # Not type=number: browsers send nothing at all for "two", and we could not say why.
    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        messages = {
            "required": _("Tell us how many of you are coming."),
            "invalid": _("Use a number, like 2."),
            "min_value": _("Count yourself too: it has to be at least 1."),
            "max_value": _(
                "One form can hold up to %(limit_value)s people. Ask the others to RSVP themselves."
            ),
        }
        super().__init__(min_value=1, max_value=MAX_PARTY, error_messages=messages, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        return super().to_python(re.sub(r"(?<=\d)[,\s](?=\d{3}\b)", "", str(value or "")))


class ZipField(PostalCodeField):
    """A ZIP code that exists, or another country's code."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        if value.isdigit() and (len(value) != 5 or not gazetteer.find(value)):
            raise ValidationError(
                _("We don't know the ZIP code %(zip)s. It should have five digits, like 43215."),
                params={"zip": value},
            )
        if not re.fullmatch(r"[A-Z0-9][A-Z0-9 -]{1,10}", value):
            raise ValidationError(_("A ZIP code has five digits, like 43215."))


def when(slot: Timeslot) -> str:
    """Day, date, times and zone at the event, in words."""
    return when_in_words(slot.starts_at, slot.ends_at, slot.event.timezone)


@dataclass
class Choice:
    """One timeslot as the form offers it."""

    timeslot: Timeslot
    value: str
    checked: bool
    disabled: bool
    problem: str = ""

    @property
    def when(self) -> str:
        return when(self.timeslot)


class TimeslotsField(forms.Field):
    """Ticked timeslots as {id: version}, read from values like "12.3".

    The version tells later whether the timeslot changed since the form was shown.
    """

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": _("Choose at least one time."),
        "invalid": _("Choose one of the times below."),
    }

    def to_python(self, value: Any) -> dict[int, int]:
        found = {}
        for text in value or []:
            match = re.fullmatch(r"(\d{1,18})\.(\d{1,9})", text)
            if match is None:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
            found[int(match[1])] = int(match[2])
        return found


class TimeslotsForm(forms.Form):
    """Which timeslots, and how many people: shared by the RSVP form and the manage page."""

    bound_field_class = StyledField
    nothing_done = _("You're not signed up yet. Check the times marked in red.")
    data: QueryDict
    timeslots = TimeslotsField()
    party_size = PartySizeField(label=_("How many of you are coming?"), initial=1)

    def __init__(self, *args: Any, event: Event, slots: list[Timeslot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.slots = slots
        self.problems: dict[int, str] = {}

    def ticked(self) -> set[str]:
        if self.is_bound:
            return set(self.data.getlist(self.add_prefix("timeslots")))
        return set(self.initial.get("timeslots", ()))

    def held(self) -> set[int]:
        """Timeslots this person has seats at: full or not, they may keep them."""
        return set()

    def choices(self) -> list[Choice]:
        ticked, only = self.ticked(), len(self.slots) == 1
        return [
            Choice(
                timeslot=slot,
                value=(value := f"{slot.pk}.{slot.version}"),
                checked=value in ticked or (only and not self.held() and not self.is_bound),
                disabled=slot.room_left == 0 and slot.pk not in self.held(),
                problem=self.problems.get(slot.pk, ""),
            )
            for slot in self.slots
        ]

    def tell(self, why: TimeslotUnavailable) -> None:
        """Say beside each chosen timeslot what happened to it and what to do."""
        # This event's alone: whoever guesses a number learns nothing of another's times.
        slots = self.event.timeslots.in_bulk(
            [*why.room_left, *why.cancelled, *why.moved, *why.over]
        )
        for key, left in why.room_left.items():
            self.problems[key] = _no_room(left, more=key in self.held())
        for key in why.moved:
            self.problems[key] = gettext(
                "This one changed while you were filling in the form. It's now %(when)s."
                " If that works for you, check it and send the form again."
            ) % {"when": when(slots[key])}
        for key in why.cancelled:
            self._say(gettext("%(when)s was cancelled. Choose another time."), slots.get(key))
        for key in why.over:
            self._say(gettext("%(when)s is over. Choose another time."), slots.get(key))
        if any(slot.pk in self.problems for slot in self.slots):
            self.add_error("timeslots", self.nothing_done)

    def _say(self, words: str, slot: Timeslot | None) -> None:
        """About a time that is not offered any more: above the times that are."""
        self.add_error(
            "timeslots", words % {"when": when(slot) if slot else gettext("The time you chose")}
        )


def _no_room(left: int, *, more: bool) -> str:
    if left == 0:
        if more:
            return gettext("There's no room for more people.")
        return gettext("This time just filled up. Choose another if you can.")
    if more:
        return ngettext(
            "There's only room for %(left)s more person.",
            "There's only room for %(left)s more people.",
            left,
        ) % {"left": left}
    return ngettext(
        "Only %(left)s spot is left. Bring fewer people, or choose another time.",
        "Only %(left)s spots are left. Bring fewer people, or choose another time.",
        left,
    ) % {"left": left}


class RsvpForm(StrangersForm, TimeslotsForm):
    """The one screen by which anybody says "I'm coming"."""

    name = NameField(label=_("Your name"), error_messages={"required": _("Tell us your name.")})
    email = EmailField(
        label=_("Your email"),
        help_text=_("We'll send your invitation here."),
        error_messages={"required": _("We need an email address for your invitation.")},
    )
    postal_code = ZipField(
        label=_("Your ZIP code"), error_messages={"required": _("Tell us your ZIP code.")}
    )
    phone = PhoneField(label=_("Your phone"), required=False)
    note = LinesField(
        label=_("Anything the host should know?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    news = forms.BooleanField(label=CONSENTS["news"], required=False)
    texts = forms.BooleanField(label=CONSENTS["texts"], required=False)
    field_order = ("timeslots", "party_size", "name", "email", "postal_code")

    def __init__(self, *args: Any, event: Event, now: datetime, **kwargs: Any) -> None:
        slots = list(event.timeslots.upcoming(now).order_by("starts_at", "pk"))
        super().__init__(*args, now=now, event=event, slots=slots, **kwargs)
        self.fields["phone"].required = event.type in PHONE_REQUIRED_TYPES
        self.fields["phone"].error_messages["required"] = _(
            "The organizers need a phone number to reach you on the day."
        )

    def to_signup(self, *, rush: bool) -> SignupForm:
        """The cleaned form as the domain takes it."""
        data = self.cleaned_data
        agreed = [purpose for purpose in CONSENTS if data[purpose]]
        typed = {name: data[name] for name in sorted(self.fields)}
        return SignupForm(
            event=self.event,
            timeslots=data["timeslots"],
            name=data["name"],
            email=data["email"],
            postal_code=data["postal_code"],
            phone=data["phone"],
            party_size=data["party_size"],
            note=data["note"],
            consents={purpose: str(CONSENTS[purpose]) for purpose in agreed},
            digest=sha256(repr(typed).encode()).hexdigest(),
            rush=rush,
        )


class PlanForm(TimeslotsForm):
    """The manage page: change timeslots, party size and note."""

    nothing_done = _("Nothing has changed yet. Check the times marked in red.")

    note = LinesField(
        label=_("Note to the host"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, guest: Guest, now: datetime, **kwargs: Any) -> None:
        rsvps = list(guest.rsvps.select_related("timeslot").order_by("timeslot__starts_at", "pk"))
        seated = [rsvp for rsvp in rsvps if rsvp.status in SEATED]
        self._held = {rsvp.timeslot_id for rsvp in seated}
        slots = list(guest.event.timeslots.upcoming(now).order_by("starts_at", "pk"))
        latest = seated[-1] if seated else None
        parties = {rsvp.party_size for rsvp in seated if rsvp.timeslot.ends_at > now}
        initial = {
            "timeslots": [f"{s.pk}.{s.version}" for s in slots if s.pk in self._held],
            "party_size": parties.pop() if len(parties) == 1 else "",
            "note": latest.note if latest else "",
        }
        super().__init__(*args, event=guest.event, slots=slots, initial=initial, **kwargs)
        if parties:  # not the same number everywhere
            self.fields["party_size"].required = False
            self.fields["party_size"].help_text = _(
                "This number goes for every time you check. Leave it blank to keep your numbers"
                " as they are."
            )

    def held(self) -> set[int]:
        return self._held


class DetailsForm(EmailForm):
    """Mend a name or an e-mail address."""

    name = NameField(label=_("Your name"), error_messages={"required": _("Tell us your name.")})
    email = EmailField(
        label=_("Your email"),
        help_text=_("We'll send a button to the new address. Press it to make the switch."),
        error_messages={"required": _("We need your email address.")},
    )

    def __init__(self, data: QueryDict | None = None, *, guest: Guest) -> None:
        known = {"name": guest.supporter.name, "email": guest.supporter.email}
        super().__init__(data, initial=known)


class ResendForm(forms.Form):
    """ "Lost your letter?" """

    bound_field_class = StyledField

    email = EmailField(
        label=_("Your email"),
        error_messages={"required": _("Type the address you used for your RSVP.")},
    )
