"""The page of privacy, the handbook and the settings promise the same."""

from pathlib import Path

import pytest
from django.conf import settings

from hosts.privacy import TEXT, periods

pytestmark = pytest.mark.django_db

# What the handbook is written for.
DEFAULTS = {
    "phone_days": 30,
    "email_days": 90,
    "address_days": 7,
    "draft_days": 30,
    "letter_days": 30,
    "reader_days": 365,
}


def test_the_handbook_says_what_the_page_says():
    handbook = Path("docs/privacy.md").read_text().partition("\n\n")[2]

    assert handbook == TEXT.format(mail="hello@barnstorm.example", **DEFAULTS)


def test_the_periods_are_those_of_the_handbook():
    assert periods() == DEFAULTS


def test_the_page_names_the_periods_that_are_set(client, settings):
    settings.KEEP_GUEST_PHONE_DAYS = 4

    page = client.get("/privacy/").content.decode()

    assert "Your phone number: 4 days after your last event" in page
    assert 'href="/your-data/"' in page
    assert f"mailto:{settings.MAIL_FROM}" in page


def test_every_page_leads_to_it(client):
    assert 'href="/privacy/"' in client.get("/").content.decode()


def test_the_settings_are_in_the_operators_handbook():
    handbook = Path("docs/operations.md").read_text()

    assert [
        name for name in dir(settings) if name.startswith("KEEP_") and name not in handbook
    ] == []
