"""Co-hosts: asked by e-mail, with a link of their own that they accept by.

The link is derived like those to guests (rsvps.links): the table holds only its digest, and a
new request makes a new one.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from events.models import Event
from hosts.models import CoHost, User
from outbox import ledger
from outbox.models import Message
from rsvps import limits

REQUEST = "cohost_request"
MOST = 10
# Asking, taking off and asking again must not become a way to pester somebody.
REQUESTS_A_DAY = 20
# Whoever is asked did not ask for it: so many a day, of all events together.
PER_ADDRESS = limits.Limit("co-host", 3, timedelta(days=1), strict=True)


class TooManyCoHosts(Exception):
    """More co-hosts, or more requests in a day, than an event may have; nobody new was asked."""


class AskedTooOften(Exception):
    """This address (the exception's words) was asked often enough today; nobody new was asked."""


class NotForThisAccount(Exception):
    """The request was sent to another address than the account's."""


class RequestGone(Exception):
    """The request was taken back, or the event is not there any more."""


def _token(cohost: CoHost) -> str:
    words = f"cohost:{cohost.pk}:{cohost.invited_at.timestamp():.6f}".encode()
    mac = hmac.digest(settings.LINK_KEY.encode(), words, "sha256")
    return urlsafe_b64encode(mac).decode()[:22]


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def request_url(cohost: CoHost) -> str:
    """The address of the page with the one button; only ever sent by mail."""
    return settings.SITE_URL + reverse("cohost_answer", kwargs={"token": _token(cohost)})


def standing(event: Event) -> list[CoHost]:
    """Everybody asked and not taken off, those who said yes first."""
    found = event.cohosts.filter(removed_at__isnull=True).select_related("user")
    return sorted(found, key=lambda cohost: (cohost.accepted_at is None, cohost.email))


@transaction.atomic
def ask_cohosts(event: Event, emails: Iterable[str], *, by: User, now: datetime) -> list[CoHost]:
    """Ask these addresses (normalised) to help; whoever is asked already hears nothing new.

    Returns who was asked now. Raises TooManyCoHosts, AskedTooOften.
    """
    known = {cohost.email: cohost for cohost in event.cohosts.all()}
    there = sum(cohost.removed_at is None for cohost in known.values())
    own = {event.host.email.lower()}
    new = [
        email
        for email in dict.fromkeys(emails)
        if email not in own and (email not in known or known[email].removed_at is not None)
    ]
    today = Message.objects.about(f"event:{event.pk}").filter(
        kind=REQUEST, created_at__gt=now - timedelta(days=1)
    )
    if there + len(new) > MOST or (new and today.count() + len(new) > REQUESTS_A_DAY):
        raise TooManyCoHosts
    for email in sorted(new):  # so that no two requests wait for each other
        if limits.count(limits.Asked(PER_ADDRESS, email), now=now):
            raise AskedTooOften(email)
    return [_ask(event, email, known.get(email), now=now) for email in new]


def _ask(event: Event, email: str, cohost: CoHost | None, *, now: datetime) -> CoHost:
    cohost = cohost or CoHost(event=event, email=email)
    cohost.invited_at = now
    cohost.user = cohost.accepted_at = cohost.removed_at = None
    cohost.token_digest = f"new {event.pk} {email}"[:64]  # until its id is known
    cohost.save()
    cohost.token_digest = _digest(_token(cohost))
    cohost.save(update_fields=["token_digest"])
    ledger.post(
        REQUEST,
        to=email,
        subject=f"cohost:{cohost.pk}",
        step=f"{now.timestamp():.6f}",
        topic=f"event:{event.pk}",
        zone=event.timezone,
        now=now,
    )
    return cohost


def cohost_by_token(token: str) -> CoHost | None:
    """The request this token opens, with its event and host; None where it opens none."""
    found = CoHost.objects.select_related("event__host", "user").filter(removed_at__isnull=True)
    return found.filter(token_digest=_digest(token)).first()


@transaction.atomic
def accept_request(cohost: CoHost, *, by: User, now: datetime) -> None:
    """Say yes, as the account of the address that was asked; again changes nothing.

    A forwarded letter must not open somebody's home to somebody else, hence the address is
    compared. Raises NotForThisAccount, RequestGone.
    """
    if by.email.lower() != cohost.email.lower():
        raise NotForThisAccount
    waiting = CoHost.objects.filter(pk=cohost.pk, removed_at__isnull=True)
    if not waiting.exists():
        raise RequestGone
    waiting.filter(accepted_at__isnull=True).update(user=by, accepted_at=now)


@transaction.atomic
def give_account(cohost: CoHost) -> None:
    """See that the address that was asked has an account to say yes with.

    It opens nothing until a code mailed to that address is typed.
    """
    if not User.objects.filter(email__iexact=cohost.email).exists():
        User.objects.create_user(cohost.email)


@transaction.atomic
def remove_cohost(cohost: CoHost, *, now: datetime) -> None:
    """Take a co-host off, or take the request back; their rights end at the next request."""
    CoHost.objects.filter(pk=cohost.pk, removed_at__isnull=True).update(removed_at=now)
    ledger.withdraw(subject=f"cohost:{cohost.pk}", now=now, kinds=[REQUEST])
