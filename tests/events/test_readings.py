"""Readings of private addresses are noted, once per reader and day."""

from datetime import timedelta

import pytest

from events.models import AddressReading
from events.readings import record_reading
from tests.factories import make_event

pytestmark = pytest.mark.django_db


def test_reading_is_noted_once_per_reader_and_day(now):
    event = make_event(private=True)
    for reader, at in [
        ("guest:1", now),
        ("guest:1", now + timedelta(hours=1)),
        ("user:1", now),
        ("guest:1", now + timedelta(days=1)),
    ]:
        record_reading(event, reader=reader, now=at)
    assert list(AddressReading.objects.order_by("pk").values_list("reader", "read_at")) == [
        ("guest:1", now),
        ("user:1", now),
        ("guest:1", now + timedelta(days=1)),
    ]


def test_public_addresses_are_not_noted(now):
    record_reading(make_event(), reader="guest:1", now=now)
    assert not AddressReading.objects.exists()
