"""Your data: a mailed link, and behind it one button to get all of it and one to erase it."""

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.disclosure import Policy, policy
from hosts import erasing, people
from hosts import own_data as concept
from hosts.exporting import export_person
from hosts.people import Person
from hosts.roles import UserRequest, account_required
from rsvps import errands, limits
from rsvps.attending import RsvpChanged
from rsvps.forms.rsvp import ResendForm
from rsvps.views.asking import origin, wait_in_words, wait_response
from rsvps.views.token_pages import link_unknown, token_page

_GETS_AND_POSTS = require_http_methods(["GET", "HEAD", "POST"])


@policy(Policy.PUBLIC)
@_GETS_AND_POSTS
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer for any address."""
    form = ResendForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/ask.html", {"form": form})
    now, email = timezone.now(), form.cleaned_data["email"]
    if wait := limits.wait_for(origin(request), now=now):
        form.add_error(None, wait_in_words(wait))
        return wait_response(render(request, "people/ask.html", {"form": form}, status=429), wait)
    errands.leave(concept.KIND, email, now=now)
    return render(request, "people/asked.html", {"email": email})


@token_page
@_GETS_AND_POSTS
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the letter; opening it changes and shows nothing."""
    now = timezone.now()
    ticket = concept.ticket_behind(token, now=now)
    if ticket is None:
        return link_unknown(request)
    who = people.person(ticket.payload["email"])
    context: dict[str, Any] = {"email": who.email, "hurdle": hurdle(who, now=now)}
    wish = request.POST.get("do") if request.method == "POST" else None
    if wish == "download":
        people.record_export(who, by=None, words="by themselves", now=now)
        return as_download(who, now=now)
    if wish == "erase" and not request.POST.get("sure"):
        context["unsure"] = True
    elif wish == "erase":
        context["hurdle"] = problem = try_to_erase(who, by=None, words="by themselves", now=now)
        if problem is None:
            if who.user and request.user == who.user:
                logout(request)
            return render(request, "people/erased.html")
    return render(request, "people/own.html", context)


@account_required
@_GETS_AND_POSTS
@never_cache
def account_data(request: UserRequest) -> HttpResponse:
    """For whoever is logged in: get it here; erasing goes by a mailed link all the same."""
    now, who = timezone.now(), people.person(request.user.email)
    if request.method == "POST" and request.POST.get("do") == "download":
        people.record_export(who, by=request.user, words="by themselves", now=now)
        return as_download(who, now=now)
    if request.method == "POST":
        concept.send_link(who.email, now=now)
        messages.success(request, _("We've emailed you the link. We send at most three a day."))
        return redirect("account_data")
    context = {"hurdle": hurdle(who, now=now)}
    return render(request, "people/account.html", context)


# -- Shared with the staff's page --------------------------------------------------------


def as_download(who: Person, *, now: datetime) -> HttpResponse:
    text = json.dumps(export_person(who, now=now), indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="data.json"'
    response["Cache-Control"] = "no-store, private"
    return response


def hurdle(who: Person, *, now: datetime) -> dict[str, Any] | None:
    """What must be done before this person can be erased; None where nothing must."""
    try:
        erasing.check_erasable(who, now=now)
    except (erasing.StillStaff, erasing.EventsAhead, erasing.GuestsBeingTold) as why:
        return _explained(why)
    return None


def try_to_erase(who: Person, *, by: Any, words: str, now: datetime) -> dict[str, Any] | None:
    """Erase; answers what stood in the way, or None once it is done."""
    try:
        erasing.erase_person(who, by=by, words=words, now=now)
    except (
        erasing.StillStaff,
        erasing.EventsAhead,
        erasing.GuestsBeingTold,
        RsvpChanged,
    ) as why:
        return _explained(why)
    return None


def _explained(why: Exception) -> dict[str, Any]:
    if isinstance(why, erasing.StillStaff):
        return {
            "words": _(
                "This account is on staff. Another senior reviewer has to remove the role first."
            )
        }
    if isinstance(why, erasing.EventsAhead):
        words = _("People are counting on these events. Cancel them first, so everyone is told:")
        return {"words": words, "events": why.events}
    if isinstance(why, erasing.GuestsBeingTold):
        return {"words": _("Guests are being told about a change right now. Try again in an hour.")}
    return {"words": _("Something changed just then. Please try again.")}
