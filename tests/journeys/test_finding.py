"""Finding an event in a real browser, with and without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events.spatial import index_event
from tests.factories import make_event, make_timeslot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def listed(title, **fields):
    event = make_event(title=title, **fields)
    make_timeslot(event, starts_at=timezone.now() + timedelta(days=2))
    index_event(event, now=timezone.now())
    return event


def test_filters_apply_as_they_are_set_and_stay_in_the_address(live_server, page):
    listed("Knock on doors", type="canvass")
    listed("Rally for clean water", type="rally")
    page.goto(f"{live_server.url}/")
    page.fill("#near", "43215")
    page.get_by_role("button", name="Find events").click()
    titles = page.locator(".event-card-title")
    titles.nth(1).wait_for()

    page.locator("details > summary").first.click()
    page.locator("label.chip", has_text="Rally").click()

    page.wait_for_url("**type=rally**")
    expect(titles).to_have_count(1)
    assert titles.all_inner_texts() == ["Rally for clean water"]
    page.reload()
    assert titles.all_inner_texts() == ["Rally for clean water"]


def test_the_same_works_without_javascript(live_server, browser):
    listed("Knock on doors", type="canvass")
    event = listed("Rally for clean water", type="rally")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(f"{live_server.url}/")
    page.fill("#near", "43215")
    page.get_by_role("button", name="Find events").click()
    page.locator("details > summary").first.click()
    page.locator("label.chip", has_text="Rally").click()
    page.get_by_role("button", name="Show events").click()

    assert page.locator(".event-card-title").all_inner_texts() == ["Rally for clean water"]
    page.locator(".event-card-title a").click()
    assert event.get_absolute_url() in page.url
    context.close()


def test_what_is_wrong_with_a_day_stands_beside_it_until_it_is_mended(live_server, page):
    listed("Knock on doors")
    page.goto(f"{live_server.url}/events/?near=43215")
    page.locator("details > summary").first.click()
    page.get_by_label("From").fill("2026-12-05")
    page.get_by_label("To", exact=True).fill("2026-12-01")
    expect(page.get_by_text("This is before the “From” day.")).to_be_visible()
    expect(page.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("To", exact=True).fill("2026-12-09")
    expect(page.get_by_text("This is before the “From” day.")).to_have_count(0)
    expect(page.get_by_label("To", exact=True)).not_to_have_attribute("aria-invalid", "true")
