"""What the drill prints at its end."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.july29.account import Account, read_letters

_TITLES = ("search", "event", "RSVP form", "RSVP sent", "answer", "confirm page")
_TITLES += ("confirm pressed", "manage page", "manage sent")


def show(folder: Path, state: dict[str, Any]) -> bool:
    """Print the account, the pages' times, the letters and the memory; whether it balances."""
    account = Account(folder)
    balances = account.balance()
    print(f"\n{state['parties']:,} parties, {state['guests']:,} guests\n")
    print("| account | | balances |\n| --- | --- | --- |")
    for what, figures, fine in account.lines:
        print(f"| {what} | {figures} | {'yes' if fine else '**NO**'} |")
    broken = _pages(folder, state)
    _letters(folder, state)
    memory = state["memory"]
    print(
        f"\nPeak memory (resident): server {memory['server']} MiB,"
        f" two deliverers {memory['deliverers']} MiB."
    )
    for fault in account.faults[:40]:
        print(f"FAULT {fault}")
    print("The account balances." if balances and not broken else "")
    return balances and not broken


def _pages(folder: Path, state: dict[str, Any]) -> int:
    """Times of pages by name; answers how many requests the server failed (5xx)."""
    times: dict[str, list[float]] = defaultdict(list)
    statuses: Counter[str] = Counter()
    for path in folder.glob("times-*.tsv"):
        for line in path.read_text().splitlines():
            name, milliseconds, status, _at = line.split("\t")
            times[name].append(float(milliseconds))
            statuses[status[0]] += name != "(late)"
    late = times.pop("(late)", [])
    hosts = [ms for name in set(times) - set(_TITLES) for ms in times.pop(name)]
    every = [ms for some in times.values() for ms in some] + hosts
    print("\n| page | requests | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
    for name in _TITLES:
        _line(name, times[name])
    _line("hosts' pages and redirects", hosts)
    _line("all", every)
    seconds = state["evening_seconds"]
    print(
        f"\n{len(every):,} requests in {seconds / 60:.1f} minutes ({len(every) / seconds:.0f} a"
        f" second); {statuses['5']} failed (5xx), {statuses['4']} refused (4xx). Guests were served"
        f" {_percentile(late, 95) / 1000:.1f} s after they came (p95)."
    )
    return statuses["5"]


def _line(name: str, times: list[float]) -> None:
    cells = (f"{_percentile(times, p):.0f}" for p in (50, 95, 99))
    print(f"| {name} | {len(times):,} | {' | '.join(cells)} |")


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else sum(values)


def _letters(folder: Path, state: dict[str, Any]) -> None:
    minutes: Counter[int] = Counter()
    evening = total = size = 0
    from datetime import datetime

    stopped = datetime.fromisoformat(state["stopped_at"]).timestamp()
    for letter in read_letters(folder):
        total += 1
        size += letter["size"]
        if letter["at"] < stopped:
            evening += 1
            minutes[int(letter["at"]) // 60] += 1
    walked = total - evening
    print(
        f"\nLetters: {evening:,} while people came"
        f" ({evening / state['evening_seconds']:.0f} a second, {max(minutes.values()) / 60:.0f} in"
        f" the busiest minute), {walked:,} reminders and thanks at {len(state['walked'])} instants"
        f" ({walked / max(state['walk_seconds'], 1):.0f} a second, planning included);"
        f" {size / max(total, 1) / 1000:.1f} kB each."
    )
