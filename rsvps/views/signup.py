"""The RSVP form, its answer, and "Lost your letter?"."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.calendars import add_links, place_for, public_url
from events.disclosure import Policy, Role, policy
from events.models import Event, Timeslot
from events.states import EventState
from rsvps import limits, signup
from rsvps.attending import EventClosed
from rsvps.capacity import TimeslotUnavailable
from rsvps.forms.rsvp import ResendForm, RsvpForm, when
from rsvps.limits import Asked
from rsvps.steps import next_reminder

# The answer page is for whoever just sent the form: what it says waits in their own browser.
_ANSWER, _ANSWER_LASTS = "rsvp-answer", 1800
_SALT = "rsvps.views.answer"

# Asked for anew each time, but for the back button: a page that answers a form and may not be
# kept at all is "Confirm Form Resubmission" to whoever goes back to it.
KEPT_FOR_GOING_BACK = cache_control(private=True, no_cache=True)


def network(request: HttpRequest) -> str:
    """The network this request comes from, for limits."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    address = limits.client_address(request.META.get("REMOTE_ADDR", ""), forwarded)
    return limits.network_of(address)


def wait_in_words(wait: timedelta) -> str:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    return ngettext(
        "That was a lot of forms in a short time. Please wait %(minutes)s minute, then send it"
        " again: nothing you typed is lost.",
        "That was a lot of forms in a short time. Please wait %(minutes)s minutes, then send it"
        " again: nothing you typed is lost.",
        minutes,
    ) % {"minutes": minutes}


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
        return _answered(form, confirm_first=signup.asks_to_confirm(event), host_answers=False)
    asked = [Asked(limits.per_network(), network(request), form.points)]
    if form.is_valid():
        asked.append(Asked(limits.PER_ADDRESS, form.cleaned_data["email"]))
        asked.append(Asked(limits.per_event(), event.pk))
    reached = limits.count(*asked, now=now)
    # An event under flood refuses nobody, but asks everybody to confirm their address.
    flooded = reached.pop("event", None) is not None
    if reached:
        form.add_error(None, wait_in_words(max(reached.values())))
        return wait_response(_show(request, event, form, status=429), max(reached.values()))
    if not form.is_valid():
        return _show(request, event, form)
    return _sign_up(request, event, form, flooded=flooded, now=now)


def _keep_refused(request: HttpRequest, id: int) -> HttpResponse:
    """The form as it was typed, where the browser brought no cookie to know it by."""
    event = get_object_or_404(Event.objects.public(), pk=id)
    form = RsvpForm(request.POST, event=event, now=timezone.now())
    words = _("Nothing is booked yet: look it over, and send it once more.")
    hint = _("If it happens again, let your browser keep cookies for this site.")
    form.add_error(None, f"{words} {hint}")
    return _show(request, event, form, status=403)


# config.errors.csrf_failure asks for it
rsvp.keep_refused = _keep_refused  # type: ignore[attr-defined]


def wait_response(response: HttpResponse, wait: timedelta) -> HttpResponse:
    response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def _blank(request: HttpRequest, event: Event, *, now: datetime) -> RsvpForm:
    form = RsvpForm(event=event, now=now)
    wanted = request.GET.get("timeslot", "")
    form.initial["timeslots"] = [
        f"{slot.pk}.{slot.version}" for slot in form.slots if str(slot.pk) == wanted
    ]
    return form


def _sign_up(
    request: HttpRequest, event: Event, form: RsvpForm, *, flooded: bool, now: datetime
) -> HttpResponse:
    try:
        outcome = signup.sign_up(form.to_signup(confirm_first=flooded), now=now)
    except TimeslotUnavailable as why:
        form.tell(why)
        return _show(request, event, form)
    except EventClosed as closed:
        if closed.state not in {EventState.CANCELLED, "over"}:
            raise Http404 from None
        return render(request, "rsvps/closed.html", _closed(event, closed.state, sent=True))
    return _answered(form, confirm_first=outcome.confirm_first, host_answers=outcome.host_answers)


def _show(request: HttpRequest, event: Event, form: RsvpForm, *, status: int = 200) -> HttpResponse:
    if event.state == EventState.CANCELLED or not form.slots:
        state = EventState.CANCELLED if event.state == EventState.CANCELLED else "over"
        sent = request.method == "POST"
        return render(request, "rsvps/closed.html", _closed(event, state, sent=sent))
    context = {
        "event": event,
        "form": form,
        "choices": (choices := form.choices()),
        "full": all(choice.disabled for choice in choices),
        "place": place_for(event, Role.STRANGER),
        "confirm_first": signup.asks_to_confirm(event),
        "nearby_url": nearby_url(event),
    }
    return render(request, "rsvps/rsvp.html", context, status=status)


def _closed(event: Event, state: str, *, sent: bool) -> dict[str, Any]:
    return {
        "event": event,
        "cancelled": state == EventState.CANCELLED,
        "sent": sent,
        "nearby_url": nearby_url(event),
    }


def nearby_url(event: Event) -> str:
    """Results around the event's public place."""
    place = event.public_postal_code or event.public_city
    return f"/events/?{urlencode({'near': place})}" if place else "/events/"


# -- The answer ----------------------------------------------------------------------


def _answered(form: RsvpForm, *, confirm_first: bool, host_answers: bool) -> HttpResponse:
    """To the answer page. It is the same whether or not the address was known before."""
    if not form.is_valid():  # only a machine gets here with a form that cannot be read
        return redirect("event", form.event.pk, form.event.slug)
    response = redirect("rsvp_answer", form.event.pk)
    answer = [
        form.cleaned_data["email"],
        sorted(form.cleaned_data["timeslots"]),
        confirm_first,
        host_answers,
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
    email, keys, confirm_first, host_answers = sealed
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
                return _("The day before, we remind you.")
            return _("We remind you before it begins.")
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
    reached = limits.count(
        Asked(limits.per_network(), network(request)),
        Asked(limits.RESEND_PER_ADDRESS, email),
        now=now,
    )
    if wait := reached.get("network"):
        form.add_error(None, wait_in_words(wait))
        return wait_response(render(request, "rsvps/resend.html", {"form": form}, status=429), wait)
    # Three letters a day are enough for anybody, and no more than that for a victim.
    if "resend" not in reached:
        signup.resend(email, now=now)
    response = render(request, "rsvps/resent.html", {"email": email})
    patch_cache_control(response, no_store=True)
    return response
