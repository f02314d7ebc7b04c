"""A host's dealings with guests: answer, greet, contact, remove, and write to all."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.disclosure import Field, may_see
from hosts import guestlist, records
from hosts.forms.desk import MessageForm, RemoveForm
from hosts.models import RecordKind
from hosts.roles import UserRequest, desk_required, get_own_event_or_404, own_events, viewer_role
from rsvps import attending
from rsvps.models import Guest, Rsvp
from rsvps.states import SEATED, RsvpStatus

# Somebody whose address is not confirmed yet is nobody's guest so far.
KNOWN = SEATED - {RsvpStatus.UNCONFIRMED}


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: UserRequest, rsvp_id: int) -> HttpResponse:
    """One guest: their note, contact actions, the host's answer, and the door."""
    rsvp = get_object_or_404(
        Rsvp.objects.select_related("guest", "supporter", "timeslot__event"),
        pk=rsvp_id,
        timeslot__event__in=own_events(request.user),
        status__in=KNOWN,
    )
    event = rsvp.timeslot.event
    role = viewer_role(request.user, event)
    may_contact = may_see(role, Field.GUEST_CONTACTS, event) and not rsvp.supporter.erased_at
    wish = request.POST.get("do", "")
    form = RemoveForm(request.POST if wish == "remove" else None)
    shown = False
    if request.method == "POST":
        if wish == "contact":
            shown = _show_contact(request, rsvp, may_contact=may_contact)
        elif _answer(request, rsvp, wish, form):
            return redirect("host_event", event.pk)
    return render(
        request,
        "hosts/guest.html",
        {
            "rsvp": rsvp,
            "event": event,
            "others": rsvp.guest.rsvps.filter(status__in=KNOWN)
            .exclude(pk=rsvp.pk)
            .select_related("timeslot__event"),
            "may_contact": may_contact,
            "shown": shown,
            "form": form,
        },
    )


def _show_contact(request: UserRequest, rsvp: Rsvp, *, may_contact: bool) -> bool:
    """A contact action: phone and e-mail of one guest, on record, and never as a list."""
    if not may_contact:
        raise Http404
    records.record(
        RecordKind.CONTACT,
        about=f"guest:{rsvp.guest_id}",
        by=request.user,
        now=timezone.now(),
        words=f"event:{rsvp.timeslot.event_id}",
    )
    return True


def _answer(request: UserRequest, rsvp: Rsvp, wish: str, form: RemoveForm) -> bool:
    now, name = timezone.now(), rsvp.supporter.shown_name
    try:
        if wish == "approve":
            attending.approve_guest(rsvp, by=request.user, now=now)
            words = _("%(name)s is coming. They get the invitation.")
        elif wish == "decline":
            attending.decline_guest(rsvp, by=request.user, now=now)
            words = _("%(name)s gets a kind note.")
        elif wish == "remove":
            if not form.is_valid():
                return False
            guestlist.remove_guest(rsvp.guest, **form.cleaned_data, by=request.user, now=now)
            words = _("%(name)s is off the list.")
        else:
            return False
    except attending.RsvpChanged:
        messages.error(request, _("This RSVP changed a moment ago. Here's where it stands now."))
    else:
        messages.success(request, words % {"name": name})
    return True


@desk_required
@require_POST
def welcome_again(request: UserRequest, event_id: int, guest_id: int) -> HttpResponse:
    """Let somebody who was taken off the list sign up again."""
    event = get_own_event_or_404(request.user, event_id)
    guest = get_object_or_404(Guest.objects.select_related("supporter"), pk=guest_id, event=event)
    if guestlist.welcome_again(guest, by=request.user, now=timezone.now()):
        words = _("%(name)s can sign up again. We don't tell them, so let them know yourself.")
        messages.success(request, words % {"name": guest.supporter.shown_name})
    return redirect("host_event", event.pk)


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: UserRequest, event_id: int) -> HttpResponse:
    """Write to everybody coming."""
    event = get_own_event_or_404(request.user, event_id)
    now = timezone.now()
    slots = event.timeslots.upcoming(now).select_related("event").order_by("starts_at")
    form = MessageForm(request.POST if request.method == "POST" else None, timeslots=slots)
    if request.method == "POST" and form.is_valid():
        try:
            count = guestlist.write_to_guests(
                event,
                words=form.cleaned_data["words"],
                timeslots=form.cleaned_data["timeslots"],
                by=request.user,
                now=now,
            )
        except guestlist.TooManyMessages:
            form.add_error(
                None,
                _(
                    "Your guests have had three messages since yesterday, which is the limit"
                    " for a day. We kept your words here for later."
                ),
            )
        except guestlist.NobodyComing:
            form.add_error(None, _("No one is coming to these dates yet."))
        else:
            words = ngettext(
                "Your message goes to %(count)d person.",
                "Your message goes to %(count)d people.",
                count,
            )
            messages.success(request, words % {"count": count})
            return redirect("host_event", event.pk)
    return render(
        request,
        "hosts/write.html",
        {"event": event, "form": form, "written": guestlist.messages_sent(event)},
        status=422 if form.errors else 200,
    )
