"""What tests of reviewing share: events in each state, somebody who decides, and letters."""

from django.utils import timezone

from events import lifecycle
from events.models import Event
from events.states import EventState
from hosts import vetting
from hosts.comparing import (
    differences,
    snapshot,
    with_revision,
)
from hosts.models import StaffRole
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import (
    make_event,
    make_timeslot,
    make_user,
)


def make_submitted(**fields) -> Event:
    event = make_event(state=EventState.SUBMITTED, published_at=None, **fields)
    make_timeslot(event)
    return event


def make_public(**fields) -> Event:
    event = make_event(**fields)
    make_timeslot(event)
    return event


def reviewer():
    return make_user(staff_role=StaffRole.REVIEWER, name="Rae Reviewer")


def senior():
    return make_user(staff_role=StaffRole.SENIOR)


def seen(event: Event) -> str:
    event.refresh_from_db()
    return vetting.stamp_of(event, vetting.pending_revision(event))


def given(event: Event, by=None, **more) -> dict:
    """What every step takes."""
    return {"by": by or reviewer(), "seen": seen(event), "now": timezone.now(), **more}


def letters(kind: str = "") -> list[str]:
    found = Message.objects.filter(kind__startswith=kind).order_by("pk")
    return [message.kind for message in found]


def read_letter(kind: str):
    message = Message.objects.get(kind=kind)
    now = timezone.now()
    assert kind_named(kind).wanted(message, now) is None
    return kind_named(kind).render(message, now)


def hold_change(event: Event, **fields) -> None:
    """The host asks for a change of a public event."""
    lifecycle.change_event(event, fields=fields, by=event.host, now=timezone.now(), live=False)
    event.refresh_from_db()


def review_differences(event, revision):
    return differences(snapshot(event), with_revision(event, revision))


def decide(client, event, step, **data):
    data = {"step": step, "seen": seen(event), **data}
    return client.post(f"/review/events/{event.pk}/decide/", data, follow=True)
