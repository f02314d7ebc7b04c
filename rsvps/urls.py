"""Who is coming: supporters, seats, invitations, replies."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
