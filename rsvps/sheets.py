"""Letters rendered once for a whole guest list, and filled in for each guest.

Templates, words and the calendar object cost a hundred times what one guest's name and links
do. A sheet is a letter with marks in their place. It is found by *everything* it was made from
(every field of the event and the timeslot, the role, the party's size, the day), so a stale one
cannot be used: there is nothing to invalidate.
"""

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import attrgetter
from secrets import token_hex

from django.conf import settings
from django.db.models import JSONField, Model
from django.utils.html import escape
from django.utils.translation import get_language

from events.calendars import Frame
from events.models import Timeslot

# Nobody can type these: they are new with every process.
_MARK = token_hex(8)
PERSONAL = ("name", "manage_url", "yes_url", "no_url", "feedback_url", "unsubscribe_url")
MARKS = {name: f"{_MARK}{number}x" for number, name in enumerate(PERSONAL)}
_KEPT = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter whose personal parts are marks; `frame` is its calendar object, if any."""

    subject: str
    text: str
    html: str
    frame: Frame | None

    def fill(self, personal: Mapping[str, str]) -> tuple[str, str, str]:
        """(subject, text, html) for one guest; HTML is escaped here."""
        subject, text, html = self.subject, self.text, self.html
        for name, mark in MARKS.items():
            subject = subject.replace(mark, personal[name])
            text = text.replace(mark, personal[name])
            html = html.replace(mark, escape(personal[name]))
        return subject, text, html


_sheets: dict[Hashable, Sheet] = {}


def sheet(key: Hashable, make: Callable[[], Sheet]) -> Sheet:
    """The sheet made from what `key` holds; `make` makes a new one."""
    found = _sheets.get(key)
    if found is None:
        if len(_sheets) >= _KEPT:
            _sheets.clear()
        found = _sheets[key] = make()
    return found


def everything(timeslot: Timeslot, payload: Mapping[str, object], today: date) -> Hashable:
    """All that letters about a timeslot are made from, whoever gets them."""
    return (
        _fields(timeslot),
        _fields(timeslot.event),
        json.dumps(payload, sort_keys=True),
        today,
        get_language(),
        (settings.SITE_URL, settings.BRAND_NAME, settings.BRAND_COLOR),
    )


def _fields(model: Model) -> Hashable:
    plain, json_names = _field_names(type(model))
    return plain(model), tuple(repr(getattr(model, name)) for name in json_names)


@cache
def _field_names(model: type[Model]) -> tuple[Callable[[Model], tuple], list[str]]:
    """How to read a model's plain columns at once, and the names of those that hold JSON."""
    fields = model._meta.concrete_fields
    lists = [field.attname for field in fields if isinstance(field, JSONField)]
    plain = [field.attname for field in fields if field.attname not in lists]
    return attrgetter(*plain), lists
