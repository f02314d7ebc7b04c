"""A link that was altered, has expired, was revoked or belongs to somebody else opens nothing.

For every kind of link and mail address that carries a token: `make check-tokens` tries 5,000 bad
ones (`make test` a few of each) by GET and POST, with what a genuine one would do, and looks at
every table afterwards. Answers tell nobody where they were, and no log line holds a token.
"""

import json
import logging
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from events.states import EventState
from hosts import cohosting, own_data
from outbox import bounces, delivery, inbound, ledger, letters, tokens
from outbox.models import InboundTally
from outbox.unsubscribe import link
from rsvps import attending, buttons, links
from rsvps.models import Alert, RateCount, Rsvp, Ticket
from tests.factories import make_event, make_rsvp, make_timeslot
from tests.outbox.reports import bounce
from tests.rsvps.test_replies import ics, mail
from tests.security.tables import rows

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

PAGES, LETTERS = 4_500, 500
ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass
class Kind:
    """A kind of link: where its token stands, what a genuine one may be told to do, and tokens
    that once were genuine, or are elsewhere."""

    path: str  # with {} for the token
    token: str
    does: dict[str, str] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)


def token_of(url: str) -> str:
    return urlsplit(url).path.strip("/").split("/")[-1]


def ticket(purpose: str, rsvp: Rsvp, *, expired: bool = False) -> str:
    typed = {"timeslots": [[rsvp.timeslot_id, 0]], "party_size": 3, "note": "", "name": "Eve",
             "phone": "", "postal_code": "", "consents": {}, "email": "e@example.org"}  # fmt: skip
    now, day = timezone.now(), timedelta(days=1)
    guest = None if purpose == own_data.PURPOSE else rsvp.guest
    then = now - 2 * day if expired else now
    return links.new_ticket(purpose, guest=guest, payload=typed, lasts=day, now=then)[1]


def used_ticket(rsvp: Rsvp) -> str:
    token = ticket(buttons.CONFIRM, rsvp)
    Ticket.objects.filter(pk=links.find_ticket(token).pk).delete()
    return token


def make_alert(rsvp: Rsvp) -> Alert:
    now = timezone.now()
    alert = Alert.objects.create(
        supporter=rsvp.supporter, place="Columbus", latitude=39.96, longitude=-82.99 - rsvp.pk,
        within_miles=50, timezone="America/New_York", created_at=now,
    )  # fmt: skip
    links.seal_alert(alert)
    return alert


@dataclass
class World:
    kinds: list[Kind]
    genuine: list[str]


@pytest.fixture
def world(settings) -> World:
    """A guest with every kind of link, and links of others that died in every way."""
    slot = make_timeslot(make_event(private=True), capacity=90)
    rsvp, other, removed = (make_rsvp(slot) for _ in range(3))
    over = make_rsvp(make_timeslot(slot.event, starts_at=timezone.now() - timedelta(hours=5)),
                     supporter=rsvp.supporter)  # fmt: skip
    unlisted = make_rsvp(make_timeslot(make_event(private=True)))
    unlisted_token = ticket(buttons.CONFIRM, unlisted)
    unlisted.timeslot.event.state = EventState.UNLISTED
    unlisted.timeslot.event.save()
    revoked = token_of(links.manage_url(other.guest))
    links.revoke(other.guest)
    gone = token_of(links.manage_url(removed.guest))
    gone_ticket = ticket(buttons.CONFIRM, removed)
    attending.remove_guest(removed.guest, by=slot.event.host, now=timezone.now())
    settings.LINK_KEY, key = "the key of another site", settings.LINK_KEY
    foreign = {
        "manage": token_of(links.manage_url(rsvp.guest)),
        "unsubscribe": token_of(links.unsubscribe_url(rsvp.supporter)),
    }
    settings.LINK_KEY = key
    stopped = token_of(links.alert_url(alert := make_alert(other)))
    alert.delete()
    asked, taken_back = cohosting.ask_cohosts(
        slot.event, ["kit@example.org", "lee@example.org"], by=slot.event.host, now=timezone.now()
    )
    cohosting.remove_cohost(taken_back, now=timezone.now())
    letter = ledger.post("account_unknown", to="x@example.org", subject="x", now=timezone.now())
    manage = Kind("/r/{}/", token_of(links.manage_url(rsvp.guest)), {"do": "cancel"},
                  [revoked, gone, foreign["manage"]])  # fmt: skip
    unsubscribe = Kind("/u/{}", token_of(links.unsubscribe_url(rsvp.supporter)), {},
                       [foreign["unsubscribe"]])  # fmt: skip
    kinds = [
        manage,
        Kind(f"/r/{{}}/coming/{rsvp.pk}/", manage.token, {}, manage.dead),
        Kind(f"/r/{{}}/cannot/{rsvp.pk}/", manage.token, {}, manage.dead),
        Kind(f"/r/{{}}/feedback/{over.pk}/", manage.token, {"attended": "yes", "rating": "1"},
             manage.dead),
        Kind("/c/{}/", ticket(buttons.SECOND_FORM, rsvp), {},
             [ticket(buttons.CONFIRM, rsvp, expired=True), used_ticket(rsvp), gone_ticket,
              unlisted_token]),
        unsubscribe,
        Kind("/u/{}", token_of(link(letter)), {}, [tokens.letter_token("bounce", letter.pk)]),
        Kind("/a/{}", token_of(links.alert_url(make_alert(rsvp))), {"do": "stop"}, [stopped]),
        Kind("/your-data/{}/", ticket(own_data.PURPOSE, rsvp), {"do": "erase", "sure": "on"},
             [ticket(own_data.PURPOSE, rsvp, expired=True)]),
        Kind("/host/help/{}/", token_of(cohosting.request_url(asked)), {"answer": "no"},
             [token_of(cohosting.request_url(taken_back))]),
    ]  # fmt: skip
    everybodys = {kind.token for kind in kinds}
    replies = token_of(links.reply_address(rsvp).partition("+")[2].partition("@")[0])
    for kind in kinds:  # a key to one door opens no other
        opens = {each.token for each in kinds if each.path.split("{")[0] == kind.path.split("{")[0]}
        kind.dead = [*kind.dead, *sorted(everybodys - opens), replies]
    # Another guest's own link with this guest's RSVP in it.
    for kind in kinds[1:4]:
        kind.dead.append(token_of(links.manage_url(other.guest)))
    return World(kinds, sorted(everybodys))


def altered(token: str, rng: random.Random) -> str:
    """`token` as it is not: by a letter, its length, its case, or a spelling of the same."""
    at = rng.randrange(len(token))
    letter = rng.choice(ALPHABET)
    made = rng.choice([
        token[:at] + letter + token[at + 1 :],
        token[:at] + token[at + 1 :],
        token[:at] + letter + token[at:],
        token[at:] + token[:at],
        token[::-1],
        token.swapcase(),
        token.lower(),
        token.upper(),
        token[: rng.randrange(1, len(token))],
        token + rng.choice(["=", "==", " ", "\n", "\0", ".", "%00", "'", "é", "\u200b"]),
        rng.choice([" ", "0", "00", "\t", "+", "_", "\u202e"]) + token,
        token * 2,
        token.replace("-", "+").replace("_", "~"),
        token.translate({ord("a"): "а", ord("o"): "ο", ord("0"): "O"}),  # look alike
        "".join(rng.choice(ALPHABET) for _ in token),
        "nobody",
    ])  # fmt: skip
    return made if made != token else altered(token, rng)


def bad_ones(world: World, number: int) -> Iterator[tuple[Kind, str]]:
    """Every dead token of every kind, then altered ones without end, the kinds in turns; of
    `number` that are wanted half are altered at least."""
    rng = random.Random(number)
    dead = [(kind, token) for kind in world.kinds for token in kind.dead]
    rng.shuffle(dead)
    yield from dead[: number // 2]
    for kind in cycle(world.kinds):
        yield kind, altered(kind.token, rng)


def quiet(answer) -> bool:
    """Kept by no cache, found by no search engine, its address handed to nobody."""
    return (
        "no-store" in answer["Cache-Control"]
        and "noindex" in answer["X-Robots-Tag"]
        and answer["Referrer-Policy"] == "no-referrer"
    )


def test_bad_links_open_nothing(world, full, caplog):
    caplog.set_level(logging.DEBUG)
    before, wanted = rows(but=[RateCount]), PAGES if full else 60
    asked: dict[str, str] = {}  # path: token
    for kind, token in bad_ones(world, wanted):
        if len(asked) == wanted:
            break
        path = kind.path.format(quote(token, safe=""))
        answers = [Client().get(path), Client().post(path, kind.does)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        if answers[0].resolver_match:  # else no page was asked at all
            assert all(map(quiet, answers)), path
            asked[path] = unquote(token)
    print(f"\ndifferent bad links asked of a page: {len(asked)}, accepted: 0")
    assert rows(but=[RateCount]) == before
    log = written(caplog)
    assert [token for token in world.genuine if token in log] == []
    assert [token for token in asked.values() if len(token) > 20 and token in log] == []


def test_good_links_open_and_tell_nobody_where_they_were(world, caplog):
    """The control: what is refused above is refused for its token alone."""
    caplog.set_level(logging.DEBUG)
    for kind in world.kinds:
        answer = Client().get(kind.path.format(kind.token))
        assert answer.status_code == 200, kind.path
        assert quiet(answer), kind.path
    before = rows(but=[RateCount])
    for kind in world.kinds:
        with transaction.atomic():
            answer = Client().post(kind.path.format(kind.token), kind.does)
            assert rows(but=[RateCount]) != before, kind.path
            assert quiet(answer), kind.path
            transaction.set_rollback(True)
    log = written(caplog)
    assert "/r/-/" in log
    assert [token for token in world.genuine if token in log] == []


def written(caplog) -> str:
    """Every line of every logger, as it would be written."""
    (formatter,) = [
        handler.formatter
        for handler in logging.getLogger().handlers
        if type(handler.formatter).__name__ == "ProcessorFormatter"
    ]
    lines = [
        formatter.format(record) for record in caplog.records if record.name != "django.db.backends"
    ]
    assert all(map(json.loads, lines))
    return "\n".join(lines)


def test_bad_reply_and_bounce_addresses_change_nothing(full, settings, tmp_path):
    settings.SMTP_HOST, settings.LETTERS_DIR = "", tmp_path
    letters.register_inbound(bounces.handle_delivery_report)
    now = timezone.now()
    rsvp = make_rsvp(make_timeslot(make_event()), email="alex@example.org")
    old = links.reply_address(rsvp)
    links.revoke_replies(rsvp.guest)
    ledger.post("invitation", to=rsvp.supporter.email, subject=f"rsvp:{rsvp.pk}", now=now)
    delivery.deliver_once(now=now)
    letter = rsvp.supporter.email and ledger.Message.objects.get()
    replies, returns = links.reply_address(rsvp), delivery.bounce_address(letter)
    before, rng = rows(but=[InboundTally]), random.Random(1)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    number, wanted = 0, LETTERS if full else 20
    while number < wanted:
        name, _, rest = (replies if number % 2 else returns).partition("+")
        token, _, domain = rest.partition("@")
        word = plain(altered(token, rng))
        bad = old if number == 1 else f"{name}+{word}@{domain}"
        if word == token or bad.lower() == returns.lower():
            continue  # mail servers may change the case of a bounce's; that is understood
        if number % 2:
            raw = mail(rsvp, ics(rsvp, organizer=f"mailto:{bad}", stamp=stamp), to=bad)
        else:
            raw = bounce("5.1.1", to=bad)
        inbound.receive(raw, now=now)
        assert rows(but=[InboundTally]) == before, bad
        number += 1
    print(f"\nletters to bad addresses: {number}, understood: 0")
    inbound.receive(mail(rsvp, ics(rsvp, stamp=stamp), to=replies), now=now)
    rsvp.refresh_from_db()
    assert rsvp.status == "declined"  # the control


def plain(token: str) -> str:
    """What can stand in a mail address at all."""
    return "".join(c for c in token if c in ALPHABET + ".=+~'") or "nobody"
