"""Something of everything on the demo's review desk: waiting, changing, reported, doubtful."""

from datetime import datetime, timedelta

from events import lifecycle
from events.models import Event
from events.states import Accuracy, EventState, EventType
from hosts.comparing import snapshot
from hosts.demo import words
from hosts.models import EventReport, ReportReason

# How long ago what waits came in; most answers take less than a day.
_HOURS_AGO = (30, 3, 7, 1, 20, 11, 5, 16, 2, 9, 14, 4, 22)


def fill_desk(*, now: datetime) -> None:
    """Give the staff something to decide about, of every sort they meet."""
    waiting = Event.objects.filter(state=EventState.SUBMITTED).order_by("pk")
    for number, event in enumerate(waiting):
        hours = _HOURS_AGO[number % len(_HOURS_AGO)]
        event.submitted_at = now - timedelta(hours=hours)
        if number == 1:
            event.type = EventType.RALLY
            event.title = "Rally for the library on the town green"
            event.description = words.DESCRIPTIONS[EventType.RALLY][0]
            event.official = True
        if number == 2:
            event.accuracy, event.pin_moved = Accuracy.ZIP, False
        event.save()
    public = (
        Event.objects.filter(
            state=EventState.APPROVED,
            host__host__trusted_at__isnull=True,
            attendance_mode="in_person",
            timeslots__starts_at__gt=now + timedelta(days=2),
        )
        .distinct()
        .order_by("pk")[:4]
    )
    for event, change in zip(public, (_move, _reword, _report, _report_too), strict=False):
        change(event, now=now)


def _move(event: Event, *, now: datetime) -> None:
    """A change of place, not of time: the demo's dates move on while it waits."""
    lifecycle.change_event(
        event,
        fields={"venue": "The Old Mill", "street": "77 Mill Street"},
        by=event.host,
        now=now - timedelta(hours=6),
        live=False,
    )


def _reword(event: Event, *, now: datetime) -> None:
    # What staff decided about, so that the page can show what reads otherwise since.
    event.decisions.update(snapshot=snapshot(event))
    description = event.description + "\n\nBring a chair, if you have one to spare."
    lifecycle.change_event(
        event,
        fields={"description": description},
        by=event.host,
        now=now - timedelta(hours=2),
        live=False,
    )


def _report(event: Event, *, now: datetime) -> None:
    EventReport.objects.create(
        event=event,
        reason=ReportReason.WRONG,
        words="The side door is locked after six. One has to go round to the front.",
        created_at=now - timedelta(hours=4),
    )


def _report_too(event: Event, *, now: datetime) -> None:
    EventReport.objects.create(
        event=event, reason=ReportReason.SPAM, created_at=now - timedelta(minutes=40)
    )
