"""The dates of an event: one row each, in the local time of the event's place."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.changes import SlotFields
from events.fields import DayInput, LinesField, TimeInput
from events.localtime import AmbiguousTime, NonexistentTime, local_to_utc
from events.models import Event, Timeslot
from hosts.drafts import MOST_TIMES

type Day = date

LONGEST = timedelta(hours=24)
FURTHEST = timedelta(days=550)
FOLDS = [("", gettext_lazy("Which one?")), ("0", gettext_lazy("The first")),
         ("1", gettext_lazy("The second, an hour later"))]  # fmt: skip


class DateField(forms.DateField):
    """A day, as the browser's picker or a person writes it."""

    widget = DayInput

    def __init__(self, **kwargs: Any) -> None:
        formats = ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d %Y", "%B %d %Y", "%B %d, %Y"]
        super().__init__(input_formats=formats, localize=False, **kwargs)

    def to_python(self, value: Any) -> date | None:
        try:
            day = super().to_python(value)
        except ValidationError:
            raise ValidationError(
                _("“%(typed)s” isn't a day on the calendar."), params={"typed": str(value)[:40]}
            ) from None
        # At the ends of what a date can hold, no zone can be reckoned with.
        if day is not None and not 1900 < day.year < 2200:
            raise ValidationError(_("Is the year right?"))
        return day


class TimeField(forms.TimeField):
    """A time of day, as the browser's picker or a person writes it."""

    widget = TimeInput

    def __init__(self, **kwargs: Any) -> None:
        formats = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I %p", "%I:%M%p", "%I%p"]
        super().__init__(input_formats=formats, localize=False, **kwargs)

    def to_python(self, value: Any) -> time | None:
        typed = value.replace(".", "").strip() if isinstance(value, str) else value
        try:
            return super().to_python(typed)
        except ValidationError:
            raise ValidationError(
                _("“%(typed)s” isn't a time. Try 6:30 pm or 18:30."),
                params={"typed": str(value)[:40]},
            ) from None


class RoomField(forms.IntegerField):
    """How many people fit; empty for no limit."""

    # Not type=number: browsers send nothing at all for "ten", and nothing means no limit.
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    default_error_messages = {
        "invalid": gettext_lazy("Use a number, like 20."),
        "min_value": gettext_lazy("Make it 1 or more, or leave it blank."),
        "max_value": gettext_lazy(
            "The most it can be is %(limit_value)s. Leave it blank for no limit."
        ),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("How many people can come?"),
            required=False,
            min_value=1,
            max_value=100_000,
            help_text=gettext_lazy("Leave it blank for no limit."),
            **kwargs,
        )


class TimeslotForm(forms.Form):
    """One date. `zone` is the event's IANA zone; None while the place is not known yet."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    date = DateField(label=gettext_lazy("Day"), required=False)
    start = TimeField(label=gettext_lazy("Starts"), required=False)
    end = TimeField(label=gettext_lazy("Ends"), required=False)
    end_date = DateField(label=gettext_lazy("Ends on another day"), required=False)
    capacity = RoomField()
    instructions = LinesField(
        label=gettext_lazy("How to find you"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Where to park, which door, what to bring."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    start_fold = forms.ChoiceField(
        label=gettext_lazy("This start time happens twice that night"),
        choices=FOLDS,
        required=False,
    )
    end_fold = forms.ChoiceField(
        label=gettext_lazy("This end time happens twice that night"), choices=FOLDS, required=False
    )

    def __init__(
        self,
        *args: Any,
        zone: str | None = None,
        now: datetime,
        known: dict[int, Timeslot] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.now = now
        self.known = known or {}
        # Shown only once a time turned out to come twice.
        self.asks_start_fold = bool(self["start_fold"].value())
        self.asks_end_fold = bool(self["end_fold"].value())

    @property
    def is_blank(self) -> bool:
        """No day and nothing else but the usual times: left out."""
        typed = ("id", "date", "end_date", "capacity", "instructions")
        return not any(self[name].value() for name in typed)

    def clean_id(self) -> int | None:
        number = self.cleaned_data["id"]
        return number if number in self.known else None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.is_blank or self.errors:
            return values
        for name, missing in (
            ("date", _("Pick the day.")),
            ("start", _("When does it start?")),
            ("end", _("When does it end?")),
        ):
            if not values.get(name):
                self.add_error(name, missing)
        if not self.errors and self.zone:
            self._read_instants(values, self.zone)
        return values

    def _read_instants(self, values: dict[str, Any], zone: str) -> None:
        starts_at = self._instant("start", values["date"], values["start"], zone)
        end_date = values.get("end_date") or values["date"]
        ends_at = self._instant("end", end_date, values["end"], zone)
        if starts_at is None or ends_at is None:
            return
        slot = self.known.get(values["id"] or 0)
        same_start = slot is not None and slot.starts_at == starts_at
        if ends_at <= starts_at:
            self.add_error("end", self._ends_too_early(values, zone))
        elif ends_at - starts_at > LONGEST:
            self.add_error(
                "end_date",
                _(
                    "This runs from %(start)s to %(end)s. Add a separate date for each day, so"
                    " people know when to come."
                )
                % {"start": _day(values["date"]), "end": _day(end_date)},
            )
        elif starts_at <= self.now and not same_start:
            self.add_error("date", _("That's in the past. Pick a day and time in the future."))
        elif starts_at > self.now + FURTHEST:
            self.add_error("date", _("That's more than a year and a half away. Is the year right?"))
        values["starts_at"], values["ends_at"] = starts_at, ends_at

    def _ends_too_early(self, values: dict[str, Any], zone: str) -> str:
        if values["end"] <= values["start"] and not values.get("end_date"):
            return _(
                "The end has to come after the start. If it ends after midnight, give the day"
                " under “Ends on another day.”"
            )
        return _("The end has to come after the start.")

    def _instant(self, name: str, day: Day, at: time, zone: str) -> datetime | None:
        """The instant of a local time; asks where the clock shows it twice or never."""
        fold = self.cleaned_data.get(f"{name}_fold")
        try:
            return local_to_utc(datetime.combine(day, at), zone, fold=int(fold) if fold else None)
        except NonexistentTime as gap:
            self.add_error(
                name,
                _(
                    "Clocks spring forward that night, so there's no %(typed)s. The nearest times,"
                    " %(before)s and %(after)s, are fine."
                )
                % {
                    "typed": time_format(at, "g:i a"),
                    "before": date_format(gap.before, "g:i a"),
                    "after": date_format(gap.after, "g:i a"),
                },
            )
        except AmbiguousTime:
            setattr(self, f"asks_{name}_fold", True)
            self.add_error(
                name,
                _(
                    "Clocks fall back that night, so %(typed)s happens twice."
                    " Tell us which one below."
                )
                % {"typed": time_format(at, "g:i a")},
            )
        return None

    def slot_fields(self) -> SlotFields:
        """What `events.lifecycle` writes; only of a valid row."""
        values = self.cleaned_data
        return SlotFields(
            id=values["id"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            capacity=values["capacity"],
            instructions=values["instructions"],
        )


def _day(value: date) -> str:
    return date_format(value, "l, F j")


class BaseTimeslots(BaseFormSet):
    """All dates; blank rows are left out, but one date there must be."""

    def clean(self) -> None:
        if any(self.errors):
            return
        rows = [row for row in self.forms if not row.is_blank]
        if not rows:
            raise ValidationError(_("Give at least one date, so people know when to come."))
        starts = [row.cleaned_data.get("starts_at") for row in rows]
        if None not in starts and len(set(starts)) < len(starts):
            raise ValidationError(_("Two of the dates start at the same time. Change one of them."))

    def slots(self) -> list[SlotFields]:
        return [row.slot_fields() for row in self.forms if not row.is_blank]


_Timeslots = formset_factory(
    TimeslotForm, formset=BaseTimeslots, extra=0, max_num=MOST_TIMES, absolute_max=MOST_TIMES
)


def timeslots_form(
    *,
    event: Event,
    now: datetime,
    zone: str | None = None,
    data: Any = None,
    initial: list[dict[str, str]] | None = None,
) -> Any:
    """The rows of an event's dates, bound to `data` or showing `initial`."""
    known = {slot.pk: slot for slot in event.timeslots.all()} if event.pk else {}
    return _Timeslots(
        data=data,
        initial=initial,
        prefix="times",
        form_kwargs={"zone": zone, "now": now, "known": known},
    )
