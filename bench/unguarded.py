"""The control of `make drill-seats`: the site with the guard on seats wrapped away.

The guard's one statement is replaced by a look and a write, as a site without it would do.
"""

from django.db.models import F

from config.wsgi import application
from events.models import Timeslot
from rsvps import capacity

__all__ = ["application"]


def take_unguarded(claim: capacity.Claim) -> None:
    slot = Timeslot.objects.get(pk=claim.timeslot_id)
    if slot.capacity is not None and slot.capacity < slot.seats_taken + claim.seats:
        raise capacity._Refused
    Timeslot.objects.filter(pk=slot.pk).update(seats_taken=F("seats_taken") + claim.seats)


capacity._take = take_unguarded
