"""A browser beyond the limit works for its form instead of waiting."""

from hashlib import sha256

import pytest
from playwright.sync_api import Page, expect

from rsvps.forms.strangers import WORK_BITS
from rsvps.models import Rsvp
from tests.factories import make_timeslot


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_browser_that_worked_need_not_wait(page: Page, live_server, settings):
    settings.RSVP_POSTS_PER_CONNECTION = 0
    settings.RSVP_POSTS_PER_NETWORK = 0
    slot = make_timeslot()
    settings.SITE_URL = live_server.url
    page.goto(f"{live_server.url}/events/{slot.event_id}/rsvp/")
    page.fill("[name=name]", "Kim Neighbor")
    page.fill("[name=email]", "kim@example.org")
    page.fill("[name=postal_code]", "43215")
    page.click("button:has-text('Count me in')")
    expect(page.locator("[data-work]")).to_have_text(
        "You don't have to wait after all. Press the button again.", timeout=120_000
    )
    work, stamp = (page.locator(f"[name={name}]").input_value() for name in ("work", "stamp"))
    assert sha256(f"{stamp}:{work}".encode()).hexdigest().startswith("0" * (WORK_BITS // 4))
    settings.RSVP_POSTS_PER_CONNECTION = 1  # worked_for() is five times this
    page.click("button:has-text('Count me in')")
    expect(page.locator("h1")).to_contain_text("You're in")
    assert Rsvp.objects.get().supporter.email == "kim@example.org"
