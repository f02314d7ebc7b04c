"""What, when and where: events, timeslots, places, search."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
