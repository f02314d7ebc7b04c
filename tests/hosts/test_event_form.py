"""The event form: read as an event, or shown again with what stands in the way."""

from datetime import UTC, datetime, timedelta

import pytest

from events.models import Event
from events.states import Accuracy, AddressVisibility, EventState
from tests.factories import make_event, make_timeslot
from tests.hosts.forms import event_data, in_days, send, shown, stamp, time_row

pytestmark = pytest.mark.django_db


# -- what is right -----------------------------------------------------------------------


def test_a_form_that_can_be_read_becomes_an_event(client, draft):
    answer = send(
        client, draft, time_row(capacity="30", instructions="Ring twice"), seen=stamp(draft)
    )

    assert answer["Location"] == f"/host/events/{draft.pk}/check/"
    draft.refresh_from_db()
    assert draft.title == "Neighbours for a new library"
    assert draft.contact_phone == "+16145550123"
    assert draft.typed == {}
    assert draft.timezone == "America/New_York"
    assert draft.public_city == "Columbus"
    slot = draft.timeslots.get()
    assert (slot.capacity, slot.instructions) == (30, "Ring twice")
    assert slot.ends_at - slot.starts_at == timedelta(hours=2)


def test_a_home_keeps_its_address_out_of_the_public_place(client, draft):
    send(client, draft, is_home="on", venue="", seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.address_visibility == AddressVisibility.PRIVATE
    assert draft.street == "41 South Elm Street"
    assert (draft.public_latitude, draft.public_longitude) != (draft.latitude, draft.longitude)


def test_a_lower_case_state_and_a_zip_plus_four_are_read(client, draft):
    send(client, draft, state_code="ohio", postal_code=" 43215-1234 ", seen=stamp(draft))
    draft.refresh_from_db()
    assert (draft.state_code, draft.postal_code) == ("OH", "43215")


def test_without_a_zip_the_city_and_state_are_enough(client, draft):
    send(client, draft, postal_code="", seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.accuracy == Accuracy.CITY
    assert draft.timezone == "America/New_York"


def test_times_are_those_of_the_place(client, draft):
    row = time_row(date="2027-01-20")
    send(
        client, draft, row, city="Portland", state_code="OR", postal_code="97201", seen=stamp(draft)
    )
    assert draft.timeslots.get().starts_at == datetime(2027, 1, 21, 2, 0, tzinfo=UTC)


def test_an_online_event_has_a_link_and_the_zone_of_its_zip(client, draft):
    send(
        client,
        draft,
        attendance_mode="virtual",
        joining_url=" meet.example.org/x ",
        street="",
        venue="",
        city="",
        state_code="",
        postal_code="97201",
        seen=stamp(draft),
    )
    draft.refresh_from_db()
    assert draft.joining_url == "https://meet.example.org/x"
    assert draft.timezone == "America/Los_Angeles"
    assert draft.latitude is None


def test_rows_without_a_day_are_left_out(client, draft):
    rows = [time_row(0), time_row(1, date="", start="12:00", end="15:00")]
    send(client, draft, *rows, seen=stamp(draft))
    assert draft.timeslots.count() == 1


def test_a_time_past_midnight_says_its_second_day(client, draft):
    row = time_row(start="22:00", end="00:30", end_date=in_days(8))
    send(client, draft, row, seen=stamp(draft))
    slot = draft.timeslots.get()
    assert slot.ends_at - slot.starts_at == timedelta(hours=2.5)


def test_right_to_left_and_emoji_titles_are_kept_and_marks_that_turn_are_not(client, draft):
    send(client, draft, title="🎉 מסיבת בית \u202egnp.exe", seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.title == "🎉 מסיבת בית gnp.exe"


# -- what is not ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": "x" * 5000}, "at most 120 characters"),
        ({"title": " \u3000 \u200b"}, "Give your event a title"),
        ({"description": "  "}, "Say in a few words"),
        ({"type": "coup"}, "coup is not one of the available choices"),
        ({"street": "", "venue": ""}, "Give the street"),
        ({"postal_code": "00000", "city": "", "state_code": ""}, "ZIP code “00000.”"),
        ({"postal_code": "", "city": "Nowhereville", "state_code": "OH"}, "“Nowhereville.”"),
        ({"postal_code": "", "city": "", "state_code": ""}, "Give the ZIP code, or the city"),
        ({"state_code": "Ohwow"}, "state “Ohwow.”"),
        ({"contact_phone": "ask me"}, "look like a phone number"),
        ({"contact_email": "robin@"}, "a complete email address"),
        ({"cohosts": "pat@example.org\nkim"}, "“kim” isn"),
        ({"cohosts": "pat@gmial.com"}, "Did you mean pat@gmail.com?"),
        ({"attendance_mode": "both", "joining_url": ""}, "need the link"),
        ({"attendance_mode": "virtual", "joining_url": "javascript:alert(1)"}, "a web link"),
        ({"attendance_mode": "moon"}, "moon is not one of the available choices"),
    ],
)
def test_what_cannot_be_read_comes_back_with_what_to_do(client, draft, values, words):
    page = shown(send(client, draft, **values))
    assert words in page.replace("&#x27;", "'")
    draft.refresh_from_db()
    assert draft.typed["fields"] | values == draft.typed["fields"]
    assert not draft.timeslots.exists()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"date": "2027-02-30"}, "a day on the calendar"),
        ({"date": "2020-01-01"}, "in the past"),
        ({"date": "2099-01-01"}, "Is the year right?"),
        ({"date": "9999-12-31"}, "Is the year right?"),
        ({"date": "0001-01-01", "end_date": "9999-12-31"}, "Is the year right?"),
        ({"start": "20:00", "end": "18:00"}, "The end has to come after the start"),
        ({"start": "18:00", "end": "18:00"}, "The end has to come after the start"),
        ({"start": "soon"}, "a time. Try 6:30 pm"),
        ({"end_date": in_days(12)}, "Add a separate date for each day"),
        ({"capacity": "0"}, "1 or more, or leave it blank"),
        ({"capacity": "-1"}, "1 or more, or leave it blank"),
        ({"capacity": "two"}, "Use a number, like 20"),
        ({"capacity": "1000000"}, "The most it can be is 100000"),
        ({"date": "", "capacity": "5"}, "Pick the day"),
        ({"start": ""}, "When does it start?"),
        ({"instructions": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_a_date_that_cannot_be_comes_back_with_why(client, draft, row, words):
    page = shown(send(client, draft, time_row(**row)))
    assert words in page
    assert not draft.timeslots.exists()


def test_at_least_one_date_is_needed(client, draft):
    page = shown(send(client, draft, time_row(date="")))
    assert "Give at least one date" in page


def test_a_time_the_clocks_jump_over_is_refused_with_the_nearest(client, draft):
    page = shown(send(client, draft, time_row(date="2027-03-14", start="02:30", end="04:00")))
    assert "no 2:30 a.m." in page
    assert "The nearest times, 1:59 a.m. and 3:00 a.m., are fine." in page


def test_a_time_that_comes_twice_is_asked_about(client, draft):
    row = {"date": "2027-11-07", "start": "01:30", "end": "04:00"}
    page = shown(send(client, draft, time_row(**row)))
    assert "1:30 a.m. happens twice" in page
    assert "The second, an hour later" in page

    send(client, draft, time_row(**row, start_fold="1"), seen=stamp(draft))

    assert draft.timeslots.get().starts_at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_two_dates_at_the_same_time_are_one_too_many(client, draft):
    assert "same time" in shown(send(client, draft, time_row(0), time_row(1)))


def test_html_typed_into_every_field_comes_back_as_words(client, draft):
    attack = '"><script>alert(1)</script>'
    names = [name for name in event_data() if name not in {"do", "times-TOTAL_FORMS"}]
    data = event_data() | {name: attack for name in names if not name.startswith("times-TOTAL")}
    data["times-INITIAL_FORMS"] = "0"
    answer = client.post(f"/host/events/{draft.pk}/edit/", data)
    assert "<script>alert(1)" not in shown(answer)


def test_a_zip_of_another_state_is_asked_about(client, draft):
    page = shown(send(client, draft, postal_code="97201", seen=stamp(draft)))
    assert "The ZIP code 97201 is in Portland, OR, not in OH." in page
    mark = page.split('name="warned" value="')[1].split('"')[0]
    send(client, draft, postal_code="97201", warned=mark, seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.timezone == "America/Los_Angeles"


def test_words_that_give_a_home_away_need_a_second_yes(client, draft):
    values = {"is_home": "on", "venue": "", "description": "Come to 41 South Elm Street!"}
    page = shown(send(client, draft, **values))
    assert "the street of your home" in page
    assert not draft.timeslots.exists()
    mark = page.split('name="warned" value="')[1].split('"')[0]

    changed = shown(send(client, draft, **values | {"title": "Call 614 555 0123"}, warned=mark))
    assert "a phone number" in changed

    answer = send(client, draft, **values, warned=mark, seen=stamp(draft))
    assert answer.status_code == 302
    assert draft.timeslots.count() == 1


def test_a_homes_address_is_made_public_only_after_a_second_yes(client, draft):
    send(client, draft, is_home="on", venue="", seen=stamp(draft))
    page = shown(send(client, draft, venue="", seen=stamp(draft)))
    assert "everyone will" in page
    draft.refresh_from_db()
    assert draft.is_private


def test_a_house_party_that_moves_online_keeps_its_address_to_itself(client, draft):
    online = {"attendance_mode": "virtual", "joining_url": "https://meet.example.org/x"}
    send(client, draft, is_home="on", venue="", **online, seen=stamp(draft))
    draft.refresh_from_db()
    assert draft.is_private


def test_a_mistyped_address_of_ones_own_is_asked_about_once(client, draft):
    page = shown(send(client, draft, contact_email="robin@gmial.com"))
    assert "Did you mean robin@gmail.com?" in page


def test_pressing_twice_leaves_one_event_with_one_date(client, draft):
    seen = stamp(draft)
    send(client, draft, seen=seen)
    page = send(client, draft, seen=seen)
    assert page.status_code == 409
    assert Event.objects.count() == 1
    assert draft.timeslots.count() == 1


def test_a_form_opened_before_staff_mended_something_says_so_and_keeps_the_words(client, host):
    event = make_event(host=host.user, state=EventState.SUBMITTED)
    make_timeslot(event)
    seen = stamp(event)
    Event.objects.filter(pk=event.pk).update(updated_at=event.updated_at + timedelta(minutes=1))

    answer = send(client, event, title="My newer title", seen=seen)

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "changed after you opened this page" in page
    assert 'value="My newer title"' in page
    event.refresh_from_db()
    assert event.title != "My newer title"


def test_a_form_of_an_event_cancelled_meanwhile_says_so(client, host):
    event = make_event(host=host.user, state=EventState.CANCELLED)
    answer = send(client, event)
    assert answer["Location"] == f"/host/events/{event.pk}/"
    assert "be changed anymore" in client.get(answer["Location"]).content.decode()


# -- small helpers of the page -----------------------------------------------------------


def test_the_preview_is_clean_html(client, host):
    answer = client.post("/host/preview/", {"description": "**Bring** <script>alert(1)</script>"})
    page = answer.content.decode()
    assert "<strong>Bring</strong>" in page
    assert "<script>" not in page


def test_the_zone_of_a_place_is_told_in_words(client, host):
    assert "Pacific time" in client.get("/host/zone/?postal_code=97201").content.decode()
    assert "get the time zone from" in client.get("/host/zone/?postal_code=x").content.decode()


@pytest.mark.parametrize("row", ["9" * 5000, "-1", "two", "٣", "0\x00", ""])
def test_a_button_for_a_date_that_is_not_there_takes_nothing_off(client, draft, row):
    answer = send(client, draft, do=f"remove_time:{row}")
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert len(draft.typed["times"]) == 1
