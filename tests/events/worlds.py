"""Random events on the whole globe for Hypothesis, and what may be asked of them."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from events.models import Event
from events.search import TIMES_OF_DAY
from events.spatial import index_event
from events.states import AttendanceMode, EventState, EventType, TimeslotState, YesNoUnknown
from tests.factories import make_event, make_host, make_timeslot

# A world takes its time, the more so on PostgreSQL.
patiently = settings(
    max_examples=int(os.environ.get("SEARCH_EXAMPLES", "12")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NOW = datetime(2026, 11, 1, 3, 30, 0, 500_000, tzinfo=UTC)  # a DST change in the US is near

TYPES = [EventType.CANVASS, EventType.RALLY, EventType.MEETING]
ZONES = ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"]
CENTRES = [
    (40.75, -73.98),  # Manhattan
    (90.0, 0.0),
    (-89.999, 12.0),
    (-16.9, 179.999),  # Fiji, on the antimeridian
    (64.7, 10.536),  # one of H3's pentagons
    (0.0, 0.0),
]

slots = st.lists(
    st.tuples(
        st.integers(-20, 140).map(lambda half_hours: half_hours * 1800),
        st.booleans() | st.just(False),  # cancelled
        st.sampled_from([None, 0, 1]),  # room left
    ),
    min_size=1,
    max_size=4,
)
spread = st.floats(-1, 1, allow_nan=False)
events = st.fixed_dictionaries(
    {
        "offset": st.tuples(spread, spread),
        "scale": st.sampled_from([0, 0.02, 0.3, 2, 60]),
        "type": st.sampled_from(TYPES),
        "attendance_mode": st.sampled_from(AttendanceMode.values),
        "wheelchair": st.sampled_from(YesNoUnknown.values),
        "official": st.booleans(),
        "timezone": st.sampled_from(ZONES),
        "state": st.sampled_from([EventState.APPROVED] * 5 + [EventState.UNLISTED]),
        "slots": slots,
    }
)
centres = st.sampled_from(CENTRES) | st.tuples(st.floats(-90, 90), st.floats(-180, 180))
dates = st.none() | st.integers(-2, 4).map(lambda n: (NOW + timedelta(days=n)).date())
filters = {
    "date_from": dates,
    "date_to": dates,
    "types": st.sets(st.sampled_from(TYPES), max_size=2).map(tuple),
    "where": st.sampled_from(["", "", "in_person", "virtual"]),
    "accessible": st.booleans() | st.just(False),
    "official": st.booleans() | st.just(False),
    "has_room": st.booleans() | st.just(False),
    "time_of_day": st.sampled_from(["", "", *TIMES_OF_DAY]),
}


@contextmanager
def world(centre, drawn):
    """Store the drawn events, and take them back afterwards."""
    with transaction.atomic():
        host = make_host().user
        yield [store(host, centre, dict(fields)) for fields in drawn]
        transaction.set_rollback(True)


def store(host, centre, fields):
    (north, east), scale = fields.pop("offset"), fields.pop("scale")
    drawn = fields.pop("slots")
    latitude = max(-90.0, min(90.0, centre[0] + north * scale))
    longitude = (centre[1] + east * scale + 180) % 360 - 180
    event = make_event(host=host, latitude=latitude, longitude=longitude, **fields)
    for seconds, cancelled, room in drawn:
        make_timeslot(
            event,
            starts_at=NOW.replace(microsecond=0) + timedelta(seconds=seconds),
            state=TimeslotState.CANCELLED if cancelled else TimeslotState.OPEN,
            capacity=room,
        )
    index_event(event, now=NOW)
    return event


def matching(query, *, now):
    """(event, its first matching timeslot) of every event the filters of `query` let through."""
    now = now.replace(microsecond=0)
    found = []
    for event in Event.objects.filter(state=EventState.APPROVED).order_by("pk"):
        if not event_matches(event, query):
            continue
        slots = [
            timeslot
            for timeslot in event.timeslots.filter(state=TimeslotState.OPEN, starts_at__gt=now)
            if timeslot_matches(event, timeslot, query)
        ]
        if slots:
            found.append((event, min(slots, key=lambda slot: (slot.starts_at, slot.pk))))
    return found


def event_matches(event, query):
    return (
        (not query.types or event.type in query.types)
        and (not query.accessible or event.wheelchair == YesNoUnknown.YES)
        and (not query.official or event.official)
        and (query.where != "in_person" or event.attendance_mode != AttendanceMode.VIRTUAL)
        and (query.where != "virtual" or event.attendance_mode != AttendanceMode.IN_PERSON)
    )


def timeslot_matches(event, timeslot, query):
    local = timeslot.starts_at.astimezone(ZoneInfo(event.timezone))
    minute = local.hour * 60 + local.minute
    start, end = TIMES_OF_DAY.get(query.time_of_day, (0, 1440))
    return (
        (query.date_from is None or local.date() >= query.date_from)
        and (query.date_to is None or local.date() <= query.date_to)
        and start <= minute < end
        and (not query.has_room or timeslot.room_left != 0)
    )
