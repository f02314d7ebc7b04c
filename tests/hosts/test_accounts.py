"""Signing up and logging in: by mailed code, alike for known and unknown addresses."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hosts import account_mail
from hosts.models import Record, StaffRole, User
from hosts.second_factor import current_code, give_authenticator_app, totp
from outbox.letters import kind_named, kinds
from outbox.models import Message
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def the_letter() -> Message:
    return Message.objects.get()


def log_in(client, email, **more):
    """Through the page that asks for a code, or for a password where `more` holds one."""
    if more:
        return client.post("/accounts/login/?next=/accounts/2fa/", {"login": email, **more})
    return client.post("/accounts/login/code/?next=/accounts/2fa/", {"email": email})


def test_signing_up_under_a_known_address_makes_no_account(client):
    make_user(email="known@example.org")
    client.post("/accounts/signup/", {"email": "known@example.org"})
    assert [user.email for user in User.objects.all()] == ["known@example.org"]
    assert the_letter().kind == "account_known"


def test_a_new_person_signs_up_with_the_code_from_the_letter(client):
    answer = client.post(
        "/accounts/signup/?next=/accounts/2fa/", {"email": "New.Person@Example.org "}
    )
    letter = the_letter()

    assert answer.status_code == 302
    assert letter.recipient == "new.person@example.org"
    assert letter.kind == "account_code"
    done = client.post(answer["Location"], {"code": letter.payload["code"]})
    assert done.status_code == 302
    user = User.objects.get(email="new.person@example.org")
    assert EmailAddress.objects.get(user=user).verified
    assert client.session["_auth_user_id"] == str(user.pk)
    assert not user.has_usable_password()


def test_an_address_is_one_address_however_it_is_typed(client):
    make_user(email="robin@xn--bcher-kva.example")
    log_in(client, " mailto:Robin@Bücher.example ")
    assert the_letter().recipient == "robin@xn--bcher-kva.example"
    assert the_letter().kind == "account_code"


def test_somebody_known_logs_in_with_the_code_from_the_letter(client):
    user = make_user(email="robin@example.org")

    answer = log_in(client, "Robin@example.org")
    client.post(answer["Location"], {"code": the_letter().payload["code"]})

    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_code_lets_nobody_in(client):
    make_user(email="robin@example.org")
    page = log_in(client, "robin@example.org")["Location"]

    for _ in range(3):
        client.post(page, {"code": "000000"})

    assert "_auth_user_id" not in client.session
    right = the_letter().payload["code"]
    client.post(page, {"code": right})  # three wrong tries spend the code
    assert "_auth_user_id" not in client.session


def test_a_password_works_for_those_who_set_one(client):
    user = make_user(email="robin@example.org", password="a long sentence of mine")
    EmailAddress.objects.filter(user=user).update(verified=True)

    log_in(client, "robin@example.org", password="a long sentence of mine")

    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_password_is_refused_with_plain_words(client):
    make_user(email="robin@example.org", password="a long sentence of mine")

    page = log_in(client, "robin@example.org", password="something else")

    assert "and password don" in page.content.decode()


def shape(answer, client) -> tuple:
    """All that an answer tells an attacker, without what is random on every page."""
    page = client.get(answer["Location"])
    body = page.content.decode()
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)
    body = re.sub(r"[a-z]+@example\.org", "ADDRESS", body)
    cookies = sorted((name, morsel["path"]) for name, morsel in client.cookies.items())
    return answer.status_code, answer["Location"], page.status_code, body, cookies


@pytest.mark.parametrize(
    ("address", "field"), [("/accounts/login/code/", "email"), ("/accounts/signup/", "email")]
)
def test_a_known_and_an_unknown_address_get_the_same_answer(address, field):
    user = make_user(email="known@example.org")
    EmailAddress.objects.filter(user=user).update(verified=True)
    answers = []
    for email in ("known@example.org", "unknown@example.org"):
        client = Client()
        answers.append(shape(client.post(address, {field: email}), client))

    assert answers[0] == answers[1]
    assert Message.objects.count() == 2  # a letter either way


def test_a_password_reset_answers_alike_too():
    make_user(email="known@example.org")
    answers = []
    for email in ("known@example.org", "unknown@example.org"):
        client = Client()
        answers.append(shape(client.post("/accounts/password/reset/", {"email": email}), client))

    assert answers[0] == answers[1]


def test_codes_are_not_mailed_without_end(client):
    make_user(email="robin@example.org")
    for _ in range(6):
        client.cookies.clear()
        last = log_in(client, "robin@example.org")

    assert Message.objects.count() == 3
    assert "Too many tries" in last.content.decode()


@pytest.mark.parametrize("email", ["", "not an address", "a@b", "x" * 250 + "@example.org"])
def test_an_impossible_address_is_refused_where_it_was_typed(client, email):
    answer = client.post("/accounts/signup/", {"email": email})

    assert answer.status_code == 200
    assert not User.objects.exists()
    assert not Message.objects.exists()


def test_every_letter_allauth_may_ask_for_is_written():
    folder = Path(allauth.__file__).parent / "templates"
    names = {
        path.name.removesuffix("_subject.txt")
        for path in [
            *folder.glob("account/email/*_subject.txt"),
            *folder.glob("mfa/email/*_s*.txt"),
        ]
    }
    by_link = {"password_reset_key"}  # we mail codes, not links
    written = {*account_mail.CODES, *account_mail.NOTICES, *account_mail.ANSWERS}

    assert names - by_link == written


def test_a_letter_nobody_wrote_is_refused_loudly():
    with pytest.raises(account_mail.UnknownAccountMail):
        account_mail.post_account_mail("birthday", to="a@example.org", code="", now=timezone.now())


@pytest.mark.parametrize("name", [*account_mail.CODES, *account_mail.NOTICES])
def test_account_letters_render(name):
    now = timezone.now()
    message = account_mail.post_account_mail(name, to="a@example.org", code="K7Q2MX", now=now)

    letter = kind_named(message.kind).render(message, now)

    assert letter.subject
    assert ("K7Q2MX" in letter.text) == (name in account_mail.CODES)


def test_account_letters_are_account_mail():
    mine = [kind for kind in kinds().values() if kind.name.startswith("account_")]

    assert len(mine) == 4
    assert all(kind.account_mail for kind in mine)


def test_staff_log_in_with_code_and_second_factor_and_it_is_on_the_record(client):
    user = make_user(email="staff@example.org", staff_role=StaffRole.REVIEWER)
    give_authenticator_app(user, secret=SECRET)

    page = client.post("/accounts/login/code/", {"email": user.email})["Location"]
    second = client.post(page, {"code": the_letter().payload["code"]})
    assert second["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    done = client.post(second["Location"], {"code": current_code(user, now=timezone.now())})

    assert done["Location"] == reverse("review_queue")
    assert client.get(done["Location"]).status_code == 200
    assert Record.objects.get().about == f"user:{user.pk}"


def test_the_code_of_rfc_6238():
    """Appendix B of RFC 6238, cut to six digits."""
    from datetime import UTC, datetime

    assert totp(SECRET, at=datetime.fromtimestamp(59, UTC)) == "287082"
    assert totp(SECRET, at=datetime.fromtimestamp(1111111109, UTC)) == "081804"


def test_the_demo_code_is_for_demos_only():
    with pytest.raises(CommandError, match="Only in demo mode"):
        call_command("demo_code")


def test_the_demo_code_is_the_one_the_log_in_takes(settings, capsys):
    settings.DEMO = True
    user = make_user(email="staff@example.org", staff_role=StaffRole.SENIOR)
    give_authenticator_app(user, secret=SECRET)

    call_command("demo_code")

    assert re.fullmatch(r"staff@example.org  \d{6}\n", capsys.readouterr().out)


@pytest.mark.django_db(transaction=True)
def test_invited_staff_set_up_their_second_factor_on_the_way_to_the_desk(client):
    """Invitation -> code by mail -> authenticator app -> recovery codes -> the queue."""
    call_command("invite_staff", "new@example.org")
    user = User.objects.get()
    page = client.post("/accounts/login/code/?next=/review/", {"email": user.email})["Location"]
    code = Message.objects.get(kind="account_code").payload["code"]
    assert client.post(page, {"code": code})["Location"] == "/review/"

    set_up = client.get("/review/")["Location"]
    form = client.get(set_up).context["form"]
    typed = totp(form.secret, at=timezone.now())
    codes = client.post(set_up, {"code": typed})["Location"]
    assert Message.objects.filter(payload={"name": "totp_activated"}).exists()
    kept = client.get(codes)

    assert "go to the review desk" in kept.content.decode()
    assert len(kept.context["unused_codes"]) == 10
    assert "All caught up" in client.get("/review/").content.decode()

    elsewhere = Client()
    elsewhere.force_login(user)
    proof = elsewhere.get("/review/")["Location"]
    elsewhere.post(proof, {"code": typed})  # seen over a shoulder: it is spent
    assert elsewhere.get("/review/").status_code == 302


def test_a_code_of_the_app_opens_the_desk_once(client):
    user = make_user(staff_role=StaffRole.REVIEWER)
    give_authenticator_app(user, secret=SECRET)
    client.force_login(user)
    proof = client.get("/review/")["Location"]
    code = current_code(user, now=timezone.now())
    client.post(proof, {"code": code})
    client.logout()
    client.force_login(user)

    again = client.post(proof, {"code": code})

    assert again.status_code == 200  # a code overheard is a code spent
    assert client.get("/review/").status_code == 302


def test_somebody_who_is_not_active_gets_no_further(client):
    user = make_user(email="gone@example.org", is_active=False)

    answer = log_in(client, user.email)

    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session
    assert not Message.objects.filter(kind="account_code").exists()
