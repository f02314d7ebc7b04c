"""The authenticator app of the demo's staff: given by us, and its code worked out by us."""

import base64
import hmac
from datetime import datetime

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from hosts.models import User

PERIOD = 30  # seconds; RFC 6238 section 4.1
DIGITS = 6


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
