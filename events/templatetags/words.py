"""Words and times as templates show them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import cards
from events.calendars import instant_in_words, when_in_words
from events.fields import show_email, show_phone
from events.models import Timeslot
from events.words import plain_description, render_description

register = template.Library()

_ZONES = {
    "America/New_York": gettext_lazy("Eastern time"),
    "America/Chicago": gettext_lazy("Central time"),
    "America/Denver": gettext_lazy("Mountain time"),
    "America/Phoenix": gettext_lazy("Arizona time"),
    "America/Los_Angeles": gettext_lazy("Pacific time"),
    "America/Anchorage": gettext_lazy("Alaska time"),
    "Pacific/Honolulu": gettext_lazy("Hawaii time"),
    "America/Puerto_Rico": gettext_lazy("Atlantic time"),
}


@register.filter
def markdown(text: str) -> SafeString:
    """A host's or staff's Markdown as safe HTML."""
    return render_description(text)


@register.filter
def markdown_page(text: str) -> SafeString:
    """The same for a text that is a page of its own: its headings stand right below the h1."""
    return render_description(text, heading=2)


@register.filter
def plain(text: str, limit: int = 0) -> str:
    """Markdown as one line of plain words, cut to `limit` characters."""
    return plain_description(text, limit=limit)


@register.filter
def phone(number: str) -> str:
    """A kept phone number as people read it."""
    return show_phone(number)


@register.filter
def email(address: str) -> str:
    """A kept e-mail address as its owner writes it."""
    return show_email(address)


@register.filter
def when(timeslot: Timeslot) -> str:
    """Day, date, times and zone of a timeslot at its event."""
    words = when_in_words(timeslot.starts_at, timeslot.ends_at, timeslot.event.timezone)
    return cards.unbroken(words)


@register.filter
def at_zone(instant: datetime, zone: str) -> str:
    """Day and time of an instant in an event's zone."""
    return cards.unbroken(instant_in_words(instant, zone))


register.filter("unbroken", cards.unbroken, is_safe=True)


@register.filter
def leaf(instant: datetime, zone: str) -> cards.Leaf:
    """The day of an instant in an event's zone, as a leaf of a calendar."""
    return cards.leaf(instant.astimezone(ZoneInfo(zone)))


@register.filter
def zone_words(zone: str) -> str:
    """An IANA zone as people call it: "Eastern time", "Halifax time"."""
    if zone in _ZONES:
        return str(_ZONES[zone])
    city = zone.rpartition("/")[2].replace("_", " ")
    return _("%(city)s time") % {"city": city}
