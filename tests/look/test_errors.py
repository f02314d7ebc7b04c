"""Pages for what went wrong: plain words, and standing without the database."""

import pytest
from django.db import OperationalError, connection
from django.db.utils import InterfaceError
from django.test import Client, RequestFactory

from config import errors
from tests.factories import make_event, make_timeslot, make_user


class Away:
    """Stands between Django and the database, and fails every statement."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, execute, sql, params, many, context):
        raise self.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error", [OperationalError("database is locked"), InterfaceError("connection already closed")]
)
def test_locked_or_lost_database_answers_503_and_when_to_come_back(client, error):
    event = make_event()
    make_timeslot(event)
    with connection.execute_wrapper(Away(error)):
        answer = client.get(event.get_absolute_url())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(errors.RETRY_AFTER)
    assert "Back in a moment" in answer.text
    assert client.get(event.get_absolute_url()).status_code == 200


@pytest.mark.django_db
def test_database_lost_while_reading_the_session_answers_503_too():
    client = Client(raise_request_exception=False)
    client.force_login(make_user())
    with connection.execute_wrapper(Away(OperationalError("gone"))):
        assert client.get("/accounts/login/").status_code == 503


@pytest.mark.django_db
def test_page_that_is_not_there_asks_nothing_of_the_database(client):
    client.force_login(make_user())
    with connection.execute_wrapper(Away(OperationalError("gone"))):
        answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "There's nothing at this address" in answer.text


def test_stale_form_is_explained():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a@example.org"})
    assert answer.status_code == 403
    assert "This page sat open too long" in answer.text


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (lambda request: errors.bad_request(request, ValueError()), 400),
        (lambda request: errors.forbidden(request, ValueError()), 403),
        (errors.too_many, 429),
        (errors.server_error, 500),
        (errors.unavailable, 503),
    ],
)
def test_every_error_page_stands_alone_and_is_never_kept(page, status):
    answer = page(RequestFactory().post("/"))
    assert answer.status_code == status
    assert "no-store" in answer.headers["Cache-Control"]
    assert "<h1>" in answer.text


def test_a_form_that_met_no_database_is_told_that_nothing_was_saved():
    assert "was not saved" in errors.unavailable(RequestFactory().post("/")).text
    assert "was not saved" not in errors.unavailable(RequestFactory().get("/")).text
