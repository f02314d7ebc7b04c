"""Who has read a private address: the one thing a GET may write (docs/architecture.md)."""

from datetime import UTC, datetime

from events.models import AddressReading, Event


def record_reading(event: Event, *, reader: str, now: datetime) -> None:
    """Note that `reader` ("guest:12", "user:3") was shown the exact address of a private event.

    Once per reader and day (UTC); events whose address is public are not noted. A letter's
    reading is its row in the ledger.
    """
    if not event.is_private:
        return
    AddressReading.objects.bulk_create(
        [AddressReading(event=event, reader=reader, day=now.astimezone(UTC).date(), read_at=now)],
        ignore_conflicts=True,
    )
