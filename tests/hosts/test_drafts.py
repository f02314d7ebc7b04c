"""Drafts: nothing typed is ever lost."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from events import lifecycle
from events.models import Event
from events.states import EventState, EventType
from hosts import drafts
from tests.factories import make_event, make_timeslot, make_user
from tests.hosts.forms import event_data, in_days, picture, stamp, time_row

pytestmark = pytest.mark.django_db


def start(client, kind="meeting") -> Event:
    client.post("/host/events/new/", {"type": kind})
    return Event.objects.latest("pk")


def edit(event) -> str:
    return f"/host/events/{event.pk}/edit/"


def test_a_canvass_offers_its_three_usual_times(client, host):
    event = start(client, "canvass")
    rows = [(row["start"], row["end"]) for row in event.typed["times"]]
    assert rows == [("09:00", "12:00"), ("12:00", "15:00"), ("15:00", "18:00")]


def test_a_house_party_is_somebodys_home_and_lasts_two_hours(client, host):
    event = start(client, "house_party")
    assert event.typed["fields"]["is_home"] == "on"
    assert [(row["start"], row["end"]) for row in event.typed["times"]] == [("18:00", "20:00")]


def test_a_new_draft_knows_the_hosts_name_phone_and_address(client, host):
    page = client.get(edit(start(client))).content.decode()
    for value in ("Robin Sample", "(614) 555-0123", host.user.email):
        assert f'value="{value}"' in page


def test_pressing_twice_starts_one_draft(client, host):
    start(client, "canvass")
    start(client, "canvass")
    assert Event.objects.count() == 1


def test_a_made_up_kind_starts_nothing(client, host):
    page = client.post("/host/events/new/", {"type": "<b>coup</b>"})
    assert page.status_code == 200
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"title": "x" * 5000},
        {"title": "   "},
        {"title": "🎉🎉🎉"},
        {"title": "מסיבת בית"},
        {"title": "<script>alert(1)</script>", "description": "<img src=x onerror=alert(1)>"},
        {"title": "a\x00b\x07\u202ec"},
        {"contact_phone": "call me", "contact_email": "robin@"},
        {"postal_code": "nowhere", "state_code": "Oh no"},
        {"type": "coup"},
    ],
)
def test_a_draft_is_saved_whatever_was_typed(client, host, typed):
    event = start(client)

    answer = client.post(edit(event), event_data(do="save", **typed))

    assert answer["Location"] == "/host/"
    event.refresh_from_db()
    assert event.state == EventState.DRAFT
    for name, text in typed.items():
        assert event.typed["fields"][name] == text.replace("\x00", "")
    page = client.get(edit(event)).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_dates_that_are_no_dates_are_kept_too(client, host):
    event = start(client)
    row = time_row(date="2027-02-30", start="late", end="later", capacity="two")
    client.post(edit(event), event_data(row, do="save"))
    event.refresh_from_db()
    assert event.typed["times"][0]["date"] == "2027-02-30"
    assert event.typed["times"][0]["capacity"] == "two"


def test_a_draft_with_a_form_of_rubbish_is_still_shown(client, host):
    event = start(client)
    client.post(edit(event), {"times-TOTAL_FORMS": "many", "do": "save", "title": ["a", "b"]})
    assert client.get(edit(event)).status_code == 200


def test_more_than_fits_is_refused_and_the_last_draft_stays(client, host):
    event = start(client)
    client.post(edit(event), event_data(do="save", title="Kept"))
    answer = client.post(edit(event), event_data(do="save", description="x" * 400_000))
    assert answer.status_code == 413
    event.refresh_from_db()
    assert event.typed["fields"]["title"] == "Kept"


def test_the_page_saves_by_itself(client, host):
    event = start(client)
    data = event_data(title="So far", seen=stamp(event))
    answer = client.post(f"/host/events/{event.pk}/autosave/", data)
    assert json.loads(answer.content) == {"saved": True}
    event.refresh_from_db()
    assert event.typed["fields"]["title"] == "So far"
    assert event.title == "So far"


def test_what_is_saved_by_itself_too_late_does_not_undo_what_was_sent(client, host):
    event = start(client)
    seen = stamp(event)
    client.post(edit(event), event_data(seen=seen))
    late = client.post(f"/host/events/{event.pk}/autosave/", event_data(seen=seen))
    assert late.status_code == 409
    event.refresh_from_db()
    assert event.typed == {}


def test_a_log_in_that_ran_out_loses_nothing(client, host):
    event = start(client)
    client.logout()

    answer = client.post(edit(event), event_data(time_row(date="2027-05-01"), title="Not lost"))
    assert answer["Location"] == f"/accounts/login/?next={edit(event)}"
    client.force_login(host.user)
    page = client.get(edit(event)).content.decode()

    assert 'value="Not lost"' in page
    assert 'value="2027-05-01"' in page
    assert "Everything you typed is here" in page
    client.post(edit(event), event_data(title="Sent again", do="save"))
    page = client.get(edit(event)).content.decode()
    assert 'value="Sent again"' in page
    assert "Everything you typed is here" not in page


@pytest.mark.parametrize("ask", ["get", "head"])
def test_looking_at_what_was_typed_before_a_log_in_keeps_it_where_it_is(client, host, ask):
    event = start(client)
    client.logout()
    client.post(edit(event), event_data(title="Not lost"))
    client.force_login(host.user)
    before = (dict(client.session), Event.objects.values().get())

    getattr(client, ask)(edit(event))

    assert (dict(client.session), Event.objects.values().get()) == before
    assert 'value="Not lost"' in client.get(edit(event)).content.decode()


@pytest.mark.parametrize("end", ["autosave/", "discard/"])
def test_what_was_typed_before_a_log_in_does_not_come_back_over_what_was_done_since(
    client, host, event, end
):
    make_timeslot(event)
    client.logout()
    client.post(edit(event), event_data(title="Long ago"))
    client.force_login(host.user)
    assert "Long ago" in (page := client.get(edit(event)).content.decode())
    assert "/discard/" in page

    data = event_data(title="Since then", seen=stamp(event))
    client.post(f"/host/events/{event.pk}/{end}", data)

    assert "Long ago" not in client.get(edit(event)).content.decode()


@pytest.fixture
def strict(host) -> Client:
    """The host's browser, whose tokens are checked."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(host.user)
    return strict


def test_a_picture_sent_after_the_log_in_ran_out_is_asked_for_again(client, host, draft):
    client.logout()
    client.post(
        f"/host/events/{draft.pk}/edit/", event_data(title="Not lost") | {"picture": picture()}
    )
    client.force_login(host.user)

    page = client.get(f"/host/events/{draft.pk}/edit/").content.decode()

    assert "choose the picture again" in page
    assert 'value="Not lost"' in page


def test_a_log_in_in_another_window_loses_nothing_either(client, strict, host):
    event = start(client)
    data = event_data(title="Not lost", csrfmiddlewaretoken="x" * 32)

    answer = strict.post(edit(event), data, headers={"origin": "http://testserver"})

    assert answer["Location"] == edit(event)
    event.refresh_from_db()
    assert event.typed["fields"]["title"] == ""
    assert 'value="Not lost"' in strict.get(edit(event)).content.decode()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_another_site_puts_no_words_into_a_draft(client, strict, host, origin):
    event = start(client)
    data = event_data(title="Evil", csrfmiddlewaretoken="x" * 32)
    answer = strict.post(edit(event), data, headers={"origin": origin} if origin else {})
    assert answer.status_code == 403
    assert "Evil" not in strict.get(edit(event)).content.decode()


def test_what_a_stranger_posts_before_logging_in_reaches_nobody_elses_draft(client, host):
    event = start(client)
    client.logout()
    client.post(edit(event), event_data(title="Mine now"))
    client.force_login(make_user())
    assert client.get(edit(event)).status_code == 404
    event.refresh_from_db()
    assert event.typed["fields"]["title"] == ""


def test_an_expired_autosave_answers_with_the_way_to_log_in(client, host):
    event = start(client)
    client.logout()
    assert client.post(f"/host/events/{event.pk}/autosave/", event_data()).status_code == 302


def test_dates_are_added_and_taken_off_without_javascript(client, host):
    event = start(client)
    rows = [time_row(0, capacity="30"), time_row(1, date=in_days(9))]

    client.post(edit(event), event_data(*rows, do="add_time"))
    event.refresh_from_db()
    assert len(event.typed["times"]) == 3
    assert event.typed["times"][2]["start"] == "18:00"
    assert event.typed["times"][2]["date"] == ""

    client.post(edit(event), event_data(*rows, do="remove_time:0"))
    event.refresh_from_db()
    assert [row["date"] for row in event.typed["times"]] == [in_days(9)]


def test_a_row_taken_off_with_javascript_is_gone(client, host):
    event = start(client)
    rows = [time_row(0), time_row(1, date=in_days(9)) | {"times-1-DELETE": "on"}]
    client.post(edit(event), event_data(*rows, do="save"))
    event.refresh_from_db()
    assert len(event.typed["times"]) == 1


def test_typed_changes_of_a_public_event_stay_unseen_and_can_be_thrown_away(client, host):
    event = make_event(host=host.user, title="As it is")
    make_timeslot(event)
    client.post(edit(event), event_data(do="save", title="As it may be"))
    event.refresh_from_db()
    assert event.title == "As it is"
    assert 'value="As it may be"' in client.get(edit(event)).content.decode()

    client.post(f"/host/events/{event.pk}/discard/")
    event.refresh_from_db()
    assert event.typed == {}
    assert Event.objects.filter(pk=event.pk).exists()


def test_a_draft_can_be_thrown_away_as_a_whole(client, host):
    event = start(client)
    client.post(f"/host/events/{event.pk}/discard/")
    assert not Event.objects.filter(pk=event.pk).exists()


def test_anothers_draft_is_not_there(client, host):
    event = make_event(state=EventState.DRAFT)
    for address in (edit(event), f"/host/events/{event.pk}/check/", f"/host/events/{event.pk}/"):
        assert client.get(address).status_code == 404
    for end in ("edit", "autosave", "discard", "check", "pin"):
        assert client.post(f"/host/events/{event.pk}/{end}/").status_code == 404


def test_a_copy_has_the_same_words_and_days_of_the_week_to_come(now):
    event = make_event(title="Weekly walk", type=EventType.CANVASS)
    slot = make_timeslot(event, starts_at=now.replace(month=6, day=3, hour=22))

    copy = drafts.duplicate(event, by=event.host, now=now)

    row = copy.typed["times"][0]
    assert copy.state == EventState.DRAFT
    assert copy.typed["fields"]["title"] == "Weekly walk"
    assert row["date"] == "2026-07-22"
    assert (row["start"], row["end"], row["id"]) == ("18:00", "20:00", "")
    assert slot.starts_at.weekday() == 2
    assert copy.timeslots.count() == 0


def test_a_copy_of_an_event_to_come_is_a_week_later(now):
    event = make_event()
    make_timeslot(event, starts_at=now.replace(day=20, hour=22))

    copy = drafts.duplicate(event, by=event.host, now=now)

    assert [row["date"] for row in copy.typed["times"]] == ["2026-07-27"]


def test_a_copy_of_several_weeks_follows_the_last_of_them(now):
    event = make_event()
    for day in (7, 14, 21):
        make_timeslot(event, starts_at=now.replace(day=day, hour=22))

    copy = drafts.duplicate(event, by=event.host, now=now)

    dates = [row["date"] for row in copy.typed["times"]]
    assert dates == ["2026-07-28", "2026-08-04", "2026-08-11"]


def test_a_copy_leaves_a_cancelled_date_out_but_of_a_cancelled_event_it_keeps_all(now):
    event = make_event()
    _held, rained_off = (make_timeslot(event, starts_at=now.replace(day=day)) for day in (20, 21))
    lifecycle.cancel_timeslot(rained_off, by=event.host, now=now)

    assert len(drafts.duplicate(event, by=event.host, now=now).typed["times"]) == 1

    lifecycle.cancel(event, by=event.host, now=now, note="")

    assert len(drafts.duplicate(event, by=event.host, now=now).typed["times"]) == 2


def test_looking_at_the_form_changes_nothing(client, host):
    event = make_event(host=host.user, updated_at=timezone.now())
    make_timeslot(event)
    client.get(edit(event))
    event.refresh_from_db()
    assert event.typed == {}


# -- Another kind, chosen in the form without JavaScript -----------------------------------


def chosen(client, draft, kind, *rows, offered="meeting", do="save"):
    """The form sent with another kind than the page was filled for; the draft as it is then."""
    client.post(
        f"/host/events/{draft.pk}/edit/", event_data(*rows, type=kind, offered=offered, do=do)
    )
    draft.refresh_from_db()
    return draft.typed


def hours(typed) -> list[str]:
    return [f"{row['start']}-{row['end']}" for row in typed["times"]]


@pytest.mark.parametrize(("start", "end"), [("18:00", "19:30"), ("", "")])
def test_another_kind_is_offered_its_own_times_on_the_next_page(client, draft, start, end):
    typed = chosen(client, draft, "canvass", time_row(date="", start=start, end=end))

    assert hours(typed) == ["09:00-12:00", "12:00-15:00", "15:00-18:00"]


def test_a_house_party_is_private_whenever_it_became_one(client, draft):
    typed = chosen(client, draft, "house_party", time_row(date="", start="18:00", end="19:30"))

    assert typed["fields"]["is_home"] == "on"
    assert hours(typed) == ["18:00-20:00"]


def test_times_the_host_typed_stay_with_another_kind(client, draft):
    assert hours(chosen(client, draft, "canvass", time_row(start="18:00", end="19:30"))) == [
        "18:00-19:30"
    ]
    row = time_row(date="", start="10:00", end="11:00")
    assert hours(chosen(client, draft, "canvass", row)) == ["10:00-11:00"]


def test_what_the_page_has_offered_already_is_not_offered_again(client, draft):
    typed = chosen(client, draft, "canvass", time_row(date="", start="", end=""), offered="canvass")

    assert hours(typed) == ["-"]


def test_a_made_up_kind_is_offered_nothing(client, draft):
    assert hours(chosen(client, draft, "<b>", time_row(date="", start="", end=""))) == ["-"]
