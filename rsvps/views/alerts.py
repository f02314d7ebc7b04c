"""“Tell me when there is one”: the form, and the page behind the link in its letters."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from events.disclosure import Policy, policy
from rsvps import alerts, limits, links, unasked
from rsvps.alert_letters import question
from rsvps.forms.alert import AlertForm
from rsvps.views.asking import KEPT_FOR_GOING_BACK, origin, wait_in_words, wait_response
from rsvps.views.token_pages import token_page

_GETS_AND_POSTS = require_http_methods(["GET", "HEAD", "POST"])


@policy(Policy.PUBLIC)
@_GETS_AND_POSTS
@KEPT_FOR_GOING_BACK
def ask(request: HttpRequest) -> HttpResponse:
    """E-mail, place, how far, which types; the same answer for any address."""
    now = timezone.now()
    if request.method != "POST":
        return _show(request, AlertForm.of_search(request.GET, now=now))
    form = AlertForm(request.POST, now=now)
    if form.by_machine:
        return _asked(request, form)
    if wait := limits.wait_for(origin(request), points=form.points, now=now):
        form.add_error(None, wait_in_words(wait))
        return wait_response(_show(request, form, status=429), wait)
    if not form.is_valid():
        return _show(request, form)
    alerts.ask(form.cleaned_data["email"], form.to_wish(), now=now)
    return _asked(request, form)


def _show(request: HttpRequest, form: AlertForm, *, status: int = 200) -> HttpResponse:
    return render(request, "rsvps/alert_form.html", {"form": form}, status=status)


def _asked(request: HttpRequest, form: AlertForm) -> HttpResponse:
    form.is_valid()
    context = {"email": form.cleaned_data.get("email", ""), "most": alerts.MOST_PER_PERSON}
    return render(request, "rsvps/alert_asked.html", context)


# A mail program's one-click POST (RFC 8058) brings no cookie and no words of ours: it stops.
@token_page
@_GETS_AND_POSTS
def alert(request: HttpRequest, token: str) -> HttpResponse:
    """One alert: a button that turns it on, and one that stops it for good."""
    found = links.alert_by_token(token)
    if found is None:
        return render(request, "rsvps/alert_gone.html", status=404)
    now: datetime = timezone.now()
    context = question(found) | {"alert": found, "site_url": settings.SITE_URL}
    if request.method == "POST":
        if request.POST.get("do") == "confirm":
            unasked.prove(found.supporter, now=now)
            alerts.confirm(found, now=now)
            found.refresh_from_db()
            return render(request, "rsvps/alert.html", context | {"just_on": True})
        alerts.stop([found], now=now)
        return render(request, "rsvps/alert_stopped.html", context)
    return render(request, "rsvps/alert.html", context)
