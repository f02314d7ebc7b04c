"""The host's desk: becoming a host, the form, and an event in each of its states."""

from collections.abc import Iterator
from datetime import timedelta

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from events import lifecycle
from events.models import Event
from events.states import EventState, TimeslotState
from hosts import cohosting
from hosts.hosting import add_timeslot
from hosts.models import CoHost, User
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_host, make_rsvp, make_timeslot, make_user
from tests.hosts.forms import event_data, picture, stamp, time_row
from tests.tours import on_the_hour


def _host(client: Client) -> User:
    user = make_host(name="Robin Sample").user
    client.force_login(user)
    return user


def becoming_a_host(client: Client) -> Iterator[HttpResponse]:
    client.force_login(make_user())
    yield client.get("/host/")
    yield client.get("/host/become/")
    yield client.post("/host/become/", {"name": "", "phone": "1", "postal_code": "x"})
    _host(client)
    yield client.get("/host/become/")


def an_empty_desk(client: Client) -> Iterator[HttpResponse]:
    _host(client)
    yield client.get("/host/")
    yield client.get("/host/events/new/")


def writing_an_event(client: Client) -> Iterator[HttpResponse]:
    _host(client)
    client.post("/host/events/new/", {"type": "canvass"})
    event = Event.objects.get()
    form = f"/host/events/{event.pk}/edit/"
    yield client.get(form)
    late = time_row(0, start="20:00", end="18:00", capacity="-1")
    yield client.post(
        form, event_data(late, title=" ", email="robin", postal_code="x", contact_phone="1")
    )
    yield client.post(form, event_data(do="add_time") | {"picture": "x"}, follow=True)
    poor = picture(name="party.jpg")
    poor.file.truncate(9)
    yield client.post(form, event_data() | {"picture": poor})
    client.post(form, event_data(seen=stamp(event)) | {"picture": picture(size=(480, 270))})
    yield client.get(f"/host/events/{event.pk}/check/")
    yield client.post(f"/host/events/{event.pk}/check/", {})


def a_desk_with_events(client: Client) -> Iterator[HttpResponse]:
    host = _host(client)
    for state in EventState:
        event = make_event(host=host, state=state, state_note="Which door?")
        make_rsvp(make_timeslot(event, capacity=9), party_size=3)
    make_timeslot(make_event(host=host), starts_at=on_the_hour(days=-2))
    yield client.get("/host/")
    for event in Event.objects.exclude(state=EventState.DRAFT):
        yield client.get(f"/host/events/{event.pk}/")
    copied = Event.objects.filter(state=EventState.APPROVED).first()
    yield client.post(f"/host/events/{copied.pk}/copy/", follow=True)


def an_event_with_guests(client: Client) -> Iterator[HttpResponse]:
    host = _host(client)
    event = make_event(host=host, private=True, approve_each_guest=True)
    slot = make_timeslot(event, capacity=9, instructions="By the side door")
    gone = make_timeslot(event, state=TimeslotState.CANCELLED)
    guest = make_rsvp(slot, party_size=3, note="We bring pie")
    asking = make_rsvp(slot, status=RsvpStatus.PENDING)
    cohosting.ask_cohosts(event, ["pat@example.org"], by=host, now=timezone.now())
    lifecycle.change_event(
        event, fields={"venue": "The barn"}, by=host, now=timezone.now(), live=False
    )
    at = f"/host/events/{event.pk}/"
    for end in ("", "edit/", "guests/", "write/", "times/add/", "cancel/", "unlist/"):
        yield client.get(f"{at}{end}")
    yield client.post(f"{at}write/", {"words": ""})
    yield client.post(f"{at}times/add/", time_row(start="20:00", end="18:00"))
    yield client.get(f"/host/times/{slot.pk}/")
    yield client.post(f"/host/times/{slot.pk}/", {"do": "capacity", "capacity": "1"})
    yield client.get(f"/host/times/{gone.pk}/")
    for rsvp in (guest, asking):
        yield client.get(f"/host/guests/{rsvp.pk}/")
    yield client.post(f"/host/guests/{guest.pk}/", {"do": "contact"})


def an_event_without_guests(client: Client) -> Iterator[HttpResponse]:
    host = _host(client)
    event = make_event(host=host)
    start = on_the_hour(days=5)
    slot = {"starts_at": start, "ends_at": start + timedelta(hours=2), "capacity": 5}
    add_timeslot(event, slot, by=host, now=timezone.now())
    for end in ("", "guests/", "write/"):
        yield client.get(f"/host/events/{event.pk}/{end}")


def helping(client: Client) -> Iterator[HttpResponse]:
    event = make_event(private=True)
    make_timeslot(event)
    cohosting.ask_cohosts(event, ["pat@example.org"], by=event.host, now=timezone.now())
    link = cohosting.request_url(CoHost.objects.get()).partition("//")[2]
    link = link[link.index("/") :]
    yield client.get(link)
    client.force_login(make_user(email="other@example.org"))
    yield client.post(link, {"answer": "yes"})
    yield client.post(link, {"answer": "no"})
    yield client.get(link)


TOURS = (
    becoming_a_host,
    an_empty_desk,
    writing_an_event,
    a_desk_with_events,
    an_event_with_guests,
    an_event_without_guests,
    helping,
)
