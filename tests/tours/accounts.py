"""allauth's pages, in our clothes: in and out, and what belongs to somebody logged in."""

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from hosts.models import StaffRole, User
from hosts.second_factor import give_authenticator_app
from outbox.models import Message
from tests.factories import make_host, make_user, use_second_factor

PASSWORD = "a long sentence of mine"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def _logged_in(client: Client, user: User) -> User:
    """Logged in, and having proved who they are a moment ago."""
    EmailAddress.objects.filter(user=user).update(verified=True)
    client.force_login(user)
    session = client.session
    use_second_factor(session, user)
    session["account_authentication_methods"][-1]["reauthenticated"] = True
    session.save()
    return user


def _code() -> str:
    return Message.objects.filter(kind="account_code").latest("pk").payload["code"]


def _passkey(user: User) -> Authenticator:
    """A passkey as allauth keeps it; its key is made up."""
    key = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    held = AttestedCredentialData.create(b"\0" * 16, b"a passkey", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    about = AuthenticatorData.create(sha256(b"localhost"), flags, 0, held)
    asked = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    credential = {
        "id": websafe_encode(b"a passkey"),
        "rawId": websafe_encode(b"a passkey"),
        "type": "public-key",
        "clientExtensionResults": {"credProps": {"rk": True}},
        "response": {
            "clientDataJSON": websafe_encode(asked),
            "attestationObject": websafe_encode(AttestationObject.create("none", about, {})),
        },
    }
    data = {"name": "My phone", "credential": credential}
    return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)


def in_by_code(client: Client) -> Iterator[HttpResponse]:
    make_user(email="robin@example.org")
    yield client.get("/accounts/login/code/")
    yield client.post("/accounts/login/code/", {"email": "a"})
    yield client.post("/accounts/login/code/", {"email": "robin@example.org"}, follow=True)
    yield client.post("/accounts/login/code/confirm/", {"code": "000000"})


def in_by_password(client: Client) -> Iterator[HttpResponse]:
    user = make_user(email="robin@example.org", password=PASSWORD)
    EmailAddress.objects.filter(user=user).update(verified=True)
    yield client.get("/accounts/login/")
    yield client.post("/accounts/login/", {"login": user.email, "password": "x"})
    give_authenticator_app(user, secret=SECRET)
    typed = {"login": user.email, "password": PASSWORD}
    yield client.post("/accounts/login/", typed, follow=True)
    yield client.post("/accounts/2fa/authenticate/", {"code": "000000"})


def signing_up(client: Client) -> Iterator[HttpResponse]:
    yield client.get("/accounts/signup/")
    yield client.post("/accounts/signup/", {"email": "a"})
    yield client.post("/accounts/signup/", {"email": "new@example.org"}, follow=True)


def a_password_forgotten(client: Client) -> Iterator[HttpResponse]:
    user = make_user(email="robin@example.org", password=PASSWORD)
    EmailAddress.objects.filter(user=user).update(verified=True)
    yield client.get("/accounts/password/reset/")
    yield client.post("/accounts/password/reset/", {"email": user.email}, follow=True)
    typed = {"code": _code()}
    yield client.post("/accounts/password/reset/confirm/", typed, follow=True)
    typed = {"password1": "a", "password2": "b"}
    yield client.post("/accounts/password/reset/complete/", typed)
    yield client.get("/accounts/password/reset/done/")


def not_active(client: Client) -> Iterator[HttpResponse]:
    yield client.get("/accounts/inactive/")


def of_a_new_host(client: Client) -> Iterator[HttpResponse]:
    _logged_in(client, make_host().user)
    yield client.get("/accounts/logout/")
    yield client.get("/accounts/data/")
    yield client.post("/accounts/data/", follow=True)
    yield client.get("/accounts/2fa/")
    yield client.get("/accounts/2fa/totp/activate/")
    yield client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    yield client.get("/accounts/2fa/webauthn/")
    yield client.get("/accounts/email/")
    yield client.post("/accounts/email/", {"email": "a", "action_add": ""})
    yield client.post("/accounts/email/", {"email": "n@example.org", "action_add": ""}, follow=True)
    yield client.get("/accounts/email/")
    yield client.get("/accounts/password/set/")


def of_somebody_with_every_lock(client: Client) -> Iterator[HttpResponse]:
    user = _logged_in(client, make_user(password=PASSWORD, staff_role=StaffRole.REVIEWER))
    give_authenticator_app(user, secret=SECRET)
    key = _passkey(user)
    yield client.get("/accounts/2fa/recovery-codes/generate/")
    client.post("/accounts/2fa/recovery-codes/generate/")
    for end in ("", "totp/deactivate/", "recovery-codes/", "webauthn/", "webauthn/add/"):
        yield client.get(f"/accounts/2fa/{end}")
    yield client.get(f"/accounts/2fa/webauthn/keys/{key.pk}/edit/")
    yield client.get(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")
    yield client.get("/accounts/password/change/")
    yield client.post("/accounts/password/change/", {"oldpassword": "x"})


def asked_again_who_one_is(client: Client) -> Iterator[HttpResponse]:
    user = make_user(password=PASSWORD, last_login=timezone.now())
    client.force_login(user)
    yield client.get("/accounts/reauthenticate/")
    give_authenticator_app(user, secret=SECRET)
    _passkey(user)
    yield client.get("/accounts/2fa/reauthenticate/")
    yield client.get("/accounts/2fa/webauthn/reauthenticate/")


TOURS = (
    in_by_code,
    in_by_password,
    signing_up,
    a_password_forgotten,
    not_active,
    of_a_new_host,
    of_somebody_with_every_lock,
    asked_again_who_one_is,
)
