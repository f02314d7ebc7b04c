"""What maps ask for as they are moved: what is in view, and the operator's own ground."""

import math
import re
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from events.cards import card, facts
from events.disclosure import Policy, policy
from events.forms import SearchForm
from events.maps import View, look

log = structlog.get_logger(__name__)

# Counts are some seconds old already: together they stay within half a minute.
TRUE_FOR = 10
DEEPEST_ZOOM = 22
# No map asks for more of an archive at once; whole ones are as large as the planet.
MOST_BYTES = 8_000_000


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


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=86400)
def map_archive(request: HttpRequest) -> HttpResponse:
    """A piece of the operator's PMTiles file (RFC 9110, section 14): `Range: bytes=0-16383`."""
    if not settings.MAP_PMTILES:
        raise Http404
    asked = re.fullmatch(r"bytes=(\d{1,18})-(\d{1,18})", request.headers.get("Range", ""))
    try:
        with Path(settings.MAP_PMTILES).open("rb") as archive:
            size = archive.seek(0, 2)
            first, last = (int(asked[1]), int(asked[2])) if asked else (0, size)
            last = min(last, size - 1)
            if not asked or not first <= last < first + MOST_BYTES:
                return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
            archive.seek(first)
            piece = archive.read(last - first + 1)
    except OSError:
        log.warning("map_archive_unreadable", file=settings.MAP_PMTILES, exc_info=True)
        raise Http404 from None
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Accept-Ranges": "bytes"}
    kind = "application/vnd.pmtiles"
    return HttpResponse(piece, status=206, content_type=kind, headers=headers)
