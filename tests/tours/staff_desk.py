"""The staff's desk, and letters as one reads them on the site."""

from collections.abc import Iterator

from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from events import lifecycle
from events.states import EventState, EventType
from hosts import review, vetting
from hosts.reporting import report_event
from outbox import delivery, ledger
from outbox.models import Message
from rsvps.invites import post_invitation
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_staff,
    make_timeslot,
)


def _submitted(**fields):
    event = make_event(state=EventState.SUBMITTED, **fields)
    make_timeslot(event)
    return event


def nothing_to_review(client: Client) -> Iterator[HttpResponse]:
    log_in_staff(client)
    yield client.get("/review/")
    yield client.get("/review/events/?q=nothing+like+it")
    yield client.get("/review/letters/")
    yield client.get("/review/letters/all/")


def reviewing(client: Client) -> Iterator[HttpResponse]:
    now = timezone.now()
    log_in_staff(client)
    waiting = _submitted(host=make_host(trusted=True).user, private=True)
    _submitted(type=EventType.RALLY, official=True)
    _submitted(title=waiting.title)
    public = make_event(title="Soup night", description="Soup.")
    slot = make_timeslot(public, capacity=9)
    seen = vetting.stamp_of(public, None)
    review.mark_words_read(public, by=make_staff(), seen=seen, now=now)
    lifecycle.change_event(
        public, fields={"venue": "The barn"}, by=public.host, now=now, live=False
    )
    report_event(public, reason="other", words="Who?", email="", connection="net", now=now)
    yield client.get("/review/")
    yield client.get("/review/events/")
    for event in (waiting, public):
        yield client.get(f"/review/events/{event.pk}/")
        yield client.get(f"/review/events/{event.pk}/fix/")
    decide = f"/review/events/{waiting.pk}/decide/"
    seen = vetting.stamp_of(waiting, None)
    yield client.post(decide, {"step": "reject", "seen": seen, "words": ""})
    yield client.post(decide, {"step": "approve", "seen": "old"})
    yield client.post(f"/review/events/{waiting.pk}/fix/", {"title": "", "seen": seen})
    yield client.get(f"/review/times/{slot.pk}/")
    yield client.post(f"/review/times/{slot.pk}/", {"date": "x", "seen": "x"})
    for state in (EventState.REJECTED, EventState.UNLISTED, EventState.CANCELLED):
        event = make_event(state=state, state_note="Because.")
        make_timeslot(event)
        yield client.get(f"/review/events/{event.pk}/")


def the_seniors_pages(client: Client) -> Iterator[HttpResponse]:
    log_in_staff(client, senior=True)
    make_staff()
    yield client.get("/review/staff/")
    yield client.post("/review/staff/", {"email": "a"})
    yield client.post("/review/staff/", {"email": "new@example.org"}, follow=True)
    yield client.get("/review/records/")
    host = make_timeslot().event.host
    yield client.get("/review/people/")
    yield client.post("/review/people/", {"email": "nobody@example.org"})
    yield client.post("/review/people/", {"email": host.email})
    yield client.post("/review/people/", {"email": host.email, "do": "erase"})
    yield client.get("/review/texts/")
    for name in ("terms", "agreement"):
        address = f"/review/texts/{name}/"
        yield client.get(address)
        yield client.post(address, {"title": "", "text": ""})
        typed = {"title": "Terms", "text": "# Be kind", "seen": "1", "preview": ""}
        yield client.post(address, typed)


def the_ledger(client: Client) -> Iterator[HttpResponse]:
    now = timezone.now()
    log_in_staff(client, senior=True)
    rsvp = make_rsvp()
    topic = f"event:{rsvp.timeslot.event_id}"
    post_invitation(rsvp, now=now)
    post_invitation(make_rsvp(rsvp.timeslot), now=now)
    broken = Message.objects.earliest("pk")
    Message.objects.filter(pk=broken.pk).update(state="failed", error="550 no such mailbox")
    ledger.pause(now=now, reason="The host asked", topic=topic)
    ledger.pause(now=now, reason="The mail server is down")
    yield client.get("/review/letters/")
    yield client.get("/review/letters/all/")
    yield client.get(f"/review/letters/event/{rsvp.timeslot.event_id}/")
    yield client.get("/review/letters/withdraw/")
    yield client.get("/review/letters/withdraw/", {"before": "2999-01-01T00:00"})
    yield client.get("/review/letters/withdraw/", {"before": f"{now:%Y-%m-%dT%H:%M:%S}"})
    yield client.get("/review/letters/reminders/")
    for kind_of_event in ("every", "canvass"):
        address = f"/review/letters/reminders/{kind_of_event}/"
        yield client.get(address)
        yield client.post(address, {"day_before": "on", "days": "", "hour": "11"})
    yield client.get("/review/letters/kinds/")
    for show in ("html", "text", "calendar"):
        yield client.get(f"/review/letters/kinds/invitation/?show={show}")


def letters_of_the_demo(client: Client) -> Iterator[HttpResponse]:
    now = timezone.now()
    with override_settings(DEMO=True, SMTP_HOST=""):
        yield client.get("/letters/")
        post_invitation(make_rsvp(), now=now)
        delivery.deliver_once(now=now)
        yield client.get("/letters/")
        yield client.get("/letters/?to=nobody")
        for show in ("html", "text", "calendar", "headers", "source"):
            yield client.get(f"/letters/{Message.objects.get().pk}/?show={show}")


TOURS = (
    nothing_to_review,
    reviewing,
    the_seniors_pages,
    the_ledger,
    letters_of_the_demo,
)
