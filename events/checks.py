"""Mistakes in the settings of places, found before the first visitor does."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from geopy.exc import GeopyError
from geopy.geocoders import get_geocoder_for_service


@register()
def check_geocoder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """GEOCODER names a geopy service, and GEOCODER_OPTIONS fits it."""
    if not settings.GEOCODER:
        return []
    try:
        service = get_geocoder_for_service(settings.GEOCODER)
    except GeopyError:
        return [
            Error(
                f"GEOCODER={settings.GEOCODER} is no geopy service.",
                hint="Take one of nominatim, photon, googlev3, mapbox, pelias, ...",
                id="events.E001",
            )
        ]
    try:
        options = json.loads(settings.GEOCODER_OPTIONS or "{}")
        service(**options, timeout=settings.GEOCODER_TIMEOUT, user_agent="Barnstorm")
    except (ValueError, TypeError, GeopyError) as error:
        return [
            Error(
                f"GEOCODER_OPTIONS does not fit {settings.GEOCODER}: {error}",
                hint='It is a JSON object such as {"domain": "nominatim.example.org"}.',
                id="events.E002",
            )
        ]
    return []


@register()
def check_tiles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An operator's tiles name whose they are: the licences of maps ask for it."""
    found: list[CheckMessage] = []
    if (settings.MAP_TILES_URL or settings.MAP_PMTILES) and not settings.MAP_TILES_ATTRIBUTION:
        found.append(
            Warning(
                "A map of your own is set without MAP_TILES_ATTRIBUTION.",
                hint="Say whose map it is, e.g. © OpenStreetMap contributors.",
                id="events.W001",
            )
        )
    if settings.MAP_PMTILES and not Path(settings.MAP_PMTILES).is_file():
        found.append(
            Warning(
                f"MAP_PMTILES: there is no file {settings.MAP_PMTILES}.",
                hint="Until there is one, maps show the ground that comes with Barnstorm.",
                id="events.W002",
            )
        )
    return found
