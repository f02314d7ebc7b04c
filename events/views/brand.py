"""The brand, served: its colours as a stylesheet, its icon, and the web app's manifest."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control

from events.disclosure import Policy, policy

YEAR = 31_536_000

# A tear-off calendar leaf: what the site hands out, drawn in the brand's colours.
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">\
<rect width="64" height="64" rx="10" fill="{fill}"/>\
<path d="M9 24h46v26a6 6 0 0 1-6 6H15a6 6 0 0 1-6-6z" fill="{on_fill}"/>\
<path d="M19 7v9M45 7v9" stroke="{on_fill}" stroke-width="6" stroke-linecap="round"/>\
<path d="M32 31v18M23 40h18" stroke="{fill}" stroke-width="7" stroke-linecap="round"/></svg>"""


@policy(Policy.PUBLIC)
@cache_control(public=True, max_age=YEAR, immutable=True)
def brand_css(request: HttpRequest) -> HttpResponse:
    """The brand's colours; the page adds ?v=<version>, so a copy may be kept for ever."""
    return HttpResponse(settings.BRAND.stylesheet(), content_type="text/css; charset=utf-8")


@policy(Policy.PUBLIC)
@cache_control(public=True, max_age=YEAR, immutable=True)
def brand_icon(request: HttpRequest) -> HttpResponse:
    shades = settings.BRAND.light
    icon = _ICON.format(fill=shades.fill, on_fill=shades.on_fill)
    return HttpResponse(icon, content_type="image/svg+xml; charset=utf-8")


@policy(Policy.PUBLIC)
@cache_control(public=True, max_age=86_400)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web application manifest, so that the site can stand on a phone's home screen."""
    icon = {
        "src": f"{reverse('brand_icon')}?v={settings.BRAND.version}",
        "type": "image/svg+xml",
        "sizes": "any",
    }
    return JsonResponse(
        {
            "name": settings.BRAND_NAME,
            "short_name": settings.BRAND_NAME,
            "start_url": "/",
            "display": "minimal-ui",
            "background_color": "#f7f1e3",
            "theme_color": settings.BRAND.light.fill,
            "icons": [icon],
        },
        content_type="application/manifest+json",
    )
