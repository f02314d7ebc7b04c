"""Forgetting one person, everywhere: account, events, RSVPs, letters, pictures, sessions.

Rows that others need stay as bare numbers: an account that decided something, an event people
came to, a place that was taken (docs/privacy.md says so in plain words).
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models.functions import Cast

from events.forgetting import forget_contact, forget_event
from events.models import AddressReading, Event, EventRevision, Timeslot
from events.states import EventState
from hosts import records
from hosts.models import CoHost, EventReport, Host, Record, RecordKind, User, VettingDecision
from hosts.people import Person, is_known
from hosts.pictures import delete_pictures, picture_named
from outbox import suppression
from outbox.forgetting import erase_letters, erase_topic, erase_written_by
from outbox.models import Message
from outbox.states import IN_FLIGHT, MessageState
from rsvps.forgetting import forget_supporter
from rsvps.models import Ticket

# Letters that tell guests where things stand; without the event's words they would say nothing.
_TELLING = ("change", "cancellation", "unlisted")


class StillStaff(Exception):
    """Another senior takes their role first, so that staff know who is on staff."""


class EventsAhead(Exception):
    """Guests count on `events`: the host cancels them first, and everybody is told."""

    def __init__(self, events: Iterable[Event]) -> None:
        super().__init__()
        self.events = list(events)


class GuestsBeingTold(Exception):
    """Letters about a cancelled event have not all left yet; they need its words."""


def check_erasable(who: Person, *, now: datetime) -> None:
    """Raises StillStaff, EventsAhead or GuestsBeingTold where something must be done before."""
    if who.user is None:
        return
    if who.user.staff_role:
        raise StillStaff
    own = Event.objects.filter(host=who.user)
    ahead = own.filter(
        state=EventState.APPROVED, timeslots__in=Timeslot.objects.upcoming(now)
    ).distinct()
    if ahead:
        raise EventsAhead(ahead)
    topics = [f"event:{key}" for key in own.values_list("pk", flat=True)]
    leaving = Message.objects.filter(
        topic__in=topics, kind__in=_TELLING, state__in=[MessageState.QUEUED, *IN_FLIGHT]
    )
    if leaving.exists():
        raise GuestsBeingTold


@transaction.atomic
def erase_person(who: Person, *, by: User | None, words: str, now: datetime) -> None:
    """Forget everything about `who`, on the record; again changes nothing more.

    `words` say who wanted it. Raises what `check_erasable` does, and attending.RsvpChanged where
    a place of theirs changed in the same moment.
    """
    check_erasable(who, now=now)
    for key in who.record_keys if is_known(who) else ():
        records.record(RecordKind.ERASURE, about=key, by=by, now=now, words=words)
    _blank_records(who)
    if who.supporter:
        forget_supporter(who.supporter, now=now)
    if who.user:
        _erase_host(who.user, now=now)
    _erase_by_address(who.email, now=now)
    if who.user:
        _erase_account(who.user, now=now)
    _erase_sessions(who)


def _blank_records(who: Person) -> None:
    Record.objects.filter(about__in=who.keys).blank()
    Record.objects.filter(details__in=who.guest_keys).blank()
    readers = [*who.keys, *who.guest_keys]
    AddressReading.objects.filter(reader__in=readers).delete()


# -- The host ----------------------------------------------------------------------------


def _erase_host(user: User, *, now: datetime) -> None:
    erase_written_by(user.pk)
    events = list(Event.objects.filter(host=user))
    erase_letters(user.email, subjects=_letters_to(user, events), now=now)
    pictures = {name for event in events for name in _pictures_of(event)}
    for event in events:
        erase_topic(f"event:{event.pk}", now=now)
        VettingDecision.objects.filter(event=event).update(reason="", snapshot={})
        EventReport.objects.filter(event=event).update(words="", email="")
        event.cohosts.all().delete()
        _forget_log_of(Event, [event.pk])
        Record.objects.filter(about=f"event:{event.pk}").blank()
        forget_event(event, now=now)
    delete_pictures(pictures)


def _letters_to(user: User, events: Iterable[Event]) -> list[str]:
    """Subjects of letters that went to them as a host, whatever their address was by then."""
    own = [event.pk for event in events]
    decisions = VettingDecision.objects.filter(event__in=own).values_list("pk", flat=True)
    helped = CoHost.objects.filter(user=user).values_list("event_id", flat=True)
    return [
        f"user:{user.pk}",
        *(f"event:{key}" for key in own),
        *(f"event:{key}:user:{user.pk}" for key in [*own, *helped]),
        *(f"decision:{key}" for key in decisions),
    ]


def _pictures_of(event: Event) -> set[str]:
    """Every file the event showed or would have shown."""
    names = {event.picture.name or ""}
    names.add(picture_named((event.typed or {}).get("fields", {}).get("picture_kept", "")))
    for kept in event.decisions.values_list("snapshot", flat=True):
        names.add(str(kept.get("event", {}).get("picture") or ""))
    for changes in event.revisions.values_list("changes", flat=True):
        names.add(str(changes.get("event", {}).get("picture") or ""))
    return names


def _erase_account(user: User, *, now: datetime) -> None:
    """The row stays, without a name: decisions and events point at it."""
    hosts = list(Host.objects.filter(user=user).values_list("pk", flat=True))
    _forget_log_of(Host, hosts)
    _forget_log_of(User, [user.pk])
    LogEntry.objects.filter(user=user).update(object_repr="", change_message="")
    Host.objects.filter(user=user).delete()
    for address in EmailAddress.objects.filter(user=user):  # one that waits for its code too
        erase_letters(address.email, now=now)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(
        email=f"erased-{user.pk}@erased.invalid",
        name="",
        password=user.password,
        is_active=False,
        is_superuser=False,
        last_login=None,
    )


def _forget_log_of(model: type[models.Model], keys: Iterable[int]) -> None:
    """What the repairs' own log says of these rows."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model),
        object_id__in=[str(key) for key in keys],
    ).update(object_repr="", change_message="")


# -- By the address alone ----------------------------------------------------------------


def _erase_by_address(email: str, *, now: datetime) -> None:
    """Where others typed it, and where nothing else is known of the person."""
    cohosts = CoHost.objects.filter(models.Q(email__iexact=email) | models.Q(user__email=email))
    keys = list(cohosts.values_list("pk", flat=True))
    _forget_log_of(CoHost, keys)
    erase_letters(email, subjects=[f"cohost:{key}" for key in keys], now=now)
    cohosts.delete()
    EventReport.objects.filter(email__iexact=email).update(email="", words="")
    Ticket.objects.filter(payload__email=email).delete()
    forget_contact(email)
    _take_out(Event, "typed", email)
    _take_out(EventRevision, "changes", email)
    _take_out(VettingDecision, "snapshot", email)
    suppression.erase(email, now=now)


def _take_out(model: Any, field: str, email: str) -> None:
    """Take the address out of JSON that others' events keep, with the name and phone beside."""
    text = Cast(field, models.TextField())
    for row in model.objects.annotate(as_text=text).filter(as_text__icontains=email):
        kept = _without(getattr(row, field), email)
        model.objects.filter(pk=row.pk).update(**{field: kept})


def _without(value: Any, email: str) -> Any:
    if isinstance(value, dict):
        contact = str(value.get("contact_email", "")).lower() == email
        return {
            key: "" if contact and key.startswith("contact_") else _without(one, email)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_without(one, email) for one in value]
    if isinstance(value, str) and email in value.lower():
        return "\n".join(line for line in value.splitlines() if email not in line.lower())
    return value


def _erase_sessions(who: Person) -> None:
    """Theirs, and those half-way through a log-in under their address."""
    for session in Session.objects.iterator():
        said = session.get_decoded()
        theirs = who.user is not None and said.get("_auth_user_id") == str(who.user.pk)
        if theirs or who.email in json.dumps(said, default=str).lower():
            session.delete()
