"""Seniors read the record, narrowed by person, event, kind and days."""

from datetime import timedelta

import pytest

from hosts import records, sealing
from hosts.models import RecordKind
from tests.factories import log_in_staff, make_event, make_rsvp, make_timeslot, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(now):
    """A decision and a guest's reading of one home, and a role given three days later."""
    home = make_event(private=True)
    guest = make_rsvp(make_timeslot(home), email="guest@example.org").guest
    reviewer = make_user(email="ruth@example.org", name="Ruth Reviewer")
    records.record(
        RecordKind.DECISION,
        about=f"event:{home.pk}",
        by=reviewer,
        now=now,
        words="rejected",
        details="No such street.",
    )
    records.record(
        RecordKind.READING, about=f"event:{home.pk}", by=None, now=now, details=f"guest:{guest.pk}"
    )
    records.record(
        RecordKind.ROLE, about=f"user:{reviewer.pk}", by=None, now=now + timedelta(days=3)
    )
    return home


def shown(client, **query):
    page = client.get("/review/records/", query)
    assert page.status_code == 200
    return [row.kind for row in page.context["page"]]


def test_the_newest_row_comes_first(client, rows):
    log_in_staff(client, senior=True)

    assert shown(client) == ["role", "reading", "decision"]


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({"who": "ruth@example.org"}, ["role", "decision"]),
        ({"who": "Guest@Example.org"}, ["reading"]),
        ({"who": "nobody@example.org"}, []),
        ({"kind": "decision"}, ["decision"]),
        ({"since": "2026-07-16"}, ["role"]),
        ({"until": "2026-07-15"}, ["reading", "decision"]),
        ({"since": "2026-07-15", "until": "2026-07-18", "kind": "role"}, ["role"]),
        ({"since": "0001-01-01", "until": "9999-12-31"}, ["role", "reading", "decision"]),
        ({"since": "yesterday"}, []),
        ({"kind": "gossip"}, []),
    ],
)
def test_the_page_narrows(client, rows, query, kinds):
    log_in_staff(client, senior=True)

    assert shown(client, **query) == kinds


def test_the_page_narrows_to_an_event(client, rows):
    log_in_staff(client, senior=True)

    assert shown(client, event=rows.pk) == ["reading", "decision"]


def test_pages_keep_what_was_asked_for(client, now):
    log_in_staff(client, senior=True)
    for _ in range(51):
        records.record(RecordKind.TEXT, about="page:terms", by=None, now=now)
    sealing.seal(now)

    page = client.get("/review/records/", {"kind": "text"}).content.decode()

    assert "?kind=text&amp;page=2" in page
    assert "The chain has 51 links" in page
    assert len(shown(client, kind="text", page=2)) == 1


def test_reviewers_find_no_records(client, rows):
    log_in_staff(client)

    assert client.get("/review/records/").status_code == 404
