"""What a search's address says, read kindly: nothing typed is lost, nothing wrong is fatal."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from events import place_box
from events.places import Place
from events.search import DEFAULT_MILES, MOST_MILES, PAGE, WITHIN_CHOICES, SearchQuery
from events.states import EventType

WHEN = [
    ("", _("Any day")),
    ("today", _("Today")),
    ("weekend", _("This weekend")),
    ("week", _("Next 7 days")),
]
WHERE = [
    ("", _("Anywhere")),
    ("in_person", _("In person")),
    ("virtual", _("Online")),
]
TIMES = [
    ("", _("Any time")),
    ("morning", _("Morning")),
    ("afternoon", _("Afternoon")),
    ("evening", _("Evening")),
]
SORTS = [("time", _("Soonest first")), ("distance", _("Nearest first"))]
# "Today" where nobody said where.
HOME_ZONE = "America/New_York"
DAY_FORMATS = ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"]


class TypesField(forms.MultipleChoiceField):
    """The types that are known among those asked for."""

    def clean(self, value: list[str]) -> list[str]:
        return super().clean([name for name in value if self.valid_value(name)])


class FlagField(forms.BooleanField):
    """On where the address says so: "?room=1", but not "?room=0"."""

    widget = forms.TextInput  # a checkbox's takes "0" for a yes

    def to_python(self, value: object) -> bool:
        return str(value or "").strip().casefold() not in {"", "0", "false", "no", "off"}


class SearchForm(forms.Form):
    """The parameters of `/events/` and its feeds.

    A part that cannot be read counts as not asked, and the page says so.
    """

    data: QueryDict
    near = forms.CharField(required=False, max_length=200)
    within = forms.FloatField(required=False, min_value=1)
    when = forms.ChoiceField(required=False, choices=WHEN)
    type = TypesField(required=False, choices=EventType.choices)
    where = forms.ChoiceField(required=False, choices=WHERE)
    time = forms.ChoiceField(required=False, choices=TIMES)
    sort = forms.ChoiceField(required=False, choices=SORTS)
    accessible = FlagField(required=False)
    room = FlagField(required=False)
    official = FlagField(required=False)
    after = forms.CharField(required=False, max_length=200)

    def __init__(self, data: QueryDict, *, now: datetime) -> None:
        super().__init__(data)
        self.now = now
        self.places: list[Place] = []
        for name in ("from", "to"):  # Python keeps the first of these words for itself
            self.fields[name] = forms.DateField(
                required=False,
                input_formats=DAY_FORMATS,
                error_messages={"invalid": _("That's not a real date. Write it like 2026-11-30.")},
            )
        self.is_valid()

    def clean_within(self) -> float | None:
        miles = self.cleaned_data["within"]
        return miles and min(miles, MOST_MILES)

    def clean_near(self) -> str:
        text = self.cleaned_data["near"]
        self.places = place_box.read(text) if text else []
        if text and not self.places:
            raise forms.ValidationError(
                _("We don't know that place. Try a ZIP code, or a city and state.")
            )
        return text

    def clean(self) -> None:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        if first and last and last < first:
            self.add_error("to", _("This is before the “From” day."))

    @property
    def place(self) -> Place | None:
        """Where to look: the likeliest of the places meant."""
        return self.places[0] if self.places else None

    @property
    def is_ambiguous(self) -> bool:
        return len(self.places) > 1

    @property
    def left_out(self) -> bool:
        """Whether something was asked that has no field to say beside that it cannot be read."""
        unknown = set(self.data.getlist("type")) - {"", *EventType.values}
        return bool(unknown or self.errors.keys() - {"near", "from", "to", "after"})

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and last day asked for, as dates where the place is."""
        first, last = self._read("from"), self._read("to")
        if first or last:
            return first, last
        zone = self.place.timezone if self.place else HOME_ZONE
        today = self.now.astimezone(ZoneInfo(zone)).date()
        match self._read("when"):
            case "today":
                return today, today
            case "weekend":
                saturday = today + timedelta(days=max(0, 5 - today.weekday()))
                return saturday, today + timedelta(days=6 - today.weekday())
            case "week":
                return today, today + timedelta(days=6)
        return None, None

    @property
    def miles(self) -> float:
        return self._read("within") or DEFAULT_MILES

    @property
    def filters(self) -> int:
        """How many filters beside place, distance and order are set."""
        first, last = self.days
        names = ("type", "where", "time", "accessible", "room", "official")
        return sum(1 for name in names if self._read(name)) + bool(first or last)

    def query(self, *, limit: int = PAGE) -> SearchQuery:
        """The question, with everything that could be read."""
        first, last = self.days
        place = self.place
        return SearchQuery(
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
            # A position is called by its nearest place; "near" is said by the page.
            place=replace(place, kind="city").label if place else "",
            within_miles=self.miles,
            sort="distance" if self._read("sort") == "distance" else "time",
            date_from=first,
            date_to=last,
            types=tuple(self._read("type") or ()),
            where=self._read("where") or "",
            accessible=bool(self._read("accessible")),
            has_room=bool(self._read("room")),
            official=bool(self._read("official")),
            time_of_day=self._read("time") or "",
            after=self._read("after") or "",
            limit=limit,
        )

    def address(self, **changes: object) -> str:
        """This search's parameters, changed, for a link: "?near=…&type=…"."""
        params = QueryDict(mutable=True)
        for name in self.fields:
            if name == "after":
                continue
            params.setlist(name, [value for value in self.data.getlist(name) if value])
        for name, value in changes.items():
            params[name] = str(value)
            if value in ("", None):
                del params[name]
        return f"?{params.urlencode()}" if params else ""

    def _read(self, name: str):
        return self.cleaned_data.get(name)


__all__ = ["SORTS", "TIMES", "WHEN", "WHERE", "WITHIN_CHOICES", "SearchForm"]
