"""Every address of the site; each app brings its own."""

from allauth.account.views import signup
from django.contrib import admin
from django.db.transaction import atomic
from django.urls import include, path

from config.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    # An account, its address and the letter about them are made together.
    path("accounts/signup/", atomic(signup), name="account_signup"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("hosts.urls")),
    path("", include("rsvps.urls")),
    path("", include("events.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler429 = "config.errors.too_many"  # allauth's rate limits ask for it
handler500 = "config.errors.server_error"
