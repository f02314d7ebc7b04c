"""Changes of public events: held, compared, decided and mended by staff."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from events import lifecycle
from events.states import EventState, EventType, RevisionState
from hosts import mending, review, vetting
from hosts.comparing import changed_since, differences, last_decision, snapshot
from hosts.models import VettingDecision
from outbox.models import Message
from tests.factories import (
    log_in_staff,
    make_event,
    make_rsvp,
    make_timeslot,
)
from tests.hosts.reviewing import (
    given,
    hold_change,
    letters,
    make_public,
    make_submitted,
    read_letter,
    review_differences,
)

pytestmark = pytest.mark.django_db


# -- Changes of public events --------------------------------------------------------------


def test_a_change_is_shown_old_and_new_and_applied_whole():
    event = make_public()
    make_rsvp(event.timeslots.get())
    hold_change(event, venue="The Old Mill", type=EventType.TRAINING)
    revision = vetting.pending_revision(event)
    after = {one.label: (one.before, one.after) for one in review_differences(event, revision)}
    assert after == {
        "Type": ("Meeting", "Training"),
        "Venue": ("Elm Street Hall", "The Old Mill"),
    }

    review.approve_change(event, **given(event))

    event.refresh_from_db()
    assert (event.venue, event.type) == ("The Old Mill", EventType.TRAINING)
    assert VettingDecision.objects.get().revision == revision
    assert "change" in letters()
    assert "change is live" in read_letter("host_approved").subject


def test_a_change_sent_back_leaves_the_event_as_it_was():
    event = make_public()
    hold_change(event, venue="The Old Mill")

    review.send_back_change(event, **given(event), reason="Which mill?")

    event.refresh_from_db()
    assert event.venue == "Elm Street Hall"
    assert event.revisions.get().state == RevisionState.SENT_BACK
    letter = read_letter("host_sent_back")
    assert "Which mill?" in letter.text
    assert "stays as it was" in letter.text


def test_a_change_into_a_rally_needs_a_senior():
    event = make_public()
    hold_change(event, type=EventType.RALLY)

    with pytest.raises(review.NeedsSenior):
        review.approve_change(event, **given(event))


def test_changed_words_wait_until_somebody_read_them():
    event = make_public()
    hold_change(event, title="Neighbours for two libraries")
    assert [one.event for one in vetting.queue(timezone.now())[0]] == [event]

    review.mark_words_read(event, **given(event))

    assert vetting.queue(timezone.now())[0] == []
    assert letters() == []


def test_what_changed_since_the_last_decision():
    event = make_submitted()
    review.send_back(event, **given(event), reason="Say more.")
    lifecycle.change_event(
        event,
        fields={"description": "Come and hear what we are planning. Bring a chair."},
        by=event.host,
        now=timezone.now(),
        live=False,
    )
    lifecycle.submit(event, by=event.host, now=timezone.now())
    event.refresh_from_db()

    (difference,) = changed_since(event, last_decision(event))

    assert difference.label == "Description"
    assert difference.parts[-1] == ("ins", " Bring a chair.")


# -- Mending -------------------------------------------------------------------------------


def test_another_picture_is_a_change_without_a_files_name():
    event = make_event(picture="events/aaaa1111.jpg")
    before = snapshot(event)
    event.picture = "events/bbbb2222.jpg"

    (one,) = differences(before, snapshot(event))

    assert (one.label, one.before, one.after) == ("Picture", "picture aaaa", "picture bbbb")


def test_staff_mend_a_field_and_the_host_is_told_what():
    event = make_submitted()

    mending.fix(event, fields={"title": "Neighbors for a library"}, **given(event))

    event.refresh_from_db()
    assert event.title == "Neighbors for a library"
    assert event.state == EventState.SUBMITTED
    text = read_letter("host_fixed").text
    assert "Neighbours for a new library -> Neighbors for a library" in text


def test_a_mended_place_of_a_public_event_reaches_its_guests():
    event = make_public()
    make_rsvp(event.timeslots.get())

    mending.fix(event, fields={"venue": "The Old Mill"}, **given(event))

    assert sorted(letters()) == ["change", "host_fixed"]


def test_mending_does_not_hide_words_nobody_has_read():
    event = make_public()
    hold_change(event, title="Neighbours for two libraries")

    mending.fix(event, fields={"venue": "The Old Mill"}, **given(event))

    event.refresh_from_db()
    assert event.text_changed_at is not None


def test_a_pin_is_put_right():
    event = make_submitted()

    mending.fix_pin(event, 39.97, -83.0, **given(event))

    event.refresh_from_db()
    assert (event.latitude, event.longitude, event.pin_moved) == (39.97, -83.0, True)
    assert (event.public_latitude, event.public_longitude) == (39.97, -83.0)


def test_mending_waits_for_the_hosts_own_change():
    event = make_public()
    hold_change(event, venue="The Old Mill")

    with pytest.raises(mending.ChangeWaits):
        mending.fix(event, fields={"title": "Another"}, **given(event))


def test_mending_nothing_writes_to_nobody():
    event = make_submitted()

    with pytest.raises(mending.NothingFixed):
        mending.fix(event, fields={"title": event.title}, **given(event))
    assert not Message.objects.exists()


# -- Mending a date ------------------------------------------------------------------------


def typed(client, slot) -> dict:
    """The page's form as it stands."""
    page = client.get(f"/review/times/{slot.pk}/").context
    values = {name: value for name, value in page["row"].initial.items() if value is not None}
    return values | {"seen": page["seen"].initial["seen"]}


@pytest.mark.parametrize("state", [EventState.SUBMITTED, EventState.APPROVED])
def test_staff_mend_one_date_and_leave_the_others(client, state):
    log_in_staff(client)
    event = make_event(state=state)
    slot, other = make_timeslot(event), make_timeslot(event, hours=4)
    before = (slot.starts_at, other.starts_at)

    data = typed(client, slot) | {"capacity": "30", "instructions": "Use the side door."}
    answer = client.post(f"/review/times/{slot.pk}/", data)

    assert answer.status_code == 302
    slot.refresh_from_db()
    other.refresh_from_db()
    assert (slot.capacity, slot.instructions) == (30, "Use the side door.")
    assert (slot.starts_at, other.starts_at) == before
    assert "Use the side door." in read_letter("host_fixed").text


def test_a_moved_date_reaches_the_guests(client):
    log_in_staff(client)
    event = make_public()
    slot = event.timeslots.get()
    make_rsvp(slot)
    data = typed(client, slot)
    later = {
        name: str(date.fromisoformat(data[name]) + timedelta(days=1))
        for name in ("date", "end_date")
        if data[name]
    }

    client.post(f"/review/times/{slot.pk}/", data | later)

    before = slot.starts_at
    slot.refresh_from_db()
    assert slot.starts_at > before
    assert slot.version == 1
    assert sorted(letters()) == ["change", "host_fixed"]


@pytest.mark.parametrize(
    "bad",
    [
        {"date": "2026-02-30"},
        {"date": ""},
        {"start": "25:00"},
        {"start": "15:00", "end": "14:00", "end_date": ""},
        {"capacity": "-1"},
    ],
)
def test_a_date_that_makes_no_sense_is_shown_again(client, bad):
    log_in_staff(client)
    event = make_submitted()
    slot = event.timeslots.get()

    answer = client.post(f"/review/times/{slot.pk}/", typed(client, slot) | bad)

    assert answer.status_code == 422
    assert not VettingDecision.objects.exists()


def test_staff_leave_room_for_everybody_who_is_coming(client):
    log_in_staff(client)
    slot = make_timeslot(make_event(), capacity=10)
    make_rsvp(slot, party_size=5)

    answer = client.post(f"/review/times/{slot.pk}/", typed(client, slot) | {"capacity": "3"})

    assert answer.status_code == 409
    assert "5 spots are already taken" in answer.content.decode()
