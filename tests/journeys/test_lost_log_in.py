"""A host's log-in runs out while they type: they log in again, and it is all there."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from hosts.agreement import accept_agreement
from tests.factories import make_host
from tests.hosts.forms import in_days
from tests.journeys.conftest import Mailbox, text_of
from tests.journeys.test_event_form import begin, fill_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def host():
    host = make_host()
    accept_agreement(host, version=1, now=host.created_at)
    return host


def log_in_again(page: Page, mailbox: Mailbox, email: str) -> None:
    page.get_by_label("Your email").first.fill(email)
    page.get_by_role("button", name="Email me a code").click()
    letter = mailbox.fetch_one(to=email, subject="code")
    code = re.search(r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text_of(letter), re.MULTILINE)[1]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()


@pytest.mark.parametrize(
    "browser_context_args", ["with JavaScript", "without JavaScript"], indirect=True
)
def test_what_was_typed_waits_behind_the_log_in(page, live_server, host, mailbox, log_in):
    log_in(host.user)
    begin(page, live_server.url, "Meeting")
    Session.objects.all().delete()

    fill_in(page)
    page.locator("[name=times-0-date]").fill(in_days(9))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    log_in_again(page, mailbox, host.user.email)

    expect(page.get_by_text("Everything you typed is here")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Saturday doors")
    expect(page.get_by_label("City")).to_have_value("Columbus")
    expect(page.locator("[name=times-0-date]")).to_have_value(in_days(9))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Look it over")).to_be_visible()
