"""What, when and where: events, timeslots, places, search."""

from django.urls import re_path

from events import feeds

urlpatterns = [
    re_path(
        r"^events/(?P<id>\d+)(?:-(?P<slug>[-\w]*))?\.ics$", feeds.event_calendar, name="event_ics"
    ),
]
