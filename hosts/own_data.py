"""A person's own data: a letter with a link behind which they get or erase all of it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from hosts import people
from outbox import ledger
from outbox.letters import Kind, Letter, compose, register
from outbox.models import Message
from rsvps import errands, limits, links
from rsvps.models import Ticket

KIND = PURPOSE = "own_data"
LINK_LASTS = timedelta(days=1)
PER_ADDRESS = limits.Limit("own data", 3, timedelta(days=1), strict=True)


@transaction.atomic
def send_link(email: str, *, now: datetime) -> None:
    """Write to `email` (normalised), where anything is kept under it; three times a day at most.

    Answers nothing: whoever asks must not learn whether the address is known.
    """
    if limits.count(limits.Asked(PER_ADDRESS, email), now=now):
        return
    if not people.is_known(people.person(email)):
        return
    ticket, token = links.new_ticket(
        PURPOSE, guest=None, payload={"email": email}, lasts=LINK_LASTS, now=now
    )
    ledger.post(KIND, to=email, subject=f"ticket:{ticket.pk}", payload={"token": token}, now=now)


def ticket_behind(token: str, *, now: datetime) -> Ticket | None:
    """The ticket this token is, while it is good; None for any other."""
    ticket = links.find_ticket(token)
    if ticket is None or ticket.purpose != PURPOSE or not links.is_good(ticket, now=now):
        return None
    return ticket


def _always(message: Message, now: datetime) -> None:
    return None


def _render(message: Message, now: datetime) -> Letter:
    return _letter(message.payload["token"])


def _letter(token: str) -> Letter:
    url = settings.SITE_URL + reverse("own_data", kwargs={"token": token})
    return Letter(*compose("own_data", {"url": url}))


def register_kind() -> None:
    """Tell the ledger of this letter; called once, when the app is ready."""
    errands.register(KIND, lambda email, _, now: send_link(email, now=now))
    register(
        Kind(
            KIND,
            wanted=_always,
            render=_render,
            quiet=False,
            in_doubt="resend",
            title=gettext_lazy("Link to one's own data"),
            account_mail=True,  # asked for, and forgotten once it was sent
            useful_for=LINK_LASTS,
            example=lambda now: _letter("an-example-of-a-token"),
        )
    )
