"""Headers that Django has no settings for.

What a page may ask of the browser, who may embed what is ours, and what a browser keeps of
somebody who was logged in.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

# What pages ask of the browser, and nobody embedded in them: a position for the search box,
# a passkey at log-in, a link to copy. Everything else is off.
_ASKED_FOR = (
    "clipboard-write",
    "geolocation",
    "publickey-credentials-create",
    "publickey-credentials-get",
)
_OFF = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "compute-pressure",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "otp-credentials",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join([f"{name}=(self)" for name in _ASKED_FOR] + [f"{name}=()" for name in _OFF])


class HeadersMiddleware:
    """Adds them to every answer; a view that set one of its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # Tiles come from a host of the operator's choice, which may not say who may embed them;
        # browsers then ask for them without credentials.
        self.embedder = "credentialless" if settings.MAP_TILES_URL else "require-corp"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Embedder-Policy", self.embedder)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header(
            "Cache-Control"
        ):
            patch_cache_control(response, private=True, no_store=True)
        if _ends_session(response):
            # Whoever uses this computer next finds nothing by going back.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _ends_session(response: HttpResponse) -> bool:
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie is not None and cookie["max-age"] == 0


class _MessagesCookie(CookieStorage):
    """In a cookie that no other host and no unencrypted page can write."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    storage_classes = (_MessagesCookie, SessionStorage)
