"""What supporters and guests meet: the form, its answer, and what links in letters open."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from events import lifecycle
from events.models import Timeslot
from events.states import EventState, EventType, TimeslotState
from hosts import own_data
from outbox.models import Message
from rsvps import errands, links
from rsvps.attending import remove_guest
from rsvps.buttons import request_new_address
from rsvps.models import Alert, Rsvp
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_guest, make_rsvp, make_timeslot
from tests.tours import on_the_hour


def _typed(client: Client, slot: Timeslot, **typed) -> dict[str, object]:
    """What a browser sends: the form as the page showed it, with this typed into it."""
    form = client.get(f"/events/{slot.event_id}/rsvp/").context["form"]
    return {
        "timeslots": [f"{slot.pk}.{slot.version}"],
        "party_size": "1",
        "name": "Alex Guest",
        "email": "alex@example.org",
        "postal_code": "43215",
        "stamp": form.initial["stamp"],
        **typed,
    }


def _send(client: Client, slot: Timeslot, **typed) -> HttpResponse:
    data = _typed(client, slot, **typed)
    return client.post(f"/events/{slot.event_id}/rsvp/", data, follow=True)


def _mailed(kind: str) -> str:
    """The address behind the button of the last letter of this kind."""
    token = Message.objects.filter(kind=kind, payload__has_key="token").latest("pk")
    return f"/c/{token.payload['token']}/"


def _page(rsvp: Rsvp) -> str:
    return urlsplit(links.manage_url(rsvp.guest)).path


def rsvp_form(client: Client) -> Iterator[HttpResponse]:
    home = make_event(private=True)
    make_timeslot(home, capacity=9)
    make_timeslot(home, capacity=1, seats_taken=1)
    canvass = make_timeslot(make_event(type=EventType.CANVASS))
    online = make_timeslot(make_event(virtual=True))
    full = make_timeslot(capacity=1, seats_taken=1)
    for pk in (home.pk, canvass.event_id, online.event_id, full.event_id):
        yield client.get(f"/events/{pk}/rsvp/")


def rsvp_form_with_faults(client: Client) -> Iterator[HttpResponse]:
    slot = make_timeslot(capacity=4)
    yield _send(client, slot, timeslots=[], party_size="two", name="", email="a", postal_code="?")
    yield _send(client, slot, email="alex@gmial.com")
    yield _send(client, slot, party_size="9")
    data = _typed(client, slot)
    Timeslot.objects.filter(pk=slot.pk).update(seats_taken=4)
    yield client.post(f"/events/{slot.event_id}/rsvp/", data)
    Timeslot.objects.filter(pk=slot.pk).update(state=TimeslotState.CANCELLED)
    yield client.post(f"/events/{slot.event_id}/rsvp/", data)
    with override_settings(RSVP_POSTS_PER_NETWORK=1):
        yield _send(client, make_timeslot())


def rsvp_closed(client: Client) -> Iterator[HttpResponse]:
    off = make_timeslot(make_event(state=EventState.CANCELLED, cancel_note="It rains."))
    over = make_timeslot(starts_at=on_the_hour(days=-1))
    for slot in (off, over):
        yield client.get(f"/events/{slot.event_id}/rsvp/")


def rsvp_answer(client: Client) -> Iterator[HttpResponse]:
    yield _send(client, make_timeslot())
    yield _send(client, make_timeslot(make_event(virtual=True)))
    yield _send(client, make_timeslot(make_event(private=True, approve_each_guest=True)))


def confirming(client: Client) -> Iterator[HttpResponse]:
    slot = make_timeslot(make_event(private=True), capacity=5)
    _send(client, slot, party_size="2")
    address = _mailed("confirm")
    yield client.get(address)
    yield client.post(address)
    yield client.get(address)
    asking = make_timeslot(make_event(private=True, approve_each_guest=True))
    _send(client, asking)
    yield client.post(_mailed("confirm"))
    off = make_timeslot(make_event(private=True))
    _send(client, off, email="bo@example.org")
    lifecycle.cancel(off.event, by=off.event.host, now=timezone.now(), note="")
    yield client.post(_mailed("confirm"))
    guest = make_rsvp().guest
    request_new_address(guest, "new@example.org", now=timezone.now())
    address = _mailed("new_address")
    yield client.get(address)
    yield client.post(address)


def managing(client: Client) -> Iterator[HttpResponse]:
    home = make_event(private=True, contact_phone="+16145550123")
    slot = make_timeslot(home, capacity=9, instructions="Ring twice")
    make_timeslot(home, capacity=1, seats_taken=1)
    coming = make_rsvp(slot, party_size=2)
    yield client.get(_page(coming))
    yield client.post(_page(coming), {"do": "plan", "party_size": "900", "timeslots": []})
    yield client.post(_page(coming), {"do": "details", "name": "", "email": "a"})
    yield client.post(_page(coming), {"do": "cancel"}, follow=True)
    online = make_event(virtual=True)
    yield client.get(_page(make_rsvp(make_timeslot(online))))
    for status in (RsvpStatus.PENDING, RsvpStatus.UNCONFIRMED, RsvpStatus.TENTATIVE):
        yield client.get(_page(make_rsvp(slot, status=status)))
    yield client.get(_page(make_rsvp(make_timeslot(state=TimeslotState.CANCELLED))))


def managing_what_is_gone(client: Client) -> Iterator[HttpResponse]:
    now = timezone.now()
    off = make_event(state=EventState.CANCELLED, cancel_note="The hall flooded.")
    yield client.get(_page(make_rsvp(make_timeslot(off))))
    yield client.get(_page(make_rsvp(make_timeslot(make_event(state=EventState.UNLISTED)))))
    yield client.get(_page(make_rsvp(make_timeslot(starts_at=on_the_hour(days=-2)))))
    removed = make_rsvp()
    remove_guest(removed.guest, by=removed.timeslot.event.host, now=now, words="", block=True)
    yield client.get(_page(removed))
    yield client.get(urlsplit(links.manage_url(make_guest(make_timeslot().event))).path)
    yield client.get(f"/r/{'x' * 22}/")
    yield client.get("/c/nothing/")


def answering(client: Client) -> Iterator[HttpResponse]:
    rsvp = make_rsvp(make_timeslot(make_event(private=True)))
    past = make_rsvp(make_timeslot(starts_at=on_the_hour(hours=-4)))
    gone = make_rsvp(rsvp.timeslot, status=RsvpStatus.CANCELLED)
    off = make_rsvp(make_timeslot(state=TimeslotState.CANCELLED))
    for one, what in (
        (rsvp, "coming"),
        (rsvp, "cannot"),
        (past, "coming"),
        (gone, "coming"),
        (off, "cannot"),
    ):
        yield client.get(f"{_page(one)}{what}/{one.pk}/")
    yield client.post(f"{_page(rsvp)}coming/{rsvp.pk}/", follow=True)
    yield client.post(f"{_page(rsvp)}cannot/{rsvp.pk}/", follow=True)


def feedback(client: Client) -> Iterator[HttpResponse]:
    past = make_rsvp(make_timeslot(starts_at=on_the_hour(hours=-4)))
    address = f"{_page(past)}feedback/{past.pk}/"
    yield client.get(address)
    yield client.post(address, {"attended": ""})
    yield client.post(address, {"attended": "yes", "rating": "5"}, follow=True)
    early = make_rsvp()
    yield client.post(f"{_page(early)}feedback/{early.pk}/", {"attended": "yes"})


def letters_lost_or_unwanted(client: Client) -> Iterator[HttpResponse]:
    stop = urlsplit(links.unsubscribe_url(make_rsvp().supporter)).path
    yield client.get(stop)
    yield client.post(stop)
    yield client.get("/rsvp/resend/")
    yield client.post("/rsvp/resend/", {"email": "a"})
    yield client.post("/rsvp/resend/", {"email": "alex@example.org"})


def alerts(client: Client) -> Iterator[HttpResponse]:
    form = client.get("/alerts/?near=43215&type=canvass")
    yield form
    typed = {"stamp": form.context["form"].initial["stamp"], "within": "25"}
    yield client.post("/alerts/", typed | {"near": "Portland", "email": "alex@gmial.com"})
    yield client.post("/alerts/", typed | {"near": "43215", "email": "alex@example.org"})
    address = urlsplit(links.alert_url(Alert.objects.get())).path
    yield client.get(address)
    yield client.post(address, {"do": "confirm"})
    yield client.get(address)
    yield client.post(address, {"do": "stop"})
    yield client.get(address)


def their_own_data(client: Client) -> Iterator[HttpResponse]:
    make_rsvp(email="alex@example.org")
    yield client.get("/your-data/")
    yield client.post("/your-data/", {"email": "a"})
    yield client.post("/your-data/", {"email": "alex@example.org"})
    errands.run(timezone.now())
    address = f"/your-data/{Message.objects.get(kind=own_data.KIND).payload['token']}/"
    yield client.get(address)
    yield client.post(address, {"do": "erase"})
    yield client.post(address, {"do": "erase", "sure": "on"})


TOURS = (
    rsvp_form,
    rsvp_form_with_faults,
    rsvp_closed,
    rsvp_answer,
    confirming,
    managing,
    managing_what_is_gone,
    answering,
    feedback,
    letters_lost_or_unwanted,
    alerts,
    their_own_data,
)
