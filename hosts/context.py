"""What every page's template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The brand, whether this is a demo, and the operator's map tiles."""
    return {
        "brand_name": settings.BRAND_NAME,
        "brand_logo": settings.BRAND_LOGO,
        "brand_version": settings.BRAND.version,
        "demo": settings.DEMO,
        "map_tiles": settings.MAP_TILES_URL,
        "map_archive": bool(settings.MAP_PMTILES),
        "map_tiles_attribution": settings.MAP_TILES_ATTRIBUTION,
    }
