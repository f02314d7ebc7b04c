"""Pages for what went wrong, in the site's own words and looks.

None of them asks the database, so that they also stand when it is down. config.urls and
settings.py wire them.
"""

import logging
import sys
from collections.abc import Callable

from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

logger = logging.getLogger("barnstorm.errors")

# Seconds. A lock is over sooner, a restart of the database takes about this long.
RETRY_AFTER = 15
DatabaseAwayErrors = (OperationalError, InterfaceError)


class DatabaseAwayMiddleware:
    """Answers 503 where the database is locked or gone, instead of failing with 500.

    Domain functions write inside transactions, so what was under way was rolled back whole.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, DatabaseAwayErrors):
            logger.error("the database did not answer", exc_info=error)
            return unavailable(request)
        return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A view's `keep_refused` saves what was typed, where the form was one of our own pages.

    Its browser tells by Origin: another site must not put words into somebody's form.
    """
    match = request.resolver_match
    ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    keep = getattr(match.func, "keep_refused", None) if match and ours else None
    answer = keep(request, **match.kwargs) if match and keep else None
    return answer or _page(request, 403, template="403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    response = _page(request, 429)
    response["Retry-After"] = "60"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    # Errors outside the view (in the session or the log-in) pass no process_exception.
    if isinstance(sys.exc_info()[1], DatabaseAwayErrors):
        return unavailable(request)
    return _page(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    response = _page(request, 503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def _page(request: HttpRequest, status: int, *, template: str = "") -> HttpResponse:
    context = {"sent_a_form": request.method not in {"GET", "HEAD"}}
    response = render(request, template or f"{status}.html", context, status=status)
    patch_cache_control(response, no_store=True)
    return response
