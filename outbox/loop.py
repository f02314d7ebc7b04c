"""Deliverers that keep going: what `manage.py deliver` runs until it is told to stop.

Three threads: account mail has a lane and a connection of its own, so that neither a slow
planner nor a hanging server makes somebody wait for their code; everything else has another;
the third plans, sweeps leases and keeps the heartbeat.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connections

from outbox import delivery, heartbeat, ledger
from outbox.clock import database_now
from outbox.models import Priority
from outbox.smtp import LONGEST_IDLE, ServerUnavailable

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_ACCOUNT_PAUSE_SECONDS = 5.0


class TickingClock:
    """The database's clock, asked now and then and carried on in between."""

    def __init__(self) -> None:
        self.ask()

    def ask(self) -> None:
        self._asked_at, self._base = time.monotonic(), database_now()

    def __call__(self) -> datetime:
        return self._base + timedelta(seconds=time.monotonic() - self._asked_at)


class Loop:
    """Delivers until stop(); run() returns when every thread has finished its letter."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        threads = [
            threading.Thread(target=self._guard, args=(work,), name=name)
            for name, work in [
                ("account mail", self._deliver_account_mail),
                ("letters", self._deliver_letters),
                ("housekeeping", self._keep_house),
            ]
        ]
        for thread in threads:
            thread.start()
        # In slices: a signal is only seen between them.
        while not self._stopping.wait(0.2):
            pass
        for thread in threads:
            thread.join()

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("a deliverer's thread died; stopping all of them")
            self.stop()
        finally:
            connections.close_all()

    def _deliver_account_mail(self) -> None:
        self._deliver([Priority.ACCOUNT], longest_pause=LONGEST_ACCOUNT_PAUSE_SECONDS)

    def _deliver_letters(self) -> None:
        self._deliver([Priority.AT_ONCE, Priority.PLANNED], longest_pause=LONGEST_PAUSE_SECONDS)

    def _deliver(self, priorities: Iterable[int], *, longest_pause: float) -> None:
        clock = TickingClock()
        deliverer = delivery.Deliverer(clock=clock, priorities=priorities)
        failures = 0
        used_at = time.monotonic()
        while not self._stopping.is_set():
            pause = POLL_SECONDS
            try:
                close_old_connections()
                clock.ask()
                if deliverer.work(self._stopping.is_set):
                    used_at, pause = time.monotonic(), 0.0
                    heartbeat.note_error("")
                elif time.monotonic() - used_at > LONGEST_IDLE:
                    deliverer.close()
                failures = 0
            except (ServerUnavailable, DatabaseError) as error:
                failures += 1
                pause = _pause_after(failures, longest_pause)
                log.warning("not delivering for %.0f s: %s", pause, error)
                self._note(error)
            self._stopping.wait(pause)
        deliverer.close()

    def _note(self, error: Exception) -> None:
        try:
            if isinstance(error, ServerUnavailable):
                heartbeat.note_error(str(error))
        except DatabaseError:
            connections.close_all()

    def _keep_house(self) -> None:
        while not self._stopping.is_set():
            try:
                close_old_connections()
                now = database_now()
                heartbeat.beat(now)
                ledger.sweep(now)
                if heartbeat.my_turn_to_plan():
                    delivery.plan(now)
            except DatabaseError:
                log.warning("the database does not answer", exc_info=True)
                connections.close_all()
            self._stopping.wait(HOUSEKEEPING_SECONDS)


def _pause_after(failures: int, longest: float) -> float:
    """1, 2, 4 ... seconds, with up to a quarter more, so that deliverers do not march in step."""
    return min(2.0 ** (failures - 1), longest) * (1 + random.random() / 4)  # noqa: S311
