"""The site that is asked: a hundred thousand timeslots with all that approvals write for them."""

import os
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bench.production import Site

SMALLEST = "smallest view"
PLACES = 500


@dataclass(frozen=True)
class Page:
    """`warm` is asked again and again; `once` makes addresses that nobody asked for yet.

    Each is a path, or a path and the ETag of what the asker holds.
    """

    name: str
    warm: str
    once: Callable[[int], str] | None = None


def pages(site: Site) -> list[Page]:
    """What is asked of the running site."""
    from bench.world import Zips

    chance = random.Random(11)
    zips = [place[3] for place in Zips().draw(chance, PLACES)]
    events = _event_addresses(chance)
    feed = "/events.ics?near=10001"
    return [
        Page(SMALLEST, "/smallest/", lambda n: f"/smallest/?n={n}"),
        Page("home", "/", lambda n: f"/?n={n}"),
        Page("results", "/events/?near=10001", lambda n: f"/events/?near={zips[n % PLACES]}&n={n}"),
        Page("event page", events[0], lambda n: f"{events[n % PLACES]}?n={n}"),
        Page("calendar feed", feed, lambda n: f"/events.ics?near={zips[n % PLACES]}&n={n}"),
        Page("calendar feed, not changed", f"{feed} {site.etag(feed)}"),
    ]


def _event_addresses(chance: random.Random) -> list[str]:
    from django.db import connections

    from events.models import Event

    last = Event.objects.order_by("-pk").values_list("pk", flat=True)[0]
    some = Event.objects.public().filter(pk__in=chance.sample(range(1, last), PLACES))
    found = [event.get_absolute_url() for event in some.only("title", "type")]
    connections.close_all()
    return found


def set_up(site: Site, rows: int) -> str:
    """Start Django here on the site's database, fill it where it is empty; its vendor."""
    os.environ.update(site.environment())
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench import world
    from events.models import Listing

    call_command("migrate", verbosity=0)
    if not Listing.objects.exists():
        print(f"Making {rows:,} timeslots ...", flush=True)
        world.make(rows)
        world.check(50)
        _keep_entries()
        _note_changes()
    connection.close()
    return str(connection.vendor)


def _keep_entries() -> None:
    from django.db import connection, transaction

    from events import entries
    from events.models import CalendarEntry, Timeslot

    slots = Timeslot.objects.filter(listing__isnull=False).select_related("event")
    with transaction.atomic():
        CalendarEntry.objects.bulk_create(entries.made(slots), batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _note_changes() -> None:
    """As many rows as a site has on which many events were approved."""
    from django.utils import timezone

    from events.models import ListingChange

    ListingChange.objects.bulk_create(
        ListingChange(shard=shard, token=secrets.randbits(62), changed_at=timezone.now())
        for shard in range(ListingChange.SHARDS)
    )
