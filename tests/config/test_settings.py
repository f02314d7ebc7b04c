"""A real site does not start without what it needs, and says in one line what is missing."""

import os
import subprocess
import sys

import pytest

WELL = {
    "SECRET_KEY": "fifty-random-characters-of-this-test-and-of-nothing-else",
    "ALLOWED_HOSTS": "events.example.org",
    "SITE_URL": "https://events.example.org",
    "DATABASE_URL": "sqlite:///:memory:",
    "MAIL_FROM": "hello@example.org",
    "SMTP_HOST": "mail.example.org",
}


def start(code: str = "import config.settings", **changed: str | None) -> str:
    """The last line of what a process with this environment says; "" where all is well."""
    environment = {"PATH": os.environ["PATH"], **WELL, **changed}
    given = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", code], env=given, capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


def test_with_all_it_needs_it_starts():
    assert start() == ""


@pytest.mark.parametrize("name", WELL)
def test_without_one_of_them_it_says_which(name):
    assert f"Set {name}: " in start(**{name: None})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BARNSTORM_MODE", "live", "must be production, demo or test"),
        ("SECRET_KEY", "short", "SECRET_KEY is too short"),
        ("SITE_URL", "http://events.example.org", "must start with https://"),
        ("SITE_URL", "https://events.example.org/barnstorm", "without a path"),
        ("SITE_URL", "events.example.org", "is like https://events.example.org"),
        ("SITE_URL", "https://other.example.org", "ALLOWED_HOSTS lacks the name"),
        ("DATABASE_URL", "mysql://localhost/barnstorm", "DATABASE_URL is like postgres://"),
        ("DATABASE_URL", "barnstorm", "DATABASE_URL is like postgres://"),
        ("MAIL_FROM", "nobody", "MAIL_FROM is an address alone"),
        ("MAIL_FROM", "Us <hello@example.org>", "MAIL_FROM is an address alone"),
        ("SMTP_SECURITY", "ssl", "must be one of starttls, tls, none"),
        ("SMTP_PORT", "many", "must be a whole number"),
        ("KEEP_ADDRESS_DAYS", "-1", "must be a whole number"),
        ("BEHIND_PROXY", "maybe", "must be 1 or 0"),
        ("BRAND_COLOR", "reddish", "is not a colour"),
        ("MAP_TILES_URL", "tiles", "MAP_TILES_URL is like"),
    ],
)
def test_what_cannot_be_meant_is_refused(name, value, words):
    assert words in start(**{name: value})


def test_the_site_listens_to_the_proxy_alone_unless_told_otherwise():
    code = "import config.gunicorn as g; print(g.bind)"
    assert start(code) == "127.0.0.1:8000"
    assert start(code, BIND="unix:/run/barnstorm.sock") == "unix:/run/barnstorm.sock"
