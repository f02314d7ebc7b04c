"""What tests of hosts and staff share."""

import pytest

from events.models import Event, Timeslot
from hosts.models import Host
from tests.factories import make_event, make_host, make_timeslot


@pytest.fixture
def host(client) -> Host:
    """A host, logged in."""
    host = make_host(name="Robin Sample")
    client.force_login(host.user)
    return host


@pytest.fixture
def draft(client, host) -> Event:
    """A draft of a meeting, just begun by `host`."""
    client.post("/host/events/new/", {"type": "meeting"})
    return Event.objects.get()


@pytest.fixture
def event(host) -> Event:
    return make_event(host=host.user, title="Library evening")


@pytest.fixture
def slot(event) -> Timeslot:
    return make_timeslot(event, capacity=10)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
