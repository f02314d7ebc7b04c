"""What, when and where: events, timeslots, places, search."""

from django.urls import path, re_path

from events import brand_views, feeds, map_views, place_views, robots_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("events/", views.results, name="results"),
    path("events.ics", feeds.events_ics, name="events_ics"),
    path("events.atom", feeds.events_atom, name="events_atom"),
    path("events.json", feeds.events_json, name="events_json"),
    path("events.geojson", feeds.events_geojson, name="events_geojson"),
    path("map.geojson", map_views.map_sight, name="map_sight"),
    path("sitemap.xml", robots_views.sitemap, name="sitemap"),
    path("robots.txt", robots_views.robots, name="robots"),
    path("places/", place_views.place_suggest, name="place_suggest"),
    path("brand.css", brand_views.brand_css, name="brand_css"),
    path("brand.svg", brand_views.brand_icon, name="brand_icon"),
    path("site.webmanifest", brand_views.manifest, name="manifest"),
    path("media/events/<str:name>", views.event_picture, name="event_picture"),
    re_path(r"^events/(?P<id>\d+)(?:-(?P<slug>[-\w]*))?/$", views.event_page, name="event"),
    re_path(
        r"^events/(?P<id>\d+)(?:-(?P<slug>[-\w]*))?\.ics$", feeds.event_calendar, name="event_ics"
    ),
]
