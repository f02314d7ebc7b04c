"""“Tell me when there is one”: a letter in the morning when something new is planned near.

Anybody can type anybody's address, so an alert begins with one letter of fixed text and counts
once the button behind it is pressed. Then the planner looks once a day, in the morning of the
place; nothing new, no letter. Only in-person events count, by their public place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from events.fresh import FreshEvents, Span
from events.places import Place
from events.search import WITHIN_CHOICES
from events.streams import Hit
from outbox import ledger
from outbox.models import Message
from rsvps import links, supporters, unasked
from rsvps.holds import forget_supporters
from rsvps.models import Alert

MOST_PER_PERSON = 5
UNCONFIRMED_LASTS = timedelta(days=1)
# Looked for between ten and noon, not all at the same minute.
LOOKED_FOR_AT = time(10)
SPREAD_MINUTES = 120
# An approval may commit a moment after the instant it carries.
SETTLED = timedelta(minutes=2)
_AT_ONCE = 500
CONFIRM, NEWS = "alert_confirm", "alert"


@dataclass(frozen=True)
class Wish:
    """What somebody wants to hear of; `types` are EventType values, none means any."""

    place: Place
    within_miles: int = WITHIN_CHOICES[2]
    types: Sequence[str] = ()


@transaction.atomic
def ask(email: str, wish: Wish, *, now: datetime) -> None:
    """Send the letter with the button, unless this person has as many alerts as one may, or had
    their share of such letters (rsvps.unasked): then it waits to be asked for again.

    Answers nothing: whoever asks must not learn whether the address is known.
    """
    supporter, _created = supporters.get_or_create(email, now=now)
    supporters.lock(supporter.pk)
    supporter.refresh_from_db(fields=["unasked_letters"])
    question = {
        "supporter": supporter,
        "latitude": round(wish.place.latitude, 2),
        "longitude": round(wish.place.longitude, 2),
        "within_miles": wish.within_miles,
        "types": ",".join(sorted(wish.types)),
    }
    alert = Alert.objects.filter(**question).first()
    if alert is None:
        if supporter.alerts.count() >= MOST_PER_PERSON:
            return
        alert, created = Alert.objects.get_or_create(
            **question,
            defaults={
                "place": place_in_words(wish.place),
                "timezone": wish.place.timezone,
                "created_at": now,
            },
        )
        if created:
            links.seal_alert(alert)
    if alert.confirmed_at is None:  # a day from now on
        alert.created_at = now
        alert.save(update_fields=["created_at"])
    if unasked.had_their_share(supporter, now=now):
        return
    unasked.note(supporter, at=now)
    ledger.post(
        CONFIRM,
        to=email,
        subject=f"alert:{alert.pk}",
        step=now.isoformat(timespec="seconds"),
        now=now,
        expires_at=now + UNCONFIRMED_LASTS,
    )


def place_in_words(place: Place) -> str:
    """The place's town or ZIP code; never a street."""
    region = f"{place.state_code} {place.postal_code}".strip()
    country = "" if place.country == "US" else place.country_name
    return ", ".join(part for part in (place.name, region, country) if part)[:200]


def confirm(alert: Alert, *, now: datetime) -> None:
    """The button: from now on new events are told of. Pressing it again changes nothing."""
    Alert.objects.filter(pk=alert.pk, confirmed_at__isnull=True).update(
        confirmed_at=now, told_until=now, look_at=_next_look(alert, now)
    )


@transaction.atomic
def stop(alerts: Iterable[Alert], *, now: datetime) -> None:
    """Forget these alerts, take back their letters, and forget people who had nothing else."""
    alerts = list(alerts)
    ledger.withdraw(subject=[f"alert:{alert.pk}" for alert in alerts], now=now, why="stopped")
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).delete()
    forget_supporters([alert.supporter_id for alert in alerts])


# -- Planning --------------------------------------------------------------------------------


def plan(now: datetime) -> int:
    """Planner: look for what is new near those whose morning has come; answers how many letters.

    Who is looked at is locked: of several planners one posts, and the span told of is kept in
    the same transaction.
    """
    _forget_unconfirmed(now)
    if not Alert.objects.filter(look_at__lte=now).exists():
        return 0
    with transaction.atomic():
        due = Alert.objects.filter(look_at__lte=now).order_by("look_at", "pk")
        due = due.select_for_update(skip_locked=True, of=("self",)).select_related("supporter")
        return _post(list(due[:_AT_ONCE]), now=now)


def _post(alerts: list[Alert], *, now: datetime) -> int:
    unsent = _unsent(alerts)
    since = {alert.pk: unsent.get(alert.pk, alert.told_until or now) for alert in alerts}
    span = Span(min(since.values(), default=now), now - SETTLED)
    fresh = FreshEvents(span, now=now)
    drafts = []
    for alert in alerts:
        own = Span(since[alert.pk], span.until)
        if near(alert, fresh, since=own.since):
            drafts.append(_draft(alert, own, now=now))
        alert.told_until = max(own.since, own.until)
        alert.look_at = _next_look(alert, now)
    ledger.withdraw(
        subject=[draft.subject_key for draft in drafts],
        kinds=[NEWS],
        now=now,
        why="told of in the next letter",
    )
    ledger.post_all(drafts)
    Alert.objects.bulk_update(alerts, ["told_until", "look_at"], batch_size=200)
    return len(drafts)


def near(alert: Alert, fresh: FreshEvents, *, since: datetime) -> list[Hit]:
    """What of the fresh events this alert is for, as search hits, soonest first."""
    return fresh.near(
        alert.latitude,
        alert.longitude,
        miles=alert.within_miles,
        types=alert.type_names,
        since=since,
    )


def _unsent(alerts: list[Alert]) -> dict[int, datetime]:
    """Since when the letters that have not left yet tell: the next one tells it all."""
    keys = [f"alert:{alert.pk}" for alert in alerts]
    waiting = Message.objects.queued().filter(subject_key__in=keys, kind=NEWS)
    return {
        int(key.partition(":")[2]): datetime.fromisoformat(payload["since"])
        for key, payload in waiting.values_list("subject_key", "payload")
    }


def _draft(alert: Alert, span: Span, *, now: datetime) -> Message:
    return ledger.draft(
        NEWS,
        to=alert.supporter.email,
        subject=f"alert:{alert.pk}",
        step=span.until.isoformat(timespec="seconds"),
        payload={"since": span.since.isoformat(), "until": span.until.isoformat()},
        zone=alert.timezone,
        now=now,
    )


def _next_look(alert: Alert, now: datetime) -> datetime:
    """Tomorrow, some time between ten and noon at the place."""
    zone = ZoneInfo(alert.timezone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    morning = datetime.combine(tomorrow, LOOKED_FOR_AT, tzinfo=zone)
    minutes = timedelta(minutes=alert.pk * 7 % SPREAD_MINUTES)
    return (morning + minutes).astimezone(ZoneInfo("UTC"))


def _forget_unconfirmed(now: datetime) -> None:
    old = Alert.objects.filter(confirmed_at__isnull=True, created_at__lte=now - UNCONFIRMED_LASTS)
    if stale := list(old[:_AT_ONCE]):
        stop(stale, now=now)
