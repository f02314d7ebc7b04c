"""Guests' pages: the RSVP form and what the links in letters open."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from events.disclosure import Policy, policy


def token_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page opened by a mailed link: kept by no cache, found by no search engine, and its
    address (which is the key) handed to nobody."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return policy(Policy.TOKEN)(guarded)


def link_unknown(request: HttpRequest) -> HttpResponse:
    """One page for links unknown, expired, revoked or altered: it does not tell which."""
    return render(request, "rsvps/link_unknown.html", status=404)


@token_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    return link_unknown(request)


@token_page
def manage(request: HttpRequest, token: str) -> HttpResponse:
    return link_unknown(request)


@token_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    return link_unknown(request)


@policy(Policy.PUBLIC)
def resend(request: HttpRequest) -> HttpResponse:
    return render(request, "rsvps/link_unknown.html")
