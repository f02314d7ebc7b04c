"""The night's hosts and house parties, written into an empty database before the doors open."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.july29.plan import Party

STREETS = ("Elm", "Maple", "Second", "Lincoln", "Mill", "Orchard", "Prairie", "Juniper")


def build(parties: list[Party], *, day: date, folder: Path) -> None:
    """Write it whole, and beside it `events.json`: what the drill's people know of each party."""
    from django.db import connection, transaction

    with transaction.atomic():
        known = [_host(number, party, day) for number, party in enumerate(parties)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what autovacuum does by itself after a while
    (folder / "events.json").write_text(json.dumps(known))


def _host(number: int, party: Party, day: date) -> dict[str, object]:
    """One trusted host with an approved house party at their home on `day`."""
    from django.utils import timezone

    from events import geocoding, spatial
    from events.models import Event, Timeslot
    from events.states import AddressVisibility, EventState, EventType
    from events.zips import zip_place
    from hosts.agreement import accept_agreement, current_agreement
    from hosts.models import Host, User

    now = timezone.now() - timedelta(days=20)
    email = f"host{number}@hosts.example"
    user = User.objects.create_user(email, name=f"Robin Host {number}")
    host = Host.objects.create(
        user=user,
        phone=f"+1614555{number % 100 + 100:04d}",
        postal_code=party.zip,
        trusted_at=now,
        created_at=now,
    )
    accept_agreement(host, version=current_agreement().version, now=now)
    place = zip_place(party.zip)
    if place is None:
        raise SystemExit(f"No ZIP code {party.zip} is known.")
    event = Event(
        host=user,
        state=EventState.APPROVED,
        type=EventType.HOUSE_PARTY,
        title=f"Porch party in {place.name}",
        description="Come and hear what we are planning. **Bring a neighbor!**\n\n" * 3,
        address_visibility=AddressVisibility.PRIVATE,
        street=f"{number % 900 + 11} {STREETS[number % len(STREETS)]} Street",
        city=place.name,
        state_code=place.state_code,
        postal_code=party.zip,
        country="US",
        latitude=party.latitude,
        longitude=party.longitude,
        pin_moved=True,
        timezone=place.timezone,
        contact_name=user.name,
        contact_phone=host.phone,
        contact_email=email,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        published_at=now,
    )
    geocoding.place_event(event, now=now)
    event.save()
    begins = time.fromisoformat(party.starts_local[11:16])
    starts_at = datetime.combine(day, begins, ZoneInfo(event.timezone)).astimezone(UTC)
    timeslot = Timeslot.objects.create(
        event=event,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        capacity=party.capacity,
        instructions="The blue door; ring twice.",
        changed_at=now,
    )
    spatial.index_event(event, now=now)
    return {
        "event": event.pk,
        "timeslot": timeslot.pk,
        "page": event.get_absolute_url(),
        "host": email,
        "starts": begins.strftime("%H:%M"),
    }
