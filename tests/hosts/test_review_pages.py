"""The staff's pages: what they show, what a press does, what a stale page says."""

import pytest
from django.utils import timezone

from events import lifecycle
from events.models import AddressReading, Event
from events.states import EventState, EventType
from hosts import review
from hosts.models import EventReport, Host, Record, VettingDecision
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_timeslot,
)
from tests.hosts.reviewing import (
    decide,
    given,
    hold_change,
    make_public,
    make_submitted,
    read_letter,
    seen,
)

pytestmark = pytest.mark.django_db


def test_a_reviewer_approves_on_the_page(client):
    log_in_staff(client)
    event = make_submitted()
    assert event.title in client.get("/review/").content.decode()
    page = client.get(f"/review/events/{event.pk}/").content.decode()
    assert "Approve and trust the host" in page

    answer = decide(client, event, "approve")

    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    assert "is public now" in answer.content.decode()
    assert "All caught up" in answer.content.decode()


def test_a_reviewer_sends_back_with_ready_made_and_own_words(client):
    log_in_staff(client)
    event = make_submitted()

    decide(client, event, "send_back", reasons=["what"], words="And who speaks?")

    event.refresh_from_db()
    assert event.state == EventState.SENT_BACK
    assert event.state_note.endswith("And who speaks?")


def test_one_press_takes_an_event_off_the_site_whatever_the_host_does_meanwhile(client):
    log_in_staff(client)
    event = make_public()
    stale = seen(event)
    Event.objects.update(title="Another title", updated_at=timezone.now())

    client.post(f"/review/events/{event.pk}/decide/", {"step": "unlist", "seen": stale})

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED
    assert "worries us" in VettingDecision.objects.get().reason
    assert "worries us" in read_letter("host_unlisted").text


def test_sending_back_without_a_reason_asks_for_one(client):
    log_in_staff(client)
    event = make_submitted()

    answer = decide(client, event, "send_back")

    assert answer.status_code == 422
    # At the top of the page, where the answer opens, and beside the field.
    assert answer.content.decode().count("tell the host why") == 2
    event.refresh_from_db()
    assert event.state == EventState.SUBMITTED


def test_the_page_shows_all_that_the_host_said(client):
    log_in_staff(client)
    event = make_submitted(
        official=True, language="Hmong", approve_each_guest=True, contact_phone="+16145550123"
    )

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    for words in ("Marked official", "Hmong", "says yes or no to each", "(614) 555-0123"):
        assert words in page


def test_a_stale_page_says_who_decided_and_keeps_the_words(client):
    log_in_staff(client)
    event = make_submitted()
    before = seen(event)
    review.approve(event, **given(event))

    answer = client.post(
        f"/review/events/{event.pk}/decide/",
        {"step": "send_back", "seen": before, "words": "My careful words"},
    )

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Rae Reviewer got there first" in text
    assert "My careful words" in text


def test_times_of_decisions_are_those_at_the_event(client, now):
    log_in_staff(client)
    event = make_submitted(updated_at=now)
    before = seen(event)
    review.approve(event, **given(event, now=now))

    page = client.get(f"/review/events/{event.pk}/").content.decode()
    late = client.post(f"/review/events/{event.pk}/decide/", {"step": "approve", "seen": before})

    assert "Rae Reviewer, Wednesday, July 15, 11:00\xa0a.m. EDT" in page
    assert "Wednesday, July 15, 11:00 a.m. EDT: Approved" in late.content.decode()


def test_pressing_approve_twice_says_that_it_is_done(client):
    log_in_staff(client)
    event = make_submitted()
    data = {"step": "approve", "seen": seen(event)}
    client.post(f"/review/events/{event.pk}/decide/", data)

    again = client.post(f"/review/events/{event.pk}/decide/", data)

    assert "You already decided this" in again.content.decode()
    assert VettingDecision.objects.count() == 1


def test_a_page_the_host_changed_meanwhile_says_so(client):
    log_in_staff(client)
    event = make_submitted()
    before = seen(event)
    lifecycle.change_event(
        event, fields={"title": "Another"}, by=event.host, now=timezone.now(), live=False
    )

    answer = client.post(f"/review/events/{event.pk}/decide/", {"step": "approve", "seen": before})

    assert answer.status_code == 409
    assert "changed after you opened" in answer.content.decode()


def test_the_page_of_a_high_level_event_offers_a_reviewer_no_approval(client):
    log_in_staff(client)
    event = make_submitted(type=EventType.RALLY)

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert 'value="approve"' not in page
    assert decide(client, event, "approve").status_code == 403


def test_a_cancelled_event_can_only_be_taken_off_the_site(client):
    log_in_staff(client)
    event = make_event(state=EventState.CANCELLED)
    make_timeslot(event)
    page = client.get(f"/review/events/{event.pk}/").content.decode()
    assert "<summary>Take it off the site</summary>" in page


def test_a_likely_duplicate_is_as_far_away_as_people_say_it(client):
    log_in_staff(client)
    event = make_submitted()
    make_timeslot(make_event(), starts_at=event.timeslots.get().starts_at)
    page = client.get(f"/review/events/{event.pk}/").content.decode()
    assert "less than a mile away" in page


@pytest.mark.parametrize("step", ["", "explode", "approve\x00"])
def test_an_unknown_step_does_nothing(client, step):
    log_in_staff(client)
    event = make_submitted()

    assert decide(client, event, step).status_code == 400
    event.refresh_from_db()
    assert event.state == EventState.SUBMITTED


def test_reading_a_homes_address_is_noted_once_a_day(client):
    staff = log_in_staff(client)
    home, hall = make_submitted(private=True), make_submitted()

    for event in (home, home, hall):
        client.get(f"/review/events/{event.pk}/")

    assert [(one.event, one.reader) for one in AddressReading.objects.all()] == [
        (home, f"user:{staff.pk}")
    ]


def test_a_draft_is_nobodys_business(client):
    log_in_staff(client)
    event = make_event(state=EventState.DRAFT)

    assert client.get(f"/review/events/{event.pk}/").status_code == 404


def test_the_page_shows_old_and_new_side_by_side(client):
    log_in_staff(client)
    event = make_public()
    hold_change(event, venue="The Old Mill")

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert "<del>Elm Street Hall</del>" in page
    assert "<ins>The Old Mill</ins>" in page


def test_script_in_every_field_stays_words(client):
    log_in_staff(client)
    bad = "<script>alert(1)</script>"
    event = make_submitted(
        title=bad, description=bad, venue=bad, street=bad, contact_name=bad, parking_notes=bad
    )
    EventReport.objects.create(event=event, reason="spam", words=bad, created_at=timezone.now())

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert bad not in page
    assert bad not in client.get("/review/").content.decode()


def test_staff_mend_on_the_page(client):
    log_in_staff(client)
    event = make_submitted()
    form = client.get(f"/review/events/{event.pk}/fix/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}

    mended = {"title": "Fixed", "picture_alt": "A porch with chairs", "city": "Bexley"}
    client.post(f"/review/events/{event.pk}/fix/", data | mended)

    event.refresh_from_db()
    assert {name: getattr(event, name) for name in mended} == mended


def test_staff_type_a_place_as_loosely_as_hosts_do(client):
    log_in_staff(client)
    event = make_submitted()
    form = client.get(f"/review/events/{event.pk}/fix/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}

    loose = {"city": "", "state_code": "ohio", "postal_code": "43215-1234"}
    client.post(f"/review/events/{event.pk}/fix/", data | loose)

    event.refresh_from_db()
    assert (event.city, event.state_code, event.postal_code) == ("", "OH", "43215")


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"title": "x" * 5000},
        {"type": "circus"},
        {"contact_phone": "call me"},
        {"contact_email": "nobody"},
        {"city": "", "postal_code": ""},
        {"postal_code": "00000", "city": "Nowhereville"},
        {"state_code": "Ohwow"},
        {"street": "", "venue": ""},
        {"country": "XX"},
        {"attendance_mode": "virtual"},
        {"joining_url": "javascript:alert(1)"},
    ],
)
def test_a_mend_that_makes_no_sense_is_shown_again(client, bad):
    log_in_staff(client)
    event = make_submitted()
    form = client.get(f"/review/events/{event.pk}/fix/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}

    answer = client.post(f"/review/events/{event.pk}/fix/", data | bad)

    assert answer.status_code == 422
    assert not VettingDecision.objects.exists()


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("x", "1"), ("91", "0"), ("nan", "0"), ("0", "inf"), ("10", "10")]
)
def test_a_pin_that_makes_no_sense_stays_where_it_is(client, latitude, longitude):
    log_in_staff(client)
    event = make_submitted()

    answer = client.post(
        f"/review/events/{event.pk}/pin/",
        {"seen": seen(event), "latitude": latitude, "longitude": longitude},
    )

    assert answer.status_code in {409, 422}
    assert f'value="{latitude}"' in answer.content.decode()
    event.refresh_from_db()
    assert event.pin_moved is False


def test_events_are_found_by_title_number_and_host(client):
    log_in_staff(client)
    event = make_submitted(title="Soup and songs")
    make_submitted(title="Something else")

    for words in ("soup", str(event.pk), event.host.email):
        page = client.get("/review/events/", {"q": words}).content.decode()
        assert "Soup and songs" in page, words
    assert client.get("/review/events/", {"q": "\x00 ⁄ \u202e" + "9" * 400}).status_code == 200


def test_trust_is_taken_back(client):
    log_in_staff(client)
    host = make_host(trusted=True)

    client.post(f"/review/hosts/{host.pk}/")

    assert Host.objects.get(pk=host.pk).trusted_at is None
    assert Record.objects.get().words == "taken"


@pytest.mark.parametrize(
    ("event", "page"),
    [("12", "/review/events/12/"), ("two", "/review/"), ("9" * 5000, "/review/")],
)
def test_taking_trust_back_leads_to_the_page_it_came_from(client, event, page):
    log_in_staff(client)
    host = make_host(trusted=True)

    assert client.post(f"/review/hosts/{host.pk}/", {"event": event}).url == page


def test_the_pages_take_as_many_queries_for_much_as_for_little(
    client, django_assert_max_num_queries
):
    log_in_staff(client)
    event = make_submitted()
    for _ in range(3):
        make_submitted(host=event.host)
        EventReport.objects.create(event=event, reason="spam", created_at=timezone.now())
        make_timeslot(event, hours=3)

    with django_assert_max_num_queries(36):
        client.get(f"/review/events/{event.pk}/")
    with django_assert_max_num_queries(20):
        client.get("/review/")
