"""The page behind the link of a letter to a co-host: one question, one button."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from events.disclosure import Policy, policy
from hosts import cohosting
from hosts.models import CoHost


# Without a Referer browsers post "Origin: null", which the CSRF check refuses; and whoever could
# forge this address holds the link already.
@csrf_exempt
@policy(Policy.TOKEN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Say yes or no. Nothing of the event is shown that its public page would not show."""
    cohost = cohosting.cohost_by_token(token)
    if cohost is None:
        return _quietly(render(request, "hosts/cohost_gone.html", status=404))
    if request.method == "POST":
        return _quietly(_take_answer(request, cohost))
    return _quietly(render(request, "hosts/cohost_answer.html", _context(request, cohost)))


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
        return redirect_to_login(request.path)
    try:
        cohosting.accept_request(cohost, by=request.user, now=now)
    except (cohosting.NotForThisAccount, cohosting.RequestGone):
        return render(request, "hosts/cohost_answer.html", _context(request, cohost), status=403)
    messages.success(request, _("Thank you! You are a co-host now."))
    return redirect("host_event", cohost.event_id)


def _quietly(response: HttpResponse) -> HttpResponse:
    """The address of this page is a key: it goes into no index and no Referer."""
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
