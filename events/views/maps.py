"""What the results' map asks for as it is moved."""

import math
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from events.cards import card, facts
from events.disclosure import Policy, policy
from events.forms import SearchForm
from events.maps import View, look

# Counts are some seconds old already: together they stay within half a minute.
TRUE_FOR = 10
DEEPEST_ZOOM = 22


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=TRUE_FOR)
@gzip_page
def map_sight(request: HttpRequest) -> HttpResponse:
    """`?view=south,west,north,east&zoom=6` and a search's filters -> GeoJSON (RFC 7946).

    Features are events as in /events.geojson, or bunches with nothing but "count". `more` says
    that bunches count more than was asked for. The place of the search does not matter.
    """
    view = read_view(request.GET.get("view", ""), request.GET.get("zoom", ""))
    if view is None:
        words = _("Say which part of the globe: view=south,west,north,east in degrees, and a zoom.")
        return HttpResponse(words, status=400, content_type="text/plain; charset=utf-8")
    now = timezone.now()
    sight = look(SearchForm(request.GET, now=now).query(), view, now=now)
    features = [_feature(*bunch[:2], {"count": bunch.events}) for bunch in sight.bunches]
    for result in sight.points:
        event = result.event
        # A Result of a map is always at a place.
        features.append(
            _feature(event.public_latitude, event.public_longitude, facts(card(result)))  # type: ignore[arg-type]
        )
    body = {"type": "FeatureCollection", "more": sight.shows_more, "features": features}
    return JsonResponse(body, json_dumps_params={"separators": (",", ":")})


def read_view(text: str, zoom: str) -> View | None:
    """The view these parameters mean; None where they mean none."""
    try:
        south, west, north, east = (float(part) for part in text.split(","))
        level = float(zoom)
    except ValueError:
        return None
    if not all(map(math.isfinite, (south, west, north, east, level))):
        return None
    if not (-90 <= south < north <= 90 and abs(west) <= 1080 and west < east <= 1080):
        return None
    if east - west >= 360:
        west, east = -180.0, 180.0
    return View(south, west, north, east, max(0, min(DEEPEST_ZOOM, round(level))))


def _feature(latitude: float, longitude: float, properties: dict[str, Any]) -> dict[str, Any]:
    where = [round(longitude, 5), round(latitude, 5)]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": where},
        "properties": properties,
    }
