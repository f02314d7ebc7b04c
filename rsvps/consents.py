"""What people agreed to, in the words they saw, and when they took it back."""

from collections.abc import Mapping
from datetime import datetime

from rsvps.models import Consent, Supporter


def record(supporter: Supporter, given: Mapping[str, str], *, now: datetime) -> None:
    """Keep {purpose: wording} as agreed to now."""
    Consent.objects.bulk_create(
        Consent(supporter=supporter, purpose=purpose, wording=wording, given_at=now)
        for purpose, wording in given.items()
    )


def withdraw(supporter: Supporter, *, now: datetime) -> int:
    """Every consent that stands is taken back; answers how many."""
    return supporter.consents.filter(withdrawn_at__isnull=True).update(withdrawn_at=now)
