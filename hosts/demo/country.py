"""Builds the demo: hosts, events in every state, RSVPs. The same country for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import zipcodes
from django.db import transaction

from events import geocoding, spatial
from events.models import Event, Timeslot
from events.states import (
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    TimeslotState,
    YesNoUnknown,
)
from hosts.agreement import accept_agreement, current_agreement
from hosts.demo import words
from hosts.demo.desk import fill_desk
from hosts.models import AgreementAcceptance, Decision, Host, User, VettingDecision
from rsvps import links
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import RsvpStatus

DOMAIN = "demo.example"
HOSTS = 60
UPCOMING = 400
PAST = 100
DAYS = 21
RALLY_GUESTS = 2000

# How often each type comes, and when such an event usually begins (local hours).
_SHARES = {
    EventType.HOUSE_PARTY: (30, (18, 19)),
    EventType.CANVASS: (20, (9,)),
    EventType.PHONE_BANK: (14, (17, 18)),
    EventType.TEXT_BANK: (5, (12, 18)),
    EventType.MEETING: (8, (18, 19)),
    EventType.TRAINING: (6, (10, 18)),
    EventType.COMMUNITY_SERVICE: (5, (9, 10)),
    EventType.DEBATE_WATCH: (4, (19,)),
    EventType.BARNSTORM: (3, (18,)),
    EventType.TOWN_HALL: (3, (18,)),
    EventType.FUNDRAISER: (3, (17,)),
    EventType.RALLY: (2, (11, 14)),
    EventType.OTHER: (3, (13,)),
}


@dataclass
class Country:
    """A run of the builder: its chance, its clock and its people."""

    chance: random.Random
    now: datetime
    hosts: list[User]
    supporters: list[Supporter]


@transaction.atomic
def build(*, reviewer: User, host: User, now: datetime, seed: int = 2015) -> Country:
    """Write the whole demo at once. `reviewer` decided; `host` owns some of the events."""
    # The same country every time, on purpose; nothing here is a secret.
    country = Country(random.Random(seed), now, [host], [])  # noqa: S311
    _people(country)
    places = _places(country)
    for number in range(UPCOMING + PAST):
        event = _event(country, next(places), number)
        _slots(country, event, past=number >= UPCOMING)
        _state(country, event, number, reviewer)
        spatial.index_event(event, now=now)
    _rsvps(country)
    fill_desk(now=now)
    return country


def _name(chance: random.Random) -> str:
    return f"{chance.choice(words.GIVEN)} {chance.choice(words.FAMILY)}"


def _people(country: Country) -> None:
    chance, now = country.chance, country.now
    users = [
        User(email=f"host{number}@{DOMAIN}", name=_name(chance), password="!")  # noqa: S106
        for number in range(1, HOSTS)
    ]
    country.hosts += User.objects.bulk_create(users)
    newcomers = Host.objects.bulk_create(
        Host(
            user=user,
            phone=f"+1{chance.choice((212, 312, 415, 614))}555{chance.randint(100, 199):04d}",
            postal_code="43215",
            trusted_at=now if number % 4 == 0 else None,
            created_at=now - timedelta(days=chance.randint(30, 300)),
        )
        for number, user in enumerate(country.hosts[1:], 1)
    )
    # The first to accept stores the first text; the others accept the same.
    version = current_agreement().version
    first = accept_agreement(country.hosts[0].host, version=version, now=now)
    AgreementAcceptance.objects.bulk_create(
        AgreementAcceptance(host=host, agreement=first.agreement, accepted_at=host.created_at)
        for host in newcomers
    )
    country.supporters = Supporter.objects.bulk_create(
        Supporter(
            email=f"supporter{number}@{DOMAIN}",
            name=_name(chance),
            postal_code="43215",
            created_at=now - timedelta(days=60),
        )
        for number in range(RALLY_GUESTS)
    )


def _places(country: Country) -> Iterator[dict]:
    """Real ZIP codes, most of them where most people live."""
    chance = country.chance
    everywhere = [
        row
        for row in zipcodes.list_all()
        if row["zip_code_type"] == "STANDARD" and float(row["lat"]) and row["timezone"]
    ]
    by_city: dict[tuple[str, str], list[dict]] = {}
    for row in everywhere:
        by_city.setdefault((row["city"], row["state"]), []).append(row)
    metros = [metro for metro in words.METROS if metro[:2] in by_city]
    weights = [metro[2] for metro in metros]
    while True:
        if chance.random() < 0.25:
            yield chance.choice(everywhere)
        else:
            yield chance.choice(by_city[chance.choices(metros, weights)[0][:2]])


def _event(country: Country, row: dict, number: int) -> Event:
    chance, now = country.chance, country.now
    kind = chance.choices(list(_SHARES), [share for share, _ in _SHARES.values()])[0]
    if number == 0:
        kind = EventType.RALLY  # the one with two thousand guests
    home = kind in {EventType.HOUSE_PARTY, EventType.DEBATE_WATCH} and chance.random() < 0.85
    virtual = kind in {EventType.PHONE_BANK, EventType.TEXT_BANK} and chance.random() < 0.4
    both = kind in {EventType.TOWN_HALL, EventType.TRAINING, EventType.MEETING}
    both = both and chance.random() < 0.25
    mode = AttendanceMode.BOTH if both else AttendanceMode.IN_PERSON
    host = country.hosts[0] if number % 40 == 5 else chance.choice(country.hosts)
    event = Event(
        host=host,
        type=kind,
        title=chance.choice(words.TITLES[kind]),
        description=chance.choice(words.DESCRIPTIONS[kind]),
        official=kind in {EventType.RALLY, EventType.TOWN_HALL} and chance.random() < 0.7,
        attendance_mode=AttendanceMode.VIRTUAL if virtual else mode,
        joining_url="https://meet.demo.example/join" if virtual or both else "",
        address_visibility=AddressVisibility.PRIVATE if home else AddressVisibility.PUBLIC,
        city=row["city"],
        state_code=row["state"],
        postal_code=row["zip_code"],
        country="US",
        timezone=row["timezone"],
        contact_name=host.name,
        contact_phone="+16145550123",
        contact_email=host.email,
        wheelchair=chance.choices(list(YesNoUnknown), [5, 1, 3])[0],
        asl=chance.choices(list(YesNoUnknown), [1, 4, 6])[0],
        child_care=chance.choices(list(YesNoUnknown), [2, 3, 5])[0],
        created_at=now - timedelta(days=20),
        updated_at=now - timedelta(days=10),
        submitted_at=now - timedelta(days=12),
    )
    if not virtual:
        event.venue = "" if home else chance.choice(words.VENUES)
        event.transit_notes = chance.choice(words.TRANSIT)
        event.parking_notes = chance.choice(words.PARKING)
        event.street = f"{chance.randint(1, 980)} {chance.choice(words.STREETS)} Street"
        # A pin of its own near the ZIP's centre, or every event of a ZIP would share one spot.
        event.latitude = float(row["lat"]) + chance.uniform(-0.012, 0.012)
        event.longitude = float(row["long"]) + chance.uniform(-0.012, 0.012)
        event.pin_moved = True
    geocoding.place_event(event, now=now)
    event.save()
    return event


def _slots(country: Country, event: Event, *, past: bool) -> None:
    chance = country.chance
    zone = ZoneInfo(event.timezone)
    today = country.now.astimezone(zone).date()
    day = today + timedelta(days=-chance.randint(1, 21) if past else chance.randint(0, DAYS - 1))
    if event.type in {EventType.CANVASS, EventType.COMMUNITY_SERVICE} and not past:
        day += timedelta(days=(5 - day.weekday()) % 7)  # a Saturday
        if day >= today + timedelta(days=DAYS):
            day -= timedelta(weeks=1)
    hour = chance.choice(_SHARES[EventType(event.type)][1])
    starts = [hour, hour + 3, hour + 6] if event.type == EventType.CANVASS else [hour]
    hours = 3 if event.type == EventType.CANVASS else 2
    big = event.type in {EventType.RALLY, EventType.TOWN_HALL, EventType.BARNSTORM}
    capacity = None if big or event.is_virtual_only else chance.choice([8, 12, 15, 20, 25, 25, 40])
    for first in starts:
        local = datetime.combine(day, time(first), zone)
        if not past and local.astimezone(UTC) <= country.now:
            local += timedelta(days=1)
        Timeslot.objects.create(
            event=event,
            starts_at=local.astimezone(UTC),
            ends_at=local.astimezone(UTC) + timedelta(hours=hours),
            capacity=capacity,
            instructions="Ring the bell twice." if event.is_private else "",
            changed_at=country.now,
        )


def _state(country: Country, event: Event, number: int, reviewer: User) -> None:
    """Most are public; every thirtieth waits, one is sent back, one cancelled."""
    now = country.now
    decision = None
    if number < UPCOMING and number % 30 == 11:
        event.state = EventState.SUBMITTED
    elif number == 45:
        event.host = country.hosts[0]
        event.state = EventState.SENT_BACK
        event.state_note = "Could you add where people can park? Then we will put it up at once."
        decision = Decision.SENT_BACK
    elif number == 85:
        event.state = EventState.CANCELLED
        event.published_at = now - timedelta(days=10)
        event.cancelled_at = now - timedelta(days=1)
        event.cancel_note = "The hall has no heating this week. We are sorry!"
        event.timeslots.update(state=TimeslotState.CANCELLED, version=1)
    else:
        event.state = EventState.APPROVED
        event.published_at = now - timedelta(days=10)
        decision = Decision.APPROVED
    event.save()
    if decision:
        VettingDecision.objects.create(
            event=event,
            decision=decision,
            reason=event.state_note,
            by=reviewer,
            decided_at=now - timedelta(days=10),
        )


def _rsvps(country: Country) -> None:
    """Seats are counted here in one sweep; nothing else runs while the demo is built."""
    chance, now = country.chance, country.now
    slots = list(
        Timeslot.objects.filter(event__state=EventState.APPROVED, state=TimeslotState.OPEN)
        .select_related("event")
        .order_by("pk")
    )
    guests: dict[tuple[int, int], Guest] = {}
    rsvps: list[Rsvp] = []
    for number, slot in enumerate(slots):
        party_sizes = _party_sizes(chance, slot, number)
        for supporter, party in zip(
            chance.sample(country.supporters, len(party_sizes)), party_sizes, strict=True
        ):
            key = (supporter.pk, slot.event_id)
            guest = guests.setdefault(
                key, Guest(supporter=supporter, event=slot.event, created_at=now)
            )
            rsvps.append(
                Rsvp(
                    guest=guest,
                    supporter=supporter,
                    timeslot=slot,
                    status=RsvpStatus.ACCEPTED,
                    party_size=party,
                    note=chance.choice(words.NOTES),
                    created_at=now - timedelta(days=chance.randint(2, 9)),
                    changed_at=now - timedelta(days=2),
                )
            )
            slot.seats_taken += party
    Guest.objects.bulk_create(guests.values(), batch_size=2000)
    Rsvp.objects.bulk_create(rsvps, batch_size=2000)
    Timeslot.objects.bulk_update(slots, ["seats_taken"], batch_size=500)
    links.seal_many(country.supporters, list(guests.values()), rsvps)


def _party_sizes(chance: random.Random, slot: Timeslot, number: int) -> list[int]:
    """Parties that fit the room; every tenth timeslot is full to the last place."""
    if slot.event.type == EventType.RALLY and number == 0:
        return [1] * RALLY_GUESTS
    if slot.capacity is None:
        return [chance.choice([1, 1, 2]) for _ in range(chance.randint(3, 40))]
    aim = slot.capacity if number % 10 == 3 else chance.randint(0, int(slot.capacity * 0.7))
    sizes: list[int] = []
    while sum(sizes) < aim:
        sizes.append(min(chance.choice([1, 1, 1, 2, 2, 3, 4]), aim - sum(sizes)))
    return sizes
