"""One event that holds a canary for every field of the disclosure table, and everybody around it.

A visitor is somebody in one of the table's roles, with the mailed links they have; `ask` opens a
page as they would and puts the database back as it was.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from events import geocoding, spatial
from events.disclosure import Field, Role
from events.models import AddressReading, Event
from events.states import AttendanceMode
from hosts import cohosting
from hosts.models import CoHost, Decision, EventReport, User, VettingDecision
from outbox.models import Message, Priority
from outbox.states import MessageState
from rsvps import links
from rsvps.models import Alert, Feedback, Rsvp, Supporter
from rsvps.states import RsvpStatus
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_staff,
    make_timeslot,
    make_user,
)

# What is sown for each field; any of them found is the field found.
CANARIES: dict[Field, list[str]] = {
    Field.PUBLIC_FACTS: ["Plover supper", "Bring a whimbrel"],
    Field.PUBLIC_PLACE: ["Turnstone Heights", "Dunlinville"],
    Field.EXACT_PLACE: [
        "Goldcrest Cottage", "8417 Canarygrass", "Zebrafinch", "Sanderlingen",
        "39.9537", "-82.9381",
    ],
    Field.ARRIVAL: ["Kingfisher 4711", "Tram to Avocet Square", "Park behind the Jackdaw"],
    Field.JOINING_LINK: ["meet.example.org/siskin", "Passphrase bullfinch"],
    Field.CONTACT_NAME: ["Wagtail"],
    Field.CONTACT_PHONE: ["614 555 0177"],
    Field.CONTACT_EMAIL: ["robin.contact@home.example"],
    Field.HOST_NAME: ["Yellowhammer"],
    Field.HOST_ACCOUNT: ["robin.account@home.example", "614 555 0188"],
    Field.COHOSTS: ["another.canary@home.example"],
    Field.GUEST_NAMES: ["Nuthatch", "allergic to treecreepers", "the soup was a cormorant"],
    Field.GUEST_CONTACTS: ["guest.canary@home.example", "614 555 0199"],
    Field.REVIEW_NOTES: ["because of the lapwing", "state of the fieldfare"],
    Field.REPORTS: ["I saw a shrike", "reporter.canary@else.example"],
    Field.UNSENT_WORDS: ["Not ready: chaffinch"],
    Field.LEDGER: ["550 redshank"],
}  # fmt: skip


@dataclass
class Visitor:
    """Somebody in a role: their browser, and the keys of links mailed to them."""

    role: Role
    called: str
    client: Client = field(default_factory=Client)
    tokens: list[str] = field(default_factory=list)
    logged_in: bool = False
    reader: str = ""  # how the log of readings names them


@dataclass
class World:
    event: Event
    visitors: list[Visitor]
    arguments: dict[str, list[object]]
    guests: dict[str, Rsvp]  # by status
    asked: CoHost  # who has not answered yet
    alert: Alert
    canary: Rsvp  # the guest whose name, note and contacts are canaries


def make_world(*, private: bool, state: str, typed: bool = True) -> World:
    """`typed`: the host has typed something in the form that they have not sent."""
    now = timezone.now()
    event = _event(private=private, state=state)
    if not typed:
        event.typed = {}
    slot = make_timeslot(event, capacity=20, instructions="Door code Kingfisher 4711")
    event.picture.save("picture.jpg", ContentFile(a_picture()), save=False)
    geocoding.place_event(event, now=now)
    event.public_neighborhood, event.public_city = "Turnstone Heights", "Dunlinville"
    event.save()
    guests = {
        str(status): make_rsvp(slot, status=status, email=f"{status}@example.org")
        for status in RsvpStatus
    }
    Rsvp.objects.filter(pk=guests["unconfirmed"].pk).update(
        hold_expires_at=now + timedelta(minutes=20)
    )
    canary = make_rsvp(slot, email="guest.canary@home.example", note="allergic to treecreepers")
    Supporter.objects.filter(pk=canary.supporter_id).update(
        name="Sam Nuthatch", phone="+16145550199"
    )
    Feedback.objects.create(rsvp=canary, rating=2, words="the soup was a cormorant", created_at=now)
    elsewhere = make_rsvp(make_timeslot(make_event()), email="elsewhere@example.org")
    helper = make_user(email="helper@home.example", name="Kit Helper")
    cohost, asked = cohosting.ask_cohosts(
        event, [helper.email, "asked@home.example"], by=event.host, now=now
    )
    cohosting.ask_cohosts(event, ["another.canary@home.example"], by=event.host, now=now)
    CoHost.objects.filter(pk=cohost.pk).update(user=helper, accepted_at=now)
    decision = VettingDecision.objects.create(
        event=event,
        decision=Decision.SENT_BACK,
        reason="because of the lapwing",
        by=make_staff(name="Pat Reviewer"),
        decided_at=now,
    )
    report = EventReport.objects.create(
        event=event,
        reason="other",
        words="I saw a shrike",
        email="reporter.canary@else.example",
        created_at=now,
    )
    letter = Message.objects.create(
        kind="invitation",
        subject_key=f"rsvp:{canary.pk}",
        step="canary",
        topic=f"event:{event.pk}",
        recipient="guest.canary@home.example",
        priority=Priority.AT_ONCE,
        not_before=now,
        expires_at=now + timedelta(days=1),
        created_at=now,
        state=MessageState.FAILED,
        error="550 redshank",
    )
    alert = Alert.objects.create(
        supporter=elsewhere.supporter,
        place="Columbus",
        latitude=39.96,
        longitude=-82.99,
        within_miles=50,
        timezone="America/New_York",
        created_at=now,
        confirmed_at=now - timedelta(days=1),
        told_until=now - timedelta(days=1),
    )
    links.seal_alert(alert)
    spatial.index_event(event, now=now)
    return World(
        event=event,
        visitors=_visitors(event, guests, elsewhere, helper, asked, now),
        guests=guests,
        alert=alert,
        asked=asked,
        canary=canary,
        arguments={
            "id": [event.pk],
            "event_id": [event.pk],
            "slug": [event.slug, "privacy"],
            "timeslot_id": [slot.pk],
            "rsvp_id": [canary.pk, guests["accepted"].pk, guests["pending"].pk],
            "reviewer_id": [decision.by_id],
            "guest_id": [canary.guest_id],
            "cohost_id": [cohost.pk],
            "message_id": [letter.pk],
            "report_id": [report.pk],
            "decision_id": [decision.pk],
            "user_id": [event.host_id],
            "host_id": [event.host.host.pk],
            "kind": ["invitation"],
            "name": [event.picture.name.rpartition("/")[2], "nobody.jpg"],
            "number": [0],
        },
    )


def a_picture() -> bytes:
    """One that is as public as the event's title."""
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", comment=CANARIES[Field.PUBLIC_FACTS][0])
    return file.getvalue()


def _event(*, private: bool, state: str) -> Event:
    host = make_host(email="robin.account@home.example", name="Robin Yellowhammer")
    host.phone = "+16145550188"
    host.save()
    return make_event(
        host=host.user,
        state=state,
        private=private,
        title="Plover supper",
        description="Bring a whimbrel",
        attendance_mode=AttendanceMode.BOTH,
        venue="Goldcrest Cottage",
        street="8417 Canarygrass Lane",
        unit="Apt Zebrafinch",
        city="Sanderlingen",
        postal_code="43291",
        latitude=39.95374,
        longitude=-82.93816,
        pin_moved=True,
        transit_notes="Tram to Avocet Square",
        parking_notes="Park behind the Jackdaw",
        contact_name="Robin Wagtail",
        contact_phone="+16145550177",
        contact_email="robin.contact@home.example",
        joining_url="https://meet.example.org/siskin",
        joining_notes="Passphrase bullfinch",
        state_note="state of the fieldfare",
        typed={"fields": {"title": "Not ready: chaffinch"}, "times": []},
    )


def _visitors(
    event: Event, guests: dict[str, Rsvp], elsewhere: Rsvp, helper: User, asked: CoHost, now
) -> list[Visitor]:
    def logged_in(role: Role, user: User) -> Visitor:
        visitor = Visitor(role, role, logged_in=True, reader=f"user:{user.pk}")
        visitor.client.force_login(user)
        return visitor

    def with_links(role: Role, rsvp: Rsvp) -> Visitor:
        tokens = [links.manage_url(rsvp.guest), links.unsubscribe_url(rsvp.supporter)]
        found = [url.rstrip("/").rpartition("/")[2] for url in tokens]
        payload = {"timeslots": [[rsvp.timeslot_id, 0]], "party_size": 1, "note": "", "name": "A",
                   "phone": "", "postal_code": "", "consents": {}}  # fmt: skip
        _ticket, token = links.new_ticket(
            "confirm", guest=rsvp.guest, payload=payload, lasts=timedelta(days=1), now=now
        )
        visitor = Visitor(role, f"{role}, {rsvp.status}", tokens=[*found, token])
        visitor.reader = f"guest:{rsvp.guest_id}"
        return visitor

    coming = {RsvpStatus.ACCEPTED, RsvpStatus.TENTATIVE}
    visitors = [Visitor(Role.STRANGER, "stranger", tokens=["nobody"])]
    visitors += [
        with_links(Role.GUEST if rsvp.status in coming else Role.OTHER_GUEST, rsvp)
        for rsvp in guests.values()
    ]
    visitors.append(with_links(Role.OTHER_GUEST, elsewhere))
    asked_token = cohosting.request_url(asked).rstrip("/").rpartition("/")[2]
    visitors.append(Visitor(Role.OTHER_GUEST, "asked to be a co-host", tokens=[asked_token]))
    visitors += [
        logged_in(Role.HOST, event.host),
        logged_in(Role.COHOST, helper),
        logged_in(Role.OTHER_HOST, make_host().user),
    ]
    for role, senior in ((Role.REVIEWER, False), (Role.SENIOR, True)):
        visitor = Visitor(role, role, logged_in=True)
        visitor.reader = f"user:{log_in_staff(visitor.client, senior=senior).pk}"
        visitors.append(visitor)
    return visitors


def ask(visitor: Visitor, path: str, data: dict | None = None, *, post: bool = False):
    """The answer this visitor gets; whatever the request wrote is taken back."""
    cookies = SimpleCookie(visitor.client.cookies.output(header=""))
    before = transaction.savepoint_create()
    try:
        send = visitor.client.post if post else visitor.client.get
        answer = send(path, data or {})
        return answer, words_of(answer), _has_read(visitor)
    finally:
        transaction.savepoint_rollback(before)
        visitor.client.cookies = cookies


def over_http(site: str, visitor: Visitor, path: str):
    """The same from a running server, which keeps what the request wrote."""
    cookie = visitor.client.cookies.output(header="", sep=";", attrs=[])
    connection = HTTPConnection(urlsplit(site).netloc, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie.strip()})
    answer = connection.getresponse()
    words = f"{answer.headers}\n\n{answer.read().decode('utf-8', 'replace')}"
    connection.close()
    return SimpleNamespace(status_code=answer.status), words, _has_read(visitor)


def _has_read(visitor: Visitor) -> bool:
    return AddressReading.objects.filter(reader=visitor.reader).exists()


def words_of(answer) -> str:
    """Headers and body as text."""
    body = b"".join(answer) if answer.streaming else answer.content
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{headers}\n\n{body.decode('utf-8', 'replace')}"


def fields_in(text: str) -> set[Field]:
    """The fields whose canaries sing in `text`, in any spelling."""
    plain = re.sub(r"\r?\n[ \t]", "", text)  # RFC 5545 3.1 folds lines
    plain = " ".join(unescape(unquote(plain)).casefold().split())
    digits = re.sub(r"[\s().+-]", "", plain)
    return {
        name
        for name, canaries in CANARIES.items()
        if any(
            canary.casefold() in plain
            or (canary.startswith("614 ") and canary.replace(" ", "") in digits)
            for canary in canaries
        )
    }
