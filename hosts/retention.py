"""What the worker forgets by itself, in small batches: docs/privacy.md names the periods.

Every job may run any number of times, in several processes at once; each looks for what is due.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from events.forgetting import forget_place, homes_to_forget, without_place
from events.models import AddressReading, Event, Timeslot
from hosts.drafts import forget_home
from hosts.models import CoHost, EventReport, Record, RecordKind
from outbox.forgetting import erase_topic
from rsvps.forgetting import forget_blocks, forget_guests, forget_phones
from rsvps.holds import forget_strangers

log = logging.getLogger(__name__)

BATCH = 200
EVERY = timedelta(hours=1)


def keep_house(now: datetime) -> int:
    """A planner: every job; answers how much they did."""
    done = 0
    for job in JOBS:
        try:
            done += job(now)
        except Exception:
            log.exception("retention: %s failed", job.__name__)
    return done


def forget_addresses(now: datetime) -> int:
    """Exact places of homes, in the event, in decisions about it and in letters."""
    found = list(homes_to_forget(now)[:BATCH])
    for event in found:
        with transaction.atomic():
            forget_place(event)
            for decision in event.decisions.all():
                without_place(decision.snapshot)
                decision.save(update_fields=["snapshot"])
            erase_topic(f"event:{event.pk}", now=now)
    return len(found)


def forget_drafts(now: datetime) -> int:
    """The address of a home in a form that nobody went on with."""
    before = now - timedelta(days=settings.KEEP_DRAFT_DAYS)
    found = list(Event.objects.filter(typed_at__lt=before).order_by("pk")[:BATCH])
    for event in found:
        forget_home(event)
    return len(found)


def forget_readers(now: datetime) -> int:
    """Which guest read a home's address; that somebody did stays on the record."""
    Reading = AddressReading.objects
    taken = Reading.filter(recorded_at__isnull=False, day__lt=now.date() - timedelta(days=1))
    gone = Reading.filter(pk__in=list(taken.values_list("pk", flat=True)[:BATCH])).delete()[0]
    before = now - timedelta(days=settings.KEEP_READERS_DAYS)
    old = Record.objects.filter(kind=RecordKind.READING, at__lt=before).exclude(details="")
    keys = list(old.values_list("pk", flat=True)[:BATCH])
    return gone + Record.objects.filter(pk__in=keys).blank()


def forget_helpers(now: datetime) -> int:
    """Addresses of people asked to co-host who never said yes, once the event is over."""
    before = now - timedelta(days=settings.KEEP_GUEST_EMAIL_DAYS)
    later = Timeslot.objects.filter(event=OuterRef("event"), ends_at__gte=before)
    old = CoHost.objects.filter(~Exists(later), user__isnull=True, invited_at__lt=before)
    return CoHost.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()[0]


def forget_reporters(now: datetime) -> int:
    """What visitors told staff, and their address, once staff have dealt with it."""
    before = now - timedelta(days=settings.KEEP_GUEST_EMAIL_DAYS)
    old = EventReport.objects.filter(handled_at__lt=before).exclude(words="", email="")
    keys = list(old.values_list("pk", flat=True)[:BATCH])
    return EventReport.objects.filter(pk__in=keys).update(words="", email="")


def forget_sessions(now: datetime) -> int:
    old = Session.objects.filter(expire_date__lt=now)
    return Session.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()[0]


JOBS: tuple[Callable[[datetime], int], ...] = (
    forget_phones,
    forget_guests,
    forget_strangers,
    forget_blocks,
    forget_addresses,
    forget_drafts,
    forget_readers,
    forget_helpers,
    forget_reporters,
    forget_sessions,
)
