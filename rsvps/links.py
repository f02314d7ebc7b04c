"""Links in letters: derived tokens that stay the same, and one-shot tickets.

A derived token is the first 22 base64url characters (132 bits) of HMAC-SHA256 over purpose, id
and generation, so every letter carries the same link and no letter has to be kept for it. The
database holds only its SHA-256: a copy of the tables opens nothing. Raising the generation
revokes. One-shot tickets are random and kept as their SHA-256 too.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.urls import reverse

from rsvps.models import Alert, Guest, Rsvp, Supporter, Ticket

_MANAGE, _UNSUBSCRIBE, _REPLY, _ALERT = "manage", "unsubscribe", "reply", "alert"


def _derive(purpose: str, id_: int, generation: int) -> str:
    words = f"{purpose}:{id_}:{generation}".encode()
    mac = hmac.new(settings.LINK_KEY.encode(), words, sha256).digest()
    return urlsafe_b64encode(mac).decode()[:22]


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _url(name: str, token: str) -> str:
    return settings.SITE_URL + reverse(name, kwargs={"token": token})


# -- Derived -------------------------------------------------------------------------


def manage_url(guest: Guest) -> str:
    """The address of this guest's own page; only ever sent by mail."""
    return _url("manage", _derive(_MANAGE, guest.pk, guest.link_generation))


def unsubscribe_url(supporter: Supporter) -> str:
    """At most 72 characters on a site name of up to 46, for the List-Unsubscribe header."""
    return _url("unsubscribe", _derive(_UNSUBSCRIBE, supporter.pk, supporter.link_generation))


def alert_url(alert: Alert) -> str:
    """The page that turns this alert on and off; as short as the one above."""
    return _url("alert", _derive(_ALERT, alert.pk, 0))


def reply_address(rsvp: Rsvp) -> str:
    """The ORGANIZER and From of this RSVP's letters, which a calendar's reply comes to."""
    token = _derive(_REPLY, rsvp.pk, rsvp.guest.reply_generation)
    return f"rsvp+{token}@{settings.MAIL_DOMAIN}"


def seal_supporter(supporter: Supporter) -> None:
    """Store the digest of the supporter's link, once the row has its id."""
    token = _derive(_UNSUBSCRIBE, supporter.pk, supporter.link_generation)
    supporter.unsubscribe_digest = _digest(token)
    supporter.save(update_fields=["unsubscribe_digest"])


def seal_alert(alert: Alert) -> None:
    """Store the digest of the alert's link, once the row has its id."""
    alert.digest = _digest(_derive(_ALERT, alert.pk, 0))
    alert.save(update_fields=["digest"])


def seal_guest(guest: Guest) -> None:
    """Store the digest of the guest's link, once the row has its id."""
    guest.manage_digest = _digest(_derive(_MANAGE, guest.pk, guest.link_generation))
    guest.save(update_fields=["manage_digest"])


def seal_rsvps(guest: Guest, rsvps: list[Rsvp]) -> None:
    """Store the digests of the reply addresses, once the rows have their ids."""
    for rsvp in rsvps:
        rsvp.reply_digest = _digest(_derive(_REPLY, rsvp.pk, guest.reply_generation))
    Rsvp.objects.bulk_update(rsvps, ["reply_digest"])


def seal_many(
    supporters: Sequence[Supporter], guests: Sequence[Guest], rsvps: Sequence[Rsvp]
) -> None:
    """As the three above, for thousands of rows at once; the rsvps' guests are among `guests`."""
    for supporter in supporters:
        token = _derive(_UNSUBSCRIBE, supporter.pk, supporter.link_generation)
        supporter.unsubscribe_digest = _digest(token)
    for guest in guests:
        guest.manage_digest = _digest(_derive(_MANAGE, guest.pk, guest.link_generation))
    for rsvp in rsvps:
        token = _derive(_REPLY, rsvp.pk, rsvp.guest.reply_generation)
        rsvp.reply_digest = _digest(token)
    Supporter.objects.bulk_update(supporters, ["unsubscribe_digest"], batch_size=400)
    Guest.objects.bulk_update(guests, ["manage_digest"], batch_size=400)
    Rsvp.objects.bulk_update(rsvps, ["reply_digest"], batch_size=400)


def revoke(guest: Guest) -> None:
    """The manage link in letters sent to this guest so far stops working."""
    guest.link_generation += 1
    guest.save(update_fields=["link_generation"])
    seal_guest(guest)


def revoke_replies(guest: Guest) -> None:
    """The reply addresses of this guest's letters so far stop working."""
    guest.reply_generation += 1
    guest.save(update_fields=["reply_generation"])
    seal_rsvps(guest, list(guest.rsvps.all()))


def guest_by_token(token: str) -> Guest | None:
    """The guest whose page this token opens, with event and supporter; None if it opens none."""
    found = Guest.objects.select_related("event", "supporter")
    return found.filter(manage_digest=_digest(token)).first()


def supporter_by_token(token: str) -> Supporter | None:
    """Whom this unsubscribe token belongs to; None if nobody."""
    return Supporter.objects.filter(unsubscribe_digest=_digest(token)).first()


def alert_by_token(token: str) -> Alert | None:
    """The alert this token turns on and off; None if it was stopped or never was."""
    return Alert.objects.select_related("supporter").filter(digest=_digest(token)).first()


def rsvp_by_reply_token(token: str) -> Rsvp | None:
    """The RSVP whose letters came from rsvp+<token>@; None if none did."""
    found = Rsvp.objects.select_related("guest", "supporter", "timeslot__event")
    return found.filter(reply_digest=_digest(token)).first()


# -- One-shot ------------------------------------------------------------------------


def new_ticket(
    purpose: str, *, guest: Guest | None, payload: dict[str, Any], lasts: timedelta, now: datetime
) -> tuple[Ticket, str]:
    """A ticket and its raw token (128 random bits), which goes into one letter."""
    token = token_urlsafe(16)
    ticket = Ticket.objects.create(
        digest=_digest(token),
        purpose=purpose,
        guest=guest,
        payload=payload,
        created_at=now,
        expires_at=now + lasts,
    )
    return ticket, token


def find_ticket(token: str) -> Ticket | None:
    """The ticket, used or expired ones included; None for an unknown token."""
    found = Ticket.objects.select_related("guest__event", "guest__supporter")
    return found.filter(digest=_digest(token)).first()


def is_good(ticket: Ticket, *, now: datetime) -> bool:
    return ticket.used_at is None and now < ticket.expires_at


def expire_tickets(guest: Guest, *, now: datetime) -> None:
    """The buttons in letters sent to this guest so far stop working."""
    guest.tickets.filter(used_at__isnull=True).update(expires_at=now)


def redeem(ticket: Ticket, *, now: datetime) -> bool:
    """Spend the ticket. False where somebody was faster or its time is over."""
    spent = Ticket.objects.filter(pk=ticket.pk, used_at__isnull=True, expires_at__gt=now)
    return bool(spent.update(used_at=now))
