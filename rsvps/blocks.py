"""Who may not come back: people a host removed from an event and keeps out.

What is kept is a keyed hash of each contact, per event, apart from the guest's row: a change of
address, a mended phone number or the erasure of a person's data must not open the door again.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from django.conf import settings

from events.models import Event
from rsvps.models import Block, Guest

# These deliver "a.b@" and "ab@" to one mailbox.
_DOTS_DO_NOT_COUNT = {"gmail.com", "googlemail.com"}


def mailbox(email: str) -> str:
    """The mailbox behind a normalised address: what stands after a plus does not count."""
    name, _at, domain = email.lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in _DOTS_DO_NOT_COUNT:
        return f"{name.replace('.', '')}@gmail.com"
    return f"{name}@{domain}"


def address_digest(email: str) -> str:
    """A keyed hash of the mailbox behind `email`."""
    return _digest("email", mailbox(email))


def keep_out(guest: Guest, *, now: datetime) -> None:
    """Block the guest's e-mail, the addresses they had here before, and their phone (E.164)."""
    Block.objects.bulk_create(
        [
            Block(event=guest.event, digest=digest, created_at=now)
            for digest in sorted(contacts_of(guest))
        ],
        ignore_conflicts=True,
    )


def let_in(guest: Guest) -> None:
    """Undo `keep_out` for the contacts the guest has now."""
    Block.objects.filter(event=guest.event, digest__in=contacts_of(guest)).delete()


def contacts_of(guest: Guest) -> set[str]:
    """Keyed hashes of all the contacts this guest has or had here."""
    digests = {address_digest(guest.supporter.email), *guest.earlier_addresses}
    if guest.supporter.phone:
        digests.add(_digest("phone", guest.supporter.phone))
    return digests


def is_kept_out(event: Event, *, emails: Iterable[str] = (), phones: Iterable[str] = ()) -> bool:
    """Whether a host of `event` keeps out whoever has one of these e-mails or phones.

    Of the phones both count: the one typed now, and the one on file.
    """
    digests = [address_digest(email) for email in emails]
    digests += [_digest("phone", phone) for phone in phones if phone]
    return Block.objects.filter(event=event, digest__in=digests).exists()


def _digest(kind: str, contact: str) -> str:
    words = f"{kind}:{contact}".encode()
    # The key that outlives the others: it is never changed (docs/operations.md).
    return hmac.new(settings.ADDRESS_KEY.encode(), words, sha256).hexdigest()
