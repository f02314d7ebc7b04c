"""Letters to hosts and co-hosts: what they say, and when they are still wanted."""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import calendars
from events.models import Event
from events.states import EventState
from hosts import cohosting
from hosts.models import CoHost, User
from outbox import ledger
from outbox.letters import Kind, Letter, compose, register
from outbox.models import Message
from rsvps.models import Rsvp
from rsvps.states import COMING, RsvpStatus

SUBMITTED = "submitted"
NEW_RSVPS = "new_rsvps"


def event_of(message: Message) -> Event | None:
    """The event a letter with the topic "event:<id>" is about."""
    number = message.topic.partition(":")[2]
    return Event.objects.select_related("host").filter(pk=number).first()


def desk_url(event: Event) -> str:
    return settings.SITE_URL + reverse("host_event", args=[event.pk])


def letter(template: str, event: Event, **context: object) -> Letter:
    """A letter about an event to somebody on its desk, with the words all of them share."""
    subject, text, html = compose(
        template,
        {
            "event": event,
            "title": event.title or event.get_type_display(),
            "url": desk_url(event),
            **context,
        },
    )
    return Letter(subject=subject, text=text, html=html)


# -- Submitted ---------------------------------------------------------------------------


def post_submitted(event: Event, *, now: datetime) -> None:
    """To the host: we have it, and what happens next."""
    ledger.post(
        SUBMITTED,
        to=event.host.email,
        subject=f"event:{event.pk}",
        step=f"{now.timestamp():.6f}",
        topic=f"event:{event.pk}",
        zone=event.timezone,
        now=now,
    )


def _submitted_wanted(message: Message, now: datetime) -> str | None:
    event = event_of(message)
    if event is None or event.state != EventState.SUBMITTED:
        return _("decided or taken back since")
    return None


def _render_submitted(message: Message, now: datetime) -> Letter:
    event = event_of(message)
    assert event is not None  # noqa: S101 - asked in _submitted_wanted
    return _submitted_letter(event)


def _submitted_letter(event: Event) -> Letter:
    slots = event.timeslots.open().order_by("starts_at") if event.pk else []
    return letter(
        "host_submitted",
        event,
        name=event.host.name,
        times=[calendars.when_in_words(s.starts_at, s.ends_at, event.timezone) for s in slots],
    )


# -- The day's new RSVPs -----------------------------------------------------------------


def _new_rsvps_wanted(message: Message, now: datetime) -> str | None:
    event = event_of(message)
    if event is None or event.state != EventState.APPROVED:
        return _("the event is not public any more")
    if not _listed(message).exists():
        return _("nobody of them comes any more")
    if not _on_the_desk(event, message.payload["user"]):
        return _("not a host of this event any more")
    return None


def _on_the_desk(event: Event, user_id: int) -> bool:
    if event.host_id == user_id:
        return True
    return event.cohosts.filter(
        user=user_id, accepted_at__isnull=False, removed_at__isnull=True
    ).exists()


def _listed(message: Message):
    since, until = (datetime.fromisoformat(message.payload[k]) for k in ("since", "until"))
    return (
        Rsvp.objects.filter(
            timeslot__event=int(message.topic.partition(":")[2]),
            status__in=[*COMING, RsvpStatus.PENDING],
            created_at__gt=since,
            created_at__lte=until,
        )
        .select_related("supporter", "timeslot__event")
        .order_by("timeslot__starts_at", "created_at")
    )


def _render_new_rsvps(message: Message, now: datetime) -> Letter:
    event = event_of(message)
    assert event is not None  # noqa: S101 - asked in _new_rsvps_wanted
    name = User.objects.values_list("name", flat=True).filter(pk=message.payload["user"]).first()
    rows = [
        {
            "name": rsvp.supporter.name,
            "party": rsvp.party_size,
            "note": rsvp.note,
            "asks": rsvp.status == RsvpStatus.PENDING,
            "when": calendars.when_in_words(
                rsvp.timeslot.starts_at, rsvp.timeslot.ends_at, event.timezone
            ),
        }
        for rsvp in _listed(message)
    ]
    return _new_rsvps_letter(event, name or "", rows)


def _new_rsvps_letter(event: Event, name: str, rows: list[dict[str, object]]) -> Letter:
    people = sum(int(str(row["party"])) for row in rows)
    return letter("host_new_rsvps", event, name=name, rows=rows, people=people)


# -- To co-hosts -------------------------------------------------------------------------


def _cohost_of(message: Message) -> CoHost | None:
    found = CoHost.objects.select_related("event__host").filter(removed_at__isnull=True)
    return found.filter(pk=message.subject_key.partition(":")[2]).first()


def _request_wanted(message: Message, now: datetime) -> str | None:
    cohost = _cohost_of(message)
    if cohost is None:
        return _("the request was taken back")
    if cohost.accepted_at is not None:
        return _("accepted already")
    return None


def _render_request(message: Message, now: datetime) -> Letter:
    cohost = _cohost_of(message)
    assert cohost is not None  # noqa: S101 - asked in _request_wanted
    return _request_letter(cohost.event, cohosting.request_url(cohost))


def _request_letter(event: Event, answer_url: str) -> Letter:
    first = event.timeslots.open().order_by("starts_at").first() if event.pk else None
    return letter(
        "cohost_request",
        event,
        host=event.host.name or _("Somebody"),
        answer_url=answer_url,
        when=calendars.when_in_words(first.starts_at, first.ends_at, event.timezone)
        if first
        else "",
    )


# -- Made-up data, for previews ------------------------------------------------------------


def _example_event() -> Event:
    host = User(name="Robin Sample", email="robin@example.org")
    return Event(
        pk=0, host=host, title=_("Porch party for a new library"), timezone="America/New_York"
    )


def _example_rows() -> list[dict[str, object]]:
    when = _("Saturday, January 9, 2027, 3:00 p.m. to 5:00 p.m. EST")
    return [
        {"name": "Alex Sample", "party": 2, "note": _("We bring pie."), "asks": False,
         "when": when},
        {"name": "Sam Sample", "party": 1, "note": "", "asks": True, "when": when},
    ]  # fmt: skip


def register_letters() -> None:
    """Tell the ledger of these kinds; called once, when the app is ready."""
    register(
        Kind(
            SUBMITTED,
            wanted=_submitted_wanted,
            render=_render_submitted,
            quiet=False,
            in_doubt="resend",
            title=gettext_lazy("Sent to review"),
            example=lambda now: _submitted_letter(_example_event()),
        )
    )
    register(
        Kind(
            NEW_RSVPS,
            wanted=_new_rsvps_wanted,
            render=_render_new_rsvps,
            quiet=True,
            optional=True,
            in_doubt="leave",
            title=gettext_lazy("New RSVPs of the day"),
            useful_for=timedelta(hours=20),
            example=lambda now: _new_rsvps_letter(_example_event(), "Robin", _example_rows()),
        )
    )
    register(
        Kind(
            cohosting.REQUEST,
            wanted=_request_wanted,
            render=_render_request,
            quiet=False,
            in_doubt="resend",
            title=gettext_lazy("Request to a co-host"),
            useful_for=timedelta(days=7),
            example=lambda now: _request_letter(
                _example_event(), settings.SITE_URL + "/host/help/example/"
            ),
        )
    )
