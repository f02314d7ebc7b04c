"""The session of somebody logged in: made by the site, renewed by each proof, ended for good."""

import string

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from hosts.models import StaffRole
from hosts.second_factor import current_code, give_authenticator_app
from outbox.models import Message
from tests.factories import make_host, make_user

pytestmark = pytest.mark.django_db

NAME = settings.SESSION_COOKIE_NAME
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def key_of(client: Client) -> str:
    return client.cookies[NAME].value


def with_key(key: str) -> Client:
    client = Client()
    client.cookies[NAME] = key
    return client


def opens_the_desk(client: Client) -> bool:
    return client.get("/host/").status_code == 200


@pytest.fixture
def host(client):
    host = make_host(email="robin@example.org")
    client.force_login(host.user)
    return host


def test_a_made_up_key_opens_nothing(host, client):
    key = key_of(client)

    assert opens_the_desk(with_key(key))
    for made_up in ("", "a" * 32, key[:-1], key.swapcase(), f"{key}x", host.user.email):
        assert not opens_the_desk(with_key(made_up))


def test_keys_are_random_and_longer_than_128_bits(client):
    keys = {SessionStore()._get_new_session_key() for _ in range(500)}  # as Django makes them

    assert len(keys) == 500
    alphabet = set(string.ascii_lowercase + string.digits)
    assert all(len(key) == 32 and set(key) <= alphabet for key in keys)  # 36**32 > 2**165


def test_logging_in_makes_a_new_key_and_the_one_before_opens_nothing(client):
    user = make_host(email="robin@example.org").user
    page = client.post("/accounts/login/code/", {"email": user.email})["Location"]
    before = key_of(client)

    client.post(page, {"code": Message.objects.get().payload["code"]})

    assert opens_the_desk(client)
    assert key_of(client) != before
    assert not Session.objects.filter(pk=before).exists()


def test_proving_again_who_one_is_makes_a_new_key_too(client):
    user = make_user(staff_role=StaffRole.REVIEWER)
    give_authenticator_app(user, secret=SECRET)
    client.force_login(user)
    before = key_of(client)
    page = client.get("/review/")["Location"]

    client.post(page, {"code": current_code(user, now=timezone.now())})

    assert client.get("/review/").status_code == 200
    assert key_of(client) != before
    assert with_key(before).get("/review/").status_code == 302
    assert not Session.objects.filter(pk=before).exists()


def test_logging_out_ends_the_session_at_the_server(host, client):
    key = key_of(client)

    client.post("/accounts/logout/")

    assert not opens_the_desk(with_key(key))
    assert not Session.objects.filter(pk=key).exists()


def test_a_session_that_ran_out_opens_nothing(host, client):
    Session.objects.update(expire_date=timezone.now())

    assert not opens_the_desk(client)


def test_sessions_of_somebody_made_inactive_end_at_once(host, client):
    other = Client()
    other.force_login(host.user)
    host.user.is_active = False
    host.user.save()

    assert not opens_the_desk(client)
    assert not opens_the_desk(other)


def test_a_new_password_ends_all_other_sessions(client):
    user = make_host(password="a long sentence of mine").user
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": "a long sentence of mine"})

    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "a long sentence of mine",
            "password1": "an even longer one of mine",
            "password2": "an even longer one of mine",
        },
    )

    user.refresh_from_db()
    assert user.check_password("an even longer one of mine")
    assert opens_the_desk(client)
    assert not opens_the_desk(elsewhere)
