"""One date of a public event: add it, move it, make room, cancel it, open it again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events import lifecycle
from events.changes import Changes
from events.models import Event, Timeslot
from events.states import EventState
from hosts import hosting
from hosts.drafts import another_time, typed_time
from hosts.forms.desk import CapacityForm, NoteForm, OneTimeslotForm
from hosts.roles import UserRequest, desk_required, get_own_event_or_404, own_events


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: UserRequest, event_id: int) -> HttpResponse:
    """One more date of a public event; before that, the form does it."""
    event = get_own_event_or_404(request.user, event_id)
    if event.state != EventState.APPROVED:
        return redirect("host_event_edit", event.pk)
    last = event.timeslots.order_by("-starts_at").first()
    like = [typed_time(last, event.timezone)] if last else []
    form = _time_form(request, event, initial=another_time(like))
    if request.method == "POST" and form.is_valid():
        try:
            changes = hosting.add_timeslot(
                event, form.slot_fields(), by=request.user, now=timezone.now()
            )
        except lifecycle.StateConflict:
            messages.error(request, _("This event can't be changed anymore."))
        else:
            _say(request, changes, _("The new date is live."))
        return redirect("host_event", event.pk)
    return render(request, "hosts/add_time.html", {"event": event, "row": form})


def _time_form(request: UserRequest, event: Event, *, initial: Any) -> OneTimeslotForm:
    return OneTimeslotForm(
        request.POST if request.method == "POST" and "date" in request.POST else None,
        initial=initial,
        zone=event.timezone,
        now=timezone.now(),
        known={slot.pk: slot for slot in event.timeslots.all()},
    )


def _say(request: UserRequest, changes: Changes, live: str) -> None:
    if changes.revision is not None:
        messages.success(request, _("Sent to our staff. Until they answer, the old times stay up."))
    else:
        messages.success(request, live)


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def timeslot_page(request: UserRequest, timeslot_id: int) -> HttpResponse:
    """What can be done with one date."""
    timeslot = get_object_or_404(
        Timeslot.objects.select_related("event"),
        pk=timeslot_id,
        event__in=own_events(request.user),
    )
    event = timeslot.event
    if event.state != EventState.APPROVED:
        return redirect("host_event", event.pk)
    posted = request.POST if request.method == "POST" else None
    wish = request.POST.get("do", "")
    forms = {
        "move": _time_form(request, event, initial=typed_time(timeslot, event.timezone)),
        "capacity": CapacityForm(
            posted if wish == "capacity" else None, initial={"capacity": timeslot.capacity}
        ),
        "cancel": NoteForm(posted if wish == "cancel" else None),
    }
    if request.method == "POST":
        done = _DO.get(wish, _nothing)(request, timeslot, forms)
        if done:
            return redirect("host_event", event.pk)
    return render(
        request,
        "hosts/timeslot.html",
        {
            "event": event,
            "timeslot": timeslot,
            "forms": forms,
            "is_over": timeslot.ends_at <= timezone.now(),
        },
        status=422 if request.method == "POST" else 200,
    )


Forms = dict[str, Any]


def _nothing(request: UserRequest, timeslot: Timeslot, forms: Forms) -> bool:
    return True


def _move(request: UserRequest, timeslot: Timeslot, forms: Forms) -> bool:
    form = forms["move"]
    if not form.is_valid():
        return False
    wanted = form.slot_fields()
    return _try(
        request,
        _("Moved. Everyone who's coming gets the new time."),
        lambda now: hosting.move_timeslot(
            timeslot,
            starts_at=wanted["starts_at"],
            ends_at=wanted["ends_at"],
            by=request.user,
            now=now,
        ),
    )


def _capacity(request: UserRequest, timeslot: Timeslot, forms: Forms) -> bool:
    form = forms["capacity"]
    if not form.is_valid():
        return False
    try:
        lifecycle.set_capacity(
            timeslot, form.cleaned_data["capacity"], by=request.user, now=timezone.now()
        )
    except lifecycle.CapacityBelowSeatsTaken as taken:
        form.add_error(
            "capacity",
            ngettext(
                "%(seats)d spot is already taken, so capacity can't go lower.",
                "%(seats)d spots are already taken, so capacity can't go lower.",
                taken.seats_taken,
            )
            % {"seats": taken.seats_taken},
        )
        return False
    messages.success(request, _("The capacity is changed."))
    return True


def _cancel(request: UserRequest, timeslot: Timeslot, forms: Forms) -> bool:
    form = forms["cancel"]
    if not form.is_valid():
        return False
    return _try(
        request,
        _("Cancelled. Everyone who was coming gets an email."),
        lambda now: hosting.cancel_timeslot(
            timeslot, by=request.user, now=now, note=form.cleaned_data["note"]
        ),
    )


def _reinstate(request: UserRequest, timeslot: Timeslot, forms: Forms) -> bool:
    return _try(
        request,
        _("Open again. Everyone who had signed up gets an email."),
        lambda now: hosting.reinstate_timeslot(timeslot, by=request.user, now=now),
    )


def _try(request: UserRequest, live: str, step: Any) -> bool:
    """Do one step of the lifecycle and say what came of it."""
    try:
        _say(request, step(timezone.now()), live)
    except lifecycle.StateConflict:
        messages.error(request, _("This date changed a moment ago. Here's where it stands now."))
    except lifecycle.TimeslotPassed:
        messages.error(request, _("This date is over, so it can't be changed."))
    return True


_DO = {"move": _move, "capacity": _capacity, "cancel": _cancel, "reinstate": _reinstate}
