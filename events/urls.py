"""What, when and where: events, timeslots, places, search."""

from django.urls import path, re_path

from events import feeds
from events.views import brand, maps, pages, places, robots

urlpatterns = [
    path("", pages.home, name="home"),
    path("events/", pages.results, name="results"),
    path("events.ics", feeds.events_ics, name="events_ics"),
    path("events.atom", feeds.events_atom, name="events_atom"),
    path("events.json", feeds.events_json, name="events_json"),
    path("events.geojson", feeds.events_geojson, name="events_geojson"),
    path("map.geojson", maps.map_sight, name="map_sight"),
    path("map.pmtiles", maps.map_archive, name="map_archive"),
    path("sitemap.xml", robots.sitemap, name="sitemap"),
    path("robots.txt", robots.robots, name="robots"),
    path("places/", places.place_suggest, name="place_suggest"),
    path("brand.css", brand.brand_css, name="brand_css"),
    path("brand.svg", brand.brand_icon, name="brand_icon"),
    path("site.webmanifest", brand.manifest, name="manifest"),
    path("media/events/<str:name>", pages.event_picture, name="event_picture"),
    re_path(r"^events/(?P<id>\d+)(?:-(?P<slug>[-\w]*))?/$", pages.event_page, name="event"),
    re_path(
        r"^events/(?P<id>\d+)(?:-(?P<slug>[-\w]*))?\.ics$", feeds.event_calendar, name="event_ics"
    ),
]
