"""What hosts hear of staff's decisions, and staff of events that wait too long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.calendars import public_url
from events.models import Event, EventRevision
from events.states import EventState, RevisionState
from hosts.comparing import Difference
from hosts.models import Decision, StaffRole, User, VettingDecision
from hosts.vetting import TOO_LONG
from outbox import ledger
from outbox.letters import Kind, Letter, compose, register
from outbox.models import Message

# The kind of letter to the host by decision; a changed word that was read needs none.
KINDS = {
    Decision.APPROVED: ("host_approved", gettext_lazy("Approved")),
    Decision.SENT_BACK: ("host_sent_back", gettext_lazy("Sent back")),
    Decision.REJECTED: ("host_rejected", gettext_lazy("Rejected")),
    Decision.FIXED: ("host_fixed", gettext_lazy("Fixed by staff")),
    Decision.UNLISTED: ("host_unlisted", gettext_lazy("Unlisted")),
    Decision.RELISTED: ("host_relisted", gettext_lazy("Listed again")),
    Decision.CANCELLED: ("host_cancelled_by_staff", gettext_lazy("Cancelled by staff")),
}
WAITING = "staff_waiting"
REMIND_EVERY = timedelta(minutes=15)


def post_decision(
    decision: VettingDecision, *, changed: list[Difference], now: datetime
) -> Message:
    """Write the host a letter about a decision, in the decision's transaction.

    `changed` is what staff mended, for the letter that says so.
    """
    event = decision.event
    kind, _title = KINDS[
        Decision.APPROVED if decision.decision == Decision.TRUSTED else Decision(decision.decision)
    ]
    return ledger.post(
        kind,
        to=event.host.email,
        subject=f"decision:{decision.pk}",
        topic=f"event:{event.pk}",
        zone=event.timezone,
        payload={
            "changed": [[one.label, one.before, one.after] for one in changed],
            "trusted": decision.decision == Decision.TRUSTED,
        },
        now=now,
    )


def _decision_of(message: Message) -> VettingDecision | None:
    number = message.subject_key.removeprefix("decision:")
    return (
        VettingDecision.objects.select_related("event__host", "revision").filter(pk=number).first()
    )


def _still_stands(message: Message, now: datetime) -> str | None:
    """A letter that a later decision has overtaken would only confuse."""
    decision = _decision_of(message)
    if decision is None:
        return _("the event is gone")
    later = decision.event.decisions.filter(pk__gt=decision.pk).exclude(
        decision__in=[Decision.FIXED, Decision.READ]
    )
    if decision.decision != Decision.FIXED and later.exists():
        return _("decided again since")
    return None


def _render(message: Message, now: datetime) -> Letter:
    decision = _decision_of(message)
    assert decision is not None  # noqa: S101 - _still_stands has looked
    return _decision_letter(
        message.kind,
        decision.event,
        reason=decision.reason,
        change=decision.revision_id is not None,
        trusted=message.payload["trusted"],
        changed=message.payload["changed"],
    )


def _decision_letter(
    template: str,
    event: Event,
    *,
    reason: str = "",
    change: bool = False,
    trusted: bool = False,
    changed: list[list[str]] | None = None,
) -> Letter:
    subject, text, html = compose(
        template,
        {
            "name": event.host.name,
            "title": event.title or event.get_type_display(),
            "reason": reason,
            "change": change,
            "trusted": trusted,
            "changed": changed or [],
            "public_url": public_url(event),
            "desk_url": settings.SITE_URL + reverse("host_event", args=[event.pk]),
            "contact_url": settings.SITE_URL + reverse("site_page", args=["contact"]),
        },
    )
    return Letter(subject=subject, text=text, html=html)


# -- To staff: waiting longer than a day -------------------------------------------------


def late_events(now: datetime):
    """Events with something that has waited for a decision longer than a day."""
    before = now - TOO_LONG
    late_changes = EventRevision.objects.filter(
        event=OuterRef("pk"), state=RevisionState.PENDING, created_at__lte=before
    )
    # Not "pk in": SQLite 3.46 finds no plan for that behind an OR ("internal query planner error").
    return Event.objects.filter(
        Q(state=EventState.SUBMITTED, submitted_at__lte=before)
        | (Q(state=EventState.APPROVED) & Exists(late_changes))
    )


@transaction.atomic
def remind_staff(now: datetime) -> int:
    """Planner: one letter a day to each of the staff while something waits too long."""
    late = late_events(now).order_by("submitted_at").first()
    if late is None:
        return 0
    day = f"{now:%Y-%m-%d}"
    told = set(Message.objects.filter(kind=WAITING, step=day).values_list("subject_key", flat=True))
    drafts = [
        ledger.draft(
            WAITING,
            to=user.email,
            subject=f"user:{user.pk}",
            step=day,
            topic="staff",
            zone=late.timezone,
            now=now,
        )
        for user in User.objects.filter(is_active=True).exclude(staff_role=StaffRole.NONE)
        if f"user:{user.pk}" not in told
    ]
    ledger.post_all(drafts)
    return len(drafts)


def _staff_still_wait(message: Message, now: datetime) -> str | None:
    user = User.objects.filter(pk=message.subject_key.removeprefix("user:")).first()
    if user is None or not user.staff_role or not user.is_active:
        return _("not on the staff any more")
    if not late_events(now).exists():
        return _("nothing waits any more")
    return None


def _render_waiting(message: Message, now: datetime) -> Letter:
    events = late_events(now).order_by("submitted_at")
    return _waiting_letter([event.title for event in events[:5]], events.count())


def _waiting_letter(titles: list[str], count: int) -> Letter:
    subject, text, html = compose(
        WAITING,
        {
            "titles": titles,
            "count": count,
            "more": count - len(titles),
            "review_url": settings.SITE_URL + reverse("review_queue"),
        },
    )
    return Letter(subject=subject, text=text, html=html)


# -- For the ledger ----------------------------------------------------------------------


def _example(template: str):
    def letter(now: datetime) -> Letter:
        event = Event(
            pk=0,
            host=User(name="Robin Sample", email="robin@example.org"),
            title=_("Porch party for a new library"),
            type="house_party",
        )
        return _decision_letter(
            template,
            event,
            reason=_("Please say more about what people will do."),
            trusted=True,
            changed=[[_("Title"), "Porch prty", "Porch party"]],
        )

    return letter


def register_kinds() -> None:
    """Tell the ledger of these letters; called once, when the app is ready."""
    for kind, title in KINDS.values():
        register(
            Kind(
                kind,
                wanted=_still_stands,
                render=_render,
                quiet=False,  # the answer to what the host did
                in_doubt="resend",
                title=title,
                useful_for=timedelta(days=7),
                example=_example(kind),
            )
        )
    register(
        Kind(
            WAITING,
            wanted=_staff_still_wait,
            render=_render_waiting,
            quiet=True,
            optional=True,
            in_doubt="leave",
            title=gettext_lazy("Waiting longer than a day"),
            useful_for=timedelta(hours=20),
            example=lambda now: _waiting_letter([_("Porch party for a new library")], 3),
        )
    )
