"""What stands on a host's desk: their events by state, and what each waits for."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from events.models import Event, EventRevision, Timeslot
from events.states import EventState, RevisionState, TimeslotState
from hosts.models import User
from hosts.roles import own_events
from rsvps.models import Rsvp
from rsvps.states import COMING, RsvpStatus


@dataclass(frozen=True, slots=True)
class Groups:
    """A host's events, each list in the order in which its host will want them.

    Events carry `next_at` (start of the next date, or None), `people` (coming to dates to
    come), `asking` (people who wait for the host's answer), `dates`, `more_dates` (after the
    next) and `has_revision`.
    """

    to_finish: list[Event]  # drafts and what came back, the newest first
    waiting: list[Event]
    public: list[Event]  # the soonest first
    over: list[Event]

    def __bool__(self) -> bool:
        return bool(self.to_finish or self.waiting or self.public or self.over)


def my_events(user: User, *, now: datetime) -> Groups:
    """All events `user` hosts or helps with."""
    upcoming = Q(timeslots__state=TimeslotState.OPEN, timeslots__ends_at__gt=now)
    rsvps = Rsvp.objects.filter(
        timeslot__event=OuterRef("pk"),
        timeslot__state=TimeslotState.OPEN,
        timeslot__ends_at__gt=now,
    )
    pending = EventRevision.objects.filter(event=OuterRef("pk"), state=RevisionState.PENDING)
    events: list[Any] = list(
        own_events(user)
        .annotate(
            next_at=Min("timeslots__starts_at", filter=upcoming),
            dates=Count("timeslots", filter=upcoming),
            people=_total(rsvps.filter(status__in=COMING)),
            asking=_total(rsvps.filter(status=RsvpStatus.PENDING)),
            has_revision=Exists(pending),
        )
        .annotate(more_dates=F("dates") - 1)
        .order_by("-updated_at")
    )
    draftlike = {EventState.DRAFT, EventState.SENT_BACK}
    public = [e for e in events if e.state == EventState.APPROVED and e.next_at]
    rest = [
        e
        for e in events
        if e.state not in draftlike | {EventState.SUBMITTED} and e not in set(public)
    ]
    return Groups(
        to_finish=[e for e in events if e.state in draftlike],
        waiting=[e for e in events if e.state == EventState.SUBMITTED],
        public=sorted(public, key=attrgetter("next_at")),
        over=rest,
    )


def _total(rsvps) -> Coalesce:
    """The sum of party sizes, by a subquery of its own: joins would multiply each other."""
    total = rsvps.order_by().values("timeslot__event").annotate(total=Sum("party_size"))
    return Coalesce(Subquery(total.values("total"), output_field=IntegerField()), 0)


def upcoming_first(event: Event, *, now: datetime) -> list[Timeslot]:
    """The event's dates: those to come, then those that are over, each by start."""
    slots = list(event.timeslots.order_by("starts_at", "pk"))
    return [s for s in slots if s.ends_at > now] + [s for s in slots if s.ends_at <= now]
