"""Submitting an event, moving its pin, and changing it once it is public."""

from datetime import UTC, datetime

import pytest

from events.models import Event, EventRevision
from events.states import EventState, RevisionState
from hosts.agreement import accept_agreement
from hosts.models import Host, HostAgreement
from outbox.models import Message
from tests.factories import make_event, make_timeslot
from tests.hosts.forms import send, shown, stamp, time_row

pytestmark = pytest.mark.django_db


# -- submitting ------------------------------------------------------------------------------


def accept(host: Host) -> None:
    accept_agreement(host, version=1, now=host.created_at)


def test_the_last_look_shows_the_event_and_sends_it(client, host, draft):
    accept(host)
    send(client, draft, seen=stamp(draft))
    page = client.get(f"/host/events/{draft.pk}/check/").content.decode()
    assert "41 South Elm Street" in page
    assert "EST" in page or "EDT" in page

    answer = client.post(f"/host/events/{draft.pk}/check/")

    assert answer["Location"] == f"/host/events/{draft.pk}/"
    draft.refresh_from_db()
    assert draft.state == EventState.SUBMITTED
    letter = Message.objects.get(kind="submitted")
    assert letter.recipient == host.user.email
    assert letter.topic == f"event:{draft.pk}"


def test_the_last_look_shows_access_and_who_was_asked_to_help(client, host, draft):
    values = {"wheelchair": "yes", "parking_notes": "Behind the barn", "language": "Hmong"}
    send(client, draft, cohosts="pat@example.org", **values, seen=stamp(draft))
    page = client.get(f"/host/events/{draft.pk}/check/").content.decode()
    for words in ("Wheelchair", "Behind the barn", "Hmong", "pat@example.org"):
        assert words in page


def test_sending_twice_sends_once(client, host, draft):
    accept(host)
    send(client, draft, seen=stamp(draft))
    for _time in range(2):
        answer = client.post(f"/host/events/{draft.pk}/check/")
        assert answer["Location"] == f"/host/events/{draft.pk}/"
    assert Message.objects.filter(kind="submitted").count() == 1


def test_a_new_version_of_the_agreement_is_asked_for_at_the_next_submit(client, host, draft, now):
    accept(host)
    HostAgreement.objects.create(version=2, text="Be kind to **cats**.", published_at=now)
    send(client, draft, seen=stamp(draft))
    address = f"/host/events/{draft.pk}/check/"

    assert "Be kind to <strong>cats</strong>." in client.get(address).content.decode()
    assert "check the box" in shown(client.post(address))
    draft.refresh_from_db()
    assert draft.state == EventState.DRAFT

    client.post(address, {"version": "2", "agree": "on"})
    draft.refresh_from_db()
    assert draft.state == EventState.SUBMITTED
    assert host.acceptances.filter(agreement__version=2).exists()


def test_dates_that_passed_while_the_draft_lay_are_not_sent(client, host, draft):
    accept(host)
    send(client, draft, seen=stamp(draft))
    draft.timeslots.update(
        starts_at=datetime(2025, 1, 1, tzinfo=UTC), ends_at=datetime(2025, 1, 2, tzinfo=UTC)
    )
    answer = client.post(f"/host/events/{draft.pk}/check/")
    assert answer["Location"] == f"/host/events/{draft.pk}/edit/"


def test_a_draft_with_words_not_read_yet_goes_back_to_the_form(client, draft):
    send(client, draft, do="save")
    answer = client.get(f"/host/events/{draft.pk}/check/")
    assert answer["Location"] == f"/host/events/{draft.pk}/edit/"


def test_what_came_back_is_mended_and_sent_again(client, host, draft, now):
    accept(host)
    send(client, draft, seen=stamp(draft))
    client.post(f"/host/events/{draft.pk}/check/")
    Event.objects.update(state=EventState.SENT_BACK, state_note="Which floor?")

    page = client.get(f"/host/events/{draft.pk}/edit/").content.decode()
    assert "Which floor?" in page
    send(client, draft, unit="Second floor", seen=stamp(draft))
    client.post(f"/host/events/{draft.pk}/check/")

    draft.refresh_from_db()
    assert draft.state == EventState.SUBMITTED
    assert draft.unit == "Second floor"
    assert draft.timeslots.count() == 1
    assert Message.objects.filter(kind="submitted").count() == 2


def test_a_geocoder_that_is_away_stands_in_nobodys_way(client, host, draft, settings):
    settings.GEOCODER = "nominatim"
    settings.GEOCODER_OPTIONS = '{"domain": "127.0.0.1:9", "scheme": "http"}'
    settings.GEOCODER_TIMEOUT = 1
    accept(host)
    send(client, draft, seen=stamp(draft))
    page = client.get(f"/host/events/{draft.pk}/check/").content.decode()
    client.post(f"/host/events/{draft.pk}/check/")
    draft.refresh_from_db()
    assert "The pin shows the ZIP code" in page
    assert draft.state == EventState.SUBMITTED
    assert draft.geocode_again_at is not None


# -- the pin ------------------------------------------------------------------------------------


def test_the_pin_moves_to_typed_coordinates(client, host, draft):
    send(client, draft, seen=stamp(draft))
    draft.refresh_from_db()
    place = {"latitude": f"{draft.latitude + 0.01}", "longitude": f"{draft.longitude}"}
    client.post(f"/host/events/{draft.pk}/pin/", place)
    moved = Event.objects.get(pk=draft.pk)
    assert moved.pin_moved
    assert moved.latitude == pytest.approx(draft.latitude + 0.01)
    assert moved.timeslots.count() == 1


def test_a_moved_pin_stays_when_only_words_change(client, host, draft):
    send(client, draft, seen=stamp(draft))
    draft.refresh_from_db()
    place = {"latitude": f"{draft.latitude + 0.01}", "longitude": f"{draft.longitude}"}
    client.post(f"/host/events/{draft.pk}/pin/", place)
    send(client, draft, title="Another title", seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.pin_moved


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (("39.97°", "83.01° W"), (39.97, -83.01)),
        (("39.97, -83.01", ""), (39.97, -83.01)),
        (("", "39.97 N 83.01 W"), (39.97, -83.01)),
        ((" 39.97 ", "−83.01"), (39.97, -83.01)),
    ],
)
def test_a_position_is_taken_as_maps_write_it(client, draft, typed, kept):
    send(client, draft, seen=stamp(draft))
    client.post(
        f"/host/events/{draft.pk}/pin/", dict(zip(["latitude", "longitude"], typed, strict=True))
    )
    draft.refresh_from_db()
    assert (draft.latitude, draft.longitude) == kept


UNFIT = [
    ({"latitude": "45.5", "longitude": "-122.6"}, "more than 31"),
    ({"latitude": "north", "longitude": "-83"}, "The latitude is a number"),
    ({"latitude": "39.9 W", "longitude": "-83"}, "The latitude is a number"),
    ({"latitude": "91", "longitude": "-83"}, "A latitude lies between -90 and 90"),
    ({"latitude": "40", "longitude": "-181"}, "A longitude lies between -180 and 180"),
    ({"latitude": "nan", "longitude": "inf"}, "is a number"),
    ({"latitude": "", "longitude": "-83"}, "Give both numbers"),
]


@pytest.mark.parametrize(("place", "words"), UNFIT)
def test_a_pin_that_cannot_be_there_stays_and_comes_back_with_why(client, draft, place, words):
    send(client, draft, seen=stamp(draft))
    page = shown(client.post(f"/host/events/{draft.pk}/pin/", place))
    assert words in page
    assert f'value="{place["longitude"]}"' in page
    assert "Send for review" in page
    draft.refresh_from_db()
    assert not draft.pin_moved


def test_the_pin_of_a_public_event_comes_back_with_why(client, public):
    page = shown(client.post(f"/host/events/{public.pk}/pin/", {"latitude": "1", "longitude": "1"}))
    assert "more than 31" in page
    assert "Take it off the site now" in page


# -- after approval -------------------------------------------------------------------------------


@pytest.fixture
def public(client, host) -> Event:
    event = make_event(host=host.user, type="meeting", timezone="America/New_York")
    make_timeslot(event, starts_at=datetime(2027, 1, 20, 23, 0, tzinfo=UTC))
    return event


def as_shown(event: Event, **values) -> dict:
    """The form of a public event as it was shown, with changes."""
    slot = event.timeslots.get()
    row = time_row(id=slot.pk, date="2027-01-20") | {}
    return {"rows": [row], "values": values | {"seen": stamp(event)}}


def test_new_words_of_a_public_event_are_live_and_flagged(client, public):
    form = as_shown(public, title="A better title")
    answer = send(client, public, *form["rows"], **form["values"])
    assert answer["Location"] == f"/host/events/{public.pk}/"
    public.refresh_from_db()
    assert public.title == "A better title"
    assert public.text_changed_at is not None
    assert not EventRevision.objects.exists()


def test_what_staff_asked_is_answered_by_the_next_change(client, public):
    Event.objects.update(state_note="Which door?")
    form = as_shown(public, unit="The red door")
    send(client, public, *form["rows"], **form["values"])
    public.refresh_from_db()
    assert public.state_note == ""


def test_a_new_time_waits_for_review_while_the_old_one_stays(client, public):
    before = public.timeslots.get().starts_at
    form = as_shown(public)
    form["rows"][0]["times-0-start"] = "17:00"
    send(client, public, *form["rows"], **form["values"])
    assert public.timeslots.get().starts_at == before
    revision = EventRevision.objects.get()
    assert revision.state == RevisionState.PENDING
    page = client.get(f"/host/events/{public.pk}/edit/").content.decode()
    assert 'value="17:00"' in page


def test_saving_again_replaces_what_waits(client, public):
    for start in ("17:00", "17:30"):
        form = as_shown(public)
        form["rows"][0]["times-0-start"] = start
        new = time_row(1, date="2027-01-27")
        send(client, public, *form["rows"], new, **form["values"])
    waiting = EventRevision.objects.get(state=RevisionState.PENDING)
    assert len(waiting.changes["timeslots"]) == 2


def test_a_trusted_hosts_new_time_is_live_at_once(client, host, public, now):
    Host.objects.update(trusted_at=now)
    form = as_shown(public)
    form["rows"][0]["times-0-start"] = "17:00"
    send(client, public, *form["rows"], **form["values"])
    slot = public.timeslots.get()
    assert slot.starts_at == datetime(2027, 1, 20, 22, 0, tzinfo=UTC)
    assert slot.version == 1


def test_anothers_timeslot_number_moves_nothing_of_theirs(client, public, now):
    other = make_timeslot()
    form = as_shown(public)
    form["rows"][0]["times-0-id"] = str(other.pk)
    before = other.starts_at
    send(client, public, *form["rows"], **form["values"])
    other.refresh_from_db()
    assert other.starts_at == before
