"""The RSVP form, its answer, and "Lost your letter?"."""

from dataclasses import astuple
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.calendars import add_links, place_for, public_url
from events.disclosure import Policy, Role, policy
from events.event_page import nearby_url
from events.models import Event, Timeslot
from events.states import EventState
from rsvps import buttons, errands, limits, signup
from rsvps.attending import EventClosed
from rsvps.capacity import TimeslotUnavailable
from rsvps.forms.rsvp import ResendForm, RsvpForm, when
from rsvps.forms.strangers import WORK_BITS
from rsvps.limits import Asked, Origin
from rsvps.steps import next_reminder
from rsvps.views.asking import KEPT_FOR_GOING_BACK, origin, wait_in_words, wait_response

# The answer page is for whoever just sent the form: what it says waits in their own browser.
# Bound to its page by its path; the name keeps pages without encryption from writing it.
_ANSWER = "__Secure-rsvp-answer" if settings.SESSION_COOKIE_SECURE else "rsvp-answer"
_ANSWER_LASTS = 1800  # seconds
_SALT = "rsvps.views.answer.2"


# -- The form ------------------------------------------------------------------------


@policy(Policy.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
@KEPT_FOR_GOING_BACK
def rsvp(request: HttpRequest, id: int) -> HttpResponse:
    """One screen, no account."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    now = timezone.now()
    if request.method != "POST":
        return _show(request, event, _blank(request, event, now=now))
    form = RsvpForm(request.POST, event=event, now=now)
    if form.by_machine:
        return _as_if_taken(form)
    where = origin(request)
    wait = limits.wait_for(where, points=form.points, now=now)
    if wait and not _has_worked(form, where, now=now):
        return _too_many(request, event, form, wait)
    if not form.is_valid():
        return _show(request, event, form)
    reached = limits.count(*_asked(form, where), now=now)
    if wait := reached.pop("address", None):
        return _too_many(request, event, form, wait)
    # A rush refuses nobody, but everybody is asked to confirm their address.
    return _sign_up(request, event, form, rush=bool(reached), now=now)


def _keep_refused(request: HttpRequest, id: int) -> HttpResponse:
    """The form as it was typed, where the browser brought no cookie to know it by."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    form = RsvpForm(request.POST, event=event, now=timezone.now())
    words = _("You're not signed up yet. Look it over, and send it again.")
    hint = _("If it happens again, check that your browser allows cookies for this site.")
    form.add_error(None, f"{words} {hint}")
    return _show(request, event, form, status=403)


# config.errors.csrf_failure asks for it
rsvp.keep_refused = _keep_refused  # type: ignore[attr-defined]


def _asked(form: RsvpForm, where: Origin) -> list[Asked]:
    """What a form counts for, known address or not."""
    wanted = form.cleaned_data["timeslots"]
    return [
        Asked(limits.PER_ADDRESS, form.cleaned_data["email"]),
        Asked(limits.per_event(), form.event.pk),
        Asked(limits.at_one_event(), (form.event.pk, where.network)),
        *(
            Asked(limits.per_seats(slot.capacity), slot.pk, form.cleaned_data["party_size"])
            for slot in form.slots
            if slot.capacity is not None and slot.pk in wanted
        ),
    ]


def _has_worked(form: RsvpForm, where: Origin, *, now: datetime) -> bool:
    """Whether the browser did the work that a form beyond the limit costs; each work once."""
    return form.has_worked and not limits.count(
        Asked(limits.PER_WORK, form.data["stamp"]),
        Asked(limits.worked_for(), where.connection),
        now=now,
    )


def _too_many(request: HttpRequest, event: Event, form: RsvpForm, wait: timedelta) -> HttpResponse:
    form.add_error(None, wait_in_words(wait))
    return wait_response(_show(request, event, form, status=429), wait)


def _blank(request: HttpRequest, event: Event, *, now: datetime) -> RsvpForm:
    form = RsvpForm(event=event, now=now)
    wanted = request.GET.get("timeslot", "")
    form.initial["timeslots"] = [
        f"{slot.pk}.{slot.version}" for slot in form.slots if str(slot.pk) == wanted
    ]
    return form


def _sign_up(
    request: HttpRequest, event: Event, form: RsvpForm, *, rush: bool, now: datetime
) -> HttpResponse:
    try:
        outcome = signup.sign_up(form.to_signup(rush=rush), now=now)
    except TimeslotUnavailable as why:
        form.tell(why)
        return _show(request, event, form)
    except EventClosed as closed:
        if closed.state not in {EventState.CANCELLED, "over"}:
            raise Http404 from None
        return render(request, "rsvps/closed.html", _closed(event, closed.state, sent=True))
    return _answered(form, outcome)


def _show(request: HttpRequest, event: Event, form: RsvpForm, *, status: int = 200) -> HttpResponse:
    if event.state == EventState.CANCELLED or not form.slots:
        state = EventState.CANCELLED if event.state == EventState.CANCELLED else "over"
        sent = request.method == "POST"
        return render(request, "rsvps/closed.html", _closed(event, state, sent=sent))
    if worked := form.has_worked:
        form.ask_for_other_work()
    context = {
        "event": event,
        "form": form,
        "choices": (choices := form.choices()),
        "full": all(choice.disabled for choice in choices),
        "place": place_for(event, Role.STRANGER),
        "confirm_first": signup.asks_to_confirm(event),
        "hold_minutes": settings.SEAT_HOLD_MINUTES,
        "nearby_url": nearby_url(event),
        "work_bits": WORK_BITS if worked or status == 429 else 0,
    }
    return render(request, "rsvps/rsvp.html", context, status=status)


def _closed(event: Event, state: str, *, sent: bool) -> dict[str, Any]:
    return {
        "event": event,
        "cancelled": state == EventState.CANCELLED,
        "sent": sent,
        "nearby_url": nearby_url(event),
    }


# -- The answer ----------------------------------------------------------------------


def _as_if_taken(form: RsvpForm) -> HttpResponse:
    """The answer a machine gets: the usual one."""
    if not form.is_valid():
        return redirect("event", form.event.pk, form.event.slug)
    asked = form.to_signup(rush=False)
    outcome = signup.SignupOutcome(asked.confirm_first, form.event.approve_each_guest)
    return _answered(form, outcome)


def _answered(form: RsvpForm, outcome: signup.SignupOutcome) -> HttpResponse:
    """To the answer page. It is the same whether or not the address was known before."""
    response = redirect("rsvp_answer", form.event.pk)
    answer = [
        form.cleaned_data["email"],
        sorted(form.cleaned_data["timeslots"]),
        *astuple(outcome),
    ]
    response.set_cookie(
        _ANSWER,
        signing.dumps(answer, salt=_SALT),
        max_age=_ANSWER_LASTS,
        # Not the form's own address: to a browser the form kept for going back would be another.
        path=reverse("rsvp_answer", args=[form.event.pk]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@policy(Policy.PUBLIC)
@require_safe
@never_cache
def answer(request: HttpRequest, id: int) -> HttpResponse:
    """What happens next. Never a private address, never the manage link: both go by mail."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    try:
        sealed = signing.loads(request.COOKIES.get(_ANSWER, ""), salt=_SALT, max_age=_ANSWER_LASTS)
    except signing.BadSignature:
        return redirect("event", event.pk, event.slug)
    email, keys, confirm_first, host_answers, held = sealed
    slots = list(Timeslot.objects.filter(event=event, pk__in=keys).order_by("starts_at", "pk"))
    for slot in slots:
        slot.event = event
    context = {
        "event": event,
        "email": email,
        "slots": [{"timeslot": slot, "when": when(slot), "add": add_links(slot)} for slot in slots],
        "place": place_for(event, Role.STRANGER),
        "confirm_first": confirm_first,
        "host_answers": host_answers,
        "held": held,
        "calendar": not event.is_private,
        "url": public_url(event),
        "hold_minutes": settings.SEAT_HOLD_MINUTES,
        "reminder": _reminder_in_words(slots, now=timezone.now()),
    }
    return render(request, "rsvps/answer.html", context)


def _reminder_in_words(slots: list[Timeslot], *, now: datetime) -> str:
    """Whether a reminder is still to come, and how long before the event."""
    for slot in slots:
        due = next_reminder(slot, now=now)
        if due is not None:
            zone = ZoneInfo(slot.event.timezone)
            ahead = slot.starts_at.astimezone(zone).date() - due.astimezone(zone).date()
            if ahead == timedelta(days=1):
                return _("We'll remind you the day before.")
            return _("We'll remind you before it starts.")
    return ""


# -- Lost letters --------------------------------------------------------------------


@policy(Policy.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
@KEPT_FOR_GOING_BACK
def resend(request: HttpRequest) -> HttpResponse:
    """ "Lost your letter?": the same answer for any address."""
    form = ResendForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "rsvps/resend.html", {"form": form})
    now, email = timezone.now(), form.cleaned_data["email"]
    if wait := limits.wait_for(origin(request), now=now):
        form.add_error(None, wait_in_words(wait))
        return wait_response(render(request, "rsvps/resend.html", {"form": form}, status=429), wait)
    # Three letters a day are enough for anybody, and no more than that for a victim.
    if not limits.count(Asked(limits.RESEND_PER_ADDRESS, email), now=now):
        errands.leave(buttons.RESEND, email, now=now)
    response = render(request, "rsvps/resent.html", {"email": email})
    patch_cache_control(response, no_store=True)
    return response
