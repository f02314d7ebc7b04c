"""`make bench-feeds`: a calendar of a thousand events from kept entries, beside the library.

Both answer the same search from the same database, in turns; the calendars must be equal when
parsed. The library's side is given its rows for nothing: only its own work is counted.
"""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = 1000
TURNS = 7


def main() -> None:
    file = ROOT / "var" / "bench-feeds.sqlite3"
    file.parent.mkdir(exist_ok=True)
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{file}")
    os.environ |= {"BARNSTORM_MODE": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import RequestFactory

    from bench import world
    from events import feeds
    from events.models import Event, Timeslot
    from events.search import SearchQuery, find
    from events.spatial import index_event
    from tests.events.ical_reference import facts, published

    call_command("migrate", verbosity=0)
    if not Event.objects.exists():
        world.make(2000)
        for event in Event.objects.all():
            index_event(event, now=world.NOW)
    feeds.timezone.now = lambda: world.NOW  # type: ignore[attr-defined]
    query = SearchQuery(limit=EVENTS, widen=False)
    ids = [hit.event_id for hit in find(query, now=world.NOW).hits]
    slots = list(
        Timeslot.objects.filter(event__in=ids, starts_at__gt=world.NOW)
        .select_related("event")
        .order_by("starts_at", "pk")
    )
    kept, library = [], []
    for _turn in range(TURNS):
        begun = time.perf_counter()
        answer = feeds.events_ics(RequestFactory().get("/events.ics")).content
        kept.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        reference = published(slots, name="Barnstorm: upcoming events")
        library.append((time.perf_counter() - begun) * 1000)
    if facts(answer) != facts(reference):
        sys.exit("The two calendars differ.")
    ours, theirs = statistics.median(kept), statistics.median(library)
    print(
        f"{connection.vendor}: {len(ids):,} events, {len(slots):,} entries, {len(answer):,} bytes;"
        f" the whole answer from kept entries {ours:.1f} ms,"
        f" object by object {theirs:.1f} ms: 1/{theirs / ours:.0f}"
    )


if __name__ == "__main__":
    main()
