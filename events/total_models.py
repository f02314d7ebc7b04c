"""The tables of events.totals: how many events each cell of the globe holds."""

from django.db import models


class CellTotal(models.Model):
    """How many upcoming events are in a cell, and the sum of where they are."""

    cell = models.BigIntegerField(primary_key=True)
    events = models.IntegerField()
    # Sums of unit vectors, in millionths: their direction is the middle of the events.
    x = models.BigIntegerField()
    y = models.BigIntegerField()
    z = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.events} in {self.cell:x}"


class CellDayTotal(models.Model):
    """How many events of a type are in a cell on a day, the day before that one told apart.

    An event of several days is counted on each; who asks for the days from the third to the
    ninth leaves out those whose `previous` day is the third or a later one, and has counted every
    event once. Its last day is counted besides, as a negative number: who asks for all days from
    the third on adds up those from minus three down.
    """

    pk = models.CompositePrimaryKey("cell", "type", "day", "previous")
    cell = models.BigIntegerField()
    type = models.SmallIntegerField()  # spatial.TYPE_CODES, or totals.ANY_TYPE
    day = models.IntegerField()  # as date.toordinal(), a last one negative, or totals.ANY_DAY
    previous = models.IntegerField()  # the same event's day before this one, 0 for none
    events = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.events} of type {self.type} in {self.cell:x} on {self.day}"


class CountedEvent(models.Model):
    """What an event is counted as, so that it can be taken out of the totals again."""

    # No foreign key: an event that is gone must be uncounted as well.
    event_id = models.BigIntegerField(primary_key=True)
    cell = models.BigIntegerField()  # of the finest resolution
    type = models.SmallIntegerField()
    days = models.TextField()  # as date.toordinal(), in order, "739953 739960"
    # When its next timeslot begins (Unix seconds), and it must be counted anew.
    next_at = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"event {self.event_id} in {self.cell:x}"


class CountDue(models.Model):
    """An event whose listings changed: the worker has to count it anew. Only ever inserted."""

    event_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"event {self.event_id} is due"
