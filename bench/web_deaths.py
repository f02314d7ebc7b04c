"""Web workers that die (`make drill-kill`): at every point from the first statement to the answer.

The failpoints live here, as a wrapped database cursor: each statement and each commit is a point
before and a point after itself. A request is sent again and again, each time by a worker of its
own that is killed one point later than the last. Wherever it dies, seats, RSVP and letters must
be all as before the request or all as after it.
"""

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass

MOST_POINTS = 1000


@dataclass(frozen=True)
class Standing:
    """What one guest's request leaves behind."""

    status: str  # "": no RSVP
    seats: int
    letters: tuple[str, ...]


NOTHING = Standing("", 0, ())
COMING = Standing("accepted", 2, ("invitation",))
HELD = Standing("unconfirmed", 2, ("confirm",))
CONFIRMED = Standing("accepted", 2, ("confirm", "invitation"))
THREE = Standing("accepted", 3, ("invitation", "party_change"))
GONE = Standing("cancelled", 0, ("invitation", "rsvp_cancelled"))
BACK = Standing("accepted", 2, ("invitation", "invitation", "rsvp_cancelled"))


class Visit:
    """One guest at one event of their own, and the requests they can send."""

    def __init__(self, *, private: bool) -> None:
        from tests.factories import make_event, make_timeslot

        self.timeslot = make_timeslot(make_event(private=private), capacity=10)
        self.email = f"visitor{self.timeslot.pk}@example.org"
        self.where = f"/events/{self.timeslot.event_id}/rsvp/"

    def form(self) -> tuple[str, dict[str, str]]:
        from django.test import Client

        page = Client().get(self.where).content.decode()
        return self.where, {
            "timeslots": f"{self.timeslot.pk}.{self.timeslot.version}",
            "stamp": re.findall(r'name="stamp" value="([^"]+)"', page)[0],
            "name": "Alex Guest",
            "email": self.email,
            "postal_code": "43215",
            "party_size": "2",
            "note": "",
        }

    def confirm(self) -> tuple[str, dict[str, str]]:
        from outbox.models import Message

        letter = Message.objects.get(kind="confirm", recipient=self.email)
        return f"/c/{letter.payload['token']}/", {}

    def three(self) -> tuple[str, dict[str, str]]:
        slot = f"{self.timeslot.pk}.{self.timeslot.version}"
        return self._manage(do="plan", timeslots=slot, party_size="3", note="")

    def cancel(self) -> tuple[str, dict[str, str]]:
        return self._manage(do="cancel")

    def come_back(self) -> tuple[str, dict[str, str]]:
        return self._manage(do="come_back", rsvp=str(self.timeslot.rsvps.get().pk))

    def _manage(self, **data: str) -> tuple[str, dict[str, str]]:
        from rsvps import links

        url = links.manage_url(self.timeslot.rsvps.get().guest)
        return url[url.index("/r/") :], data

    def stands(self) -> Standing:
        from outbox.models import Message

        self.timeslot.refresh_from_db()
        statuses = self.timeslot.rsvps.values_list("status", flat=True)
        about = Message.objects.about(f"event:{self.timeslot.event_id}")
        letters = about.order_by("kind").values_list("kind", flat=True)
        return Standing("".join(statuses), self.timeslot.seats_taken, tuple(letters))


Step = Callable[[Visit], tuple[str, dict[str, str]]]
# (what is done first, what the worker dies at, how it stands before and after, at a home?)
JOURNEYS: list[tuple[list[Step], Step, Standing, Standing, bool]] = [
    ([], Visit.form, NOTHING, COMING, False),
    ([], Visit.form, NOTHING, HELD, True),
    ([Visit.form], Visit.confirm, HELD, CONFIRMED, True),
    ([Visit.form], Visit.three, COMING, THREE, False),
    ([Visit.form], Visit.cancel, COMING, GONE, False),
    ([Visit.form, Visit.cancel], Visit.come_back, GONE, BACK, False),
]


def kill_web_workers() -> int:
    """Take every journey, dying one point later each time; answers how many points there were."""
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.RSVP_POSTS_PER_NETWORK = settings.RSVP_POSTS_PER_EVENT = 1_000_000
    settings.RSVP_POSTS_PER_CONNECTION = settings.RSVP_RUSH_PERCENT = 1_000_000
    points = 0
    for first, last, before, after, private in JOURNEYS:
        # What a worker loads once is loaded here, and not by each that is to die.
        send(*last(visited(first, private=private)))
        for point in range(1, MOST_POINTS):
            visit = visited(first, private=private)
            survived = dies_at(point, *last(visit))
            stands = visit.stands()
            if stands not in ({after} if survived else {before, after}):
                raise SystemExit(f"{last.__name__}, point {point}: {stands}, not {before}, {after}")
            if survived:
                break
            points += 1
    return points


def visited(steps: list[Step], *, private: bool) -> Visit:
    visit = Visit(private=private)
    for step in steps:
        send(*step(visit))
    return visit


def send(url: str, data: dict[str, str]) -> None:
    from django.test import Client

    response = Client().post(url, data)
    if response.status_code not in {200, 302}:
        raise SystemExit(f"{url}: {response.status_code}")


def dies_at(point: int, url: str, data: dict[str, str]) -> bool:
    """Send the request in a process of its own that dies at that point; True if it lived."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            send_through_failpoints(point, url, data)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        raise SystemExit(f"the request could not be sent: {status}")
    return status == 0


def send_through_failpoints(point: int, url: str, data: dict[str, str]) -> None:
    from django.db import connection

    passed = 0

    def pass_point() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(execute, sql, params, many, context):
        pass_point()
        result = execute(sql, params, many, context)
        pass_point()
        return result

    commit = connection._commit

    def committing() -> None:
        pass_point()
        commit()
        pass_point()

    connection._commit = committing
    with connection.execute_wrapper(statement):
        send(url, data)
    pass_point()  # the answer stands ready and has not been sent
