"""What every page's template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The brand's name, logo and stylesheet version, and whether this is a demo."""
    return {
        "brand_name": settings.BRAND_NAME,
        "brand_logo": settings.BRAND_LOGO,
        "brand_version": settings.BRAND.version,
        "demo": settings.DEMO,
    }
