"""Second factors: what setting one up proves, and the demo's authenticator app."""

import base64
import hmac
from datetime import datetime

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.http import HttpRequest

from hosts.models import User

PERIOD = 30  # seconds; RFC 6238 section 4.1
DIGITS = 6


def count_set_up_as_proof() -> None:
    """Spare people a second code right after set-up; called once, when the app is ready."""
    authenticator_added.connect(_set_up, dispatch_uid="hosts.second_factor")


def _set_up(*, request: HttpRequest, authenticator: Authenticator, **_more: object) -> None:
    """Setting up a factor shows that this session's person holds it, as using it would.

    It opens nothing to a thief that asking again would not: whoever set it up can use it. A
    typed code is checked once more, which spends it: overheard, it opens no other session.
    """
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return  # they come along by themselves
    proof = ReauthenticateForm({"code": request.POST.get("code", "")}, user=request.user)
    if authenticator.type == Authenticator.Type.TOTP and not proof.is_valid():
        return
    proof.authenticator = authenticator
    proof.save()


def give_authenticator_app(user: User, *, secret: str) -> Authenticator:
    """Set up an authenticator app with this base32 secret, as if `user` had scanned it."""
    factor, _created = Authenticator.objects.update_or_create(
        user=user,
        type=Authenticator.Type.TOTP,
        defaults={"data": {"secret": get_adapter().encrypt(secret)}},
    )
    return factor


def current_code(user: User, *, now: datetime) -> str | None:
    """What the person's authenticator app shows at `now`; None where they have none."""
    factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if factor is None:
        return None
    secret = get_adapter().decrypt(factor.data["secret"])
    return totp(secret, at=now)


def totp(secret: str, *, at: datetime) -> str:
    """RFC 6238's code of a base32 secret (HMAC-SHA-1, six digits, 30 seconds)."""
    counter = int(at.timestamp()) // PERIOD
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F  # RFC 4226 section 5.3, dynamic truncation
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"
