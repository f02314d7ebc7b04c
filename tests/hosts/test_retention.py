"""What the worker forgets by itself, and when."""

from datetime import timedelta

import pytest

from events.forgetting import PLACE
from events.models import AddressReading, Event
from events.readings import record_reading
from hosts import drafts, retention, sealing
from hosts.models import CoHost, EventReport, Record, VettingDecision
from outbox import forgetting, ledger
from outbox.models import Message
from outbox.states import MessageState
from rsvps.models import Alert, Consent, Feedback, Rsvp, Supporter
from tests.dump import heard
from tests.factories import (
    make_event,
    make_host,
    make_rsvp,
    make_staff,
    make_supporter,
    make_timeslot,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ended_at(now):
    return now - timedelta(hours=1)


@pytest.fixture
def home(ended_at):
    """A house party that has just ended, with canaries and one guest."""
    home = make_event(
        private=True,
        street="8417 Canarygrass Lane",
        unit="Canary 4",
        venue="Canary House",
        latitude=39.95374,
        longitude=-82.93816,
        transit_notes="From the bus, left at the blue Canary",
        parking_notes="Behind the Canary's garage",
        typed={"fields": {"street": "8417 Canarygrass Lane"}, "times": []},
    )
    slot = make_timeslot(
        home, starts_at=ended_at - timedelta(hours=2), instructions="The Canary's door"
    )
    supporter = make_supporter(
        email="guest@nuthatch.example",
        name="Sam Nuthatch",
        phone="+16145550167",
        created_at=ended_at - timedelta(days=5),
    )
    rsvp = make_rsvp(slot, supporter=supporter, note="Nuthatches eat nuts.")
    rsvp.guest.created_at = ended_at - timedelta(days=5)
    rsvp.guest.save()
    home.revisions.create(
        changes={
            "event": {"street": "1 Canary", "transit_notes": "Canary stop"},
            "timeslots": [{"instructions": "Canary"}],
        },
        by=home.host,
        state="applied",
        created_at=ended_at,
    )
    VettingDecision.objects.create(
        event=home,
        decision="approved",
        by=make_staff(),
        snapshot={
            "event": {
                "street": "8417 Canarygrass",
                "latitude": 39.95374,
                "parking_notes": "Canary's drive",
            },
            "timeslots": [],
        },
        decided_at=ended_at,
    )
    letter = ledger.post(
        "change",
        to=supporter.email,
        subject=f"rsvp:{rsvp.pk}",
        topic=f"event:{home.pk}",
        payload={"was": {"place": "8417 Canarygrass"}, "why": "new"},
        now=ended_at,
    )
    Message.objects.filter(pk=letter.pk).update(
        state=MessageState.UNCERTAIN, body=b"8417 Canarygrass", finished_at=ended_at
    )
    return home


CANARIES = ["canary", "39.95374", "82.93816"]
NUTHATCH = ["nuthatch"]


def test_a_homes_address_goes_seven_days_after_the_event(home, ended_at):
    retention.keep_house(ended_at + timedelta(days=7))
    assert len(heard(CANARIES)) > 8

    retention.keep_house(ended_at + timedelta(days=7, seconds=1))
    assert heard(CANARIES) == []


@pytest.mark.parametrize("notes", ["transit_notes", "parking_notes"])
def test_the_way_to_the_door_goes_where_it_alone_is_left(notes, ended_at):
    home = make_event(private=True)
    Event.objects.filter(pk=home.pk).update(**PLACE | {notes: "Left at the blue Canary"})
    make_timeslot(home, starts_at=ended_at - timedelta(hours=2))

    retention.keep_house(ended_at + timedelta(days=8))

    assert heard(CANARIES) == []


def test_while_one_date_is_to_come_the_address_stays(home, ended_at):
    make_timeslot(home, starts_at=ended_at + timedelta(days=20))

    retention.keep_house(ended_at + timedelta(days=19))

    home.refresh_from_db()
    assert home.street == "8417 Canarygrass Lane"


def test_the_address_of_a_hall_stays(ended_at):
    hall = make_event()
    make_timeslot(hall, starts_at=ended_at - timedelta(hours=2))

    retention.keep_house(ended_at + timedelta(days=400))

    assert Event.objects.get(pk=hall.pk).street


def test_a_copy_of_a_home_forgets_the_address_with_the_event(home, ended_at):
    copy = drafts.duplicate(home, by=home.host, now=ended_at + timedelta(days=2))
    retention.keep_house(ended_at + timedelta(days=7))
    copy.refresh_from_db()
    assert copy.typed["fields"]["street"] == "8417 Canarygrass Lane"

    retention.keep_house(ended_at + timedelta(days=7, seconds=1))

    assert heard(CANARIES) == []
    copy.refresh_from_db()
    assert copy.typed["fields"]["description"] == home.description
    assert copy.typed["times"][0]["start"]


def test_a_copy_that_is_gone_on_with_is_a_draft_of_its_own(home, ended_at):
    copy = drafts.duplicate(home, by=home.host, now=ended_at)
    drafts.save_typed(copy, copy.typed, now=ended_at + timedelta(days=6))

    retention.keep_house(ended_at + timedelta(days=36))
    copy.refresh_from_db()
    assert copy.typed["fields"]["street"] == "8417 Canarygrass Lane"

    retention.keep_house(ended_at + timedelta(days=36, seconds=1))
    assert heard(CANARIES) == []


def test_a_draft_forgets_a_home_thirty_days_after_it_was_typed_at(now):
    draft = drafts.start_draft(make_host().user, "house_party", now=now)
    typed = draft.typed
    typed["fields"] |= {"title": "Tea", "street": "8 Canary Lane", "parking_notes": "At Canary's"}
    typed["times"][0]["instructions"] = "The Canary's door"
    drafts.save_typed(draft, typed, now=now)

    retention.keep_house(now + timedelta(days=30))
    assert heard(CANARIES)
    retention.keep_house(now + timedelta(days=30, seconds=1))

    assert heard(CANARIES) == []
    assert Event.objects.get().typed["fields"]["title"] == "Tea"


def test_a_draft_of_an_event_in_a_hall_keeps_its_address(now):
    draft = drafts.start_draft(make_host().user, "meeting", now=now)
    drafts.save_typed(
        draft, draft.typed | {"fields": draft.typed["fields"] | {"street": "1 Main"}}, now=now
    )

    retention.keep_house(now + timedelta(days=400))

    assert Event.objects.get().typed["fields"]["street"] == "1 Main"


def test_where_the_public_sees_it_and_who_came_stays(home, ended_at):
    before = (home.public_latitude, home.public_city)
    retention.keep_house(ended_at + timedelta(days=8))

    home.refresh_from_db()
    assert (home.public_latitude, home.public_city) == before
    assert home.timeslots.get().seats_taken == 1


def test_a_guests_phone_goes_after_thirty_days(home, ended_at):
    retention.keep_house(ended_at + timedelta(days=30))
    assert Supporter.objects.get().phone

    retention.keep_house(ended_at + timedelta(days=30, seconds=1))
    assert Supporter.objects.get().phone == ""
    assert Supporter.objects.get().email == "guest@nuthatch.example"


def test_a_guest_is_forgotten_after_ninety_days(home, ended_at):
    retention.keep_house(ended_at + timedelta(days=90))
    assert len(heard(NUTHATCH)) > 1

    retention.keep_house(ended_at + timedelta(days=90, seconds=1))
    assert heard(NUTHATCH) == []
    assert Rsvp.objects.get().party_size == 1


def agree(purpose, now):
    return Consent.objects.create(
        supporter=Supporter.objects.get(), purpose=purpose, wording="Yes", given_at=now
    )


def test_of_a_guest_who_agreed_to_news_only_the_contact_stays_until_they_take_it_back(
    home, ended_at
):
    consent = agree("news", ended_at)
    rsvp = Rsvp.objects.get()
    Rsvp.objects.update(reply_digest="7" * 64)
    Feedback.objects.create(rsvp=rsvp, words="Nuthatches came.", rating=4, created_at=ended_at)

    retention.keep_house(ended_at + timedelta(days=31))
    assert Supporter.objects.get().phone == ""
    assert Rsvp.objects.get().note
    retention.keep_house(ended_at + timedelta(days=91))

    supporter = Supporter.objects.get()
    assert (supporter.name, supporter.email) == ("Sam Nuthatch", "guest@nuthatch.example")
    rsvp.refresh_from_db()
    assert (rsvp.note, rsvp.reply_digest, rsvp.feedback.words) == ("", None, "")
    assert rsvp.feedback.rating == 4

    consent.withdrawn_at = ended_at + timedelta(days=400)
    consent.save()
    retention.keep_house(ended_at + timedelta(days=401))
    assert heard(NUTHATCH) == []


def test_a_phone_stays_while_its_owner_agrees_to_texts(home, ended_at):
    consent = agree("texts", ended_at)
    retention.keep_house(ended_at + timedelta(days=400))
    assert Supporter.objects.get().phone

    consent.withdrawn_at = ended_at + timedelta(days=400)
    consent.save()
    retention.forget_phones(ended_at + timedelta(days=401))
    assert Supporter.objects.get().phone == ""


def ask_for_alerts(now, **fields) -> Alert:
    return Alert.objects.create(
        supporter=Supporter.objects.get(),
        place="Columbus",
        latitude=39.96,
        longitude=-83.0,
        within_miles=25,
        timezone="America/New_York",
        created_at=now,
        **fields,
    )


def test_of_a_guest_who_wants_to_hear_of_new_events_the_email_alone_stays(home, ended_at):
    ask_for_alerts(ended_at, confirmed_at=ended_at)

    retention.keep_house(ended_at + timedelta(days=91))

    supporter = Supporter.objects.get()
    assert supporter.email == "guest@nuthatch.example"
    assert (supporter.name, supporter.phone, supporter.postal_code) == ("", "", "")
    assert Rsvp.objects.get().note == ""


def test_a_question_for_alerts_that_nobody_confirmed_keeps_nobody(home, ended_at):
    ask_for_alerts(ended_at + timedelta(days=90))

    retention.keep_house(ended_at + timedelta(days=90, hours=12))
    assert Supporter.objects.get().email == "guest@nuthatch.example"
    assert Supporter.objects.get().name == ""
    retention.keep_house(ended_at + timedelta(days=91, hours=1))

    assert heard(NUTHATCH) == []


def test_a_guest_who_comes_again_is_kept(home, ended_at):
    later = make_timeslot(starts_at=ended_at + timedelta(days=100))
    make_rsvp(later, supporter=Supporter.objects.get())

    retention.keep_house(ended_at + timedelta(days=95))

    assert Supporter.objects.get().phone


def test_other_periods_hold_where_they_are_set(home, ended_at, settings):
    settings.KEEP_ADDRESS_DAYS, settings.KEEP_GUEST_EMAIL_DAYS = 1, 2

    retention.keep_house(ended_at + timedelta(days=3))

    assert heard([*CANARIES, *NUTHATCH]) == []


def test_letters_forget_thirty_days_after_they_were_finished(home, ended_at):
    forgetting.forget(ended_at + timedelta(days=30))
    assert Message.objects.get().recipient

    forgetting.forget(ended_at + timedelta(days=30, seconds=1))
    letter = Message.objects.get()
    assert (letter.recipient, letter.payload, letter.body) == ("", {}, None)


def test_which_guest_read_an_address_goes_after_a_year_and_the_chain_holds(home, ended_at):
    record_reading(home, reader="guest:12", now=ended_at)
    sealing.seal(ended_at)
    retention.keep_house(ended_at + timedelta(days=365))
    assert not AddressReading.objects.exists()
    assert Record.objects.get().details == "guest:12"

    retention.keep_house(ended_at + timedelta(days=366))

    assert (Record.objects.get().details, Record.objects.get().salt) == ("", "")
    assert sealing.verify().problems == []


def test_a_reading_of_today_is_still_counted_once(home, ended_at):
    record_reading(home, reader="guest:12", now=ended_at)
    sealing.seal(ended_at)
    retention.keep_house(ended_at)
    record_reading(home, reader="guest:12", now=ended_at)
    sealing.seal(ended_at)

    assert Record.objects.count() == 1


def test_people_asked_to_help_and_reports_are_forgotten(home, ended_at):
    CoHost.objects.create(
        event=home, email="no@wren.example", token_digest="2" * 64, invited_at=ended_at
    )
    EventReport.objects.create(
        event=home,
        reason="other",
        words="Wren was rude.",
        email="me@wren.example",
        created_at=ended_at,
        handled_at=ended_at,
    )

    retention.keep_house(ended_at + timedelta(days=89))
    assert len(heard(["wren"])) == 3
    retention.keep_house(ended_at + timedelta(days=91))
    assert heard(["wren"]) == []


def test_done_again_nothing_is_left_to_do(home, ended_at):
    late = ended_at + timedelta(days=500)
    assert retention.keep_house(late) > 0

    assert retention.keep_house(late) == 0


def test_a_large_backlog_goes_in_small_batches(home, ended_at, monkeypatch):
    monkeypatch.setattr("rsvps.forgetting.BATCH", 1)
    other = make_supporter(email="other@nuthatch.example", created_at=ended_at)
    make_rsvp(home.timeslots.get(), supporter=other)
    other.guests.update(created_at=ended_at)
    late = ended_at + timedelta(days=500)

    retention.keep_house(late)
    assert Supporter.objects.filter(erased_at__isnull=True).count() == 1
    # More was to do, so the next tick goes on without waiting for an hour.
    retention.keep_house(late)
    assert Supporter.objects.filter(erased_at__isnull=True).count() == 0


def test_one_job_that_fails_does_not_stop_the_others(home, ended_at, monkeypatch, caplog):
    def broken(now):
        raise ZeroDivisionError

    monkeypatch.setattr(retention, "JOBS", (broken, retention.forget_addresses))

    retention.keep_house(ended_at + timedelta(days=8))

    assert heard(CANARIES) == []
    assert "broken failed" in caplog.text
