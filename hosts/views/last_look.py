"""The last look at an event, its pin, and the button that sends it to review."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events import geocoding, lifecycle
from events.models import Event
from events.readings import record_reading
from hosts import hosting
from hosts.agreement import AgreementChanged, accept_agreement, current_agreement, has_accepted
from hosts.cohosting import standing
from hosts.forms.becoming import AgreementForm
from hosts.forms.pin import PinForm
from hosts.models import Host, HostAgreement
from hosts.roles import UserRequest, desk_required, get_own_event_or_404
from hosts.views.event_desk import show_event
from hosts.views.event_form import EDITABLE, UNSENT


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: UserRequest, event_id: int) -> HttpResponse:
    """How the event will look, its pin, and the button that sends it to review."""
    event = get_own_event_or_404(request.user, event_id)
    if event.state not in UNSENT:
        return redirect("host_event", event.pk)
    if event.typed or not event.timeslots.exists():
        return redirect("host_event_edit", event.pk)
    agreement = _agreement_to_accept(event)
    posted = request.POST if request.method == "POST" else None
    form = AgreementForm(posted, agreement=agreement) if agreement else None
    answer = _submit(request, event, form) if posted is not None else None
    return answer or _show(request, event, form, status=200 if posted is None else 422)


def _show(
    request: UserRequest,
    event: Event,
    form: AgreementForm | None,
    *,
    pin: PinForm | None = None,
    status: int,
) -> HttpResponse:
    record_reading(event, reader=f"user:{request.user.pk}", now=timezone.now())
    return render(
        request,
        "hosts/check.html",
        {
            "event": event,
            "timeslots": event.timeslots.open().order_by("starts_at", "pk"),
            "pin": pin or PinForm.of(event),
            "pin_moves": True,
            "form": form,
            "picture": (event.picture.name or "").rpartition("/")[2],
            "cohosts": standing(event),
            "is_own": event.host_id == request.user.pk,
        },
        status=status,
    )


def _agreement_to_accept(event: Event) -> HostAgreement | None:
    """The agreement the host must accept before this event can go to review, if any."""
    host = Host.objects.filter(user=event.host_id).first()
    return None if host is not None and has_accepted(host) else current_agreement()


def _submit(request: UserRequest, event: Event, form: AgreementForm | None) -> HttpResponse | None:
    """Submit; None where the page must be shown again with what is missing."""
    now = timezone.now()
    if event.host_id != request.user.pk:
        messages.error(request, _("Only the host can send it for review."))
        return redirect("host_event_check", event.pk)
    if form is not None:
        if not form.is_valid():
            return None
        try:
            accept_agreement(event.host.host, version=form.cleaned_data["version"], now=now)
        except AgreementChanged:
            form.ask_again(current_agreement())
            return None
    try:
        hosting.submit_event(event, by=request.user, now=now)
    except hosting.EventIncomplete:
        messages.error(request, _("Every date is in the past. Pick days in the future."))
        return redirect("host_event_edit", event.pk)
    except lifecycle.StateConflict:
        pass  # pressed twice, or decided meanwhile: its page says where it stands
    else:
        messages.success(request, _("Sent! Our staff will look it over and write to you."))
    return redirect("host_event", event.pk)


@desk_required
@never_cache
@require_POST
def move_pin(request: UserRequest, event_id: int) -> HttpResponse:
    """Put the pin where the host says: by map, or by typed coordinates."""
    event = get_own_event_or_404(request.user, event_id)
    back = "host_event_check" if event.state in UNSENT else "host_event"
    if event.state not in EDITABLE or event.is_virtual_only:
        messages.error(request, _("This event's pin can't be moved."))
        return redirect(back, event.pk)
    form = PinForm(request.POST)
    if form.is_valid() and _place_pin(request, event, form):
        return redirect(f"{reverse(back, args=[event.pk])}#top")  # where it says so
    if event.state not in UNSENT:
        return show_event(request, event, pin=form, status=422)
    agreement = _agreement_to_accept(event)
    unread = AgreementForm(agreement=agreement) if agreement else None
    return _show(request, event, unread, pin=form, status=422)


def _place_pin(request: UserRequest, event: Event, form: PinForm) -> bool:
    """Whether the pin stands there now, or will once staff have looked; else the form says why."""
    try:
        changes = hosting.move_pin(
            event,
            form.cleaned_data["latitude"],
            form.cleaned_data["longitude"],
            by=request.user,
            now=timezone.now(),
        )
    except geocoding.PinTooFar as far:
        form.add_error(
            None,
            _(
                "That is %(miles).0f miles from the address, more than 31. If the address is wrong,"
                " change it; the pin follows."
            )
            % {"miles": far.miles},
        )
    except hosting.OtherZone:
        form.add_error(
            None,
            _("That place is in another time zone. Change the address, then look at the times."),
        )
    except lifecycle.StateConflict:
        form.add_error(None, _("This event's pin can't be moved."))
    else:
        if changes.revision is not None:
            messages.success(
                request, _("Thanks. Our staff will check the new pin before it goes live.")
            )
        else:
            messages.success(request, _("The pin has moved."))
        return True
    return False
