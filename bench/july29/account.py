"""The account of the night, which must balance: what people were told, what is stored, what
their calendars show, and each letter that the mail server took."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.july29 import clockwork, plan
from bench.july29.postbox import LETTERS
from tests.model_calendar import ModelCalendar


class Account:
    """`lines` are (what, figures, whether it balances); `faults` the first few that do not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[tuple[str, str, bool]] = []
        self.faults: list[str] = []
        self.said = read_journals(folder)
        self.calendars: dict[str, list[str]] = defaultdict(list)
        self.arrived: Counter[str] = Counter()
        self.broken = 0
        for letter in read_letters(folder):
            self.arrived[letter["id"]] += 1
            if letter["faults"]:
                self.broken += 1
                self.faults.append(f"letter to {letter['to']}: {letter['faults']}")
            if letter["calendar"]:
                self.calendars[letter["to"]].append(letter["calendar"])

    def balance(self) -> bool:
        self.count_people()
        self.check_rsvps()
        self.check_seats()
        self.check_hosts()
        self.check_calendars()
        self.check_reminders()
        self.check_letters()
        return all(fine for _, _, fine in self.lines)

    def enter(self, what: str, figures: str, faults: list[str]) -> None:
        self.lines.append((what, figures, not faults))
        self.faults += [f"{what}: {fault}" for fault in faults[:5]]

    # -- what people were told

    def count_people(self) -> None:
        guests = [said for who, said in self.said.items() if who.startswith("guest")]
        told = Counter(what for said in guests for what in said)
        why = Counter(said["refused"] for said in guests if "refused" in said)
        self.enter(
            "guests who asked",
            f"{len(guests):,}: {told['sent']:,} forms taken, {why['full']:,} found it full,"
            f" {why['closed']:,} found it cancelled",
            [
                f"{who} was told {list(said)}"
                for who, said in self.said.items()
                if "puzzled" in said or not {"refused", "sent", "in", "acted"} & set(said)
            ],
        )

    def check_rsvps(self) -> None:
        """RSVPs acknowledged are RSVPs stored, with the party last acknowledged."""
        from rsvps.models import Rsvp

        stored = {
            email: (status, size)
            for email, status, size in Rsvp.objects.values_list(
                "supporter__email", "status", "party_size"
            )
        }
        wanted = {who: _standing(said) for who, said in self.said.items() if "in" in said}
        faults = [
            f"{who} was told {wanted.get(who)}, stored is {stored.get(who)}"
            for who in wanted.keys() | stored.keys()
            if wanted.get(who) != stored.get(who)
        ]
        ends = Counter(said.get("done") for said in self.said.values() if "done" in said)
        resized = sum(count for end, count in ends.items() if isinstance(end, int))
        self.enter(
            "RSVPs acknowledged = stored",
            f"{len(wanted):,} = {len(stored):,} ({ends['cancelled']:,} cancelled since, {resized:,}"
            f" changed size, {ends['no room']:,} found no room for more)",
            faults,
        )

    def check_hosts(self) -> None:
        """Every host's change stands as they were told."""
        from events.models import Timeslot

        known = json.loads((self.folder / "events.json").read_text())
        acts = {known[act.party]["host"]: act for act in plan.host_acts(self._parties())}
        slots = {
            slot.event.host.email: slot
            for slot in Timeslot.objects.select_related("event__host").filter(
                event__host__email__in=list(acts)
            )
        }
        faults = []
        for who, act in acts.items():
            told, slot = self.said.get(who, {}).get("acted"), slots[who]
            local = slot.starts_at.astimezone(_zone(slot))
            stands = {
                "time": f"{local:%H:%M}",
                "capacity": slot.capacity,
                "place": slot.event.street,
                "cancel": slot.event.state,
            }[act.what]
            if told is None or stands != told:
                faults.append(f"{who} was told {told}, it is {stands}")
        count = Counter(act.what for act in acts.values())
        self.enter(
            "hosts' changes stand",
            f"{count['time']} times, {count['place']} places, {count['capacity']} capacities,"
            f" {count['cancel']} cancelled",
            faults,
        )

    def _parties(self) -> list[plan.Party]:
        return plan.read(self.folder / "night.csv")

    # -- seats

    def check_seats(self) -> None:
        """No timeslot over capacity, and seats taken are the parties that hold them."""
        from django.db.models import Q, Sum

        from events.models import Timeslot
        from rsvps.states import SEATED

        seated = Q(rsvps__status__in=SEATED)
        slots = Timeslot.objects.annotate(held=Sum("rsvps__party_size", filter=seated))
        faults, full, seats = [], 0, 0
        for slot in slots:
            seats += slot.seats_taken
            full += slot.room_left == 0
            over = slot.capacity is not None and slot.seats_taken > slot.capacity
            if over or slot.seats_taken != (slot.held or 0):
                faults.append(f"timeslot {slot.pk}: {slot.seats_taken} of {slot.capacity}")
        self.enter(
            "no timeslot over capacity",
            f"{len(slots):,} timeslots, {seats:,} seats taken, {full:,} full to the last place",
            faults,
        )

    # -- calendars

    def check_calendars(self) -> None:
        """Each guest's model calendar, whatever order letters come in, shows what is stored."""
        from events import calendars
        from events.disclosure import Role
        from rsvps.models import Rsvp
        from rsvps.states import COMING

        rsvps = Rsvp.objects.select_related("supporter", "timeslot__event")
        chance, faults, shown, counted = random.Random(1), [], 0, 0
        for rsvp in rsvps.iterator(chunk_size=2000):
            slot, letters = rsvp.timeslot, self.calendars[rsvp.supporter.email]
            chance.shuffle(letters)
            calendar = ModelCalendar()
            for letter in letters:
                calendar.receive(letter.encode())
            counted += 1
            entry = calendar.shows(slot.uid)
            if rsvp.status not in COMING or calendars.is_cancelled(slot):
                if entry is not None:
                    faults.append(f"{rsvp.supporter.email} still sees it")
                continue
            shown += 1
            place = calendars.place_for(slot.event, Role.GUEST)
            if (
                entry is None
                or entry.decoded("DTSTART") != slot.starts_at
                or entry.decoded("DTEND") != slot.ends_at
                or entry.get("LOCATION") != place
            ):
                faults.append(f"{rsvp.supporter.email} sees {entry and entry.to_ical()!r}")
        self.enter(
            "each guest's calendar = the database",
            f"{counted:,} calendars, {shown:,} show the party",
            faults,
        )

    # -- reminders

    def check_reminders(self) -> None:
        """Each due reminder (and letter of thanks) arrived once, and no other one."""
        wanted = expected_letters()
        arrived: Counter[tuple[str, str]] = Counter()
        for key, ids in self._planned_letters().items():
            arrived[key] = sum(self.arrived[one] for one in ids)
        faults = [
            f"{key} came {arrived[key]} times, due {int(key in wanted)}"
            for key in wanted | arrived.keys()
            if arrived[key] != (key in wanted)
        ]
        kinds = Counter(kind for _, kind in wanted)
        self.enter(
            "each due reminder once",
            ", ".join(
                f"{count:,} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items())
            ),
            faults,
        )

    def _planned_letters(self) -> dict[tuple[str, str], list[str]]:
        from outbox.models import Message

        found = defaultdict(list)
        kinds = (clockwork.DAY_BEFORE, clockwork.ON_THE_DAY, clockwork.THANKS)
        rows = Message.objects.filter(kind__in=kinds).exclude(message_id="")
        for subject, kind, identity in rows.values_list("subject_key", "kind", "message_id"):
            found[subject, kind].append(identity)
        return found

    # -- all letters

    def check_letters(self) -> None:
        """What the ledger says was sent arrived, once but for letters in doubt, and no other."""
        from outbox.models import Message

        rows = Message.objects.values_list("message_id", "state", "doubts", "kind")
        faults, states, known = [], Counter(), set()
        for identity, state, doubts, kind in rows.iterator(chunk_size=5000):
            states[state] += 1
            known.add(identity)
            came = self.arrived[identity] if identity else 0
            if state == "sent" and not 1 <= came <= 1 + doubts:
                faults.append(f"{kind} {identity} is sent and came {came} times")
            elif state in {"failed", "claimed", "transmitting"}:
                faults.append(f"{kind} {identity} is {state}")
        strangers = len(self.arrived.keys() - known)
        faults += [f"{strangers} letters that the ledger does not know"] * bool(strangers)
        faults += [f"{self.broken} letters with a fault in their form"] * bool(self.broken)
        self.enter(
            "letters sent = letters taken",
            f"{sum(self.arrived.values()):,} taken and parsed; the ledger: "
            + ", ".join(f"{count:,} {state}" for state, count in sorted(states.items())),
            faults,
        )


def read_journals(folder: Path) -> dict[str, dict[str, Any]]:
    """{address: {what they were told: the last value}}."""
    said: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("said-*.jsonl")):
        for line in path.read_text().splitlines():
            who, what, value, _at = json.loads(line)
            said.setdefault(who, {})[what] = value
    return said


def read_letters(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / LETTERS).open() as file:
        for line in file:
            yield json.loads(line)


def _standing(said: dict[str, Any]) -> tuple[str, int]:
    """(status, party) as the guest was last told."""
    done = said.get("done")
    if done == "cancelled":
        return "cancelled", said["in"]
    return "accepted", done if isinstance(done, int) else said["in"]


def _zone(slot: Any):
    from zoneinfo import ZoneInfo

    return ZoneInfo(slot.event.timezone)


def expected_letters() -> set[tuple[str, str]]:
    """(subject key, kind) of each reminder due to whoever is coming and had not just been told."""
    from rsvps.models import Rsvp
    from rsvps.states import COMING

    coming = Rsvp.objects.filter(
        status__in=COMING, timeslot__state="open", timeslot__event__state="approved"
    )
    wanted = set()
    rows = coming.values_list(
        "pk",
        "told_at",
        "timeslot__starts_at",
        "timeslot__ends_at",
        "timeslot__event__timezone",
    )
    for pk, told_at, *slot in rows.iterator(chunk_size=5000):
        for kind, due_at in clockwork.due(clockwork.Slot(*slot)).items():
            if told_at < due_at:
                wanted.add((f"rsvp:{pk}", kind))
    return wanted


def instants(after: datetime) -> list[datetime]:
    """Every instant from `after` on at which some letter of the night is due."""
    from events.models import Timeslot

    rows = Timeslot.objects.filter(state="open", event__state="approved").values_list(
        "starts_at", "ends_at", "event__timezone"
    )
    found = {due for slot in rows for due in clockwork.due(clockwork.Slot(*slot)).values()}
    return sorted(one for one in found if one >= after)
