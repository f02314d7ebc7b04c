"""What all pages behind mailed links share."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from events.disclosure import Policy, policy


def token_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page opened by a mailed link: kept by no cache, found by no search engine, and its
    address (which is the key) handed to nobody.

    Its forms need no CSRF token: another site that makes a browser post here would have to
    know the link, and then needs no browser. (With no-referrer, browsers send `Origin: null`,
    which the CSRF check refuses.)
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return policy(Policy.TOKEN)(csrf_exempt(guarded))


def link_unknown(request: HttpRequest) -> HttpResponse:
    """One page for links unknown, expired, revoked or altered: it does not tell which."""
    return render(request, "rsvps/link_unknown.html", status=404)
