"""Everything kept about one person, as JSON they can read: what `hosts.erasing` would forget."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, Q

from events.models import AddressReading, Event
from hosts.models import CoHost, EventReport, Host, Record, User
from hosts.people import Person
from outbox import overview, suppression
from outbox.models import Message
from rsvps.forgetting import keys_of
from rsvps.models import Feedback, Supporter

# Keys of ours, and what others wrote about an event before it was public.
_NOT_THEIRS = {
    "password",
    "unsubscribe_digest",
    "link_generation",
    "manage_digest",
    "reply_digest",
    "reply_generation",
    "form_digest",
    "token_digest",
    "digest",
    "earlier_addresses",
    "groups",
    "user_permissions",
    "geocode_attempts",
    "geocode_again_at",
}


def export_person(who: Person, *, now: datetime) -> dict[str, Any]:
    """Plain JSON by topic; instants in ISO 8601, UTC."""
    found: dict[str, Any] = {
        "site": settings.SITE_URL,
        "made_at": now.isoformat(),
        "email": who.email,
        "takes_reminders_and_news": not suppression.is_unsubscribed(who.email),
        "letters": _letters(who),
        "reports": [_plain(row) for row in EventReport.objects.filter(email__iexact=who.email)],
        "asked_to_help": [_plain(row) for row in CoHost.objects.filter(_asked(who))],
        "addresses_read": _readings(who),
    }
    if who.user:
        found["account"] = _account(who.user)
    if who.supporter:
        found["guest"] = _guest(who.supporter)
    found["records"] = [
        {"at": row.at.isoformat(), "what": row.kind, "about": row.about, "words": row.words}
        for row in Record.objects.filter(about__in=who.keys).order_by("at", "pk")
    ]
    return found


def _asked(who: Person) -> Q:
    asked = Q(email__iexact=who.email)
    return asked | Q(user=who.user) if who.user else asked


def _account(user: User) -> dict[str, Any]:
    host = Host.objects.filter(user=user).first()
    return _plain(user) | {
        "host": _plain(host) if host else None,
        "agreements": [_plain(one) for one in host.acceptances.all()] if host else [],
        "events": [_event(event) for event in Event.objects.filter(host=user).order_by("pk")],
    }


def _event(event: Event) -> dict[str, Any]:
    return _plain(event) | {
        "address": settings.SITE_URL + event.get_absolute_url(),
        "picture": settings.SITE_URL + event.picture.url if event.picture else "",
        "dates": [_plain(slot) for slot in event.timeslots.order_by("starts_at", "pk")],
        "changes_waiting_or_made": [_plain(one) for one in event.revisions.order_by("pk")],
        "decisions": [
            {"at": one.decided_at.isoformat(), "decision": one.decision, "reason": one.reason}
            for one in event.decisions.order_by("pk")
        ],
    }


def _guest(supporter: Supporter) -> dict[str, Any]:
    rsvps = supporter.rsvps.select_related("timeslot__event").order_by("pk")
    return _plain(supporter) | {
        "rsvps": [
            _plain(rsvp)
            | {
                "event": settings.SITE_URL + rsvp.timeslot.event.get_absolute_url(),
                "starts_at": rsvp.timeslot.starts_at.isoformat(),
            }
            for rsvp in rsvps
        ],
        "alerts": [_plain(alert) for alert in supporter.alerts.order_by("pk")],
        "agreed_to": [_plain(one) for one in supporter.consents.order_by("pk")],
        "feedback": [_plain(one) for one in Feedback.objects.filter(rsvp__supporter=supporter)],
    }


def _letters(who: Person) -> list[dict[str, Any]]:
    mine = Q(recipient__iexact=who.email)
    if who.supporter:
        mine |= Q(subject_key__in=keys_of(who.supporter))
    return [
        {
            "kind": overview.title_of(row.kind),
            "state": row.state,
            "made_at": row.created_at.isoformat(),
            "sent_at": row.sent_at.isoformat() if row.sent_at else None,
            "words": row.payload.get("words", ""),
        }
        for row in Message.objects.filter(mine).order_by("pk")
    ]


def _readings(who: Person) -> list[dict[str, Any]]:
    fresh = AddressReading.objects.filter(
        reader__in=[*who.keys, *who.guest_keys], recorded_at__isnull=True
    )
    recorded = Q(details__in=who.guest_keys)
    if who.user:
        recorded |= Q(by=who.user)
    kept = Record.objects.filter(recorded, kind="reading")
    return [
        *({"event": row.event_id, "at": row.read_at.isoformat()} for row in fresh),
        *({"event": int(row.about[6:]), "at": row.at.isoformat()} for row in kept),
    ]


def _plain(row: Model) -> dict[str, Any]:
    """The row's own columns."""
    return {
        field.name: _word(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if field.name not in _NOT_THEIRS
    }


def _word(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (bool, int, float, str, dict, list, type(None))):
        return value
    return str(value)
