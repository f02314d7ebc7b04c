"""The two letters of an alert: the one with the button, and the one in the morning."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from events.calendars import one_line, public_url, when_in_words
from events.cards import card
from events.fresh import FreshEvents, Span
from events.listed import ListedEvent, ListedTimeslot, Reader, Result
from events.states import (
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    YesNoUnknown,
)
from outbox.letters import Kind, Letter, compose, register
from outbox.models import Message
from rsvps import alerts, links
from rsvps.contents import subject_id
from rsvps.models import Alert
from rsvps.wording import date_block

# So many are shown; the page behind the link has the others.
SHOWN = 6


def question(alert: Alert) -> dict[str, Any]:
    """What the alert asks for, in words and as the address of its results."""
    labels = dict(EventType.choices)
    near: list[tuple[str, str | int]] = [("near", alert.place), ("within", alert.within_miles)]
    near += [("type", name) for name in alert.type_names]
    return {
        "place": alert.place,
        "miles": alert.within_miles,
        "types": ", ".join(str(labels[name]) for name in alert.type_names if name in labels),
        "results_url": f"{settings.SITE_URL}/events/?{urlencode(near)}",
    }


class ConfirmLetter:
    """Fixed text but for the place and types, which are of our own making."""

    def render(self, message: Message, now: datetime) -> Letter:
        return self.write(Alert.objects.get(pk=subject_id(message)))

    def write(self, alert: Alert) -> Letter:
        context = question(alert) | {"alert_url": links.alert_url(alert)}
        return Letter(*compose("alert_confirm", context), unsubscribe_url=links.alert_url(alert))


class NewsLetter:
    """What is new near the place since the letter before."""

    def render(self, message: Message, now: datetime) -> Letter:
        alert = Alert.objects.get(pk=subject_id(message))
        hits = _hits(alert, message, now)
        return self.write(alert, Reader().results(hits[:SHOWN], near=True), more=len(hits) - SHOWN)

    def write(self, alert: Alert, results: Sequence[Result], *, more: int = 0) -> Letter:
        url = links.alert_url(alert)
        context = question(alert) | {
            "events": [_item(result) for result in results],
            "count": len(results) + max(0, more),
            "more": max(0, more),
            "alert_url": url,
        }
        return Letter(*compose("alert", context), unsubscribe_url=url)


def _item(result: Result) -> dict[str, Any]:
    """One event as strangers see it."""
    event, timeslot = result.event, result.timeslot
    shown = card(result)
    return {
        "title": one_line(event.title) or shown.type_label,
        "type": shown.type_label,
        "official": event.official,
        "when": when_in_words(timeslot.starts_at, timeslot.ends_at, event.timezone),
        "date": date_block(timeslot.starts_at, event.timezone),
        "place": [line for line in (shown.place, shown.distance) if line],
        "url": public_url(event),
    }


def _hits(alert: Alert, message: Message, now: datetime):
    span = Span(
        datetime.fromisoformat(message.payload["since"]),
        datetime.fromisoformat(message.payload["until"]),
    )
    return alerts.near(alert, FreshEvents(span, now=now), since=span.since)


# -- Still wanted? ---------------------------------------------------------------------------


def _alert_of(message: Message) -> Alert | None:
    found = Alert.objects.filter(pk=subject_id(message), supporter__email=message.recipient)
    return found.first()


def _confirm_wanted(message: Message, now: datetime) -> str | None:
    return None if _alert_of(message) else "the alert was stopped"


def _news_wanted(message: Message, now: datetime) -> str | None:
    alert = _alert_of(message)
    if alert is None:
        return "the alert was stopped"
    return None if _hits(alert, message, now) else "what was new is gone again"


# -- Examples --------------------------------------------------------------------------------


def _example_alert() -> Alert:
    return Alert(
        pk=0,
        place="Columbus, OH 43215",
        latitude=39.96,
        longitude=-83.0,
        within_miles=25,
        types="canvass,house_party",
        timezone="America/New_York",
    )


def _example_results(now: datetime) -> list[Result]:
    zone = ZoneInfo("America/New_York")
    made = []
    for pk, (title, kind, hour, miles) in enumerate(
        [
            (_("Doors and donuts"), EventType.CANVASS, 10, 2.2),
            (_("Soup night for the library"), EventType.HOUSE_PARTY, 18, 6.0),
        ]
    ):
        private = kind == EventType.HOUSE_PARTY
        event = ListedEvent(
            pk=pk,
            state=EventState.APPROVED,
            type=kind,
            title=title,
            official=False,
            attendance_mode=AttendanceMode.IN_PERSON,
            address_visibility=AddressVisibility.PRIVATE if private else AddressVisibility.PUBLIC,
            public_latitude=39.96,
            public_longitude=-83.0,
            public_neighborhood="",
            public_city="Columbus",
            public_state_code="OH",
            public_postal_code="43215",
            timezone=zone.key,
            wheelchair=YesNoUnknown.UNKNOWN,
            door="" if private else "Elm Street Hall",
        )
        day = now.astimezone(zone).date() + timedelta(days=4 + pk)
        start = datetime.combine(day, time(hour), tzinfo=zone)
        slot = ListedTimeslot(
            pk=pk,
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            capacity=None,
            seats_taken=0,
        )
        made.append(Result(event, slot, miles))
    return made


def register_letters() -> None:
    """Tell the ledger of both kinds; called once, when the app is ready."""
    confirm, news = ConfirmLetter(), NewsLetter()
    register(
        Kind(
            name=alerts.CONFIRM,
            title="Confirm an alert",
            wanted=_confirm_wanted,
            render=confirm.render,
            example=lambda now: confirm.write(_example_alert()),
            quiet=False,
            in_doubt="resend",
        )
    )
    register(
        Kind(
            name=alerts.NEWS,
            title="Alert: something new is planned",
            wanted=_news_wanted,
            render=news.render,
            example=lambda now: news.write(_example_alert(), _example_results(now)),
            # Not optional: asked for after any unsubscribing, and stopped on its own.
            quiet=True,
            in_doubt="leave",
        )
    )
