"""Once erased, nothing of a person is left in any column, session or file."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from events.models import Event, EventRevision
from events.readings import record_reading
from events.states import EventState, RevisionState
from hosts import erasing, people, records, review, sealing, vetting
from hosts.exporting import export_person
from hosts.models import CoHost, EventReport, Record, RecordKind, Seal, User
from hosts.pictures import picture_mark
from outbox import ledger, suppression
from outbox.models import Message
from outbox.states import MessageState, SuppressionReason
from rsvps import attending, blocks, invites, links
from rsvps.models import Alert, Consent, Feedback, Rsvp, Supporter
from rsvps.states import RsvpStatus
from tests.dump import heard
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_staff,
    make_supporter,
    make_timeslot,
    make_user,
)

pytestmark = pytest.mark.django_db

CANARIES = [
    "bluethroat",  # every name, address and word of theirs has it
    "614 555 0167",
    "6145550167",
    "41.98765",
]


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def in_flight(event, subject):
    """A letter to somebody else that waits for another try, with its bytes made."""
    letter = ledger.post(
        "cancellation",
        to="other@example.org",
        subject=subject,
        topic=f"event:{event.pk}",
        payload={"words": "", "why": "new"},
        now=timezone.now(),
    )
    Message.objects.filter(pk=letter.pk).update(
        state=MessageState.UNCERTAIN, body=b"Robin Bluethroat is coming"
    )


@pytest.fixture
def guest():
    """A guest whose canaries stand wherever the site puts a guest's words."""
    now = timezone.now()
    home = make_event(private=True)
    supporter = make_supporter(email="guest@bluethroat.example", name="Robin Bluethroat")
    Supporter.objects.filter(pk=supporter.pk).update(phone="+16145550167")
    supporter.refresh_from_db()
    past = make_rsvp(
        make_timeslot(home, starts_at=now - timedelta(days=2)),
        supporter=supporter,
        note="Bluethroats need shade.",
    )
    coming = make_rsvp(make_timeslot(home, capacity=5), supporter=supporter, party_size=2)
    Feedback.objects.create(rsvp=past, words="Bluethroat liked it.", created_at=now)
    Consent.objects.create(
        supporter=supporter, purpose="news", wording="I, Bluethroat, agree", given_at=now
    )
    Alert.objects.create(
        supporter=supporter,
        place="Bluethroat Valley",
        latitude=1,
        longitude=2,
        within_miles=5,
        timezone="UTC",
        digest="3" * 64,
        created_at=now,
    )
    links.new_ticket(
        "second_form",
        guest=past.guest,
        payload={"email": supporter.email, "name": "Bluethroat", "phone": "+16145550167"},
        lasts=timedelta(days=1),
        now=now,
    )
    invites.post_invitation(coming, now=now)
    letter = Message.objects.get()
    Message.objects.filter(pk=letter.pk).update(error="550 guest@bluethroat.example unknown")
    in_flight(home, "event:1:user:1")
    record_reading(home, reader=f"guest:{past.guest_id}", now=now)
    records.record(
        RecordKind.EXPORT,
        about=f"supporter:{supporter.pk}",
        by=None,
        now=now,
        details="guest@bluethroat.example",
    )
    EventReport.objects.create(
        event=home, reason="other", words="Bluethroat", email=supporter.email, created_at=now
    )
    CoHost.objects.create(event=home, email=supporter.email, token_digest="1" * 64, invited_at=now)
    Event.objects.filter(pk=home.pk).update(
        typed={"fields": {"cohosts": "a@example.org\nguest@bluethroat.example"}, "times": []}
    )
    suppression.suppress(supporter.email, SuppressionReason.COMPLAINT, now=now)
    sealing.seal(now)
    return supporter


def erase(email, **given):
    given = {"by": None, "words": "by themselves", "now": timezone.now()} | given
    erasing.erase_person(people.person(email), **given)


def test_nothing_of_an_erased_guest_is_left(guest, django_capture_on_commit_callbacks):
    assert len(heard(CANARIES)) > 10  # the canaries sing at all

    with django_capture_on_commit_callbacks(execute=True):
        erase(guest.email)

    assert heard(CANARIES) == []
    assert sealing.verify().problems == []
    sealing.seal(timezone.now())
    assert sealing.verify().problems == []


def test_an_erased_guest_gives_up_their_places_and_no_letter_leaves(guest):
    coming = Rsvp.objects.get(timeslot__starts_at__gt=timezone.now())

    erase(guest.email)

    coming.refresh_from_db()
    coming.timeslot.refresh_from_db()
    assert (coming.status, coming.timeslot.seats_taken) == (RsvpStatus.CANCELLED, 0)
    assert not Message.objects.filter(state=MessageState.QUEUED).exists()
    assert links.guest_by_token(links.manage_url(coming.guest).split("/")[-2]) is None


def test_that_somebody_came_stays_as_a_number(guest):
    erase(guest.email)

    past = Rsvp.objects.get(timeslot__starts_at__lt=timezone.now())
    assert (past.status, past.note) == (RsvpStatus.ACCEPTED, "")


def test_an_erased_address_takes_no_reminders_and_the_complaint_stands(guest):
    erase(guest.email)

    assert suppression.is_unsubscribed("guest@bluethroat.example")
    assert suppression.lift("guest@bluethroat.example", SuppressionReason.COMPLAINT) == 1


def test_an_erasure_is_on_the_record_by_number_alone(guest):
    erase(guest.email)

    row = Record.objects.get(kind=RecordKind.ERASURE)
    assert (row.about, row.words, row.by) == (f"supporter:{guest.pk}", "by themselves", None)


def test_the_export_and_erasure_of_a_mere_address_are_on_the_record(client):
    now = timezone.now()
    EventReport.objects.create(
        event=make_event(), reason="other", email="me@bluethroat.example", created_at=now
    )
    people.record_export(people.person("me@bluethroat.example"), by=None, words="", now=now)
    erase("me@bluethroat.example")
    erase("me@bluethroat.example")  # nothing is left to erase

    kinds = list(Record.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [RecordKind.EXPORT, RecordKind.ERASURE]
    assert heard(CANARIES) == []
    log_in_staff(client, senior=True)
    page = client.get("/review/records/", {"who": "me@bluethroat.example"})
    assert [row.kind for row in page.context["page"]] == kinds[::-1]


def test_erased_again_nothing_happens(guest):
    erase(guest.email)
    erase("guest@bluethroat.example")

    assert Record.objects.filter(kind=RecordKind.ERASURE).count() == 1


def test_an_erased_guest_may_come_again_as_a_stranger(guest):
    erase(guest.email)

    assert not Supporter.objects.filter(email="guest@bluethroat.example").exists()
    assert people.person("guest@bluethroat.example").keys == []


def test_whom_a_host_keeps_out_stays_out_once_erased(guest):
    event = Event.objects.get()
    attending.remove_guest(event.guests.get(), by=event.host, now=timezone.now())

    erase(guest.email)

    assert blocks.is_kept_out(event, emails=["guest@bluethroat.example"])
    assert blocks.is_kept_out(event, phones=["+16145550167"])


# -- Hosts -------------------------------------------------------------------------------


@pytest.fixture
def host(client):
    """A host whose canaries stand wherever the site puts a host's words and pictures."""
    now = timezone.now()
    user = make_user(email="host@bluethroat.example", name="Robin Bluethroat")
    host = make_host(user=user)
    host.phone, host.postal_code = "+16145550167", "43215"
    host.save()
    default_storage.save("events/first.jpg", ContentFile(b"bluethroat at dawn"))
    default_storage.save("events/second.jpg", ContentFile(b"bluethroat at dusk"))
    default_storage.save("events/third.jpg", ContentFile(b"bluethroat at night"))
    words = {
        "venue": "Bluethroat House",
        "street": "7 Bluethroat Lane",
        "unit": "Bluethroat",
        "latitude": 41.98765,
        "longitude": -83.1,
        "description": "Ask for Bluethroat.",
        "contact_name": "Robin Bluethroat",
        "contact_phone": "+16145550167",
        "contact_email": user.email,
        "joining_url": "https://meet.bluethroat.example/",
        "joining_notes": "Bluethroat",
        "parking_notes": "Behind Bluethroat's barn",
        "transit_notes": "Stop Bluethroat",
    }
    past = make_event(
        host=user,
        private=True,
        state=EventState.SUBMITTED,
        title="At the Bluethroats'",
        picture="events/first.jpg",
        **words,
    )
    make_timeslot(
        past, starts_at=now - timedelta(days=3), instructions="Ring at Bluethroat", seats_taken=1
    )
    make_event(host=user, state=EventState.DRAFT, title="Bluethroat again", **words)
    staff = make_staff(senior=True)
    review.approve(past, by=staff, seen=vetting.stamp_of(past, None), now=now)
    event = Event.objects.get(pk=past.pk)
    EventRevision.objects.create(
        event=event,
        changes={"event": {"street": "9 Bluethroat Lane"}, "timeslots": []},
        by=user,
        state=RevisionState.APPLIED,
        created_at=now,
    )
    event.decisions.update(
        reason="Bluethroat's street is not on the map.",
        snapshot={"event": {"picture": "events/second.jpg", "street": "Bluethroat"}},
    )
    mark = picture_mark("events/third.jpg")
    event.typed = {"fields": {"picture_kept": mark, "title": "Bluethroat"}, "times": []}
    event.save()
    rsvp = make_rsvp(event.timeslots.get(), email="alex@example.org")
    ledger.post(
        "host_message",
        to="alex@example.org",
        subject=f"guest:{rsvp.guest_id}",
        topic=f"event:{event.pk}",
        payload={"words": "Bluethroat says hello", "by": user.pk},
        now=now,
    )
    in_flight(event, "rsvp:99")
    EmailAddress.objects.create(user=user, email="new@bluethroat.example")
    Authenticator.objects.create(user=user, type="totp", data={"secret": "BLUETHROAT"})
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr="Robin Bluethroat",
        action_flag=CHANGE,
        change_message="to Bluethroat",
    )
    client.force_login(user)
    stranger = Client()
    stranger.post("/accounts/login/code/", {"email": user.email})
    elsewhere = make_event(contact_name="Robin Bluethroat", contact_email=user.email)
    make_timeslot(elsewhere)
    review.put_on_record(elsewhere, "fixed", by=staff, now=now, reason="")
    make_rsvp(make_timeslot(elsewhere), email=user.email, note="Bluethroat too")
    sealing.seal(now)
    return user


def test_nothing_of_an_erased_host_is_left(host, django_capture_on_commit_callbacks):
    assert len(heard(CANARIES)) > 20

    with django_capture_on_commit_callbacks(execute=True):
        erase(host.email)

    assert heard(CANARIES) == []
    assert sealing.verify().problems == []


def test_letters_to_an_address_the_host_had_before_forget_it_too(host):
    event, now = Event.objects.get(state=EventState.APPROVED, host=host), timezone.now()
    elsewhere = make_event()
    CoHost.objects.create(
        event=elsewhere, email="k@example.org", user=host, token_digest="5" * 64, invited_at=now
    )
    for kind, subject in [
        ("submitted", f"event:{event.pk}"),
        ("new_rsvps", f"event:{event.pk}:user:{host.pk}"),
        ("new_rsvps", f"event:{elsewhere.pk}:user:{host.pk}"),
        ("host_fixed", f"decision:{event.decisions.get().pk}"),
    ]:
        ledger.post(kind, to="old@blackcap.example", subject=subject, now=now)
    assert len(heard(["blackcap"])) == 4

    erase(host.email)

    assert heard(["blackcap"]) == []
    assert Message.objects.filter(recipient="alex@example.org").exists()


def test_an_event_of_an_erased_host_stays_as_a_number_nobody_finds(host, client):
    event = Event.objects.get(state=EventState.APPROVED, host=host)
    erase(host.email)

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED
    assert event.timeslots.get().seats_taken == 2
    assert Client().get(f"/events/{event.pk}-x/").status_code == 404
    assert Event.objects.filter(host=host).count() == 1  # the draft is gone


def test_a_picture_that_another_event_shows_is_kept(host, django_capture_on_commit_callbacks):
    make_event(picture="events/first.jpg")

    with django_capture_on_commit_callbacks(execute=True):
        erase(host.email)

    assert default_storage.exists("events/first.jpg")
    assert not default_storage.exists("events/second.jpg")


def test_an_erased_host_is_logged_out_everywhere(host, client):
    assert client.get("/host/").status_code == 200
    erase(host.email)

    assert client.get("/host/").status_code == 302


def test_a_host_with_guests_to_come_cancels_first(host):
    event = make_event(host=host)
    make_timeslot(event)

    with pytest.raises(erasing.EventsAhead) as why:
        erase(host.email)

    assert why.value.events == [event]
    assert User.objects.filter(email=host.email).exists()


def test_guests_are_told_of_a_cancelled_event_before_its_words_go(host):
    event = make_event(host=host, state=EventState.CANCELLED)
    slot = make_timeslot(event, state="cancelled")
    ledger.post(
        "cancellation",
        to="alex@example.org",
        subject=f"rsvp:{make_rsvp(slot).pk}",
        topic=f"event:{event.pk}",
        payload={"words": "", "why": "new"},
        now=timezone.now(),
    )

    with pytest.raises(erasing.GuestsBeingTold):
        erase(host.email)


def test_staff_lose_their_role_first():
    staff = make_staff()

    with pytest.raises(erasing.StillStaff):
        erase(staff.email)


# -- Export ------------------------------------------------------------------------------


def test_an_export_holds_what_a_guest_said(guest):
    text = json.dumps(export_person(people.person(guest.email), now=timezone.now()))

    for words in (
        "Robin Bluethroat",
        "+16145550167",
        "Bluethroats need shade.",
        "Bluethroat liked it.",
        "I, Bluethroat, agree",
    ):
        assert words in text
    assert "digest" not in text


def test_an_export_holds_what_a_host_wrote_and_nothing_of_guests(host):
    text = json.dumps(export_person(people.person(host.email), now=timezone.now()))

    for words in ("7 Bluethroat Lane", "Ring at Bluethroat", "Bluethroat again", "43215"):
        assert words in text
    assert "alex@example.org" not in text
    assert host.password not in text


def test_the_commands_export_and_erase_on_the_record(guest, capsys):
    call_command("export_person", guest.email)
    assert json.loads(capsys.readouterr().out)["guest"]["name"] == "Robin Bluethroat"

    call_command("erase_person", guest.email)

    assert heard(CANARIES) == []
    kinds = Record.objects.order_by("pk").values_list("kind", "words")
    assert list(kinds)[-2:] == [("export", "by a command"), ("erasure", "by a command")]


@pytest.mark.parametrize("command", ["export_person", "erase_person"])
def test_the_commands_say_where_nothing_is_kept(command):
    with pytest.raises(CommandError, match="Nothing is kept"):
        call_command(command, "nobody@example.org")


def test_the_chain_forgets_nothing_but_words(guest):
    before = Seal.objects.count()
    erase(guest.email)
    sealing.seal(timezone.now())

    assert Seal.objects.count() == before + 1
    assert sealing.verify().erased > 0


def test_a_host_sees_a_nameless_guest_and_no_contacts(guest, client):
    rsvp = Rsvp.objects.get(timeslot__starts_at__lt=timezone.now())
    client.force_login(rsvp.timeslot.event.host)
    erase(guest.email)

    page = client.get(f"/host/guests/{rsvp.pk}/").content.decode()
    answer = client.post(f"/host/guests/{rsvp.pk}/", {"do": "contact"})

    assert "<h1>A guest</h1>" in page
    assert "erased.invalid" not in page
    assert answer.status_code == 404


def test_a_host_may_let_in_again_whom_they_kept_out_once_erased(guest):
    event = Event.objects.get()
    attending.remove_guest(event.guests.get(), by=event.host, now=timezone.now())
    erase(guest.email)

    blocks.let_in(event.guests.get())

    assert not blocks.is_kept_out(
        event, emails=["guest@bluethroat.example"], phones=["+16145550167"]
    )


def test_a_look_at_a_guests_contacts_is_on_the_record(guest, client):
    rsvp = Rsvp.objects.get(timeslot__starts_at__gt=timezone.now())
    host = rsvp.timeslot.event.host
    client.force_login(host)

    client.post(f"/host/guests/{rsvp.pk}/", {"do": "contact"})

    row = Record.objects.get(kind=RecordKind.CONTACT)
    assert (row.about, row.words, row.by) == (
        f"guest:{rsvp.guest_id}",
        f"event:{rsvp.timeslot.event_id}",
        host,
    )
