"""A mail scanner opens every link of every letter, with and without running its scripts.

The letters are real ones, of every registered kind, to people in every state, with links that
work; a row that changes (but for the log of address readings) or a ticket that is spent fails.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from events.models import AddressReading, Event
from events.states import EventState
from hosts import own_data
from outbox import letters
from outbox.letters import Kind, Letter
from outbox.models import Message, Priority
from outbox.unsubscribe import link
from rsvps import buttons, links
from rsvps.models import Guest, Ticket
from tests.homes.test_disclosure import MADE_UP, letters_of
from tests.homes.world import World, make_world
from tests.security.tables import rows

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1800),
]

TICKETS = {buttons.CONFIRM, buttons.SECOND_FORM, buttons.NEW_ADDRESS}
SCANNER = {"user-agent": "Mozilla/5.0 (compatible; MailScanner)"}


def written(kind: Kind, world: World) -> Iterator[tuple[Message, Letter]]:
    """The letters of this kind that the world's people get, with links that work."""
    now = timezone.now()
    if kind.name == own_data.KIND:
        payload = {"token": a_ticket(own_data.PURPOSE, None, world)}
        message = Message(kind=kind.name, payload=payload, expires_at=now + timedelta(days=1))
        yield message, kind.render(message, now)
    elif kind.account_mail:
        yield Message(kind=kind.name), kind.example(now)
    else:
        for _role, message in letters_of(kind, world):
            if kind.name in TICKETS:
                guest = Guest.objects.get(pk=int(message.subject_key.partition(":")[2]))
                message.payload = message.payload | {"token": a_ticket(kind.name, guest, world)}
            if kind.wanted(message, now) is None:
                yield message, kind.render(message, now)


def a_ticket(purpose: str, guest: Guest | None, world: World) -> str:
    slot = world.canary.timeslot
    typed = {"timeslots": [[slot.pk, slot.version]], "party_size": 3, "note": "", "name": "Sam",
             "phone": "", "postal_code": "", "consents": {}}  # fmt: skip
    payload = typed | {"email": "new@example.org" if guest else world.canary.supporter.email}
    day = timedelta(days=1)
    return links.new_ticket(purpose, guest=guest, payload=payload, lasts=day, now=timezone.now())[1]


def addresses_in(message: Message, letter: Letter, site: str) -> set[str]:
    """Every address of ours that a reader, a program or a scanner can find in the letter."""
    calendar = re.sub(rb"\r?\n[ \t]", b"", letter.calendar or b"").decode()
    text = f"{letter.text}\n{unescape(letter.html)}\n{calendar.replace(chr(92), '')}"
    found = set(re.findall(rf"{re.escape(site)}[^\s\"'<>)]*", text))
    found.add(letter.unsubscribe_url or link(message))
    return {address.partition("#")[0] for address in found}


def real_kinds() -> list[Kind]:
    return [kind for kind in letters.kinds().values() if kind.name not in MADE_UP]


def letters_and_addresses(world: World, site: str) -> tuple[dict[str, int], set[str]]:
    """How many letters of each kind, and all their addresses."""
    counted, addresses = {}, set()
    for kind in real_kinds():
        each = list(written(kind, world))
        counted[kind.name] = len(each)
        for number, (message, letter) in enumerate(each):
            save(message, step=f"robot {number}")  # for the ledger's own link
            addresses |= addresses_in(message, letter, site)
    return counted, addresses


def save(message: Message, *, step: str) -> None:
    """Into the ledger, as a letter that waits to leave."""
    now = timezone.now()
    message.step, message.priority = step, Priority.AT_ONCE
    message.subject_key = message.subject_key or "account:robot"
    message.recipient = message.recipient or "robot@example.org"
    message.created_at, message.not_before = now, now
    message.expires_at = now + timedelta(days=1)
    message.save()


def worlds(full: bool) -> Iterator[World]:
    """One after the other, each in an empty database: their people have the same addresses."""
    yield make_world(private=True, state=EventState.APPROVED, typed=False)
    if full:
        for private, state in (
            (False, EventState.APPROVED),
            (True, EventState.CANCELLED),
            (True, EventState.UNLISTED),
            (True, EventState.SUBMITTED),
        ):
            call_command("flush", interactive=False, verbosity=0)
            world = make_world(private=private, state=state, typed=False)
            Event.objects.update(submitted_at=timezone.now() - timedelta(days=3))  # late
            yield world


def route_of(address: str, site: str) -> str:
    return resolve(address.removeprefix(site).partition("?")[0]).view_name


def test_opening_every_link_of_every_letter_changes_nothing(
    page, live_server, settings, full, tmp_path
):
    settings.SITE_URL = site = live_server.url
    settings.MEDIA_ROOT = tmp_path
    counted: dict[str, int] = dict.fromkeys((kind.name for kind in real_kinds()), 0)
    for world in worlds(full):
        found, addresses = letters_and_addresses(world, site)
        counted = {name: number + found[name] for name, number in counted.items()}
        before = rows(but=[AddressReading])
        waiting = Ticket.objects.filter(used_at__isnull=True).count()
        for address in sorted(addresses):
            expected = status_of(route_of(address, site), world)
            assert visit(address.removeprefix(site)) == expected, address
        assert rows(but=[AddressReading]) == before
        # One of each kind of page, or all of them, as a scanner with a browser sees them.
        rendered = {route_of(address, site): address for address in sorted(addresses)}
        for address in sorted(addresses if full else rendered.values()):
            page.goto(address, wait_until="networkidle")
        assert rows(but=[AddressReading]) == before
        assert Ticket.objects.filter(used_at__isnull=True).count() == waiting > 0
        print(
            f"\n{sum(found.values())} letters, {len(addresses)} addresses on {len(rendered)} kinds"
            f" of page: 0 rows changed, 0 of {waiting} tickets spent"
        )
        press_a_button(world, before)
    unseen = [name for name, number in counted.items() if not number]
    assert not (full and unseen)
    print(f"{sum(counted.values())} letters of {len(counted) - len(unseen)} kinds in all")


def status_of(route: str, world: World) -> int:
    """A page, but where one logs in first, and for the public page of what is not public."""
    if route in {"host_desk", "host_event", "review_queue"}:
        return 302
    public = world.event.state in {EventState.APPROVED, EventState.CANCELLED}
    return 404 if route == "event" and not public else 200


def visit(path: str) -> int:
    head = Client(headers=SCANNER).head(path)
    get = Client(headers=SCANNER).get(path)
    assert head.status_code == get.status_code, path
    return get.status_code


def press_a_button(world: World, before: dict) -> None:
    """The control: what the links are for does change rows."""
    Client().post(links.unsubscribe_url(world.canary.supporter))
    assert rows(but=[AddressReading]) != before
