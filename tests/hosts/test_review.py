"""Deciding about events: who may, what follows, and what a stale page says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import lifecycle
from events.models import AddressReading, Event
from events.states import EventState, EventType, RevisionState
from hosts import mending, review, vetting
from hosts.comparing import (
    changed_since,
    differences,
    last_decision,
    snapshot,
    with_revision,
)
from hosts.decision_letters import remind_staff
from hosts.models import CoHost, Decision, EventReport, Host, Record, StaffRole, VettingDecision
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import (
    log_in_staff,
    make_event,
    make_host,
    make_rsvp,
    make_timeslot,
    make_user,
)

pytestmark = pytest.mark.django_db


def make_submitted(**fields) -> Event:
    event = make_event(state=EventState.SUBMITTED, published_at=None, **fields)
    make_timeslot(event)
    return event


def make_public(**fields) -> Event:
    event = make_event(**fields)
    make_timeslot(event)
    return event


def reviewer():
    return make_user(staff_role=StaffRole.REVIEWER, name="Rae Reviewer")


def senior():
    return make_user(staff_role=StaffRole.SENIOR)


def seen(event: Event) -> str:
    event.refresh_from_db()
    return vetting.stamp_of(event, vetting.pending_revision(event))


def given(event: Event, by=None, **more) -> dict:
    """What every step takes."""
    return {"by": by or reviewer(), "seen": seen(event), "now": timezone.now(), **more}


def letters(kind: str = "") -> list[str]:
    found = Message.objects.filter(kind__startswith=kind).order_by("pk")
    return [message.kind for message in found]


def read_letter(kind: str):
    message = Message.objects.get(kind=kind)
    now = timezone.now()
    assert kind_named(kind).wanted(message, now) is None
    return kind_named(kind).render(message, now)


def hold_change(event: Event, **fields) -> None:
    """The host asks for a change of a public event."""
    lifecycle.change_event(event, fields=fields, by=event.host, now=timezone.now(), live=False)
    event.refresh_from_db()


# -- The steps ----------------------------------------------------------------------------


def test_an_approved_event_is_public_and_its_host_gets_a_letter():
    event = make_submitted()
    rae = reviewer()

    review.approve(event, **given(event, by=rae))

    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    made = VettingDecision.objects.get()
    assert (made.decision, made.by, made.event) == (Decision.APPROVED, rae, event)
    assert made.snapshot["event"]["title"] == event.title
    letter = read_letter("host_approved")
    assert event.title in letter.subject
    assert event.get_absolute_url() in letter.text
    assert Record.objects.get().about == f"event:{event.pk}"


def test_a_trusted_host_waits_no_more():
    host = make_host()
    event = make_submitted(host=host.user)

    review.approve(event, **given(event), trust=True)

    host.refresh_from_db()
    assert host.trusted_at is not None
    assert VettingDecision.objects.get().decision == Decision.TRUSTED
    assert "live at once" in read_letter("host_approved").text


def test_an_event_sent_back_carries_the_reasons_to_its_host():
    event = make_submitted()
    reason = review.reason_in_words(["address", "when"], "Is it the house with the red door?")

    review.send_back(event, **given(event), reason=reason)

    event.refresh_from_db()
    assert event.state == EventState.SENT_BACK
    text = read_letter("host_sent_back").text
    assert "could not find the address" in text
    assert "red door" in text
    assert event.state_note == reason


def test_a_rejected_event_stays_rejected():
    event = make_submitted()

    review.reject(event, **given(event), reason="This is an advertisement.")

    event.refresh_from_db()
    assert event.state == EventState.REJECTED
    assert "advertisement" in read_letter("host_rejected").text
    with pytest.raises(lifecycle.StateConflict):
        review.approve(event, **given(event))


@pytest.mark.parametrize("step", [review.send_back, review.reject])
def test_a_host_always_learns_why(step):
    event = make_submitted()

    with pytest.raises(review.ReasonMissing):
        step(event, **given(event), reason="")
    with pytest.raises(review.ReasonMissing):
        review.reason_in_words([], "   ")
    assert not Message.objects.exists()


def test_unlisting_tells_host_and_guests_and_can_be_undone():
    event = make_public()
    make_rsvp(event.timeslots.get(), email="alex@example.org")

    review.unlist(event, **given(event), reason="The address is wrong.")

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED
    assert letters() == ["unlisted", "host_unlisted"]
    assert "address is wrong" in read_letter("host_unlisted").text
    review.relist(event, **given(event))
    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    assert "host_relisted" in letters()


def test_an_overtaken_letter_is_not_wanted_any_more():
    event = make_public()
    review.unlist(event, **given(event), reason="The address is wrong.")
    message = Message.objects.get(kind="host_unlisted")

    review.relist(event, **given(event))

    assert kind_named("host_unlisted").wanted(message, timezone.now()) is not None


def test_cancelling_tells_guests_the_reason():
    event = make_public()
    make_rsvp(event.timeslots.get())

    review.cancel(event, **given(event), reason="The hall is flooded.")

    event.refresh_from_db()
    assert event.state == EventState.CANCELLED
    assert letters() == ["cancellation", "host_cancelled_by_staff"]


# -- Who may ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"type": EventType.RALLY},
        {"type": EventType.TOWN_HALL},
        {"type": EventType.FUNDRAISER},
        {"official": True},
    ],
)
def test_high_level_events_need_a_senior(fields):
    event = make_submitted(**fields)

    with pytest.raises(review.NeedsSenior):
        review.approve(event, **given(event))
    review.approve(event, **given(event, by=senior()))

    event.refresh_from_db()
    assert event.state == EventState.APPROVED


@pytest.mark.parametrize(("capacity", "high"), [(199, False), (200, True), (None, False)])
def test_two_hundred_places_make_an_event_high_level(capacity, high):
    event = make_event(state=EventState.SUBMITTED)
    make_timeslot(event, capacity=capacity)

    assert vetting.is_high_level(event) is high


def test_any_reviewer_takes_a_high_level_event_off_the_site():
    event = make_public(type=EventType.RALLY)

    review.unlist(event, **given(event), reason="It shows a phone number.")

    event.refresh_from_db()
    assert event.state == EventState.UNLISTED


def test_nobody_reviews_their_own_event():
    host = make_host(staff_role=StaffRole.SENIOR)
    event = make_submitted(host=host.user)

    with pytest.raises(review.OwnEvent):
        review.approve(event, **given(event, by=host.user))


@pytest.mark.parametrize("accepted", [True, False])
def test_nobody_reviews_an_event_they_help_with(accepted):
    event = make_submitted()
    by = senior()
    CoHost.objects.create(
        event=event,
        email=by.email,
        user=by if accepted else None,
        token_digest="x",
        invited_at=timezone.now(),
        accepted_at=timezone.now() if accepted else None,
    )

    with pytest.raises(review.OwnEvent):
        review.approve(event, **given(event, by=by))


def test_somebody_who_is_not_staff_decides_nothing():
    event = make_submitted()

    with pytest.raises(review.NotStaff):
        review.approve(event, **given(event, by=make_user()))


def test_words_the_reviewer_has_not_read_are_not_approved():
    event = make_submitted()
    step = given(event)

    lifecycle.change_event(
        event,
        fields={"title": "Buy my pills"},
        by=event.host,
        now=timezone.now(),
        live=False,
    )

    with pytest.raises(review.ChangedMeanwhile):
        review.approve(event, **step)


def test_an_event_that_grows_past_two_hundred_places_comes_before_a_senior():
    event = make_event()
    slot = make_timeslot(event, capacity=20)
    now = timezone.now()
    assert vetting.queue(now)[0] == []

    lifecycle.set_capacity(slot, 250, by=event.host, now=now)

    (waiting,) = vetting.queue(now)[0]
    assert (waiting.event, waiting.high_level) == (event, True)
    with pytest.raises(review.NeedsSenior):
        review.mark_words_read(event, **given(event))
    review.mark_words_read(event, **given(event, by=senior()))
    assert vetting.queue(now)[0] == []


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


def review_differences(event, revision):
    return differences(snapshot(event), with_revision(event, revision))


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


# -- The queue -----------------------------------------------------------------------------


def test_the_queue_has_high_level_on_top_and_then_the_soonest():
    later, sooner, rally = make_submitted(), make_submitted(), make_submitted(type="rally")
    now = timezone.now()
    sooner.timeslots.update(starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2))
    rally.timeslots.update(starts_at=now + timedelta(days=9), ends_at=now + timedelta(days=10))
    make_public()
    make_event(state=EventState.DRAFT)

    waiting, total = vetting.queue(now)

    assert [one.event for one in waiting] == [rally, sooner, later]
    assert total == 3


def test_the_queue_takes_as_many_queries_for_three_as_for_one(
    django_assert_num_queries, django_assert_max_num_queries
):
    make_submitted()
    with django_assert_max_num_queries(8) as one:
        vetting.queue(timezone.now())
    make_submitted(), make_submitted()

    with django_assert_num_queries(len(one)):
        vetting.queue(timezone.now())


def test_likely_duplicates_are_of_the_same_type_close_by_and_at_the_same_time():
    event = make_submitted()
    same = make_submitted(latitude=39.97)
    make_submitted(type=EventType.TRAINING)
    make_submitted(latitude=40.2)
    elsewhen = make_submitted()
    elsewhen.timeslots.update(
        starts_at=timezone.now() + timedelta(days=6), ends_at=timezone.now() + timedelta(days=7)
    )

    (found,) = vetting.likely_duplicates(event, now=timezone.now())

    assert found.event == same
    assert round(found.kilometres) == 1


def test_a_hosts_history_counts_what_they_did():
    host = make_host().user
    event = make_submitted(host=host)
    review.send_back(event, **given(event), reason="Say more.")
    other = make_public(host=host)
    make_rsvp(other.timeslots.get(), party_size=3)

    history = vetting.host_history(event, now=timezone.now())

    assert (history.sent_back, history.rejected, history.held, history.guests) == (1, 0, 0, 3)
    assert history.events_by_state == [("Sent back to the host", 1), ("Public", 1)]


def test_doubtful_places_are_flagged():
    event = make_event(accuracy="zip", geocode_again_at=timezone.now())
    nowhere = make_event(latitude=None, longitude=None)

    assert len(vetting.place_flags(event)) == 2
    assert vetting.place_flags(nowhere) == ["The address was not found on the map"]
    assert vetting.place_flags(make_event()) == []


def test_staff_hear_once_a_day_of_what_waits_longer_than_a_day():
    event = make_submitted()
    reviewer(), senior(), make_user()
    now = timezone.now()
    assert remind_staff(now) == 0

    late = now + timedelta(hours=25)
    assert remind_staff(late) == 2
    assert remind_staff(late + timedelta(minutes=5)) == 0
    message = Message.objects.first()
    assert kind_named("staff_waiting").wanted(message, late) is None
    assert event.title in kind_named("staff_waiting").render(message, late).text

    review.approve(event, **given(event))
    assert kind_named("staff_waiting").wanted(message, late) is not None


# -- The pages -----------------------------------------------------------------------------


def decide(client, event, step, **data):
    data = {"step": step, "seen": seen(event), **data}
    return client.post(f"/review/events/{event.pk}/decide/", data, follow=True)


def test_a_reviewer_approves_on_the_page(client):
    log_in_staff(client)
    event = make_submitted()
    assert event.title in client.get("/review/").content.decode()
    page = client.get(f"/review/events/{event.pk}/").content.decode()
    assert "Approve and trust the host" in page

    answer = decide(client, event, "approve")

    event.refresh_from_db()
    assert event.state == EventState.APPROVED
    assert "is public now" in answer.content.decode()
    assert "Nothing waits" in answer.content.decode()


def test_a_reviewer_sends_back_with_ready_made_and_own_words(client):
    log_in_staff(client)
    event = make_submitted()

    decide(client, event, "send_back", reasons=["what"], words="And who speaks?")

    event.refresh_from_db()
    assert event.state == EventState.SENT_BACK
    assert event.state_note.endswith("And who speaks?")


def test_sending_back_without_a_reason_asks_for_one(client):
    log_in_staff(client)
    event = make_submitted()

    answer = decide(client, event, "send_back")

    assert answer.status_code == 422
    assert "tell the host why" in answer.content.decode()
    event.refresh_from_db()
    assert event.state == EventState.SUBMITTED


def test_a_stale_page_says_who_decided_and_keeps_the_words(client):
    log_in_staff(client)
    event = make_submitted()
    before = seen(event)
    review.approve(event, **given(event))

    answer = client.post(
        f"/review/events/{event.pk}/decide/",
        {"step": "send_back", "seen": before, "words": "My careful words"},
    )

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Rae Reviewer was faster" in text
    assert "My careful words" in text


def test_pressing_approve_twice_says_that_it_is_done(client):
    log_in_staff(client)
    event = make_submitted()
    data = {"step": "approve", "seen": seen(event)}
    client.post(f"/review/events/{event.pk}/decide/", data)

    again = client.post(f"/review/events/{event.pk}/decide/", data)

    assert "You have decided about this already" in again.content.decode()
    assert VettingDecision.objects.count() == 1


def test_a_page_the_host_changed_meanwhile_says_so(client):
    log_in_staff(client)
    event = make_submitted()
    before = seen(event)
    lifecycle.change_event(
        event, fields={"title": "Another"}, by=event.host, now=timezone.now(), live=False
    )

    answer = client.post(f"/review/events/{event.pk}/decide/", {"step": "approve", "seen": before})

    assert answer.status_code == 409
    assert "changed since you opened" in answer.content.decode()


def test_the_page_of_a_high_level_event_offers_a_reviewer_no_approval(client):
    log_in_staff(client)
    event = make_submitted(type=EventType.RALLY)

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert 'value="approve"' not in page
    assert decide(client, event, "approve").status_code == 403


@pytest.mark.parametrize("step", ["", "explode", "approve\x00"])
def test_an_unknown_step_does_nothing(client, step):
    log_in_staff(client)
    event = make_submitted()

    assert decide(client, event, step).status_code == 400
    event.refresh_from_db()
    assert event.state == EventState.SUBMITTED


def test_reading_a_homes_address_is_noted_once_a_day(client):
    staff = log_in_staff(client)
    home, hall = make_submitted(private=True), make_submitted()

    for event in (home, home, hall):
        client.get(f"/review/events/{event.pk}/")

    assert [(one.event, one.reader) for one in AddressReading.objects.all()] == [
        (home, f"user:{staff.pk}")
    ]


def test_a_draft_is_nobodys_business(client):
    log_in_staff(client)
    event = make_event(state=EventState.DRAFT)

    assert client.get(f"/review/events/{event.pk}/").status_code == 404


def test_the_page_shows_old_and_new_side_by_side(client):
    log_in_staff(client)
    event = make_public()
    hold_change(event, venue="The Old Mill")

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert "<del>Elm Street Hall</del>" in page
    assert "<ins>The Old Mill</ins>" in page


def test_script_in_every_field_stays_words(client):
    log_in_staff(client)
    bad = "<script>alert(1)</script>"
    event = make_submitted(
        title=bad, description=bad, venue=bad, street=bad, contact_name=bad, parking_notes=bad
    )
    EventReport.objects.create(event=event, reason="spam", words=bad, created_at=timezone.now())

    page = client.get(f"/review/events/{event.pk}/").content.decode()

    assert bad not in page
    assert bad not in client.get("/review/").content.decode()


def test_staff_mend_on_the_page(client):
    log_in_staff(client)
    event = make_submitted()
    form = client.get(f"/review/events/{event.pk}/fix/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}

    client.post(f"/review/events/{event.pk}/fix/", data | {"title": "Mended"})

    event.refresh_from_db()
    assert event.title == "Mended"


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"title": "x" * 5000},
        {"type": "circus"},
        {"contact_phone": "call me"},
        {"contact_email": "nobody"},
        {"city": ""},
        {"attendance_mode": "virtual"},
        {"joining_url": "javascript:alert(1)"},
    ],
)
def test_a_mend_that_makes_no_sense_is_shown_again(client, bad):
    log_in_staff(client)
    event = make_submitted()
    form = client.get(f"/review/events/{event.pk}/fix/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (False, None)}

    answer = client.post(f"/review/events/{event.pk}/fix/", data | bad)

    assert answer.status_code == 422
    assert not VettingDecision.objects.exists()


@pytest.mark.parametrize(
    ("latitude", "longitude"), [("x", "1"), ("91", "0"), ("nan", "0"), ("0", "inf"), ("10", "10")]
)
def test_a_pin_that_makes_no_sense_stays_where_it_is(client, latitude, longitude):
    log_in_staff(client)
    event = make_submitted()

    client.post(
        f"/review/events/{event.pk}/pin/",
        {"seen": seen(event), "latitude": latitude, "longitude": longitude},
    )

    event.refresh_from_db()
    assert event.pin_moved is False


def test_events_are_found_by_title_number_and_host(client):
    log_in_staff(client)
    event = make_submitted(title="Soup and songs")
    make_submitted(title="Something else")

    for words in ("soup", str(event.pk), event.host.email):
        page = client.get("/review/events/", {"q": words}).content.decode()
        assert "Soup and songs" in page, words
    assert client.get("/review/events/", {"q": "\x00 ⁄ \u202e" + "9" * 400}).status_code == 200


def test_trust_is_taken_back(client):
    log_in_staff(client)
    host = make_host(trusted=True)

    client.post(f"/review/hosts/{host.pk}/")

    assert Host.objects.get(pk=host.pk).trusted_at is None
    assert Record.objects.get().words == "taken"


def test_the_pages_take_as_many_queries_for_much_as_for_little(
    client, django_assert_max_num_queries
):
    log_in_staff(client)
    event = make_submitted()
    for _ in range(3):
        make_submitted(host=event.host)
        EventReport.objects.create(event=event, reason="spam", created_at=timezone.now())
        make_timeslot(event, hours=3)

    with django_assert_max_num_queries(36):
        client.get(f"/review/events/{event.pk}/")
    with django_assert_max_num_queries(20):
        client.get("/review/")


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
    day = slot.starts_at + timedelta(days=1)

    client.post(f"/review/times/{slot.pk}/", data | {"date": f"{day:%Y-%m-%d}"})

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
        {"end": "00:00"},
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
    assert "5 places are taken" in answer.content.decode()
