"""What somebody asks for by typing an address, noted in one row and seen to by the worker.

Whether the address is known is looked up later, by somebody else: how long the answer takes says
nothing about it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from rsvps.models import Errand

log = structlog.get_logger(__name__)

Doer = Callable[[str, dict[str, Any], datetime], None]
AT_ONCE = 500
# One that cannot be done is tried this long, then dropped: nobody waits for its letter any more.
TRIED_FOR = timedelta(hours=1)

_doers: dict[str, Doer] = {}


def register(kind: str, doer: Doer) -> None:
    """Have `doer(email, payload, now)` see to errands of this kind, in a transaction of its own."""
    _doers[kind] = doer


def leave(kind: str, email: str, *, now: datetime, **payload: Any) -> None:
    """Note an errand; the worker sees to it within seconds."""
    Errand.objects.create(kind=kind, email=email, payload=payload, created_at=now)


def run(now: datetime) -> int:
    """A planner: see to what waits, oldest first; answers how many were done."""
    keys = list(Errand.objects.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_try(key, now=now) for key in keys)


def _try(key: int, *, now: datetime) -> bool:
    try:
        return _do(key, now=now)
    except Exception:
        # The others are not to wait for this one.
        log.exception("errand_failed", errand=key)
        Errand.objects.filter(pk=key, created_at__lte=now - TRIED_FOR).delete()
        return False


@transaction.atomic
def _do(key: int, *, now: datetime) -> bool:
    """Deleted with what it brings about: of two workers, one does it."""
    errand = Errand.objects.filter(pk=key).first()
    if errand is None or not Errand.objects.filter(pk=key).delete()[0]:
        return False
    _doers[errand.kind](errand.email, errand.payload, now)
    return True
