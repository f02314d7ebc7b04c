"""`python -m bench.july29.people FOLDER SHARE SHARES PORT BEGAN`: one process full of people.

Guests find a party, fill in the form, wait for the letter, press its button; some change their
mind by the link in their invitation. Hosts log in by a mailed code and move, enlarge or cancel.
"""

import json
import os
import random
import re
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.july29 import plan
from bench.july29.browser import Browser, Form, Page
from bench.july29.plan import HostAct, Visitor
from bench.july29.street import Letter, Life, Pause, Street

GIVEN = ("Ada", "Ben", "Carla", "Dev", "Elena", "Femi", "Grace", "Hugo", "Ines", "José", "Kim")
FAMILY = ("Abbott", "Brooks", "Chen", "Diaz", "Eriksen", "Flores", "Grant", "Hayes", "Núñez")
_FULL = re.compile(
    r"just filled up|no room for more|only room for|spots? (is|are) left|is full now"
    r"|has only \d+ spots? left|This event is full"
)
_CHANGED = "changed while you were filling"
# The second is said of a date that was cancelled between two of the form's own looks at it.
_CLOSED = re.compile(
    "It happened while you were filling in the form|was cancelled. Choose another time"
)


def client_address(number: int) -> str:
    """Homes of about two people each; every twentieth guest comes from a hall of 256."""
    if number % 20 == 0:
        return f"203.0.{number // 5120 % 256}.7"
    home = number // 2
    return f"10.{home // 65536 % 256}.{home // 256 % 256}.{home % 256}"


class Guest:
    def __init__(
        self, street: Street, port: int, visitor: Visitor, party: dict[str, Any], code: str
    ) -> None:
        self.street, self.visitor, self.party, self.zip = street, visitor, party, code
        self.email = visitor.email
        self.browser = Browser(port, client_address(visitor.number), street.note)
        self.chance = random.Random(visitor.number)
        self.knows: set[str] = set()

    def say(self, what: str, value: object = None) -> None:
        self.knows.add(what)
        self.street.say(self.email, what, value)

    def think(self, least: float, most: float) -> Pause:
        """Short nights have hasty people; nobody is faster than the form's time trap."""
        most = least + (most - least) * min(1.0, self.street.seconds / 900)
        return Pause(self.chance.uniform(least, most))

    def live(self) -> Life:
        if self.knows & {"refused", "missed", "puzzled"}:
            return
        if not self.knows & {"sent", "in"}:
            yield from self.ask()
        if "sent" in self.knows and "in" not in self.knows and self.visitor.presses:
            yield from self.press()
        if "in" in self.knows and self.visitor.then and "done" not in self.knows:
            yield from self.change()

    # -- the form

    def ask(self) -> Life:
        if (self.email, "c") in self.street.links:  # the drill was killed before it was noted
            self.say("sent")
            return
        if self.visitor.searches:
            self.browser.get(f"/events/?near={self.zip}", "search")
            yield self.think(2, 8)
        self.browser.get(self.party["page"], "event")
        yield self.think(2, 8)
        page = self.browser.get(f"/events/{self.party['event']}/rsvp/", "RSVP form")
        for _ in range(4):
            form = page.form_with("stamp")
            if form is None or not form.boxes_named("timeslots"):
                self.say("refused", "full" if _FULL.search(page.text) else "closed")
                return
            yield self.think(4, 20)
            page = self.browser.post(form, self.answers(form), "RSVP sent")
            if page.status == 302:
                self.say("sent")
                self.browser.get(page.location, "answer")
                return
            if page.status == 429:
                yield Pause(60)
            elif _FULL.search(page.text):
                self.say("refused", "full")
                return
            elif _CLOSED.search(page.text):
                self.say("refused", "closed")
                return
            elif _CHANGED not in page.text:
                break
        self.give_up(page, "the RSVP form came back")

    def answers(self, form: Form) -> list[tuple[str, str]]:
        return form.filled(
            timeslots=form.boxes_named("timeslots")[-1],
            party_size=str(self.visitor.size),
            name=f"{self.chance.choice(GIVEN)} {self.chance.choice(FAMILY)}",
            email=self.email,
            postal_code=self.zip,
            note="See you there!" if self.visitor.number % 7 == 0 else "",
        )

    # -- the button

    def press(self) -> Life:
        link = yield Letter("c")
        yield self.think(2, 15)
        for _ in range(4):
            page = self.browser.get(link, "confirm page")
            if "You already pressed this button" in page.text:
                self.say("in", self.visitor.size)
                return
            if page.status != 200 or not page.forms():
                break
            yield self.think(1, 4)
            page = self.browser.post(page.forms()[0], [], "confirm pressed", private=True)
            if "in. Thank you!" in page.text:
                self.say("in", self.visitor.size)
                return
            if "That didn't work" in page.text:
                self.say("missed")
                return
            if page.status != 302:
                break
        if page.status == 404:
            self.say("missed")
        else:
            self.give_up(page, "the button did nothing")

    # -- another mind

    def change(self) -> Life:
        link = yield Letter("r")
        yield self.think(5, 40)
        for _ in range(4):
            page = self.browser.get(link, "manage page")
            if self.is_done(page):
                return
            form = page.form_with("do", "cancel" if self.visitor.then == "cancel" else "plan")
            if form is None:
                break
            yield self.think(2, 10)
            values = form.fields
            if self.visitor.then == "party":
                values = form.filled(party_size=str(self.visitor.new_size))
            page = self.browser.post(form, values, "manage sent", private=True)
            if _FULL.search(page.text):
                self.say("done", "no room")
                return
        self.give_up(page, "the manage page did nothing")

    def is_done(self, page: Page) -> bool:
        """Whether the page shows what they wanted, or that the event is off."""
        if "This event is cancelled" in page.text:
            self.say("done", "off")
        elif "You are not coming" in page.text:
            self.say("done", "cancelled")
        elif self.visitor.then == "party":
            form = page.form_with("do", "plan")
            if form and form.value("party_size") == str(self.visitor.new_size):
                self.say("done", self.visitor.new_size)
        return "done" in self.knows

    def give_up(self, page: Page, about: str) -> None:
        self.knows.add("puzzled")
        self.street.puzzled(self.email, page, about)


class Host:
    def __init__(self, street: Street, port: int, act: HostAct, party: dict[str, Any]) -> None:
        self.street, self.act, self.party = street, act, party
        self.email = party["host"]
        self.browser = Browser(port, f"172.16.{act.party // 256}.{act.party % 256}", street.note)
        self.knows: set[str] = set()

    def say(self, what: str, value: object = None) -> None:
        self.knows.add(what)
        self.street.say(self.email, what, value)

    def live(self) -> Life:
        if self.knows & {"acted", "puzzled"}:
            return
        for _ in range(3):  # on a crowded night a code can run out on its way
            yield from self.log_in()
            desk = self.browser.get("/host/", "host's desk")
            if f"/host/events/{self.party['event']}/" in desk.text:
                break
        else:
            self.give_up(desk, "the log-in led to no desk")
            return
        yield Pause(2)
        self.browser.get(f"/host/events/{self.party['event']}/", "host's event")
        yield Pause(3)
        yield from getattr(self, f"act_{self.act.what}")()

    def log_in(self) -> Life:
        page = self.browser.get("/accounts/login/code/", "log-in")
        yield Pause(2)
        form = page.form_with("email")
        self.street.links.pop((self.email, "code"), None)  # of before the drill was killed
        page = self.browser.post(form, form.filled(email=self.email), "log-in sent")
        page = self.browser.get(page.location, "code page")
        code = yield Letter("code")
        yield Pause(3)
        form = page.form_with("code")
        self.browser.post(form, form.filled(code=code), "code sent")

    def act_time(self) -> Life:
        """An hour later, or earlier where that would be late."""
        hour, minute = map(int, self.party["starts"].split(":"))
        start = datetime(2000, 1, 1, hour, minute, tzinfo=UTC) + timedelta(
            hours=1 if hour < 20 else -1
        )
        end = start + timedelta(hours=2)
        wanted = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
        url = f"/host/times/{self.party['timeslot']}/"
        for form in self.visits(url, "host's date", "do", "move"):
            if form.value("start") == wanted["start"]:
                self.say("acted", wanted["start"])
                return
            yield Pause(5)
            if end.date() != start.date():
                day = datetime.fromisoformat(form.value("date")) + timedelta(days=1)
                wanted["end_date"] = f"{day:%Y-%m-%d}"
            self.browser.post(form, form.filled(do="move", **wanted), "host's date moved")

    def act_capacity(self) -> Life:
        url = f"/host/times/{self.party['timeslot']}/"
        wanted = str((self.party["capacity"] or 1000) + 7)
        for form in self.visits(url, "host's date", "do", "capacity"):
            if form.value("capacity") == wanted:
                self.say("acted", int(wanted))
                return
            yield Pause(4)
            values = form.filled(do="capacity", capacity=wanted)
            self.browser.post(form, values, "host's room changed")

    def act_place(self) -> Life:
        """To the house across the street: the whole form of the event."""
        wanted, url = "7 Kosciuszko Square", f"/host/events/{self.party['event']}/edit/"
        for form in self.visits(url, "host's form", "seen", ""):
            if form.value("street") == wanted and not form.has("warned"):
                self.say("acted", wanted)
                return
            yield Pause(6)
            values = form.filled(do="continue", street=wanted)
            page = self.browser.post(form, values, "host's form sent")
            if page.status == 422 and (again := page.form_with("warned")):
                self.browser.post(again, [*again.fields, ("do", "continue")], "host's form sent")

    def act_cancel(self) -> Life:
        url = f"/host/events/{self.party['event']}/"
        for _ in range(4):
            page = self.browser.get(url, "host's event")
            if f"{url}cancel/" not in page.text:
                self.say("acted", "cancelled")
                return
            page = self.browser.get(f"{url}cancel/", "host's cancel page")
            form = page.form_with("note")
            yield Pause(4)
            self.browser.post(form, form.filled(note="The roof leaks. We are sorry!"), "cancelled")
        self.give_up(page, "it cannot be cancelled")

    def visits(self, url: str, name: str, field: str, value: str) -> Iterator[Form]:
        """The page's form, looked at again after each try; the last look only reads."""
        for _ in range(4):
            page = self.browser.get(url, name)
            form = page.form_with(field, value)
            if form is None:
                break
            yield form
        self.give_up(page, f"{self.act.what} could not be changed")

    def give_up(self, page: Page, about: str) -> None:
        self.knows.add("puzzled")
        self.street.puzzled(self.email, page, about)


def main() -> None:
    folder, share, shares = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    port, began = int(sys.argv[4]), float(sys.argv[5])
    state = json.loads((folder / "state.json").read_text())
    parties = plan.read(folder / "night.csv")
    known = json.loads((folder / "events.json").read_text())
    street = Street(folder, share, began=began, seconds=state["seconds"])
    people: dict[str, Any] = {}
    for visitor in plan.visitors(parties):
        if visitor.number % shares == share:
            party = known[visitor.party]
            guest = Guest(street, port, visitor, party, parties[visitor.party].zip)
            people[guest.email] = guest
            street.arrive(guest, visitor.arrives * state["seconds"])
    for act in plan.host_acts(parties):
        if act.party % shares == share:
            party = known[act.party] | {"capacity": parties[act.party].capacity}
            people[party["host"]] = Host(street, port, act, party)
            street.arrive(people[party["host"]], act.at * state["seconds"])
    for line in (folder / f"said-{share}.jsonl").read_text().splitlines():
        who, what, _value, _at = json.loads(line)
        people[who].knows.add(what)
    threading.Thread(target=_end_with_the_drill, daemon=True).start()
    street.run()


def _end_with_the_drill() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
