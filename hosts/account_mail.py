"""Account mail: codes and notices that allauth asks for, and the invitation to the staff.

It leaves through the ledger, first in line; what it said is blanked once it was sent.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hosts.models import User
from outbox import ledger
from outbox.letters import Kind, Letter, compose, register
from outbox.models import Message
from rsvps.limits import Asked, Limit, count

# allauth's name of a letter -> what the code in it is for.
CODES = {
    "login_code": gettext_lazy("log in"),
    "email_confirmation": gettext_lazy("confirm this address"),
    "email_confirmation_signup": gettext_lazy("finish signing up"),
    "password_reset_code": gettext_lazy("set a new password"),
}
# allauth's name of a notice -> what happened to the account.
NOTICES = {
    "email_changed": gettext_lazy("The email address of your account was changed."),
    "email_confirm": gettext_lazy("The email address of your account was confirmed."),
    "email_deleted": gettext_lazy("An email address was removed from your account."),
    "password_changed": gettext_lazy("The password of your account was changed."),
    "password_reset": gettext_lazy("The password of your account was set anew."),
    "password_set": gettext_lazy("A password was added to your account."),
    "totp_activated": gettext_lazy("An authenticator app was added to your account."),
    "totp_deactivated": gettext_lazy("The authenticator app was removed from your account."),
    "webauthn_added": gettext_lazy("A passkey or security key was added to your account."),
    "webauthn_removed": gettext_lazy("A passkey or security key was removed from your account."),
    "recovery_codes_generated": gettext_lazy("New recovery codes were made for your account."),
}
# allauth's name -> the answer to somebody who mixed up signing up and logging in.
ANSWERS = {"unknown_account": "account_unknown", "account_already_exists": "account_known"}

# Anybody can ask for these at anybody's address, so a day brings it no more. Whoever asks in
# somebody's name from one network leaves them half of their codes.
_DAY = timedelta(days=1)
FROM_ONE_NETWORK = Limit("account mail, network", 10, _DAY, strict=True)
CODES_A_DAY = Limit("account codes", 20, _DAY, strict=True)
ANSWERS_A_DAY = Limit("account answers", 3, _DAY, strict=True)

CODE_LIFETIME = timedelta(minutes=15)  # as ACCOUNT_*_TIMEOUT in the settings


class UnknownAccountMail(LookupError):
    """allauth asks for a letter that nobody has written yet."""


def is_enough(name: str, *, to: str, network: str, now: datetime) -> bool:
    """Count a letter that was asked for from there; whether this address had its share of them.

    Both kinds of address are counted alike, so that a clock tells nobody which this one is. A
    notice is about what its reader did, so it always leaves.
    """
    if name in NOTICES:
        return False
    to, a_day = to.lower(), ANSWERS_A_DAY if name in ANSWERS else CODES_A_DAY
    from_there = count(Asked(FROM_ONE_NETWORK, f"{to} {network}"), now=now)
    return bool(from_there or count(Asked(a_day, to), now=now))


def post_account_mail(name: str, *, to: str, code: str, now: datetime) -> Message:
    """Post the letter allauth calls `name`. Raises UnknownAccountMail.

    Each is a letter of its own, so its key is random: asking twice sends two codes.
    """
    subject = f"account:{secrets.token_hex(8)}"
    if name in CODES:
        return ledger.post(
            "account_code",
            to=to,
            subject=subject,
            payload={"name": name, "code": code},
            expires_at=now + CODE_LIFETIME,
            now=now,
        )
    if name in NOTICES:
        return ledger.post(
            "account_notice", to=to, subject=subject, payload={"name": name}, now=now
        )
    if name in ANSWERS:
        return ledger.post(ANSWERS[name], to=to, subject=subject, payload={"to": to}, now=now)
    raise UnknownAccountMail(name)


def _always(message: Message, now: datetime) -> None:
    return None


def _letter(template: str, **context: object) -> Letter:
    subject, text, html = compose(template, context)
    return Letter(subject=subject, text=text, html=html)


def _link(name: str) -> str:
    return settings.SITE_URL + reverse(name)


def _render_code(message: Message, now: datetime) -> Letter:
    return _code_letter(str(CODES[message.payload["name"]]), message.payload["code"])


def _code_letter(purpose: str, code: str) -> Letter:
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    return _letter("account_code", purpose=purpose, code=code, minutes=minutes)


def _render_notice(message: Message, now: datetime) -> Letter:
    return _notice_letter(str(NOTICES[message.payload["name"]]), message.created_at)


def _notice_letter(happened: str, at: datetime) -> Letter:
    return _letter(
        "account_notice", happened=happened, at=at, contact_url=settings.SITE_URL + "/contact/"
    )


def _render_unknown(message: Message, now: datetime) -> Letter:
    return _letter("account_unknown", sign_up_url=_link("account_signup"))


def _render_known(message: Message, now: datetime) -> Letter:
    return _letter("account_known", log_in_url=_link("account_login"))


def _still_staff(message: Message, now: datetime) -> str | None:
    user = User.objects.filter(pk=message.subject_key.removeprefix("user:")).first()
    return None if user and user.staff_role else _("no longer on the staff")


def _render_invitation(message: Message, now: datetime) -> Letter:
    return _invitation_letter(senior=message.payload["senior"])


def _invitation_letter(*, senior: bool) -> Letter:
    return _letter("staff_invitation", senior=senior, review_url=_link("review_queue"))


def register_kinds() -> None:
    """Tell the ledger about these letters; called once, when the app is ready."""
    _register(
        "account_code",
        gettext_lazy("Code"),
        _render_code,
        useful_for=CODE_LIFETIME,
        example=lambda now: _code_letter(_("log in"), "K7Q-2MX"),
    )
    _register(
        "account_notice",
        gettext_lazy("Notice about an account"),
        _render_notice,
        example=lambda now: _notice_letter(str(NOTICES["password_set"]), now),
    )
    _register(
        "account_unknown",
        gettext_lazy("No account yet"),
        _render_unknown,
        in_doubt="leave",
        example=lambda now: _letter("account_unknown", sign_up_url=_link("account_signup")),
    )
    _register(
        "account_known",
        gettext_lazy("Account already there"),
        _render_known,
        in_doubt="leave",
        example=lambda now: _letter("account_known", log_in_url=_link("account_login")),
    )
    _register(
        "staff_invitation",
        gettext_lazy("Invitation to the staff"),
        _render_invitation,
        wanted=_still_staff,
        useful_for=timedelta(days=7),
        example=lambda now: _invitation_letter(senior=True),
    )


def _register(name: str, title: Any, render: Any, **more: Any) -> None:
    """Account mail: never held back by quiet hours; twice harms nobody, unless `more` says so."""
    shared: dict[str, Any] = {
        "wanted": _always,
        "quiet": False,
        "in_doubt": "resend",
        "account_mail": True,
    }
    register(Kind(name, title=title, render=render, **shared | more))
