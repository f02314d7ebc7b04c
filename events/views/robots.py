"""What search engines are told: which pages there are, and which are nobody's business."""

from typing import Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as sitemaps
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from events.disclosure import Policy, policy
from events.models import Event, Listing

# Mailed links, desks and forms. Their pages say noindex too; this saves the visit.
_CLOSED = (
    *("/r/", "/u/", "/c/", "/a/", "/your-data/"),
    *("/host/", "/review/", "/accounts/", "/admin/", "/letters/"),
)


class UpcomingEvents(Sitemap):
    """Events that can be found now."""

    limit = 10_000

    def items(self) -> QuerySet[Event]:
        listed = Exists(Listing.objects.filter(event=OuterRef("pk")))
        fields = ("title", "type", "updated_at")
        return Event.objects.listed().filter(listed).order_by("pk").only(*fields)

    def lastmod(self, event: Event):
        return event.updated_at

    def get_domain(self, site: object = None) -> str:
        return settings.SITE_URL.partition("://")[2]

    def get_protocol(self, protocol: str | None = None) -> str:
        return settings.SITE_URL.partition("://")[0]


class Doors(UpcomingEvents):
    """The pages events are found from."""

    def items(self) -> list[str]:  # type: ignore[override]
        return ["home", "results"]

    def location(self, name: str) -> str:
        return reverse(name)

    lastmod = None  # type: ignore[assignment]


SITEMAPS: "dict[str, type[Sitemap[Any]] | Sitemap[Any]]" = {
    "events": UpcomingEvents,
    "doors": Doors,
}


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=60)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The list of the site's public pages (sitemaps.org); `?p=2` for the next ten thousand."""
    kind = "application/xml; charset=utf-8"
    return sitemaps.sitemap(request, sitemaps=SITEMAPS, content_type=kind)


@policy(Policy.PUBLIC)
@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """RFC 9309."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), ""]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
