"""Many people at once in one process: a clock, threads, a letter box, a journal.

A person is a generator that yields what it waits for: a Pause, or a Letter. What the site told
a person is written to the journal; where a connection broke, or the drill was killed, the
person starts again from what they know, as people do.
"""

import heapq
import json
import threading
import time
import traceback
from collections.abc import Generator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bench.july29.browser import Lost, Page
from bench.july29.postbox import LINKS

THREADS = 6
# Nobody waits longer for a letter once nothing else happens any more.
PATIENCE = 60.0


class Pause(NamedTuple):
    seconds: float


class Letter(NamedTuple):
    """A letter to the person's address with a link (or code) of that kind."""

    kind: str


type Life = Generator[Pause | Letter, Any, None]


class Person(Protocol):
    email: str

    def live(self) -> Life: ...


class Street:
    """Runs people until nobody has anything left to do; they come within `seconds`."""

    def __init__(self, folder: Path, share: int, *, began: float, seconds: float) -> None:
        self.folder, self.began, self.seconds = folder, began, seconds
        self._journal = (folder / f"said-{share}.jsonl").open("a", buffering=1)
        self._times = (folder / f"times-{share}.tsv").open("a", buffering=65536)
        # Who is under way goes before who arrives: where more come than the site can take, they
        # stand at the door, and nobody stops in the middle of a form.
        self._under_way: list[tuple[float, int, Person, Life, Any]] = []
        self._arriving: list[tuple[float, int, Person]] = []
        self._waiting: dict[tuple[str, str], tuple[Person, Life]] = {}
        self.links: dict[tuple[str, str], str] = {}
        self._turn = threading.Condition()
        self._number = count()
        self._busy = 0
        self._read_to = 0
        self._stirred = time.monotonic()

    # -- what people do

    def arrive(self, person: Person, at: float) -> None:
        """`at`: seconds after the night began."""
        self._come(self.began + at, person)

    def say(self, who: str, what: str, value: object = None) -> None:
        """Write down what the site told somebody."""
        self._journal.write(json.dumps([who, what, value, round(time.time(), 3)]) + "\n")

    def note(self, name: str, milliseconds: float, status: int) -> None:
        self._times.write(f"{name}\t{milliseconds:.1f}\t{status}\t{time.time():.1f}\n")

    def puzzled(self, who: str, page: Page, about: str) -> None:
        """The page was none that the person knows what to do with."""
        name = f"puzzled-{who.partition('@')[0]}.html"
        (self.folder / name).write_text(f"<!-- {about}: {page.status} {page.url} -->{page.text}")
        self.say(who, "puzzled", about)

    # -- running them

    def run(self) -> None:
        self._read_links()
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.2)
            self._read_links()
        self._times.flush()

    def _come(self, when: float, person: Person) -> None:
        """`person` begins, or begins again, at `when`."""
        with self._turn:
            heapq.heappush(self._arriving, (when, next(self._number), person))
            self._turn.notify()

    def _go_on(self, when: float, person: Person, life: Life, value: Any = None) -> None:
        """From `when` on, `person` goes on with `life`, told `value`."""
        with self._turn:
            heapq.heappush(self._under_way, (when, next(self._number), person, life, value))
            self._turn.notify()

    def _work(self) -> None:
        while (turn := self._next()) is not None:
            person, life, value = turn
            try:
                self._step(person, life, value)
            finally:
                with self._turn:
                    self._busy -= 1
                    self._stirred = time.monotonic()
                    self._turn.notify_all()

    def _next(self) -> tuple[Person, Life, Any] | None:
        with self._turn:
            while True:
                now = time.time()
                if self._under_way and self._under_way[0][0] <= now:
                    _, _, person, life, value = heapq.heappop(self._under_way)
                    self._busy += 1
                    return person, life, value
                if self._arriving and self._arriving[0][0] <= now:
                    when, _, person = heapq.heappop(self._arriving)
                    self._busy += 1
                    self.note("(late)", (now - when) * 1000, 0)
                    return person, person.live(), None
                coming = [queue[0][0] for queue in (self._under_way, self._arriving) if queue]
                if not coming and not self._busy and self._nobody_hopes():
                    return None
                wait = min(coming) - now if coming else 0.5
                self._turn.wait(min(max(wait, 0.01), 0.5))

    def _nobody_hopes(self) -> bool:
        return not self._waiting or time.monotonic() - self._stirred > PATIENCE

    def _step(self, person: Person, life: Life, value: Any) -> None:
        try:
            wish = life.send(value)
            while isinstance(wish, Letter):
                with self._turn:
                    link = self.links.get((person.email, wish.kind))
                    if link is None:
                        self._waiting[person.email, wish.kind] = (person, life)
                        return
                wish = life.send(link)
            self._go_on(time.time() + wish.seconds, person, life)
        except StopIteration:
            pass
        except Lost as error:
            self.say(person.email, "lost", str(error))
            self._come(time.time() + 2, person)
        except Exception:
            self.say(person.email, "puzzled", traceback.format_exc())

    def _read_links(self) -> None:
        """What came by mail since the last look; wakes who waited for it."""
        path = self.folder / LINKS
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read_to)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read_to += len(whole)
        woken = []
        with self._turn:
            for line in whole.decode().splitlines():
                address, kind, link = line.split("\t")[:3]
                self.links[address, kind] = link
                self._stirred = time.monotonic()
                if waiting := self._waiting.pop((address, kind), None):
                    woken.append((*waiting, link))
        for person, life, link in woken:
            self._go_on(time.time(), person, life, link)
