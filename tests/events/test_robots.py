"""What search engines are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.spatial import index_event
from events.states import EventState
from tests.factories import make_event, make_timeslot

pytestmark = pytest.mark.django_db


def stored(**fields):
    event = make_event(**fields)
    make_timeslot(event, starts_at=timezone.now() + timedelta(days=2))
    index_event(event, now=timezone.now())
    return event


def test_the_sitemap_lists_what_can_be_found_and_nothing_else(client, settings):
    settings.SITE_URL = "https://events.example.org"
    listed, unlisted = stored(), stored(state=EventState.UNLISTED)
    text = client.get("/sitemap.xml").content.decode()
    assert f"https://events.example.org{listed.get_absolute_url()}" in text
    assert "<loc>https://events.example.org/events/</loc>" in text
    assert unlisted.get_absolute_url() not in text


def test_mailed_links_and_desks_are_closed_to_robots(client):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /r/" in text
    assert "Disallow: /host/" in text
    assert "Disallow: /events" not in text
