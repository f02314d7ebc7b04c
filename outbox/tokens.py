"""Tokens that name one letter, for addresses only its recipient (or their server) has seen.

They need no look-up table: the letter's number and an HMAC of it. Without the HMAC anybody
could make up a bounce and silence somebody else's letters.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from django.conf import settings
from django.utils.http import base36_to_int, int_to_base36

MAC_LENGTH = 16  # base64url characters: 96 bits


def letter_token(purpose: str, message_id: int) -> str:
    """A token of the letter for one `purpose` ("bounce", "unsubscribe"), about 24 characters."""
    return f"{int_to_base36(message_id)}.{_mac(purpose, message_id)}"


def letter_of(purpose: str, token: str, *, any_case: bool = False) -> int | None:
    """The letter's number, or None where the token is not one of ours to the letter.

    `any_case`: mail servers may change the case of an address's local part.
    """
    try:
        message_id = base36_to_int(token.partition(".")[0])
        genuine = letter_token(purpose, message_id)
    except ValueError:
        return None
    if any_case:
        token, genuine = token.lower(), genuine.lower()
    return message_id if hmac.compare_digest(token.encode(), genuine.encode()) else None


def _mac(purpose: str, message_id: int) -> str:
    digest = hmac.digest(
        settings.LINK_KEY.encode(), f"outbox:{purpose}:{message_id}".encode(), hashlib.sha256
    )
    return urlsafe_b64encode(digest).decode()[:MAC_LENGTH]
