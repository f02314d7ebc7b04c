"""What the worker sees to: noted in one row, done once, and no reason for others to wait."""

from datetime import timedelta

import pytest

from rsvps import errands
from rsvps.models import Errand

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(monkeypatch):
    """What was done, by a doer that cannot do what is asked under one address."""
    monkeypatch.setattr(errands, "_doers", {})
    seen = []

    def doer(email, payload, now):
        if email == "broken@example.org":
            raise LookupError
        seen.append((email, payload, now))

    errands.register("wave", doer)
    return seen


def test_errand_is_done_once_with_what_it_was_left_with(done, now):
    errands.leave("wave", "alex@example.org", times=2, now=now)
    assert [errands.run(now), errands.run(now)] == [1, 0]
    assert done == [("alex@example.org", {"times": 2}, now)]


def test_errand_that_fails_holds_up_no_other_and_is_dropped_after_an_hour(done, now):
    errands.leave("wave", "broken@example.org", now=now)
    errands.leave("wave", "alex@example.org", now=now)
    assert errands.run(now) == 1
    assert Errand.objects.get().email == "broken@example.org"
    assert errands.run(now + timedelta(hours=1)) == 0
    assert not Errand.objects.exists()
