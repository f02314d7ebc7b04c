"""Report this event: what visitors tell staff, and what staff do with it."""

import pytest
from django.utils import timezone

from events.states import EventState
from hosts.models import EventReport, Record
from tests.factories import log_in_staff, make_event, make_timeslot

pytestmark = pytest.mark.django_db


def public_event():
    event = make_event()
    make_timeslot(event)
    return event


def test_a_report_lands_in_the_queue_and_is_handled_there(client):
    event = public_event()
    assert f"/events/{event.pk}/report/" in client.get(event.get_absolute_url()).content.decode()

    answer = client.post(
        f"/events/{event.pk}/report/", {"reason": "unsafe", "words": "It shows my address."}
    )

    assert answer["Location"] == event.get_absolute_url()
    log_in_staff(client)
    assert "1 report" in client.get("/review/").content.decode()
    assert "It shows my address." in client.get(f"/review/events/{event.pk}/").content.decode()
    client.post(f"/review/reports/{EventReport.objects.get().pk}/", {"step": "handle"})
    assert "All caught up" in client.get("/review/").content.decode()


def test_a_report_is_dismissed_once(client):
    event = public_event()
    staff = log_in_staff(client)
    report = EventReport.objects.create(event=event, reason="spam", created_at=timezone.now())

    client.post(f"/review/reports/{report.pk}/", {"step": "dismiss"})
    client.post(f"/review/reports/{report.pk}/", {"step": "handle"})

    report.refresh_from_db()
    assert (report.dismissed, report.handled_by) == (True, staff)
    assert Record.objects.count() == 1


def test_a_robot_is_thanked_and_ignored(client):
    event = public_event()

    answer = client.post(
        f"/events/{event.pk}/report/", {"reason": "spam", "website": "https://pills.example"}
    )

    assert answer.status_code == 302
    assert not EventReport.objects.exists()


def test_the_same_report_twice_is_one(client):
    event = public_event()
    for _ in range(2):
        client.post(f"/events/{event.pk}/report/", {"reason": "spam", "words": "Ads"})

    assert EventReport.objects.count() == 1


def test_reports_from_one_network_do_not_flood_the_queue(client):
    event = public_event()
    for number in range(12):
        answer = client.post(
            f"/events/{event.pk}/report/", {"reason": "spam", "words": f"No {number}"}
        )

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert EventReport.objects.count() == 10


@pytest.mark.parametrize(
    "data", [{}, {"reason": "boredom"}, {"reason": "spam", "email": "no"}, {"reason": "\x00"}]
)
def test_a_report_that_makes_no_sense_is_shown_again(client, data):
    answer = client.post(f"/events/{public_event().pk}/report/", data)

    assert answer.status_code == 200
    assert not EventReport.objects.exists()


def test_a_report_without_a_reason_is_asked_for_one(client):
    answer = client.post(f"/events/{public_event().pk}/report/", {"words": ""})

    assert "Choose what is wrong." in answer.content.decode()


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.SUBMITTED, EventState.UNLISTED])
def test_an_event_that_is_not_public_cannot_be_reported(client, state):
    event = make_event(state=state)

    assert client.get(f"/events/{event.pk}/report/").status_code == 404
