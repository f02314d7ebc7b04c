"""The event form in a browser: with JavaScript it saves by itself, without it all works too."""

import re

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from events.models import Event
from events.states import EventState
from hosts.agreement import accept_agreement
from hosts.cohosting import ask_cohosts, request_url
from tests.factories import make_event, make_host, make_timeslot, make_user
from tests.hosts.forms import in_days

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def host():
    host = make_host()
    accept_agreement(host, version=1, now=host.created_at)
    return host


def begin(page: Page, url: str, kind: str) -> None:
    page.goto(f"{url}/host/events/new/")
    page.get_by_label(kind, exact=True).check()
    page.get_by_role("button", name="Go on").click()


def fill_in(page: Page) -> None:
    page.get_by_label("Title").fill("Saturday doors")
    page.get_by_label("What will happen?").fill("We knock **together**.")
    page.get_by_label("Street and number").fill("200 West Nationwide Boulevard")
    page.get_by_label("City").fill("Columbus")
    page.get_by_label("State").fill("oh")
    page.get_by_label("ZIP code").fill("43215")


def send(page: Page, url: str) -> Event:
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Look it over")).to_be_visible()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_role("heading", name="Our staff have it")).to_be_visible()
    return Event.objects.get()


@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_a_preview_that_does_not_come_says_so(page, live_server, host, log_in):
    log_in(host.user)
    page.route("**/host/preview/", lambda route: route.abort())
    begin(page, live_server.url, "Canvass")
    page.get_by_role("button", name="See how it will look").click()
    expect(page.locator("#preview")).to_have_text(re.compile("try again in a minute"))


@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_what_is_typed_is_saved_by_itself_and_sent(page, live_server, host, log_in):
    log_in(host.user)
    begin(page, live_server.url, "Canvass")
    fill_in(page)
    page.get_by_label("Title").press("Tab")
    expect(page.get_by_text("All times are Eastern time")).to_be_visible()
    page.get_by_role("button", name="See how it will look").click()
    expect(page.locator("#preview strong")).to_have_text("together")
    expect(page.get_by_text(re.compile("^Saved "))).to_be_visible()

    page.reload()

    expect(page.get_by_label("Title")).to_have_value("Saturday doors")
    rows = page.locator("[data-time-row]:visible")
    expect(rows).to_have_count(3)
    rows.nth(0).get_by_label("Day", exact=False).first.fill(in_days(9))
    page.get_by_role("button", name="Add another date").click()
    expect(rows).to_have_count(4)
    rows.nth(3).locator("[name$=-date]").fill(in_days(10))
    rows.nth(1).get_by_role("button", name="Remove this date").click()
    expect(rows).to_have_count(3)
    event = send(page, live_server.url)
    assert event.state == EventState.SUBMITTED
    assert event.timeslots.count() == 2
    assert event.state_code == "OH"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (503, "Not saved yet: you’re offline. We’ll keep trying."),
        (413, "more text than fits"),
        (409, "changed in another window"),
        (403, "You’ve been logged out."),
    ],
)
@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_what_keeps_a_draft_from_being_saved_is_told(
    page, live_server, host, log_in, status, words
):
    log_in(host.user)
    page.route("**/autosave/", lambda route: route.fulfill(status=status))
    begin(page, live_server.url, "House party")
    page.wait_for_load_state("load")  # what is typed before that is not noted
    page.get_by_label("Title").fill("Porch party")
    expect(page.locator("[data-save-state]")).to_contain_text(words, timeout=20_000)


@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_a_day_that_is_in_no_calendar_is_not_left_out_unseen(page, live_server, host, log_in):
    log_in(host.user)
    begin(page, live_server.url, "House party")
    fill_in(page)
    day = page.locator("[name=times-0-date]")
    day.fill(in_days(9))
    page.get_by_role("button", name="Add another date").click()
    second = page.locator("[name=times-1-date]")
    second.press_sequentially("02302027")

    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_text("That’s not a real date.")).to_be_visible()
    expect(second).to_be_focused()
    second.fill(in_days(16))
    expect(page.get_by_text("That’s not a real date.")).to_have_count(0)
    assert send(page, live_server.url).timeslots.count() == 2


@pytest.mark.parametrize("browser_context_args", ["without JavaScript"], indirect=True)
def test_all_of_it_works_without_javascript(page, live_server, host, log_in):
    log_in(host.user)
    begin(page, live_server.url, "Meeting")
    fill_in(page)
    page.locator("[name=times-0-date]").fill(in_days(9))
    page.get_by_role("button", name="Add another date").click()
    expect(page.get_by_label("Title")).to_have_value("Saturday doors")
    page.locator("[name=times-1-date]").fill(in_days(10))
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Saturday doors").click()
    event = send(page, live_server.url)
    assert event.timeslots.count() == 2


def test_a_cohost_says_yes(page, live_server, host, log_in):
    event = make_event(host=host.user, state=EventState.APPROVED, title="Library evening")
    make_timeslot(event)
    ask_cohosts(event, ["pat@example.org"], by=host.user, now=timezone.now())
    link = request_url(event.cohosts.get()).removeprefix(settings.SITE_URL)
    log_in(make_user(email="pat@example.org"))
    page.goto(live_server.url + link)
    page.get_by_role("button", name="Yes, I’ll help").click()
    expect(page.get_by_role("heading", name="Library evening")).to_be_visible()
    assert event.cohosts.get().accepted_at is not None


def times(page: Page) -> list[tuple[str, str]]:
    rows = page.locator("[data-time-row]:visible")
    return [
        (row.locator("[name$=-start]").input_value(), row.locator("[name$=-end]").input_value())
        for row in rows.all()
    ]


@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_another_kind_offers_its_own_times_where_the_host_typed_none(
    page, live_server, host, log_in
):
    log_in(host.user)
    begin(page, live_server.url, "Canvass")
    kind, home = (
        page.get_by_label("What kind of event is it?"),
        page.get_by_label("somebody’s home"),
    )

    kind.select_option("house_party")
    expect(home).to_be_checked()
    assert times(page) == [("18:00", "20:00")]
    kind.select_option("canvass")
    expect(home).not_to_be_checked()
    assert times(page) == [("09:00", "12:00"), ("12:00", "15:00"), ("15:00", "18:00")]
    page.locator("[name=times-0-start]").fill("10:30")
    page.locator("[name=times-0-date]").fill(in_days(9))
    kind.select_option("phone_bank")

    assert times(page) == [("10:30", "12:00")]
    expect(page.get_by_label("Online", exact=False).first).to_be_checked()
    expect(page.get_by_text(re.compile("^Saved "))).to_be_visible()
    page.reload()
    assert times(page) == [("10:30", "12:00")]
    expect(kind).to_have_value("phone_bank")


@pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True)
def test_an_address_typed_stays_a_home(page, live_server, host, log_in):
    log_in(host.user)
    begin(page, live_server.url, "House party")
    page.get_by_label("Street and number").fill("12 Elm Street")

    page.get_by_label("What kind of event is it?").select_option("meeting")

    expect(page.get_by_label("somebody’s home")).to_be_checked()


@pytest.mark.parametrize("browser_context_args", ["without JavaScript"], indirect=True)
def test_what_is_pasted_too_long_comes_back_whole(page, live_server, host, log_in):
    log_in(host.user)
    begin(page, live_server.url, "House party")
    page.get_by_label("Title").fill("A very long porch party " * 10)
    page.get_by_label("How many people can come?").fill("a dozen")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_text("it has 239 characters").first).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("A very long porch party " * 10)
    expect(page.get_by_text("Use a number, like 20").first).to_be_visible()
    expect(page.get_by_label("How many people can come?")).to_have_value("a dozen")
