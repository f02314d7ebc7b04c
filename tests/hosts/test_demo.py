"""The demo: a believable country, loaded once, always in the present, never for real."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Max
from django.utils import timezone

from events.models import Event, Timeslot
from events.states import AttendanceMode, EventState, EventType
from hosts.demo.words import DESCRIPTIONS
from hosts.models import Host, User
from rsvps.models import Rsvp

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_mode(settings):
    settings.DEMO = True


def test_the_demo_is_never_loaded_outside_demo_mode():
    with pytest.raises(CommandError, match="demo mode"):
        call_command("demo")
    assert not User.objects.exists()


def test_a_country_is_loaded_once_and_moves_with_the_weeks(demo_mode, capsys):
    call_command("demo")
    now = timezone.now()
    assert Event.objects.count() == 500
    assert set(Event.objects.values_list("state", flat=True)) >= {
        EventState.APPROVED,
        EventState.SUBMITTED,
        EventState.SENT_BACK,
        EventState.CANCELLED,
    }
    assert Host.objects.count() == 60
    assert set(Event.objects.values_list("type", flat=True)) == set(EventType.values)
    for kind, said in Event.objects.values_list("type", "description"):
        assert said.startswith(tuple(DESCRIPTIONS[kind]))
    modes = set(Event.objects.values_list("attendance_mode", flat=True))
    assert modes == set(AttendanceMode.values)
    dated = Event.objects.annotate(last=Max("timeslots__ends_at"))
    assert dated.filter(last__lte=now).count() == 100
    assert dated.filter(last__gt=now, last__lt=now + timedelta(days=22)).count() == 400
    ordinary = Timeslot.objects.filter(event__state=EventState.APPROVED, seats_taken__lt=100)
    assert ordinary.filter(seats_taken__range=(1, 20)).count() > ordinary.count() / 2
    assert ordinary.filter(seats_taken=F("capacity")).count() > 10
    states = dict(Event.objects.values_list("state").annotate(Count("pk")))
    assert (states[EventState.SENT_BACK], states[EventState.CANCELLED]) == (1, 1)
    crowded = Event.objects.filter(state_code__in=["NY", "CA", "TX", "FL"]).count()
    assert 500 * 0.3 < crowded < 500 * 0.6  # a third of the country lives there
    assert max(Timeslot.objects.values_list("seats_taken", flat=True)) == 2000
    assert Timeslot.objects.filter(capacity__gt=0, seats_taken=0).exists()
    upcoming = Timeslot.objects.upcoming(now).count()
    rsvps = Rsvp.objects.count()
    with time_machine.travel(now + timedelta(days=22)):
        call_command("demo")
        assert Timeslot.objects.upcoming(timezone.now()).count() > upcoming * 0.7
    assert (Event.objects.count(), Rsvp.objects.count()) == (500, rsvps)
    assert "reviewer@demo.example" in capsys.readouterr().out
