"""What pages share that anybody may post to: where a form comes from, and when to wait."""

from datetime import timedelta
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from rsvps import limits
from rsvps.limits import Origin

# Asked for anew each time, but for the back button: a page that answers a form and may not be
# kept at all is "Confirm Form Resubmission" to whoever goes back to it.
KEPT_FOR_GOING_BACK = cache_control(private=True, no_cache=True)


def origin(request: HttpRequest) -> Origin:
    """Where this request comes from, for limits."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return limits.origin_of(limits.client_address(request.META.get("REMOTE_ADDR", ""), forwarded))


def wait_in_words(wait: timedelta) -> str:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    if minutes <= 90:
        return ngettext(
            "That was a lot of forms in a hurry. Please wait %(minutes)s minute, then send it"
            " again: nothing you typed is lost.",
            "That was a lot of forms in a hurry. Please wait %(minutes)s minutes, then send it"
            " again: nothing you typed is lost.",
            minutes,
        ) % {"minutes": minutes}
    hours = ceil(minutes / 60)
    return ngettext(
        "That was a lot of forms for one day. Please wait %(hours)s hour, then send it again.",
        "That was a lot of forms for one day. Please wait %(hours)s hours, then send it again.",
        hours,
    ) % {"hours": hours}


def wait_response(response: HttpResponse, wait: timedelta) -> HttpResponse:
    response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
