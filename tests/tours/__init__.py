"""Tours: each opens one part of the site, in every state a person may meet it.

A tour takes a test client and yields the answers of pages. `tests.tours.routes` walks all of
them without a browser and fails where a route or a page's template is left out;
`tests.journeys.test_accessibility` shows each answer to axe-core.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

Tour = Callable[[Client], Iterator[HttpResponse]]


def on_the_hour(**from_now: int) -> datetime:
    """A whole hour that far from now (back, if negative), as hosts give them."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(**from_now)


def stood_at(path: str, answer: HttpResponse) -> HttpResponse:
    """An answer that no client asked for, as if it had been found at `path`."""
    answer.request = {"PATH_INFO": path, "QUERY_STRING": ""}
    return answer
