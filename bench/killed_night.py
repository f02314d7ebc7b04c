"""The guests of `make drill-kill`: whose reminders fall due while deliverers are killed, who is
invited meanwhile, and the account of what each of them got."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path

from events.models import Timeslot
from outbox.clock import database_now
from outbox.models import Message
from outbox.overview import PLANNED
from outbox.states import MessageState
from rsvps import invites, links
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import ReminderKind, RsvpStatus
from rsvps.steps import DEFAULTS
from tests.factories import make_event, make_timeslot

GUESTS_A_PARTY = 20
NOON = 12


@dataclass
class Account:
    """What became of the letters; `doubts` counts each time that one was in doubt."""

    sent: int = 0
    uncertain: int = 0
    doubts: int = 0
    sent_again: int = 0
    lost: int = 0
    doubled: int = 0


class Night:
    """Guests with a reminder each, due one party after the other over `spread` from now on.

    It is noon where they are, so that no letter has to wait for the morning.
    """

    def __init__(self, reminders: int, *, spread: timedelta) -> None:
        now = database_now()
        self.reminders, self.invitations = reminders, max(1, reminders // 10)
        parties = -(-reminders // GUESTS_A_PARTY)
        hours = timedelta(hours=DEFAULTS.on_the_day.hours)
        slots = [
            _timeslot(now + hours + spread * party / parties, now=now) for party in range(parties)
        ]
        guests = [(slots[number % parties], f"guest{number}") for number in range(reminders)]
        # Told after yesterday's reminder was due, and before today's is.
        _take_seats(guests, now=now - timedelta(hours=1))
        later = _timeslot(now + timedelta(days=3), now=now)
        self._to_invite = batched(
            _take_seats([(later, f"newcomer{n}") for n in range(self.invitations)], now=now),
            max(1, self.invitations // 50),
        )

    def invite_some(self) -> bool:
        """Post the next fiftieth of the invitations; False once there are no more."""
        some = next(self._to_invite, None)
        for rsvp in some or ():
            invites.post_invitation(rsvp, now=database_now())
        return some is not None

    def is_settled(self) -> bool:
        """Whether everybody's reminder was planned and every letter has come to its end."""
        planned = Message.objects.filter(kind=ReminderKind.ON_THE_DAY).count()
        waiting = Message.objects.filter(state__in=PLANNED)
        return planned >= self.reminders and not waiting.exists()

    def account(self, log: Path) -> Account:
        """The ledger beside what the sink took."""
        found, copies = Account(), _copies(log)
        rows = Counter[str]()
        for row in Message.objects.filter(kind__in=[ReminderKind.ON_THE_DAY, "invitation"]):
            arrived = copies.pop(row.message_id, [])
            resent = row.kind == "invitation"
            rows[row.kind] += 1
            found.doubts += row.doubts
            found.sent += row.state == MessageState.SENT and not resent
            found.uncertain += row.state == MessageState.UNCERTAIN
            found.sent_again += resent and row.doubts > 0
            found.lost += row.state not in _ends(row) or (
                row.state == MessageState.SENT and not arrived
            )
            most = 1 + (row.doubts if resent else 0)
            found.doubled += len(arrived) > most or len(set(arrived)) > 1
        found.doubled += len(copies)  # of no letter in the ledger
        for kind, wanted in [
            (ReminderKind.ON_THE_DAY, self.reminders),
            ("invitation", self.invitations),
        ]:
            found.lost += max(0, wanted - rows[kind])
            found.doubled += max(0, rows[kind] - wanted)
        return found


def _ends(row: Message) -> set[str]:
    """How a letter may end: what is sent again in doubt is sent in the end."""
    if row.kind == "invitation":
        return {MessageState.SENT}
    return {MessageState.SENT, MessageState.UNCERTAIN}


def _copies(log: Path) -> dict[str, list[str]]:
    """Hashes of what the sink took, by Message-ID."""
    copies = defaultdict(list)
    for line in log.read_text().splitlines():
        _recipient, message_id, digest = line.split()
        copies[message_id].append(digest)
    return copies


def _timeslot(starts_at: datetime, *, now: datetime) -> Timeslot:
    # The names of these zones count westward.
    zone = f"Etc/GMT{now.hour - NOON:+d}"
    return make_timeslot(make_event(timezone=zone), starts_at=starts_at)


def _take_seats(places: list[tuple[Timeslot, str]], *, now: datetime) -> list[Rsvp]:
    """Accepted RSVPs of people with these names, told all there is at `now`."""
    people = Supporter.objects.bulk_create(
        [
            Supporter(email=f"{name}@example.org", name=name, created_at=now, proved_at=now)
            for _slot, name in places
        ],
        batch_size=500,
    )
    guests = Guest.objects.bulk_create(
        [
            Guest(supporter=who, event=slot.event, created_at=now)
            for who, (slot, _name) in zip(people, places, strict=True)
        ],
        batch_size=500,
    )
    rsvps = Rsvp.objects.bulk_create(
        [
            Rsvp(
                guest=guest,
                supporter=guest.supporter,
                timeslot=slot,
                status=RsvpStatus.ACCEPTED,
                created_at=now,
                changed_at=now,
                told_at=now,
            )
            for guest, (slot, _name) in zip(guests, places, strict=True)
        ],
        batch_size=500,
    )
    links.seal_many(people, guests, rsvps)
    for pk, taken in Counter(slot.pk for slot, _name in places).items():
        Timeslot.objects.filter(pk=pk).update(seats_taken=taken)
    return rsvps
