"""No page is left out of the tours that axe-core goes on."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.signals import template_rendered
from django.urls import Resolver404, resolve

from tests.test_policies import ROUTES
from tests.tours.everywhere import TOURS

FILES = {
    "healthz",
    "readyz",
    "events_ics",
    "events_atom",
    "events_json",
    "events_geojson",
    "event_ics",
    "sitemap",
    "robots",
    "brand_css",
    "brand_icon",
    "manifest",
    "event_picture",
    "host_picture",
    "letter_attachment",
    "mfa_download_recovery_codes",
}
# What a script asks for: JSON, or a piece of a page that is there already.
ANSWERS_TO_SCRIPTS = {
    "map_sight",
    "map_archive",
    "place_suggest",
    "host_preview",
    "host_zone",
    "host_event_autosave",
    "mfa_login_webauthn",
}
# A letter's own HTML; test_every_letter_as_a_mail_program_shows_it looks at each kind.
FRAMES = {"letter_frame", "letter_preview_frame"}
# They take a POST and lead on to a page of the tours.
BUTTONS = {
    "host_event_discard",
    "host_event_pin",
    "host_event_copy",
    "host_event_take_back",
    "host_cohost_ask",
    "host_cohost_remove",
    "host_guest_welcome",
    "review_pin",
    "review_report",
    "review_trust",
    "staff_role",
    "ledger_pause",
    "ledger_resume",
    "ledger_retry",
    "ledger_withdraw",
    "letter_preview_send",
}
# What allauth would show if it mailed links; ours are codes.
NEVER_SHOWN = {"account/password_reset_done.html", "account/verification_sent.html"}
NO_PAGES = FILES | ANSWERS_TO_SCRIPTS | FRAMES | BUTTONS


@pytest.fixture
def seen(db, settings, tmp_path):
    """The names of all routes and templates that the tours come by."""
    settings.MEDIA_ROOT, settings.LETTERS_DIR = tmp_path, tmp_path
    routes, templates = set(), set()

    def note(sender, template, **_) -> None:
        templates.add(template.name)

    template_rendered.connect(note)
    for tour in TOURS:
        with transaction.atomic():
            cache.clear()
            client = Client()
            for answer in tour(client):
                page = f"{tour.__name__}: {answer.request['PATH_INFO']}"
                assert answer.status_code not in {301, 302}, f"{page} leads to {answer.url}"
                assert answer["Content-Type"] == "text/html; charset=utf-8", page
                if settings.SESSION_COOKIE_NAME in client.cookies:
                    # Nobody who uses this computer later finds it.
                    assert "no-store" in answer["Cache-Control"], page
                routes.add(route_of(answer))
            transaction.set_rollback(True)
    template_rendered.disconnect(note)
    return routes, templates


def route_of(answer: HttpResponse) -> str:
    try:
        return resolve(answer.request["PATH_INFO"]).view_name
    except Resolver404:
        return ""


def test_the_tours_come_by_every_route_and_every_page_template(seen):
    routes, templates = seen
    # Django's admin is for repairs, and its pages are Django's own.
    named = {route.name for route in ROUTES if route.spaces[:1] != ("admin",)}
    assert named - routes == NO_PAGES
    assert pages() - templates == NEVER_SHOWN


def pages() -> set[str]:
    """The templates of whole pages: neither pieces nor what pages are built upon."""
    home = Path(settings.BASE_DIR) / "templates"
    names = {path.relative_to(home) for path in home.rglob("*.html")}
    return {
        str(name)
        for name in names
        if name.parts[0] not in {"letters", "allauth"} and not name.name.startswith(("_", "base"))
    }
