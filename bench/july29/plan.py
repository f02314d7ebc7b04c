"""Who does what on the night: parties, guests and hosts, the same for the same file and seed.

A night is a CSV file with one event per line (`zip,latitude,longitude,starts_local,capacity,
rsvps`; empty capacity: unlimited). The one made here is drawn by the figures of 29 July 2015.
"""

import csv
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

PARTIES, RSVPS = 3500, 100_000
MOVED, CANCELLED = 300, 100
# RSVPs per event at these shares of all events; between them the logarithm runs as a power.
QUANTILES = [(0.0, 1), (0.5, 20), (0.9, 70), (0.99, 205), (1.0, 600)]
UNLIMITED = 0.12
SEED = 729
COLUMNS = ("zip", "latitude", "longitude", "starts_local", "capacity", "rsvps")
_STARTS = {"18:00": 30, "18:30": 12, "19:00": 45, "19:30": 5, "17:00": 3, "12:00": 3, "08:30": 2}
_SIZES = {1: 85, 2: 10, 3: 4, 4: 1}


class Party(NamedTuple):
    """One line of the night's file; `capacity` None: unlimited."""

    zip: str
    latitude: float
    longitude: float
    starts_local: str
    capacity: int | None
    rsvps: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """One guest: `arrives` is a share of the night (0 to 1), `party` their index in the file.

    `then`: "" nothing, "cancel", or "party" (they come with `new_size` people after all).
    """

    number: int
    party: int
    arrives: float
    size: int
    presses: bool
    searches: bool
    then: str
    new_size: int

    @property
    def email(self) -> str:
        return f"guest{self.number}@guests.example"


@dataclass(frozen=True, slots=True)
class HostAct:
    """What one host does with guests aboard: "time", "place", "capacity" or "cancel"."""

    party: int
    at: float
    what: str


# -- The file ----------------------------------------------------------------------------------


def read(path: Path) -> list[Party]:
    """A night's file. Raises SystemExit that names the line which cannot be read."""
    parties = []
    with path.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                capacity = (row["capacity"] or "").strip()
                parties.append(
                    Party(
                        row["zip"].strip().zfill(5),
                        float(row["latitude"]),
                        float(row["longitude"]),
                        row["starts_local"].strip(),
                        int(capacity) if capacity else None,
                        int(row["rsvps"]),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                raise SystemExit(f"{path}, line {number}: {error!r}") from None
    return parties


def write(path: Path, parties: Iterable[Party]) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows(["" if value is None else value for value in party] for party in parties)


# -- A night made up by the figures ------------------------------------------------------------


def make(scale: float, places: list[tuple[float, float, str, str]]) -> list[Party]:
    """Parties by the figures; `places` are (latitude, longitude, zone, ZIP), one for each."""
    chance = random.Random(SEED)
    counts = rsvp_counts(round(PARTIES * scale), round(RSVPS * scale))
    chance.shuffle(counts)
    starts = chance.choices(list(_STARTS), list(_STARTS.values()), k=len(counts))
    return [
        Party(
            code,
            round(latitude + chance.gauss(0, 0.01), 5),
            round(longitude + chance.gauss(0, 0.01), 5),
            f"2015-07-29T{start}",
            _capacity(chance, count),
            count,
        )
        for (latitude, longitude, _zone, code), start, count in zip(
            places, starts, counts, strict=True
        )
    ]


def rsvp_counts(events: int, total: int) -> list[int]:
    """RSVPs of each event: through QUANTILES, with the right sum."""
    low, high = 0.2, 6.0
    for _ in range(40):
        bend = (low + high) / 2
        counts = [_count_at((n + 0.5) / events, bend) for n in range(events)]
        low, high = (bend, high) if sum(counts) > total else (low, bend)
    counts[-1] = QUANTILES[-1][1] if events >= PARTIES / 2 else counts[-1]
    # The rest of the rounding goes to events below the median, one each.
    step = 1 if sum(counts) < total else -1
    small = [n for n in range(events // 2) if counts[n] > 1]
    for n in small[: abs(total - sum(counts))]:
        counts[n] += step
    return counts


def _count_at(share: float, bend: float) -> int:
    for (left, few), (right, many) in pairwise(QUANTILES):
        if share <= right:
            way = ((share - left) / (right - left)) ** bend
            return round(math.exp(math.log(few) + way * (math.log(many) - math.log(few))))
    return QUANTILES[-1][1]


def _capacity(chance: random.Random, rsvps: int) -> int | None:
    """Most have room for nearly everybody who asks; the median is 25."""
    if chance.random() < UNLIMITED:
        return None
    asked = rsvps * sum(size * share for size, share in _SIZES.items()) / 100
    room = math.exp(NormalDist(0.12, 0.15).inv_cdf(chance.uniform(0.01, 0.99)))
    return max(4, round(asked * room + chance.uniform(0, 2)))


# -- Who comes, and when -----------------------------------------------------------------------


def visitors(parties: list[Party]) -> list[Visitor]:
    """Every guest who tries to come: two of three in bursts, 10 % change their mind."""
    chance = random.Random(SEED + 1)
    bursts = sorted(chance.uniform(0.02, 0.75) for _ in range(8))
    found = []
    for index, party in enumerate(parties):
        for _ in range(party.rsvps):
            arrives = chance.random() * 0.97
            if chance.random() < 0.66:
                arrives = min(0.99, chance.choice(bursts) + chance.expovariate(30))
            size = chance.choices(list(_SIZES), list(_SIZES.values()))[0]
            draw = chance.random()
            found.append(
                Visitor(
                    number=len(found),
                    party=index,
                    arrives=arrives,
                    size=size,
                    presses=chance.random() > 0.02,
                    searches=chance.random() < 0.1,
                    then="cancel" if draw < 0.05 else "party" if draw < 0.1 else "",
                    new_size=size + 1 if size == 1 or chance.random() < 0.5 else size - 1,
                )
            )
    return found


def host_acts(parties: list[Party]) -> list[HostAct]:
    """300 of 3,500 hosts change something with guests on board, 100 cancel."""
    chance = random.Random(SEED + 2)
    share = len(parties) / PARTIES
    moved, cancelled = max(3, round(MOVED * share)), max(1, round(CANCELLED * share))
    big = [index for index, party in enumerate(parties) if party.rsvps >= 5]
    chosen = chance.sample(big, min(len(big), moved + cancelled))
    whats = ["time", "place", "capacity"]
    return [
        HostAct(index, chance.uniform(0.4, 0.9), whats[n % 3] if n < moved else "cancel")
        for n, index in enumerate(chosen)
    ]
