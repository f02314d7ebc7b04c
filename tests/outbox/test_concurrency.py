"""Five at once, with clocks that disagree: the database decides."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections

from outbox import ledger
from outbox.models import Message
from outbox.states import MessageState

pytestmark = pytest.mark.django_db(transaction=True)

FIVE = 5
# One is an hour behind and one an hour ahead.
CLOCKS = [timedelta(hours=hours) for hours in (-1, 0, 0, 0, 1)]


def five_at_once(work):
    """What five threads got that began at the same moment, each with a connection of its own."""
    ready = Barrier(FIVE)

    def run(number):
        try:
            ready.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(FIVE) as pool:
        return list(pool.map(run, range(FIVE)))


def test_five_planners_make_one_row_for_each_person_version_and_step(now):
    def plan(number):
        clock = now + CLOCKS[number]
        ledger.post_all(
            ledger.draft(
                "reminder",
                to=f"guest{guest}@example.org",
                subject=f"rsvp:{guest}",
                version=version,
                step="day_before",
                now=clock,
            )
            for guest in range(20)
            for version in (1, 2)
        )

    five_at_once(plan)
    assert Message.objects.count() == 40


def test_five_deliverers_claim_each_letter_once(now):
    ledger.post_all(
        ledger.draft("invitation", to="ana@example.org", subject=f"rsvp:{number}", now=now)
        for number in range(60)
    )

    def claim(number):
        mine: list[int] = []
        while got := ledger.claim(
            owner=f"deliverer {number}", now=now + timedelta(hours=2) + CLOCKS[number], limit=7
        ):
            mine += [message.pk for message in got]
        return mine

    claimed = Counter(key for keys in five_at_once(claim) for key in keys)
    assert len(claimed) == 60
    assert set(claimed.values()) == {1}


def test_deliverer_whose_clock_is_ahead_does_not_take_a_lease_that_still_holds(now):
    """Leases are measured by the database's clock."""
    ledger.post("invitation", to="ana@example.org", subject="rsvp:1", now=now)
    ledger.claim(owner="slow", now=now, limit=1)
    assert ledger.sweep(now + timedelta(days=1)) == 0
    assert Message.objects.get().state == MessageState.CLAIMED


def test_letter_withdrawn_while_it_is_claimed_never_starts(now):
    """Fifty times: either it had begun before the withdrawal, or it never does."""
    for number in range(50):
        ledger.post("reminder", to="ana@example.org", subject=f"rsvp:{number}", now=now)
        [message] = ledger.claim(owner="a", now=now, limit=1)

        def start_or_withdraw(worker, message=message, subject=f"rsvp:{number}"):
            if worker == 0:
                return ledger.withdraw(subject=subject, now=now)
            if worker == 1:
                try:
                    ledger.mark_transmitting(message, now=now)
                except ledger.NotTheHolder:
                    return "held back"
                return "started"
            return None

        withdrawn, started = five_at_once(start_or_withdraw)[:2]
        assert (withdrawn, started) in {(1, "held back"), (0, "started")}
