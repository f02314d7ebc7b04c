"""Every address of the site; each app brings its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("hosts.urls")),
    path("", include("rsvps.urls")),
    path("", include("events.urls")),
]
