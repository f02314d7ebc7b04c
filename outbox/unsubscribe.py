"""The ledger's own unsubscribe link, for letters whose kind brings none (hosts, staff)."""

from django.conf import settings

from outbox.models import Message
from outbox.tokens import letter_of, letter_token


def link(message: Message) -> str:
    """An address of at most 72 characters; `rsvps` serves it under /u/<token>."""
    return f"{settings.SITE_URL}/u/{letter_token('unsubscribe', message.pk)}"


def address_behind(token: str) -> str | None:
    """Whose letter the token stood in; None where it is not ours or was forgotten since."""
    message_id = letter_of("unsubscribe", token)
    if message_id is None:
        return None
    return Message.objects.filter(pk=message_id).values_list("recipient", flat=True).first() or None
