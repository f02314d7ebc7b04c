"""allauth's own pages: in the site's look and words."""

from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.urls import reverse
from django.utils import timezone

from hosts.second_factor import current_code, give_authenticator_app
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

# allauth's wording of what these pages say in ours.
NOT_OURS = (
    "Security Key",
    "two-factor",
    "Passwordless",
    "Reset My Password",
    "Change Password",
    "Set Password",
    "Current Password",
    "New Password",
    "(again)",
    "Authenticator App",
    "Recovery Codes",
    "Generate",
    "Are you sure",
    "functionality",
)


@pytest.fixture
def locked(client):
    """Somebody with every second factor, just asked for one."""
    user = make_user(email="robin@example.org", password="a long sentence of mine")
    give_authenticator_app(user, secret=SECRET)
    RecoveryCodes.activate(user)
    key = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Blue key", "credential": {}}
    )
    client.force_login(user)
    client.post(reverse("mfa_reauthenticate"), {"code": current_code(user, now=timezone.now())})
    return SimpleNamespace(user=user, key=key)


def words_of(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.headers.get("Location"))
    return answer.content.decode()


def says_only_our_words(page: str) -> None:
    assert [words for words in NOT_OURS if words in page] == []
    assert 'class="site-header"' in page


@pytest.mark.parametrize(
    "name",
    [
        "account_email",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_deactivate_totp",
        "mfa_list_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
    ],
)
def test_pages_of_an_account_speak_plainly(client, locked, name):
    says_only_our_words(words_of(client, reverse(name)))


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_pages_of_one_key_speak_plainly(client, locked, name):
    page = words_of(client, reverse(name, args=[locked.key.pk]))

    says_only_our_words(page)
    assert "Blue key" in page


@pytest.mark.parametrize("name", ["account_set_password", "mfa_activate_totp", "mfa_add_webauthn"])
def test_pages_of_a_fresh_account_speak_plainly(client, name):
    client.force_login(make_user(email="robin@example.org"))
    EmailAddress.objects.update(verified=True)

    says_only_our_words(words_of(client, reverse(name)))


@pytest.mark.parametrize(
    "name", ["account_login", "account_signup", "account_request_login_code",
             "account_reset_password", "account_inactive"],
)  # fmt: skip
def test_pages_before_the_log_in_speak_plainly(client, name):
    says_only_our_words(words_of(client, reverse(name)))


def test_somebody_with_a_new_password_is_led_to_the_log_in(client):
    page = words_of(client, reverse("account_password_reset_completed"))

    says_only_our_words(page)
    assert "Your new password is set" in page
    assert f'<a class="btn btn-primary" href="{reverse("account_login")}">' in page


def test_a_wrong_code_of_the_app_is_refused_kindly(client):
    user = make_user()
    give_authenticator_app(user, secret=SECRET)
    client.force_login(user)

    page = client.post(reverse("mfa_reauthenticate"), {"code": "not it"}).content.decode()

    assert "not the code the app is showing" in page


def test_an_empty_box_is_asked_for_in_our_words(client):
    client.force_login(make_user(email="robin@example.org"))
    EmailAddress.objects.update(verified=True)

    page = client.post(reverse("account_set_password"), {}).content.decode()

    assert "Please fill this in." in page
