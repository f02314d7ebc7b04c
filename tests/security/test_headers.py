"""What every answer tells the browser: pages, files, errors and redirects alike."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from config.headers import PERMISSIONS
from events.disclosure import Policy
from tests.factories import make_user
from tests.test_policies import addresses

ROOT = Path(__file__).resolve().parents[2]
STRICT = {
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Content-Type-Options": "nosniff",
}
MAILED = {"no-referrer"}  # what pages behind mailed links say
ELSEWHERE = ("/nobody/", "/events/?near=nowhere")


@pytest.fixture
def answers(client):
    """Every route's answer to a stranger and to somebody logged in, for ids nobody has."""
    paths = [*addresses(*Policy), *ELSEWHERE]
    insider = Client()
    insider.force_login(make_user())
    return [who.get(path) for who in (client, insider) for path in paths]


@pytest.mark.django_db
def test_every_answer_carries_the_strict_headers(answers):
    for answer in answers:
        path = answer.request["PATH_INFO"]
        assert {name: answer.get(name) for name in STRICT} == STRICT, path
        assert answer["Referrer-Policy"] in {"same-origin", *MAILED}, path


@pytest.mark.django_db
def test_every_answer_has_one_content_security_policy_without_anything_unsafe(answers):
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        frame = answer.request["PATH_INFO"].endswith("/frame/")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy or (frame and "sandbox" in policy)
        if not frame:
            assert {"base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(
                policy.split("; ")
            )


@pytest.mark.django_db
def test_no_answer_is_shared_with_pages_of_other_sites(client):
    for path in [*addresses(*Policy), *ELSEWHERE]:
        for ask in (client.get, client.options):
            answer = ask(path, headers={"origin": "https://elsewhere.example"})
            assert not [name for name in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.django_db
def test_every_text_says_its_character_set(answers):
    for answer in answers:
        kind = answer.get("Content-Type", "")
        if kind.startswith("text/") or "xml" in kind:
            assert "; charset=utf-8" in kind, (answer.request["PATH_INFO"], kind)


@pytest.mark.django_db
def test_logging_out_clears_what_the_browser_kept(client):
    client.force_login(make_user())
    page = client.get("/host/")
    assert "no-store" in page["Cache-Control"]
    assert "Clear-Site-Data" not in page

    answer = client.post("/accounts/logout/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/host/").status_code == 302


def test_tiles_of_another_host_are_asked_for_without_credentials(settings, client, db):
    settings.MAP_TILES_URL = "https://tiles.example.org/{z}/{x}/{y}.png"

    assert Client().get("/")["Cross-Origin-Embedder-Policy"] == "credentialless"


# -- in production --------------------------------------------------------------------

ASK = """
import json, django
from importlib import import_module
import config.settings as chosen
chosen.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
chosen.WHITENOISE_USE_FINDERS = True  # nothing is collected here
django.setup()
from django.conf import settings
from django.test import Client
client = Client()
answers = {path: client.get(path, secure=True) for path in ("/accounts/login/", "/robots.txt",
    "/healthz", "/nobody/", "/static/js/share.js")}
plain = client.get("/accounts/login/?next=/host/")
print(json.dumps({
    "headers": {path: dict(answer.headers) for path, answer in answers.items()},
    "cookies": {name: cookie.OutputString() for name, cookie in client.cookies.items()},
    "plain": [plain.status_code, plain["Location"]],
    "names": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME,
              settings.MESSAGES_COOKIE_NAME],
    "answer": import_module("rsvps.views.signup")._ANSWER,
    "secure": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
               settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_DOMAIN],
}))
"""


@pytest.fixture(scope="module")
def production():
    """What a site in production mode answers over HTTPS and over HTTP."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BARNSTORM_MODE": "production",
        "SECRET_KEY": "a-key-of-fifty-characters-for-this-test-and-nothing-else",
        "ALLOWED_HOSTS": "testserver",
        "SITE_URL": "https://testserver",
        "DATABASE_URL": "sqlite:///:memory:",
        "MAIL_FROM": "hello@example.org",
        "SMTP_HOST": "localhost",
        "BEHIND_PROXY": "0",
        "LOG_LEVEL": "CRITICAL",
    }
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout)


def test_https_is_asked_for_two_years_by_every_answer(production):
    for path, headers in production["headers"].items():
        assert headers["Strict-Transport-Security"] == (
            "max-age=63072000; includeSubDomains; preload"
        ), path


def test_http_leads_to_https(production):
    assert production["plain"] == [301, "https://testserver/accounts/login/?next=/host/"]


def test_every_cookie_is_bound_to_this_host_and_to_https(production):
    assert production["names"] == ["__Host-session", "__Host-csrf", "__Host-messages"]
    assert production["answer"].startswith("__Secure-")  # it has a path of its own
    assert production["secure"] == [True, True, "Lax", None]
    assert production["cookies"]
    for name, cookie in production["cookies"].items():
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_no_other_cookie_is_set():
    """A new one must be named here, and in `production` above."""
    written = [
        path.relative_to(ROOT).as_posix()
        for app in ("config", "events", "hosts", "outbox", "rsvps")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\.set_(signed_)?cookie\(", path.read_text())
    ]
    assert written == ["rsvps/views/signup.py"]


@pytest.mark.django_db
def test_a_message_travels_in_the_cookie_of_that_name(client):
    from django.contrib.messages.storage import default_storage

    request = client.get("/").wsgi_request
    storage = default_storage(request)

    assert storage.storages[0].cookie_name == settings.MESSAGES_COOKIE_NAME
