"""Staff mend an event themselves: any field, one date, or where the pin stands."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from events import geocoding
from events.lifecycle import CapacityBelowSeatsTaken, StateConflict, TimeslotPassed
from events.models import Timeslot
from events.readings import record_reading
from events.states import EventState
from hosts import mending, review, vetting
from hosts.drafts import typed_time
from hosts.forms.desk import OneTimeslotForm
from hosts.forms.review import FixForm, FixPinForm, SeenForm
from hosts.hosting import OtherZone
from hosts.roles import UserRequest, reviewer_required
from hosts.views.review_desk import event_or_404, refusal, show_event


@reviewer_required
def fix(request: UserRequest, event_id: int) -> HttpResponse:
    event = event_or_404(event_id)
    seen = vetting.stamp_of(event, vetting.pending_revision(event))
    record_reading(event, reader=f"user:{request.user.pk}", now=timezone.now())
    if request.method != "POST":
        form = FixForm(initial=FixForm.initial_of(event) | {"seen": seen})
        return render(request, "review/fix.html", {"event": event, "form": form})
    form = FixForm(request.POST)
    if not form.is_valid():
        return render(request, "review/fix.html", {"event": event, "form": form}, status=422)
    data = form.cleaned_data
    refused = _mend(
        request,
        lambda: mending.fix(
            event,
            fields=form.fields_of_event(),
            by=request.user,
            seen=data["seen"],
            now=timezone.now(),
            reason=data["reason"],
        ),
    )
    if refused:
        form.add_error(None, refused)
        return render(request, "review/fix.html", {"event": event, "form": form}, status=409)
    return redirect("review_event", event.pk)


@reviewer_required
def fix_date(request: UserRequest, timeslot_id: int) -> HttpResponse:
    slots = Timeslot.objects.exclude(event__state=EventState.DRAFT).select_related("event")
    timeslot = get_object_or_404(slots, pk=timeslot_id)
    event, now = timeslot.event, timezone.now()
    posted = request.POST if request.method == "POST" else None
    stamp = vetting.stamp_of(event, vetting.pending_revision(event))
    seen = SeenForm(posted, initial={"seen": stamp})
    row = OneTimeslotForm(
        posted,
        initial=typed_time(timeslot, event.timezone),
        zone=event.timezone,
        now=now,
        known={timeslot.pk: timeslot},
    )
    context = {"event": event, "timeslot": timeslot, "row": row, "seen": seen}
    if posted is None:
        return render(request, "review/fix_date.html", context)
    if not (row.is_valid() and seen.is_valid()):
        return render(request, "review/fix_date.html", context, status=422)
    refused = _mend(
        request,
        lambda: mending.fix_date(
            timeslot,
            row.slot_fields(),
            by=request.user,
            seen=seen.cleaned_data["seen"],
            now=now,
        ),
    )
    if refused:
        row.add_error(None, refused)
        return render(request, "review/fix_date.html", context, status=409)
    return redirect("review_event", event.pk)


@reviewer_required
@require_POST
def fix_pin(request: UserRequest, event_id: int) -> HttpResponse:
    event = event_or_404(event_id)
    form = FixPinForm(request.POST)
    if not form.is_valid():
        return show_event(request, event, pin=form, status=422)
    data = form.cleaned_data
    refused = _mend(
        request,
        lambda: mending.fix_pin(
            event,
            data["latitude"],
            data["longitude"],
            by=request.user,
            seen=data["seen"],
            now=timezone.now(),
        ),
    )
    if refused:
        form.add_error(None, refused)
        return show_event(request, event, pin=form, status=409)
    return redirect(f"{reverse('review_event', args=[event.pk])}#top")  # where it says so


def _mend(request: UserRequest, step: Callable[[], object]) -> str:
    """Do it and say so, or answer why not."""
    try:
        step()
    except mending.NothingFixed:
        messages.info(request, _("Nothing was changed."))
    except OtherZone:
        return _(
            "That place is in another time zone, which would shift the dates. "
            "Please send the event back and ask the host for the right times."
        )
    except mending.ChangeWaits:
        return _("A change from the host is waiting for review. Please decide on that first.")
    except geocoding.PinTooFar as far:
        return _(
            "That is %(miles).0f miles from the address; the pin may be moved by 31 miles at most."
        ) % {"miles": far.miles}
    except CapacityBelowSeatsTaken as taken:
        return ngettext(
            "%(taken)d spot is already taken, so capacity can't go lower.",
            "%(taken)d spots are already taken, so capacity can't go lower.",
            taken.seats_taken,
        ) % {"taken": taken.seats_taken}
    except TimeslotPassed:
        return _("This date is over and can't be changed.")
    except (review.OwnEvent, review.NeedsSenior) as refused:
        return refusal(refused)
    except (review.ChangedMeanwhile, StateConflict):
        return _("The event changed after you opened this page. Please look at it again first.")
    else:
        messages.success(request, _("Fixed. The host gets an email that says what changed."))
    return ""
