"""What anyone may open: finding, events, the site's texts, and what went wrong."""

from collections.abc import Iterator

from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from config import errors
from events.models import Event
from events.spatial import index_event
from events.states import EventState, EventType, TimeslotState
from tests.factories import make_event, make_rsvp, make_timeslot
from tests.hosts.forms import picture
from tests.tours import on_the_hour, stood_at

DESCRIPTION = (
    "#### What we do\n\nCome by.\n\n- coffee\n- **cake**\n\n[Read more](https://example.org)"
)
LONG = "Neighbors of the north-eastern Olentangy-Whetstone watershed meet the candidates " * 2
RIGHT_TO_LEFT = "مساء الخير يا جيران: لقاء في المكتبة"


def listed(event: Event, **slot) -> Event:
    """The event, with one date, found by searches."""
    make_timeslot(event, **slot)
    index_event(event, now=timezone.now())
    return event


def a_country() -> list[Event]:
    """Events of every look."""
    return [
        listed(make_event(private=True, official=True), capacity=4),
        listed(make_event(title=LONG.strip()[:120], venue=LONG.strip()[:120]), capacity=30),
        listed(make_event(title=RIGHT_TO_LEFT, description=RIGHT_TO_LEFT, wheelchair="no")),
        listed(make_event(virtual=True, type=EventType.PHONE_BANK)),
        listed(make_event(title="Soup", type=EventType.CANVASS), capacity=1, seats_taken=1),
    ]


def events(client: Client) -> Iterator[HttpResponse]:
    everything = make_event(
        description=DESCRIPTION,
        wheelchair="yes",
        asl="yes",
        child_care="no",
        language="English and Spanish",
        transit_notes="Bus 8",
        parking_notes="On Elm Street",
    )
    everything.picture.save("party.jpg", picture(size=(480, 270)))
    make_timeslot(everything, capacity=9, instructions="By the side door")
    make_timeslot(everything, capacity=2, seats_taken=2)
    make_timeslot(everything, state=TimeslotState.CANCELLED)
    index_event(everything, now=timezone.now())
    for event in [everything, *a_country()]:
        yield client.get(event.get_absolute_url())
    off = make_event(state=EventState.CANCELLED, cancel_note="The hall flooded.")
    make_timeslot(off)
    yield client.get(off.get_absolute_url())
    over = make_timeslot(starts_at=on_the_hour(days=-2)).event
    yield client.get(over.get_absolute_url())


def own_event(client: Client) -> Iterator[HttpResponse]:
    event = make_rsvp().timeslot.event
    client.force_login(event.host)
    yield client.get(event.get_absolute_url())


def finding_nothing(client: Client) -> Iterator[HttpResponse]:
    for address in ("/", "/events/", "/events/?near=99501&type=rally"):
        yield client.get(address)


def finding(client: Client) -> Iterator[HttpResponse]:
    a_country()
    for query in (
        "",
        "?near=43215&sort=distance",
        "?near=Portland",
        "?near=nowhere",
        "?near=43215&within=5&type=rally&room=1",
        "?near=99501",
        "?where=virtual",
        "?near=43215&from=2026-02-30&to=2020-01-01",
    ):
        yield client.get(f"/events/{query}")
    yield client.get("/")


def pages_of_results(client: Client) -> Iterator[HttpResponse]:
    for days in range(1, 23):
        listed(make_event(), starts_at=on_the_hour(days=days))
    first = client.get("/events/?near=43215")
    yield first
    yield client.get("/events/" + first.context["more"])


def texts(client: Client) -> Iterator[HttpResponse]:
    for address in ("/terms/", "/privacy/", "/contact/", "/agreement/"):
        yield client.get(address)


def reports(client: Client) -> Iterator[HttpResponse]:
    address = f"/events/{make_timeslot().event_id}/report/"
    yield client.get(address)
    yield client.post(address, {"reason": "", "email": "robin"})
    yield client.post(address, {"reason": "other", "words": "Who?"}, follow=True)
    for number in range(30):
        answer = client.post(address, {"reason": "other", "words": f"Who? {number}"})
        if answer.status_code == 429:
            yield answer
            break


def away(execute, sql, params, many, context):
    raise OperationalError("database is locked")


def what_went_wrong(client: Client) -> Iterator[HttpResponse]:
    address = make_timeslot().event.get_absolute_url()
    yield client.get("/no-such-page/")
    with connection.execute_wrapper(away):
        answer = client.get(address)
    yield answer
    strict = Client(enforce_csrf_checks=True)
    yield strict.post("/accounts/login/", {"login": "a@example.org"})
    request = RequestFactory().post("/")
    yield stood_at("/400/", errors.bad_request(request, ValueError()))
    yield stood_at("/403/", errors.forbidden(request, ValueError()))
    yield stood_at("/429/", errors.too_many(request))
    yield stood_at("/500/", errors.server_error(request))


TOURS = (
    events,
    own_event,
    finding_nothing,
    finding,
    pages_of_results,
    texts,
    reports,
    what_went_wrong,
)
