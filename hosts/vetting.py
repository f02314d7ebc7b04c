"""What staff look at before they decide: what waits, what is like it, and who asks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, Sum
from django.utils.translation import gettext as _

from events.changes import from_json
from events.models import Event, EventRevision, Timeslot
from events.places import kilometres
from events.spatial import MILES_PER_KM
from events.states import (
    HIGH_LEVEL_CAPACITY,
    HIGH_LEVEL_TYPES,
    Accuracy,
    EventState,
    RevisionState,
    TimeslotState,
)
from hosts.models import CoHost, EventReport, User, VettingDecision

QUEUE_LENGTH = 200
LIKELY_KM = 10
# A host should not wait longer than this for an answer.
TOO_LONG = timedelta(days=1)
LIKELY_APART = timedelta(hours=3)

# -- How high a decision stands --------------------------------------------------------


def is_high_level(event: Event) -> bool:
    """Rallies, town halls, fundraisers, official events and places for 200 people or more."""
    return (
        event.official
        or event.type in HIGH_LEVEL_TYPES
        or any(
            (slot.capacity or 0) >= HIGH_LEVEL_CAPACITY
            for slot in event.timeslots.all()
            if slot.state == TimeslotState.OPEN
        )
    )


def would_be_high_level(revision: EventRevision) -> bool:
    """Whether the change makes its event one for seniors."""
    fields, slots = from_json(revision.changes)
    return (
        bool(fields.get("official"))
        or fields.get("type") in HIGH_LEVEL_TYPES
        or any((slot.get("capacity") or 0) >= HIGH_LEVEL_CAPACITY for slot in slots)
    )


def pending_revision(event: Event) -> EventRevision | None:
    if event.state != EventState.APPROVED:
        return None
    return event.revisions.filter(state=RevisionState.PENDING).first()


def needs_senior(event: Event, revision: EventRevision | None = None) -> bool:
    return is_high_level(event) or (revision is not None and would_be_high_level(revision))


def stamp_of(event: Event, revision: EventRevision | None) -> str:
    """Changes whenever what a reviewer decides about does; a page sends it back."""
    waiting = f"{revision.pk}.{revision.created_at.timestamp():.6f}" if revision else "0"
    return f"{event.state}-{event.updated_at.timestamp():.6f}-{waiting}"


# -- Who may not ----------------------------------------------------------------------


def has_own_interest(user: User, event: Event) -> bool:
    """Whether the event is this person's, as host or as co-host (asked or accepted)."""
    return (
        event.host_id == user.pk
        or CoHost.objects.filter(event=event, removed_at__isnull=True)
        .filter(Q(user=user) | Q(email__iexact=user.email))
        .exists()
    )


def own_interests(user: User, events: list[Event]) -> set[int]:
    """The ids of those of `events` in which `user` has an interest of their own."""
    helping = CoHost.objects.filter(event__in=events, removed_at__isnull=True).filter(
        Q(user=user) | Q(email__iexact=user.email)
    )
    hosting = {event.pk for event in events if event.host_id == user.pk}
    return hosting | set(helping.values_list("event_id", flat=True))


# -- The queue -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event in the queue, and all the reasons why it is there."""

    event: Event
    revision: EventRevision | None
    starts_at: datetime | None  # the next of its timeslots; None where all are over
    high_level: bool
    reports: list[EventReport]
    flags: list[str] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return self.event.state == EventState.SUBMITTED

    @property
    def waiting_since(self) -> datetime | None:
        """When the oldest of what waits came in."""
        instants = [
            self.event.submitted_at if self.is_new else None,
            self.revision.created_at if self.revision else None,
            self.event.text_changed_at,
            *(report.created_at for report in self.reports),
        ]
        return min((instant for instant in instants if instant), default=None)


def queue(now: datetime, *, limit: int = QUEUE_LENGTH) -> tuple[list[Waiting], int]:
    """What waits for staff, high-level first, then soonest first; and how much in all."""
    events = waiting_events(now)
    total = events.count()
    page = events.select_related("host__host").prefetch_related(
        "timeslots",
        Prefetch(
            "revisions",
            EventRevision.objects.filter(state=RevisionState.PENDING),
            to_attr="waiting_revisions",
        ),
        Prefetch(
            "reports",
            EventReport.objects.filter(handled_at__isnull=True).order_by("created_at"),
            to_attr="open_reports",
        ),
    )[:limit]
    rows = [_waiting(event) for event in page]
    # What a held-back date of 200 places raises, the database does not see; the order stays.
    return sorted(rows, key=lambda row: not row.high_level), total


def waiting_events(now: datetime):
    """The events of the queue, in its order."""
    big = Timeslot.objects.filter(
        event=OuterRef("pk"), state=TimeslotState.OPEN, capacity__gte=HIGH_LEVEL_CAPACITY
    )
    pending = EventRevision.objects.filter(event=OuterRef("pk"), state=RevisionState.PENDING)
    raised = pending.filter(
        Q(changes__event__type__in=sorted(HIGH_LEVEL_TYPES)) | Q(changes__event__official=True)
    )
    reports = EventReport.objects.filter(event=OuterRef("pk"), handled_at__isnull=True)
    return (
        Event.objects.annotate(
            next_at=Min("timeslots__starts_at", filter=Q(timeslots__ends_at__gt=now)),
            reported=Exists(reports),
            changing=Exists(pending),
            high=Q(official=True)
            | Q(type__in=sorted(HIGH_LEVEL_TYPES))
            | Exists(big)
            | Exists(raised),
        )
        .filter(
            Q(state=EventState.SUBMITTED)
            | Q(reported=True)
            | Q(state=EventState.APPROVED, changing=True)
            | Q(state=EventState.APPROVED, text_changed_at__isnull=False, next_at__isnull=False)
        )
        .order_by("-high", F("next_at").asc(nulls_last=True), "pk")
    )


def _waiting(event: Any) -> Waiting:
    waiting = event.waiting_revisions if event.state == EventState.APPROVED else []
    revision = next(iter(waiting), None)
    return Waiting(
        event=event,
        revision=revision,
        starts_at=event.next_at,
        high_level=event.high or needs_senior(event, revision),
        reports=event.open_reports,
        flags=place_flags(event),
    )


def place_flags(event: Event) -> list[str]:
    """What is doubtful about where the event is; staff may approve all the same."""
    if event.is_virtual_only:
        return []
    flags = []
    if event.latitude is None:
        flags.append(_("The address was not found on the map"))
    elif event.accuracy in {Accuracy.ZIP, Accuracy.CITY} and not event.pin_moved:
        flags.append(
            _("The pin only shows %(accuracy)s") % {"accuracy": event.get_accuracy_display()}
        )
    if event.geocode_again_at is not None:
        flags.append(_("The map service did not answer; it will be asked again"))
    return flags


# -- What is like it -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another event of the same type, close by and at about the same time."""

    event: Event
    timeslot: Timeslot
    miles: float


def likely_duplicates(event: Event, *, now: datetime, limit: int = 10) -> list[Likeness]:
    """Events of the same type within 10 km and 3 hours, nearest first."""
    if event.latitude is None or event.longitude is None:
        return []
    near_in_time = Q()
    for slot in event.timeslots.upcoming(now)[:60]:
        near_in_time |= Q(
            starts_at__range=(slot.starts_at - LIKELY_APART, slot.starts_at + LIKELY_APART)
        )
    if not near_in_time:
        return []
    # A degree of latitude is 111 km; of longitude at most that.
    box = LIKELY_KM / 111
    slots = (
        Timeslot.objects.filter(
            near_in_time,
            state=TimeslotState.OPEN,
            event__type=event.type,
            event__state__in=[EventState.SUBMITTED, EventState.APPROVED],
            event__latitude__range=(event.latitude - box, event.latitude + box),
        )
        .exclude(event=event.pk)
        .select_related("event__host")
        .order_by("starts_at", "pk")
    )
    return _nearest_of_each(event, slots, limit)


def _nearest_of_each(event: Event, slots: Iterable[Timeslot], limit: int) -> list[Likeness]:
    found: dict[int, Likeness] = {}
    for slot in slots:
        other = slot.event
        apart = kilometres(event.latitude, event.longitude, other.latitude, other.longitude)  # type: ignore[arg-type]
        if apart <= LIKELY_KM:
            found.setdefault(other.pk, Likeness(other, slot, apart * MILES_PER_KM))
    return sorted(found.values(), key=lambda one: one.miles)[:limit]


# -- Who asks --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostHistory:
    """What staff know of a host."""

    events_by_state: list[tuple[str, int]]
    held: int  # events that took place
    guests: int  # seats taken at them and at those to come
    sent_back: int
    rejected: int
    reports: int
    recent: list[VettingDecision]


def host_history(event: Event, *, now: datetime) -> HostHistory:
    """The record of the event's host, this event included."""
    theirs = Event.objects.filter(host=event.host_id)
    counts = dict(theirs.order_by().values_list("state").annotate(Count("pk")))
    decisions = VettingDecision.objects.filter(event__host=event.host_id)
    slots = Timeslot.objects.open().filter(
        event__host=event.host_id, event__state=EventState.APPROVED
    )
    return HostHistory(
        events_by_state=[
            (str(state.label), counts[state]) for state in EventState if state in counts
        ],
        held=slots.filter(ends_at__lte=now).values("event").distinct().count(),
        guests=slots.aggregate(all=Sum("seats_taken"))["all"] or 0,
        sent_back=decisions.filter(decision="sent_back").count(),
        rejected=decisions.filter(decision="rejected").count(),
        reports=EventReport.objects.filter(event__host=event.host_id, dismissed=False).count(),
        recent=list(decisions.select_related("event", "by").order_by("-decided_at", "-pk")[:6]),
    )
