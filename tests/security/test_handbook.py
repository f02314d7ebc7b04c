"""What docs/security.md says is what the code does."""

import re
from pathlib import Path

from allauth.account import app_settings
from django.conf import settings

from events.disclosure import Policy
from hosts import pictures
from hosts.models import EMAIL_MAX_LENGTH

HANDBOOK = (Path(settings.BASE_DIR) / "docs" / "security.md").read_text()


def section(name: str) -> str:
    return HANDBOOK.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_the_handbook_says_what_may_be_typed():
    told = section("What may be typed")

    assert f"{EMAIL_MAX_LENGTH} characters" in told
    assert f"{pictures.LARGEST_FILE // 1_000_000} MB" in told
    assert f"{pictures.MOST_PIXELS // 1_000_000} million pixels" in told


def test_the_handbook_says_how_guessing_is_stopped():
    told = section("Log-in")
    limits = app_settings.RATE_LIMITS

    assert limits["login_failed"] == "10/m/ip,5/300s/key"
    assert "five wrong passwords in five minutes" in told
    assert limits["request_login_code"].endswith("3/m/key")
    assert "three codes a minute" in told
    assert app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS == 3
    assert "three wrong tries" in told
    assert settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT == 15 * 60
    assert "fifteen minutes" in told


def test_the_handbook_says_who_may_do_what():
    told = section("Who may do what")

    for policy in Policy:
        assert f"`{policy.name}`" in told
    assert "events/disclosure.py" in told


def test_the_handbook_says_how_soon_a_package_is_mended():
    told = section("Packages")

    assert "two days" in told
    assert "make check-packages" in told


def test_every_test_the_handbook_names_is_there():
    named = re.findall(r"(tests/[a-z_/]+\.py)::(\w+)", HANDBOOK)

    assert len(named) > 40
    for file, name in named:
        assert f"\ndef {name}(" in (Path(settings.BASE_DIR) / file).read_text(), name
