"""Guests' pages in a real browser, on a phone and without JavaScript."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rsvps import links
from rsvps.attending import cancel_rsvp
from rsvps.models import Rsvp
from rsvps.states import RsvpStatus
from tests.factories import STREET, make_event, make_rsvp, make_timeslot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(browser, live_server):
    """A page on a phone that runs no scripts; its first visit is the site's home."""
    context = browser.new_context(
        viewport={"width": 375, "height": 760},
        is_mobile=True,
        has_touch=True,
        java_script_enabled=False,
        base_url=live_server.url,
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def fill_in(page: Page, **typed: str) -> None:
    for label, words in typed.items():
        page.get_by_label(label.replace("_", " ")).fill(words)


def test_mistakes_are_shown_beside_their_fields_and_mended(phone):
    event = make_event()
    slots = [make_timeslot(event, capacity=4), make_timeslot(event, capacity=4)]
    phone.goto(f"/events/{event.pk}/rsvp/?timeslot={slots[1].pk}")
    fill_in(phone, How_many_of_you="two", Your_name="Alex Guest", Your_ZIP_code="43215 ")
    phone.get_by_label("Your email").fill("alex@gmial.com")
    phone.get_by_role("button", name="Count me in").click()
    problems = phone.get_by_role("alert")
    expect(problems.get_by_role("link")).to_have_count(2)
    problems.get_by_role("link", name="like 2").click()
    assert phone.url.endswith("#id_party_size")
    phone.get_by_label("How many of you").fill("2")
    phone.get_by_role("button", name="Yes, use alex@gmail.com").click()
    expect(phone.get_by_role("heading", name="You're in")).to_be_visible()
    expect(phone.get_by_text("alex@gmail.com")).to_be_visible()
    rsvp = Rsvp.objects.get()
    assert (rsvp.timeslot, rsvp.party_size) == (slots[1], 2)


def test_the_button_is_within_a_thumbs_reach_before_scrolling(phone):
    event = make_event()
    make_timeslot(event)
    phone.goto(f"/events/{event.pk}/rsvp/")
    expect(phone.get_by_role("button", name="Count me in")).to_be_in_viewport(ratio=1)


def test_going_back_and_sending_again_makes_one_rsvp(phone):
    event = make_event()
    slot = make_timeslot(event, capacity=1)
    phone.goto(f"/events/{event.pk}/rsvp/")
    fill_in(phone, Your_name="Alex Guest", Your_ZIP_code="43215")
    phone.get_by_label("Your email").fill("alex@example.org")
    phone.get_by_role("button", name="Count me in").click()
    expect(phone.get_by_role("heading", name="You're in")).to_be_visible()
    phone.go_back()
    assert Rsvp.objects.count() == 1
    phone.goto(f"/events/{event.pk}/rsvp/")
    expect(phone.get_by_text("This event is full")).to_be_visible()
    slot.refresh_from_db()
    assert slot.seats_taken == 1


def test_going_back_to_a_form_that_was_mended_shows_it_as_it_was(phone):
    event = make_event()
    make_timeslot(event)
    phone.goto(f"/events/{event.pk}/rsvp/")
    fill_in(phone, Your_name="Alex Guest", Your_ZIP_code="43215", How_many_of_you="0")
    phone.get_by_label("Your email").fill("alex@example.org")
    phone.get_by_role("button", name="Count me in").click()
    phone.get_by_label("How many of you").fill("2")
    phone.get_by_role("button", name="Count me in").click()
    expect(phone.get_by_role("heading", name="You're in")).to_be_visible()
    phone.go_back()
    expect(phone.get_by_text("Not quite yet")).to_be_visible()
    phone.get_by_label("How many of you").fill("2")
    phone.get_by_role("button", name="Count me in").click()
    expect(phone.get_by_role("heading", name="You're in")).to_be_visible()
    assert Rsvp.objects.get().party_size == 2


def test_guest_cancels_and_comes_back_by_the_link(phone):
    rsvp = make_rsvp(make_timeslot(make_event(private=True), capacity=5), party_size=2)
    path = links.manage_url(rsvp.guest).partition("/r/")[2]
    phone.goto(f"/r/{path}")
    expect(phone.get_by_text(STREET)).to_be_visible()
    phone.get_by_role("button", name="I can't come").click()
    expect(phone.get_by_text("You're off the list")).to_be_visible()
    assert STREET not in phone.content()
    phone.get_by_role("button", name="Come back").click()
    expect(phone.get_by_text("Welcome back")).to_be_visible()
    expect(phone.get_by_text(STREET)).to_be_visible()
    rsvp.refresh_from_db()
    rsvp.timeslot.refresh_from_db()
    assert (rsvp.status, rsvp.timeslot.seats_taken) == (RsvpStatus.ACCEPTED, 2)


def test_link_opened_after_another_device_cancelled_says_where_things_stand(phone):
    rsvp = make_rsvp(make_timeslot(make_event()))
    path = links.manage_url(rsvp.guest).partition("/r/")[2]
    phone.goto(f"/r/{path}")
    cancel_rsvp(rsvp, now=timezone.now())
    phone.get_by_role("button", name="I can't come").click()
    expect(phone.get_by_text("You are not coming")).to_be_visible()
