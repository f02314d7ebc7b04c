"""From a volunteer's draft to a room full of people: the main job, end to end."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events.models import Event, Timeslot
from rsvps.models import Rsvp
from tests.factories import make_staff, make_user
from tests.journeys.conftest import calendar_of, link_in, text_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COLUMBUS = ZoneInfo("America/New_York")
GUEST = "alex@example.org"
HOST = "robin@example.org"


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def browser_context_args(request, browser_context_args) -> dict:
    """A phone; each journey runs with JavaScript and without."""
    return browser_context_args | {
        "viewport": {"width": 375, "height": 760},
        "java_script_enabled": request.param == "with JavaScript",
        "locale": "en-US",
        "timezone_id": "America/New_York",
    }


def create(page, url, day):
    """The host's form for a house party, as a person would fill it."""
    page.goto(url + "/host/events/new/")
    page.get_by_label("House party").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Title").fill("Pie and a plan for the library")
    page.get_by_label("What will happen?").fill("We eat pie and plan the **autumn**.")
    page.get_by_label("Street and number").fill("41 South Elm Street")
    page.get_by_label("City").fill("Columbus")
    page.get_by_label("State", exact=True).fill("oh")
    page.get_by_label("ZIP code").fill("43215")
    page.get_by_label("Day").first.fill(day.isoformat())
    page.get_by_label("How many people can come?").first.fill("10")
    page.get_by_label("Phone on the day").fill("(614) 555-0123")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send for review").click()


def decide(page, url, event, button, words=""):
    page.goto(f"{url}/review/")
    page.get_by_role("link", name=event.title).first.click()
    if words:
        page.get_by_label("words", exact=False).last.fill(words)
    page.get_by_role("button", name=button, exact=True).click()


def test_the_main_job(page, live_server, mailbox, clock, log_in):
    url = live_server.url
    page.set_default_timeout(15_000)
    clock.set(timezone.now())
    host = make_user(email=HOST, name="")
    reviewer = make_staff(email="reviewer@example.org")
    day = (timezone.now().astimezone(COLUMBUS) + timedelta(days=4)).date()

    # A neighbor becomes a host.
    log_in(host)
    page.goto(f"{url}/host/")
    page.get_by_role("link", name="Host your first event").click()
    page.get_by_label("Your name").fill("Robin Sample")
    page.get_by_label("Your phone").fill("614-555-0123")
    page.get_by_label("Your ZIP code").fill("43215")
    page.get_by_label("I have read this and I agree").check()
    page.get_by_role("button", name="Become a host").click()

    # The host creates, staff send back, the host mends, staff approve.
    create(page, url, day)
    event = Event.objects.get()
    mailbox.fetch_one(to=HOST, subject="")
    log_in(reviewer)
    decide(page, url, event, "Send back", "Please say where people can park.")
    letter = mailbox.fetch_one(to=HOST, subject=event.title)
    assert "Please say where people can park." in text_of(letter)
    log_in(host)
    page.goto(f"{url}/host/events/{event.pk}/")
    expect(page.get_by_text("Please say where people can park.")).to_be_visible()
    page.get_by_role("link", name="Fix it and send again").click()
    page.get_by_label("Parking").fill("On the street, both sides.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send for review").click()
    log_in(reviewer)
    decide(page, url, event, "Approve")
    mailbox.fetch_one(to=HOST, subject=event.title)

    # A supporter finds it by ZIP on a phone and RSVPs for three.
    page.context.clear_cookies()
    page.goto(url)
    page.get_by_label("ZIP, city or address").fill("43201")
    page.get_by_role("button", name="Find").first.click()
    expect(page.get_by_role("link", name=event.title)).to_be_visible()
    assert "South Elm" not in page.content()
    page.get_by_role("link", name=event.title).click()
    assert "South Elm" not in page.content()
    page.get_by_role("link", name="I'm coming").last.click()  # the one within a thumb's reach
    page.get_by_label("How many of you").fill("3")
    page.get_by_label("Your name").fill("Alex Guest")
    page.get_by_label("Your email").fill(f" {GUEST} ")
    page.get_by_label("Your ZIP code").fill("43201-1234")
    clock.wait(seconds=10)  # a person takes longer to type than this browser
    page.get_by_role("button", name="Count me in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert Timeslot.objects.get().seats_taken == 3
    letter = mailbox.fetch_one(to=GUEST, subject="")
    page.goto(url + link_in(letter, "/c/"))
    page.get_by_role("button", name="Yes, count me in").click()
    expect(page.get_by_role("heading", name="You're in")).to_be_visible()

    # The letter holds the address and an invitation; the manage link changes the party to two.
    letter = mailbox.fetch_one(to=GUEST, subject="You're in")
    assert "41 South Elm Street" in text_of(letter)
    invitation = calendar_of(letter)
    assert (invitation.method, "41 South Elm Street" in invitation["LOCATION"]) == ("REQUEST", True)
    manage = link_in(letter, "/r/")
    page.goto(url + manage)
    expect(page.get_by_text("41 South Elm Street")).to_be_visible()
    page.get_by_label("How many of you").fill("2")
    page.get_by_role("button", name="Save", exact=True).click()
    assert Timeslot.objects.get().seats_taken == 2
    mailbox.fetch(to=GUEST)

    # The host moves the time; once staff agree, the guest is told, and SEQUENCE rose.
    log_in(host)
    page.goto(f"{url}/host/events/{event.pk}/")
    expect(page.get_by_text("Alex Guest")).to_be_visible()
    page.get_by_role("link", name="Move, resize, or cancel").click()
    page.get_by_label("Starts").fill("19:00")
    page.get_by_label("Ends", exact=True).fill("21:00")
    page.get_by_role("button", name="Move it").click()
    assert mailbox.fetch(to=GUEST) == []
    log_in(reviewer)
    decide(page, url, event, "Approve the change")
    letter = mailbox.fetch_one(to=GUEST, subject="")
    moved = calendar_of(letter)
    assert moved["UID"] == invitation["UID"]
    assert moved["SEQUENCE"] > invitation["SEQUENCE"]
    assert moved["DTSTART"].dt == datetime.combine(day, time(19), COLUMBUS)

    # The reminder goes out at its minute, the day before at 11:00, and not before.
    eleven = datetime.combine(day - timedelta(days=1), time(11), COLUMBUS)
    clock.set(eleven - timedelta(minutes=2))
    assert mailbox.fetch(to=GUEST) == []
    clock.set(eleven + timedelta(seconds=30))
    letter = mailbox.fetch_one(to=GUEST, subject="")
    assert "7:00" in text_of(letter)
    assert mailbox.fetch(to=GUEST) == []

    # The supporter cancels, and the seats are free.
    page.context.clear_cookies()
    page.goto(url + manage)
    page.get_by_role("button", name="I can't come").click()
    assert Timeslot.objects.get().seats_taken == 0
    assert Rsvp.objects.get().status == "cancelled"
    cancelled = calendar_of(mailbox.fetch_one(to=GUEST, subject=""))
    assert (cancelled.method, cancelled["UID"]) == ("CANCEL", invitation["UID"])
    assert cancelled["SEQUENCE"] > moved["SEQUENCE"]
    page.goto(url + manage)
    assert "South Elm" not in page.content()
