"""What the links in letters open: confirm, manage, unsubscribe.

Mail programs and their scanners open every link, so opening changes nothing; a button does.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from events.disclosure import Field, Role, may_see
from events.event_page import nearby_url
from events.fields import show_phone
from events.models import Event, Timeslot
from events.readings import record_reading
from events.states import EventState
from outbox import suppression
from outbox.unsubscribe import address_behind
from rsvps import alerts, attending, buttons, consents, links, supporters, unasked
from rsvps.attending import EventClosed, NotWelcome, RsvpChanged
from rsvps.capacity import TimeslotUnavailable
from rsvps.contents import about_timeslot
from rsvps.forms.rsvp import DetailsForm, PlanForm, when
from rsvps.models import Guest, Rsvp, Supporter, Ticket
from rsvps.states import COMING, GONE, SEATED, RsvpStatus
from rsvps.views.token_pages import link_unknown, token_page

_GETS_AND_POSTS = require_http_methods(["GET", "HEAD", "POST"])


# -- Confirm -------------------------------------------------------------------------


@token_page
@_GETS_AND_POSTS
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The one button behind a confirmation letter."""
    now, ticket = timezone.now(), links.find_ticket(token)
    if ticket is None or ticket.guest is None:
        return link_unknown(request)
    event = ticket.guest.event
    if event.state not in {EventState.APPROVED, EventState.CANCELLED}:
        return link_unknown(request)
    context: dict[str, Any] = {"event": event, "nearby_url": nearby_url(event)}
    if ticket.used_at is not None:
        return render(request, "rsvps/confirmed.html", context | {"again": True})
    if not links.is_good(ticket, now=now):
        return link_unknown(request)
    context |= _asked_for(ticket, event)
    if request.method != "POST":
        return render(request, "rsvps/confirm.html", context)
    try:
        rsvps = buttons.confirm(ticket, now=now)
    except buttons.TicketSpent:
        return redirect(request.path)  # somebody was faster; the page says where things stand
    except (TimeslotUnavailable, EventClosed, NotWelcome, RsvpChanged, buttons.AddressTaken) as why:
        context |= {"problems": explain(why), "closed": isinstance(why, EventClosed)}
        return render(request, "rsvps/confirm.html", context)
    pending = any(rsvp.status == RsvpStatus.PENDING for rsvp in rsvps)
    return render(request, "rsvps/confirmed.html", context | {"pending": pending})


def _asked_for(ticket: Ticket, event: Event) -> dict[str, Any]:
    """What pressing the button will do, for whoever holds the letter."""
    if ticket.purpose == buttons.NEW_ADDRESS:
        return {"new_address": True}
    keys = [key for key, _version in ticket.payload["timeslots"]]
    slots = Timeslot.objects.filter(event=event, pk__in=keys)
    return {
        "party_size": ticket.payload["party_size"],
        "times": [when(slot) for slot in slots.select_related("event").order_by("starts_at", "pk")],
    }


def explain(why: Exception) -> list[str]:
    """What went wrong, and what to do, one sentence for each timeslot."""
    if isinstance(why, EventClosed):
        if why.state == EventState.CANCELLED:
            return [_("This event was cancelled, so you're not signed up.")]
        return [_("This event is over or closed, so you're not signed up.")]
    if isinstance(why, NotWelcome):
        return [_("The host can't have you at this event, so you're not signed up.")]
    if isinstance(why, buttons.AddressTaken):
        return [
            _(
                "That address already has its own RSVP to this event, so there's nothing to"
                " switch. Don't need both? Cancel one with the link in its email."
            )
        ]
    if isinstance(why, TimeslotUnavailable):
        return _explain_timeslots(why)
    return [_("Something changed while you were here. Look at it again, then choose.")]


def _explain_timeslots(why: TimeslotUnavailable) -> list[str]:
    wording = {key: _room_in_words(left) for key, left in why.room_left.items()}
    wording |= dict.fromkeys(why.moved, _("The time changed: it is now %(when)s."))
    wording |= dict.fromkeys(why.cancelled, _("%(when)s was cancelled."))
    wording |= dict.fromkeys(why.over, _("%(when)s is over."))
    slots = Timeslot.objects.select_related("event").in_bulk(list(wording))
    return [
        words % {"when": when(slots[key]), "left": why.room_left.get(key)}
        for key, words in wording.items()
        if key in slots
    ] or [_("That time isn't open anymore.")]


def _room_in_words(left: int) -> str:
    if left == 0:
        return _("%(when)s is full now.")
    return ngettext(
        "%(when)s has only %(left)s spot left.", "%(when)s has only %(left)s spots left.", left
    )


# -- Manage --------------------------------------------------------------------------


@token_page
@_GETS_AND_POSTS
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """All of one guest's RSVPs to an event: change, cancel, come back."""
    guest = links.guest_by_token(token)
    if guest is None:
        return link_unknown(request)
    now = timezone.now()
    if request.method == "POST":
        unasked.prove(guest.supporter, now=now)
        act = _ACTS.get(request.POST.get("do", ""))
        page = act(request, guest, now) if act else None
        return page or redirect("manage", token=token)
    return _show(request, guest, now=now)


def guest_role(rsvps: list[Rsvp]) -> Role:
    """What a guest with these RSVPs is to the event."""
    coming = any(rsvp.status in COMING for rsvp in rsvps)
    return Role.GUEST if coming else Role.OTHER_GUEST


def _show(
    request: HttpRequest,
    guest: Guest,
    *,
    now: datetime,
    plan: PlanForm | None = None,
    details: DetailsForm | None = None,
) -> HttpResponse:
    event = guest.event
    rsvps = list(guest.rsvps.select_related("timeslot").order_by("timeslot__starts_at", "pk"))
    for rsvp in rsvps:
        rsvp.timeslot.event = event
    role = guest_role([rsvp for rsvp in rsvps if rsvp.timeslot.ends_at > now])
    seated = [rsvp for rsvp in rsvps if rsvp.status in SEATED and rsvp.timeslot.ends_at > now]
    gone = [rsvp for rsvp in rsvps if rsvp.status in GONE and rsvp.timeslot.ends_at > now]
    is_open = event.state == EventState.APPROVED and not guest.blocked_at
    plan = plan or PlanForm(guest=guest, now=now)
    context: dict[str, Any] = {
        "event": event,
        "guest": guest,
        "is_public": event.state in {EventState.APPROVED, EventState.CANCELLED},
        "cancelled": event.state == EventState.CANCELLED,
        "open": is_open,
        "shown": [_line(rsvp, role, now=now) for rsvp in rsvps if rsvp.status in SEATED],
        "seated": seated,
        "gone": [{"rsvp": rsvp, "when": when(rsvp.timeslot)} for rsvp in gone] if is_open else [],
        "removed": any(rsvp.status == RsvpStatus.REMOVED for rsvp in rsvps) or guest.blocked_at,
        "over": not event.timeslots.filter(ends_at__gt=now).exists(),
        "plan": plan,
        "choices": plan.choices(),
        "details": details or DetailsForm(guest=guest),
        "nearby_url": nearby_url(event),
    }
    if may_see(role, Field.EXACT_PLACE, event):
        context["sees_address"] = True
        record_reading(event, reader=f"guest:{guest.pk}", now=now)
    return render(request, "rsvps/manage.html", context)


def _line(rsvp: Rsvp, role: Role, *, now: datetime) -> dict[str, Any]:
    """One RSVP with what its guest may know of the timeslot."""
    own = role if rsvp.status in COMING else Role.OTHER_GUEST
    line: dict[str, Any] = about_timeslot(rsvp.timeslot, now=now, role=own) | {"rsvp": rsvp}
    return line | {
        "phone": show_phone(line["contact_phone"]),
        "over": rsvp.timeslot.ends_at <= now,
    }


def _plan(request: HttpRequest, guest: Guest, now: datetime) -> HttpResponse | None:
    form = PlanForm(request.POST, guest=guest, now=now)
    if not form.is_valid():
        return _show(request, guest, now=now, plan=form)
    try:
        changed = attending.set_plan(
            guest,
            form.cleaned_data["timeslots"],
            party_size=form.cleaned_data["party_size"],
            note=form.cleaned_data["note"],
            now=now,
        )
    except TimeslotUnavailable as why:
        form.tell(why)
        return _show(request, guest, now=now, plan=form)
    except (EventClosed, NotWelcome, RsvpChanged) as why:
        messages.error(request, explain(why)[0])
        return None
    messages.success(
        request,
        _("Changed. We've emailed you the details.") if changed else _("Nothing changed."),
    )
    return None


def _cancel(request: HttpRequest, guest: Guest, now: datetime) -> None:
    try:
        left = attending.cancel_all(guest, now=now)
    except RsvpChanged as why:
        messages.error(request, explain(why)[0])
        return
    if left:
        messages.success(
            request,
            _("You're off the list, and someone else can have your spot. Thanks for telling us."),
        )


def _come_back(request: HttpRequest, guest: Guest, now: datetime) -> None:
    key = request.POST.get("rsvp", "")
    rsvp = guest.rsvps.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    if rsvp is None:
        return
    rsvp.guest, rsvp.timeslot.event = guest, guest.event
    try:
        attending.come_back(rsvp, now=now)
    except (TimeslotUnavailable, EventClosed, NotWelcome, RsvpChanged) as why:
        for sentence in explain(why):
            messages.error(request, sentence)
        return
    messages.success(request, _("Welcome back! We've emailed you the details."))


def _details(request: HttpRequest, guest: Guest, now: datetime) -> HttpResponse | None:
    form = DetailsForm(request.POST, guest=guest)
    if not form.is_valid():
        return _show(request, guest, now=now, details=form)
    if form.cleaned_data["name"] != guest.supporter.name:
        supporters.mend_name(guest.supporter, form.cleaned_data["name"])
        messages.success(request, _("Your name is fixed."))
    if form.cleaned_data["email"] != guest.supporter.email:
        try:
            buttons.request_new_address(guest, form.cleaned_data["email"], now=now)
        except NotWelcome:
            messages.error(request, _("You're not on this list anymore, so nothing was changed."))
            return None
        messages.success(
            request,
            _("We emailed your new address. Press the button in that email to make the switch."),
        )
    return None


_ACTS = {"plan": _plan, "cancel": _cancel, "come_back": _come_back, "details": _details}


# -- Unsubscribe ---------------------------------------------------------------------


# A mail program's one-click POST (RFC 8058) brings no cookie: the link is the authority, and
# all it can do is stop letters that nobody needs.
@token_page
@_GETS_AND_POSTS
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """No more reminders or news; changes and cancellations still come."""
    supporter = links.supporter_by_token(token)
    address = supporter.email if supporter else address_behind(token)
    if address is None:
        return link_unknown(request)
    if request.method == "POST":
        now = timezone.now()
        suppression.unsubscribe(address, now=now)
        supporter = supporter or Supporter.objects.filter(email=address).first()
        if supporter:
            consents.withdraw(supporter, now=now)
            alerts.stop(supporter.alerts.all(), now=now)
        return render(request, "rsvps/unsubscribed.html")
    return render(request, "rsvps/unsubscribe.html")
