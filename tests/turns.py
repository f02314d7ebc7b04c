"""Several threads on one database, taking turns at random: one statement or commit at a time.

Where the database makes one of them wait for another, the turn goes on to the next; so every
interleaving that the database allows can come up, and the same seed tends to the same one.
"""

import random
import threading
from collections.abc import Callable
from itertools import count

from django.db import connection, connections

# After this long without reaching its next statement an actor is taken to wait for a lock.
PATIENCE = 0.03


class Turns:
    """`began` and `ended`: the ticks of each actor's last commit, in one order for all."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._changed = threading.Condition()
        self._waiting: set[str] = set()  # at a point, for their turn
        self._gone: set[str] = set()
        self._called: set[str] = set()  # whose turn it is
        self._tick = count(1)
        self.began: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.failed: list[tuple[str, Exception]] = []

    def run(self, **actors: Callable[[], object]) -> None:
        """Run all of them to their end; what one raised is in `failed`."""
        threads = [
            threading.Thread(target=self._act, args=item, name=item[0]) for item in actors.items()
        ]
        for thread in threads:
            thread.start()
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) == len(actors))
            while len(self._gone) < len(actors):
                if not self._waiting:  # all that are left wait for each other's locks
                    self._changed.wait(PATIENCE)
                    continue
                chosen = self._chance.choice(sorted(self._waiting))
                self._waiting.discard(chosen)
                self._called.add(chosen)
                self._changed.notify_all()
                self._changed.wait_for(
                    lambda name=chosen: name in self._waiting or name in self._gone, PATIENCE
                )
        for thread in threads:
            thread.join()

    def _act(self, name: str, act: Callable[[], object]) -> None:
        commit = connection._commit

        def committing() -> None:
            self._await_turn(name)
            self.began[name] = next(self._tick)
            commit()
            self.ended[name] = next(self._tick)

        def statement(execute, sql, params, many, context):
            self._await_turn(name)
            return execute(sql, params, many, context)

        connection._commit = committing
        try:
            self._await_turn(name)
            with connection.execute_wrapper(statement):
                act()
        except Exception as error:
            self.failed.append((name, error))
        finally:
            del connection._commit
            connections.close_all()
            with self._changed:
                self._gone.add(name)
                self._changed.notify_all()

    def _await_turn(self, name: str) -> None:
        with self._changed:
            self._waiting.add(name)
            self._changed.notify_all()
            self._changed.wait_for(lambda: name in self._called)
            self._called.discard(name)
