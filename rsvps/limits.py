"""How often one address, one network or one event may be asked for something.

Counts stand in a table of our own, under keyed hashes, so that they hold across processes and
machines without keeping anybody's address; one statement counts and answers. What is limited
is asking: the limits never tell whether an address is known.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import connection

from rsvps.models import RateCount

TEN_MINUTES = timedelta(minutes=10)


@dataclass(frozen=True)
class Limit:
    """At most `most` points per `window` for each key.

    Windows begin on the clock, so that two bursts, one on each side of a beginning, may come to
    twice as much. A `strict` limit counts the window before as well: then no span as long as a
    window ever holds more.
    """

    name: str
    most: int
    window: timedelta
    strict: bool = False


def per_connection() -> Limit:
    """Forms from one connection: a hall full of people behind one router gets through."""
    return Limit("connection", settings.RSVP_POSTS_PER_CONNECTION, TEN_MINUTES)


def per_network() -> Limit:
    """Forms from all the connections of one network."""
    return Limit("network", settings.RSVP_POSTS_PER_NETWORK, TEN_MINUTES)


def worked_for() -> Limit:
    """Forms beyond the two above, each with a proof of work, from one connection."""
    return Limit("worked for", 5 * settings.RSVP_POSTS_PER_CONNECTION, TEN_MINUTES)


def per_event() -> Limit:
    """Forms for one event before everybody there is asked to confirm their address."""
    return Limit("event", settings.RSVP_POSTS_PER_EVENT, TEN_MINUTES)


def at_one_event() -> Limit:
    """Forms for one event from one network before these are asked to confirm their address."""
    return Limit("network at event", settings.RSVP_POSTS_PER_EVENT // 15, TEN_MINUTES)


def per_seats(capacity: int) -> Limit:
    """Places at one timeslot that forms may ask for while seats are held; beyond it, they go to
    whoever presses the button first, so that nobody can hold a whole house."""
    share = capacity * settings.RSVP_RUSH_PERCENT // 100
    hold = timedelta(minutes=settings.SEAT_HOLD_MINUTES)
    return Limit("seats", max(4, share), hold, strict=True)


PER_WORK = Limit("work", 1, timedelta(days=1))
PER_ADDRESS = Limit("address", 20, timedelta(days=1))
RESEND_PER_ADDRESS = Limit("resend", 3, timedelta(days=1), strict=True)


@dataclass(frozen=True)
class Asked:
    """That `points` are asked of a limit under one key."""

    limit: Limit
    key: object
    points: int = 1


def count(*asked: Asked, now: datetime) -> dict[str, timedelta]:
    """Count all of these at once; the names of limits they go beyond, and the wait for each."""
    rows, counted = [], []
    for one in asked:
        limit, (start, end) = one.limit, _window(one.limit, now)
        kept_until = end + limit.window if limit.strict else end
        digests = [_digest(limit, one.key, start)]
        rows.append((digests[0], one.points, kept_until))
        if limit.strict:  # nothing is added to the window before, but so it is answered too
            digests.append(_digest(limit, one.key, start - limit.window))
            rows.append((digests[1], 0, end))
        counted.append((limit, digests, end))
    # In one order, so that two requests never wait for each other.
    points = _add(sorted(rows))
    return {
        limit.name: end - now
        for limit, digests, end in counted
        if sum(points[digest] for digest in digests) > limit.most
    }


def _add(rows: list[tuple[str, int, datetime]]) -> dict[str, int]:
    """Add to counters (digest, points, kept until), in one statement; their new values."""
    stored = connection.ops.adapt_datetimefield_value
    table = connection.ops.quote_name(RateCount._meta.db_table)
    places = ", ".join(["(%s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS c (digest, points, expires_at) VALUES {places}"  # noqa: S608
            " ON CONFLICT (digest) DO UPDATE SET points = c.points + excluded.points"
            " RETURNING digest, points",
            [value for digest, points, until in rows for value in (digest, points, stored(until))],
        )
        return dict(cursor.fetchall())


def forget_old_counts(now: datetime) -> int:
    """A planner: drop counters whose window is over."""
    return RateCount.objects.filter(expires_at__lte=now).delete()[0]


def wait_for(origin: "Origin", *, points: int = 1, now: datetime) -> timedelta | None:
    """Count a form from there; how long to wait where that was one too many.

    The connection first: what it sends beyond its share does not use up its neighbours'.
    """
    for limit, key in (
        (per_connection(), origin.connection),
        (per_network(), origin.network),
    ):
        if reached := count(Asked(limit, key, points), now=now):
            return reached[limit.name]
    return None


@dataclass(frozen=True)
class Origin:
    """Where a request comes from: one connection (IPv4 /32, IPv6 /64: what one household has,
    RFC 6177), and the network it belongs to (IPv4 /24, IPv6 /56)."""

    connection: str
    network: str


def origin_of(address: str) -> Origin:
    try:
        ip = ip_address(address)
    except ValueError:
        return Origin("unknown", "unknown")
    if ip.version == 6 and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    sizes = (32, 24) if ip.version == 4 else (64, 56)
    return Origin(*(str(ip_network((ip, size), strict=False)) for size in sizes))


def client_address(remote: str, forwarded: Iterable[str]) -> str:
    """Who is asking: what the proxies we trust say, else the connection's other end.

    Anybody can write an X-Forwarded-For; only as many of its last entries count as there are
    proxies of ours in front (ALLAUTH_TRUSTED_PROXY_COUNT, the same for log-in).
    """
    trusted = getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0)
    hops = [hop.strip() for hop in forwarded if hop.strip()]
    return hops[-trusted] if trusted and len(hops) >= trusted else remote


def _window(limit: Limit, now: datetime) -> tuple[datetime, datetime]:
    seconds = int(limit.window.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
    return start, start + limit.window


def _digest(limit: Limit, key: object, start: datetime) -> str:
    words = f"{limit.name}:{key}:{start.timestamp():.0f}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), words, sha256).hexdigest()
