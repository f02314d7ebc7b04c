"""The staff's desk: the queue, one event's page, and what staff decide there."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from events.calendars import instant_in_words, when_in_words
from events.cards import distance
from events.disclosure import Field, may_see
from events.lifecycle import StateConflict
from events.models import Event
from events.readings import record_reading
from events.states import EventState
from events.words import render_description, tidy
from hosts import review, vetting
from hosts.comparing import changed_since, differences, last_decision, snapshot, with_revision
from hosts.forms.review import DecisionForm, FixPinForm
from hosts.guestlist import messages_sent
from hosts.models import EventReport, Host, User
from hosts.roles import UserRequest, reviewer_required, viewer_role
from outbox import overview

FOUND_AT_MOST = 50


@reviewer_required
def queue(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    waiting, total = vetting.queue(now)
    own = vetting.own_interests(request.user, [one.event for one in waiting])
    rows = [
        {
            "waiting": one,
            "when": _first_date(one.event, one.starts_at),
            "late": bool(one.waiting_since and now - one.waiting_since > vetting.TOO_LONG),
            "own": one.event.pk in own,
        }
        for one in waiting
    ]
    context = {"rows": rows, "total": total, "more": total - len(rows)}
    return render(request, "review/queue.html", context)


def _first_date(event: Event, starts_at: datetime | None) -> str:
    if starts_at is None:
        return ""
    slots = [slot for slot in event.timeslots.all() if slot.starts_at == starts_at]
    return when_in_words(starts_at, slots[0].ends_at, event.timezone) if slots else ""


@reviewer_required
def find(request: UserRequest) -> HttpResponse:
    """Any event but drafts, by number, title, host or state."""
    words = tidy(request.GET.get("q", ""))[:100]
    state = request.GET.get("state", "")
    events = Event.objects.exclude(state=EventState.DRAFT)
    if state in EventState.values:
        events = events.filter(state=state)
    if words:
        match = (
            Q(title__icontains=words)
            | Q(host__email__icontains=words)
            | Q(host__name__icontains=words)
            | Q(public_city__iexact=words)
        )
        if words.isascii() and words.isdigit() and len(words) < 10:
            match |= Q(pk=int(words))
        events = events.filter(match)
    found = events.select_related("host").order_by("-pk")[:FOUND_AT_MOST]
    states = [one for one in EventState if one != EventState.DRAFT]
    context = {"events": found, "words": words, "state": state, "states": states}
    return render(request, "review/find.html", context)


@reviewer_required
def event_page(request: UserRequest, event_id: int) -> HttpResponse:
    return show_event(request, event_or_404(event_id))


def event_or_404(event_id: int) -> Event:
    """Any event that was sent in at least once; a draft is its host's own affair."""
    events = Event.objects.exclude(state=EventState.DRAFT).select_related("host__host")
    return get_object_or_404(events, pk=event_id)


def show_event(
    request: UserRequest,
    event: Event,
    *,
    form: DecisionForm | None = None,
    pin: FixPinForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """One event's page, with a form that came back in its place."""
    now = timezone.now()
    revision = vetting.pending_revision(event)
    decision = last_decision(event)
    seen = vetting.stamp_of(event, revision)
    role = viewer_role(request.user, event, second_factor=True)
    after = with_revision(event, revision) if revision else None
    record_reading(event, reader=f"user:{request.user.pk}", now=now)
    context = {
        "event": event,
        "picture": (event.picture.name or "").rpartition("/")[2],
        "now": now,
        "role_sees": {field.value: may_see(role, field, event) for field in Field},
        "description": render_description(event.description),
        "slots": [
            (slot, when_in_words(slot.starts_at, slot.ends_at, event.timezone))
            for slot in event.timeslots.order_by("starts_at", "pk")
        ],
        "revision": revision,
        "revision_changes": differences(snapshot(event), after) if after else [],
        "last_decision": decision,
        "changed": changed_since(event, decision),
        "flags": vetting.place_flags(event),
        "high_level": vetting.needs_senior(event, revision),
        "own": vetting.has_own_interest(request.user, event),
        "history": vetting.host_history(event, now=now),
        "likely": [
            (
                one,
                when_in_words(one.timeslot.starts_at, one.timeslot.ends_at, one.event.timezone),
                distance(one.miles),
            )
            for one in vetting.likely_duplicates(event, now=now)
        ],
        "decisions": event.decisions.select_related("by").order_by("-decided_at", "-pk"),
        "reports": event.reports.select_related("handled_by").order_by("-created_at"),
        "written": messages_sent(event),
        "letters": overview.summary(f"event:{event.pk}"),
        "seen": seen,
        "form": form or DecisionForm(initial={"seen": seen}),
        "pin": pin
        or FixPinForm(
            initial={"seen": seen, "latitude": event.latitude, "longitude": event.longitude}
        ),
    }
    context["may_decide"] = not context["own"] and (
        request.user.is_senior or not context["high_level"]
    )
    return render(request, "review/event.html", context, status=status)


# -- Deciding ---------------------------------------------------------------------------

Step = Callable[..., object]
# The button's name -> what it does, whether it takes a reason, and what to say afterwards.
_STEPS: dict[str, tuple[Step, bool, str]] = {
    "approve": (review.approve, False, "approved"),
    "trust": (
        lambda event, **given: review.approve(event, trust=True, **given),
        False,
        "trusted",
    ),
    "send_back": (review.send_back, True, "sent_back"),
    "reject": (review.reject, True, "rejected"),
    "approve_change": (review.approve_change, False, "change_approved"),
    "send_back_change": (review.send_back_change, True, "sent_back"),
    "read": (review.mark_words_read, False, "read"),
    "unlist": (
        lambda event, seen, **given: review.unlist(event, **given),
        True,
        "unlisted",
    ),
    "relist": (review.relist, False, "relisted"),
    "cancel": (review.cancel, True, "cancelled"),
}


def _done(said: str, title: str) -> str:
    words = {
        "approved": _("“%(title)s” is public now. Its host gets an email."),
        "trusted": _("“%(title)s” is public now, and its host is trusted from now on."),
        "sent_back": _("“%(title)s” went back to its host with your message."),
        "rejected": _("“%(title)s” is rejected. Its host gets your message."),
        "change_approved": _("The change to “%(title)s” is live. Guests are being told."),
        "read": _("“%(title)s” is fine as it is. That's on the record."),
        "unlisted": _("“%(title)s” is off the site. The host and guests are being told."),
        "relisted": _("“%(title)s” is back on the site. The host and guests are being told."),
        "cancelled": _("“%(title)s” is cancelled. The host and guests are being told."),
    }
    return words[said] % {"title": title}


@reviewer_required
@require_POST
def decide(request: UserRequest, event_id: int) -> HttpResponse:
    event = event_or_404(event_id)
    form = DecisionForm(request.POST)
    step = request.POST.get("step", "")
    if step not in _STEPS or not form.is_valid():
        messages.error(request, _("That did not work. Please look at the page again."))
        return show_event(request, event, form=_still_typed(request, event), status=400)
    do, takes_reason, said = _STEPS[step]
    given = {"by": request.user, "seen": form.cleaned_data["seen"], "now": timezone.now()}
    try:
        if takes_reason:
            data = form.cleaned_data
            given["reason"] = review.reason_in_words(data["reasons"], data["words"])
        do(event, **given)
    except review.ReasonMissing:
        form.add_error("words", _("Please tell the host why."))
        return show_event(request, event, form=form, status=422)
    except (review.OwnEvent, review.NeedsSenior) as refused:
        messages.error(request, refusal(refused))
        return show_event(request, event, form=form, status=403)
    except (review.ChangedMeanwhile, StateConflict):
        event = event_or_404(event_id)
        messages.error(request, _what_happened(event, request.user))
        return show_event(request, event, form=_still_typed(request, event), status=409)
    messages.success(request, _done(said, event.title))
    return redirect("review_queue")


def _still_typed(request: UserRequest, event: Event) -> DecisionForm:
    """The words that were typed, about the event as it is now."""
    data = request.POST.copy()
    data["seen"] = vetting.stamp_of(event, vetting.pending_revision(event))
    return DecisionForm(data)


def refusal(refused: Exception) -> str:
    if isinstance(refused, review.OwnEvent):
        return _("You host this event or help with it, so someone else has to decide.")
    return _("This is a high-level event, so a senior reviewer decides.")


def _what_happened(event: Event, user: User) -> str:
    """Why the page was stale: who decided meanwhile, or that the host changed something."""
    decision = last_decision(event)
    if decision is not None and decision.decided_at >= event.updated_at:
        if decision.by_id == user.pk:
            return _("You already decided this: %(what)s. Nothing more was done.") % {
                "what": decision.get_decision_display()
            }
        return _(
            "Nothing was done, because %(who)s got there first. Their decision, %(when)s: %(what)s."
        ) % {
            "who": decision.by,
            "when": instant_in_words(decision.decided_at, event.timezone),
            "what": decision.get_decision_display(),
        }
    return _(
        "Nothing was done, because the event changed after you opened this page. "
        "Here's what it says now; please look again."
    )


# -- Reports and trust ------------------------------------------------------------------


@reviewer_required
@require_POST
def close_report(request: UserRequest, report_id: int) -> HttpResponse:
    report = get_object_or_404(EventReport.objects.select_related("event"), pk=report_id)
    dismissed = request.POST.get("step") == "dismiss"
    try:
        closed = review.close_report(
            report, dismissed=dismissed, by=request.user, now=timezone.now()
        )
    except review.OwnEvent as refused:
        messages.error(request, refusal(refused))
    else:
        if closed:
            messages.success(request, _("The report is closed."))
        else:
            messages.info(request, _("Someone else already closed this report."))
    return redirect("review_event", report.event_id)


@reviewer_required
@require_POST
def stop_trusting(request: UserRequest, host_id: int) -> HttpResponse:
    host = get_object_or_404(Host, pk=host_id)
    review.stop_trusting(host, by=request.user, now=timezone.now())
    messages.success(request, _("From now on, this host's changes wait for review."))
    back = request.POST.get("event", "")
    if back.isdecimal() and len(back) < 19:
        return redirect("review_event", int(back))
    return redirect("review_queue")
