"""The host's page of one event: where it stands, who is coming, and what one can do."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events import lifecycle
from events.disclosure import Field, may_see
from events.models import Event
from events.readings import record_reading
from events.states import EventState, RevisionState
from hosts import cohosting, drafts, hosting
from hosts.forms.asking import AskingForm, too_often
from hosts.forms.desk import NoteForm
from hosts.forms.pin import PinForm
from hosts.guestlist import guests_by_date, letters_to_guests, messages_sent, removed_guests
from hosts.models import User
from hosts.roles import UserRequest, desk_required, get_own_event_or_404, viewer_role
from hosts.waiting import what_waits
from rsvps.feedback import what_guests_said


def get_hosted_event_or_404(user: User, event_id: int) -> Event:
    """The event, for its host alone: what co-hosts may not decide."""
    return get_object_or_404(Event, pk=event_id, host=user)


@desk_required
@never_cache
@require_safe
def event_page(request: UserRequest, event_id: int) -> HttpResponse:
    """Everything about one event for those who hold it."""
    event = get_own_event_or_404(request.user, event_id)
    if event.state == EventState.DRAFT:
        return redirect("host_event_edit", event.pk)
    return show_event(request, event)


def show_event(
    request: UserRequest,
    event: Event,
    *,
    pin: PinForm | None = None,
    cohost: AskingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with a form that came back in its place."""
    now = timezone.now()
    record_reading(event, reader=f"user:{request.user.pk}", now=now)
    role = viewer_role(request.user, event)
    dates = guests_by_date(event, now=now)
    editable = event.state in {EventState.SUBMITTED, EventState.SENT_BACK, EventState.APPROVED}
    to_come = [date for date in dates if date.timeslot.ends_at > now]
    is_over = event.state == EventState.APPROVED and not to_come
    return render(
        request,
        "hosts/event.html",
        {
            "event": event,
            "now": now,
            "dates": dates,
            "people": sum(date.people for date in to_come),
            "removed": removed_guests(event),
            "asking": sum(len(date.asking) for date in dates),
            "is_host": event.host_id == request.user.pk,
            "shows_review": may_see(role, Field.REVIEW_NOTES, event),
            "waiting": what_waits(event),
            "editable": editable,
            "is_over": is_over,
            "pin": pin or PinForm.of(event),
            "pin_moves": editable and not is_over,
            "cohosts": cohosting.standing(event),
            "cohost_form": cohost or AskingForm(),
            "letters": letters_to_guests(event),
            "written": messages_sent(event)[:5],
            "said": what_guests_said(event),
        },
        status=status,
    )


@desk_required
@never_cache
@require_safe
def print_guests(request: UserRequest, event_id: int) -> HttpResponse:
    """The guest list for the door: names, parties and notes on paper."""
    event = get_own_event_or_404(request.user, event_id)
    now = timezone.now()
    dates = [date for date in guests_by_date(event, now=now) if date.coming]
    return render(request, "hosts/print.html", {"event": event, "dates": dates, "now": now})


# -- The whole event -----------------------------------------------------------------------


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: UserRequest, event_id: int) -> HttpResponse:
    """Cancel the event, with words for everybody who was coming."""
    event = get_hosted_event_or_404(request.user, event_id)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            hosting.cancel_event(
                event, by=request.user, now=timezone.now(), note=form.cleaned_data["note"]
            )
        except lifecycle.StateConflict:
            messages.error(request, _("This event is already cancelled or off the site."))
        else:
            messages.success(
                request, _("The event is cancelled. Everyone who was coming gets an email.")
            )
        return redirect("host_event", event.pk)
    return render(request, "hosts/cancel.html", {"event": event, "form": form})


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unlist(request: UserRequest, event_id: int) -> HttpResponse:
    """Take the event off everything public, now."""
    event = get_hosted_event_or_404(request.user, event_id)
    if request.method == "POST":
        try:
            hosting.unlist_event(event, by=request.user, now=timezone.now())
        except lifecycle.StateConflict:
            messages.error(request, _("This event is not public."))
        else:
            messages.success(request, _("The event is off the site. Guests get a short email."))
        return redirect("host_event", event.pk)
    return render(request, "hosts/unlist.html", {"event": event})


@desk_required
@require_POST
def duplicate(request: UserRequest, event_id: int) -> HttpResponse:
    """A new draft like this event."""
    event = get_hosted_event_or_404(request.user, event_id)
    copy = drafts.duplicate(event, by=request.user, now=timezone.now())
    messages.success(request, _("Here's a copy, on later dates. Check them before you send it."))
    return redirect("host_event_edit", copy.pk)


@desk_required
@require_POST
def withdraw_revision(request: UserRequest, event_id: int) -> HttpResponse:
    """Take back a change that waits for review."""
    event = get_own_event_or_404(request.user, event_id)
    revision = event.revisions.filter(state=RevisionState.PENDING).first()
    try:
        if revision is not None:
            lifecycle.withdraw_revision(revision, now=timezone.now())
            messages.success(request, _("Withdrawn. The event stays as it is."))
    except lifecycle.StateConflict:
        messages.error(request, _("Our staff just decided about it."))
    return redirect("host_event", event.pk)


# -- Co-hosts ------------------------------------------------------------------------------


@desk_required
@require_POST
def ask_cohost(request: UserRequest, event_id: int) -> HttpResponse:
    """Ask one more person to help."""
    event = get_hosted_event_or_404(request.user, event_id)
    form = AskingForm(request.POST)
    if form.is_valid() and _ask(request, event, form):
        return redirect(f"{reverse('host_event', args=[event.pk])}#top")
    return show_event(request, event, cohost=form, status=422)


def _ask(request: UserRequest, event: Event, form: AskingForm) -> bool:
    email = form.cleaned_data["email"]
    try:
        asked = cohosting.ask_cohosts(event, [email], by=request.user, now=timezone.now())
    except cohosting.TooManyCoHosts:
        form.add_error("email", _("That's too many co-hosts. Remove one first."))
        return False
    except cohosting.AskedTooOften as often:
        form.add_error("email", too_often(str(often)))
        return False
    if asked:
        messages.success(request, _("Asked. They'll get an email and have to say yes."))
    else:
        messages.info(request, _("They're already on the list."))
    return True


@desk_required
@require_POST
def remove_cohost(request: UserRequest, event_id: int, cohost_id: int) -> HttpResponse:
    """Take a co-host off, or take the request back."""
    event = get_hosted_event_or_404(request.user, event_id)
    cohost = get_object_or_404(event.cohosts, pk=cohost_id)
    cohosting.remove_cohost(cohost, now=timezone.now())
    messages.success(request, _("Removed. They can't see the event’s desk anymore."))
    return redirect("host_event", event.pk)
