"""The page behind the link of a letter to a co-host: one question, one button."""

from allauth.account.views import request_login_code
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hosts import cohosting
from hosts.models import CoHost
from rsvps.views.token_pages import token_page


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Say yes or no. Nothing of the event is shown that its public page would not show."""
    cohost = cohosting.cohost_by_token(token)
    if cohost is None:
        return render(request, "hosts/cohost_gone.html", status=404)
    if request.method == "POST":
        return _take_answer(request, cohost)
    return render(request, "hosts/cohost_answer.html", _context(request, cohost))


def _context(request: HttpRequest, cohost: CoHost) -> dict[str, object]:
    user = request.user
    return {
        "cohost": cohost,
        "event": cohost.event,
        "host": cohost.event.host.name or _("Somebody"),
        "timeslots": cohost.event.timeslots.open().order_by("starts_at")[:6],
        "other_account": user.is_authenticated and user.email.lower() != cohost.email.lower(),
    }


def _take_answer(request: HttpRequest, cohost: CoHost) -> HttpResponse:
    now = timezone.now()
    if request.POST.get("answer") == "no":
        cohosting.remove_cohost(cohost, now=now)
        return render(request, "hosts/cohost_gone.html", {"declined": True})
    if not request.user.is_authenticated:
        return _mail_code(request, cohost)
    try:
        cohosting.accept_request(cohost, by=request.user, now=now)
    except (cohosting.NotForThisAccount, cohosting.RequestGone):
        return render(request, "hosts/cohost_answer.html", _context(request, cohost), status=403)
    messages.success(request, _("Thank you! You are a co-host now."))
    return redirect("host_event", cohost.event_id)


def _mail_code(request: HttpRequest, cohost: CoHost) -> HttpResponse:
    """Mail a log-in code to the address that was asked; it leads back to the question."""
    cohosting.give_account(cohost)
    # As if they had typed it on the page of the log-in, with its limits.
    request.POST = QueryDict(urlencode({"email": cohost.email, REDIRECT_FIELD_NAME: request.path}))
    return request_login_code(request)
