"""Passwords and codes, as OWASP ASVS 5.0 asks for them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    get_default_password_validators,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from hosts.models import User
from outbox.models import Message
from tests.factories import make_user

pytestmark = pytest.mark.django_db

MINE = "a long sentence of mine"


@pytest.fixture
def user(client):
    user = make_user(email="robin@example.org", password=MINE)
    EmailAddress.objects.filter(user=user).update(verified=True)
    return user


def change(client, old: str, new: str):
    typed = {"oldpassword": old, "password1": new, "password2": new}
    return client.post("/accounts/password/change/", typed)


def test_a_password_is_changed_with_the_one_before_and_not_without(client, user):
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": MINE})

    refused = change(client, "not that one", "another sentence of mine")
    user.refresh_from_db()
    assert refused.status_code == 200
    assert user.check_password(MINE)

    change(client, MINE, "another sentence of mine")
    user.refresh_from_db()
    assert user.check_password("another sentence of mine")


@pytest.mark.parametrize("short", ["", "seven77", "nine char"])
def test_a_short_password_is_refused(short):
    with pytest.raises(ValidationError):
        validate_password(short)


@pytest.mark.parametrize("common", ["password123", "1234567890", "qwertyuiop"])
def test_a_password_of_everybody_is_refused(client, user, common):
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": MINE})

    answer = change(client, MINE, common)

    assert "too common" in answer.content.decode()


def test_more_than_three_thousand_common_passwords_of_ten_letters_and_more_are_known():
    validator = next(
        one for one in get_default_password_validators() if isinstance(one, CommonPasswordValidator)
    )
    long_enough = [word for word in validator.passwords if len(word) >= 10]

    assert len(long_enough) > 20_000
    for password in long_enough[:100]:
        with pytest.raises(ValidationError, match="too common"):
            validate_password(password)


@pytest.mark.parametrize(
    "password", ["aaaaabbbbbcc dd", "8264915073", "ÄÖÜ äöü ß €", "\U0001f389" * 12, "w" * 63 + "!"]
)
def test_a_password_may_be_of_any_letters(password):
    validate_password(password)


@pytest.mark.parametrize("typed", [f" {MINE}", f"{MINE} ", MINE.upper(), MINE[:-1], f"{MINE}x"])
def test_a_password_counts_exactly_as_it_was_typed(client, user, typed):
    client.post("/accounts/login/", {"login": user.email, "password": typed})

    assert "_auth_user_id" not in client.session


def test_spaces_around_a_password_are_part_of_it(client):
    user = make_user(email="robin@example.org", password=f" {MINE} ")
    EmailAddress.objects.filter(user=user).update(verified=True)

    client.post("/accounts/login/", {"login": user.email, "password": f" {MINE} "})

    assert client.session["_auth_user_id"] == str(user.pk)


def test_password_fields_hide_what_is_typed_and_welcome_password_managers(client, user):
    pages = [client.get(f"/accounts/{path}/") for path in ("login", "signup")]
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": MINE})
    pages.append(client.get("/accounts/password/change/"))
    fields = [
        field
        for page in pages
        for field in re.findall(r"<input[^>]*>", page.content.decode())
        if re.search(r'name="(old)?password\d?"', field)
    ]

    assert len(fields) >= 3
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
    for script in Path(settings.BASE_DIR, "static", "js").glob("*.js"):
        assert "paste" not in script.read_text()


def test_a_password_guessed_five_times_in_five_minutes_must_wait(client, user):
    for _ in range(6):
        last = client.post("/accounts/login/", {"login": user.email, "password": "a guess of mine"})
    right = client.post("/accounts/login/", {"login": user.email, "password": MINE})

    assert "Too many tries" in last.content.decode()
    assert "Too many tries" in right.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_guesser_locks_nobody_out_of_a_code_by_mail(client, user):
    for _ in range(6):
        client.post("/accounts/login/", {"login": user.email, "password": "a guess of mine"})

    page = client.post("/accounts/login/code/", {"email": user.email})["Location"]
    client.post(page, {"code": Message.objects.get(kind="account_code").payload["code"]})

    assert client.session["_auth_user_id"] == str(user.pk)


def a_code(client, user) -> tuple[str, str]:
    page = client.post("/accounts/login/code/", {"email": user.email})["Location"]
    return page, Message.objects.latest("pk").payload["code"]


def test_a_log_in_code_is_random_and_works_once(client, user):
    page, code = a_code(client, user)
    client.post(page, {"code": code})
    assert client.session["_auth_user_id"] == str(user.pk)
    client.post("/accounts/logout/")
    client.cookies.clear()

    page, other = a_code(client, user)
    client.post(page, {"code": code})

    assert other != code
    assert "_auth_user_id" not in client.session


def test_a_log_in_code_is_too_late_after_a_quarter_of_an_hour(client, user):
    page, code = a_code(client, user)

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        client.post(page, {"code": code})

    assert "_auth_user_id" not in client.session


NETWORKS = ("192.0.2.9", "198.51.100.9", "203.0.113.9")


def ask_for_codes(email: str, *, times: int, ip: str = NETWORKS[0]) -> set[str]:
    """Where so many browsers are led."""
    return {
        Client().post("/accounts/login/code/", {"email": email}, REMOTE_ADDR=ip)["Location"]
        for _ in range(times)
    }


def letters_to(email: str) -> int:
    return Message.objects.filter(recipient=email).count()


def test_one_address_gets_twenty_codes_a_day_and_the_page_answers_the_same(user, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    said = set()
    for ip in NETWORKS:
        said |= ask_for_codes(user.email.upper(), times=10, ip=ip)

    assert letters_to(user.email) == 20
    assert len(said) == 1


def test_whoever_asks_for_codes_from_one_network_leaves_their_owner_some(user, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    ask_for_codes(user.email, times=30)
    assert letters_to(user.email) == 10

    ask_for_codes(user.email, times=1, ip=NETWORKS[1])
    assert letters_to(user.email) == 11


def test_who_has_no_account_is_told_three_times_in_any_day(settings, now):
    settings.ACCOUNT_RATE_LIMITS = False
    midnight = now.replace(hour=0)
    for minutes in (-5, 5):
        with time_machine.travel(midnight + timedelta(minutes=minutes), tick=False):
            ask_for_codes("nobody@example.org", times=5)

    assert letters_to("nobody@example.org") == 3
    with time_machine.travel(midnight + timedelta(days=2), tick=False):
        ask_for_codes("nobody@example.org", times=5)
    assert letters_to("nobody@example.org") == 6


@pytest.mark.parametrize("known", [True, False])
def test_signing_up_and_new_passwords_count_among_these_letters(settings, known, user):
    settings.ACCOUNT_RATE_LIMITS = False
    email = user.email if known else "nobody@example.org"
    for ip in NETWORKS:
        for number in range(10):
            Client().post("/accounts/password/reset/", {"email": email}, REMOTE_ADDR=ip)
            typed = {"email": email, "name": "Alex", "password1": f"a-long-password-{number}"}
            Client().post("/accounts/signup/", typed, REMOTE_ADDR=ip)

    codes = Message.objects.filter(recipient=email, kind="account_code").count()
    assert codes <= 20
    assert letters_to(email) - codes == 3


def test_a_fresh_site_has_no_accounts():
    assert not User.objects.exists()


def test_nobody_is_asked_for_a_hint_or_a_secret_question():
    names = {field.name for field in User._meta.get_fields()}

    assert not [name for name in names if re.search("hint|question|answer", name)]


def test_production_keeps_passwords_under_argon2(settings):
    from config import settings as chosen

    assert chosen.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    settings.PASSWORD_HASHERS = chosen.PASSWORD_HASHERS
    user = make_user(password=MINE)

    assert user.password.startswith("argon2$argon2id$")
    assert check_password(MINE, user.password)
