"""Public pages, kept for strangers in each web process's memory.

A kept page is used while no listing has changed since (one small query, so that unlisting an
event empties every page at the next request). Every five seconds the room left in the timeslots
it shows is looked up again, and after a minute it is written anew, since time passes. Whoever
carries a session gets a page of their own.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.gzip import gzip_page

from events.facts import PublicTimeslot
from events.models import Timeslot
from events.spatial import last_change

TRUE_FOR = 5  # seconds, of the room left
KEPT_FOR = 60  # seconds
LONGEST_ADDRESS = 500  # longer ones are seldom asked twice


def kept_for_strangers[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Decorates a view whose page is the same for everybody who is not logged in.

    The page may hold no form with a CSRF token. Strangers' pages come compressed where the
    browser takes that, with an ETag (RFC 9110, section 8.8.3).
    """

    @gzip_page  # nothing secret is on these pages that their length could betray
    def write(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Cookie"])
        if response.status_code == 200:
            response["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            patch_cache_control(response, public=True, max_age=TRUE_FOR)
        return response

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if _is_known(request):
            return view(request, *args, **kwargs)
        key = _key(request)
        page = _kept(key)
        if page is None:
            page = write(request, *args, **kwargs)
            if page.status_code == 200 and len(request.get_full_path()) <= LONGEST_ADDRESS:
                _keep(key, page, written_at=time.time())
        etag = page.headers.get("ETag")
        return (etag and get_conditional_response(request, etag, None, page)) or page

    return answer


def showing(page: HttpResponse, timeslots: Iterable[PublicTimeslot]) -> HttpResponse:
    """Say that of what changes with each RSVP the page shows the room in `timeslots` alone.

    It is then kept longer than TRUE_FOR, for as long as that room is the same.
    """
    page.room_shown = {slot.pk: slot.room_left for slot in timeslots}  # type: ignore[attr-defined]
    return page


def _keep(key: str, page: HttpResponse, *, written_at: float) -> None:
    now = time.time()
    caches["pages"].set(key, (page, written_at, now), written_at + KEPT_FOR - now)


def _kept(key: str) -> HttpResponse | None:
    """The page, where its room left was true within TRUE_FOR."""
    page, written_at, checked_at = caches["pages"].get(key) or (None, 0, 0)
    if page is None or time.time() - checked_at <= TRUE_FOR:
        return page
    shown: dict[int, int | None] | None = getattr(page, "room_shown", None)
    if shown is None:
        return None
    slots = Timeslot.objects.filter(pk__in=shown).only("capacity", "seats_taken")
    if {slot.pk: slot.room_left for slot in slots} != shown:
        return None
    _keep(key, page, written_at=written_at)
    return page


def _is_known(request: HttpRequest) -> bool:
    """Whether the page may be about this person: a log-in, an answer, a message on the way."""
    return not request.COOKIES.keys().isdisjoint(
        {settings.SESSION_COOKIE_NAME, settings.MESSAGES_COOKIE_NAME}
    )


def _key(request: HttpRequest) -> str:
    changes, _when = last_change()
    parts = [
        changes,
        request.get_host(),
        request.get_full_path(),
        get_language() or "",
        "gzip" if "gzip" in request.headers.get("Accept-Encoding", "") else "",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
