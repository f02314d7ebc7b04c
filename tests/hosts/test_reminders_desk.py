"""Staff's page of reminders: which letters the clock sends, and when."""

import pytest

from events.states import EventType
from hosts.models import Record, RecordKind
from rsvps.models import ReminderStep
from rsvps.steps import DEFAULTS, Step, configured_steps
from tests.factories import log_in_staff

pytestmark = pytest.mark.django_db
EVERY, CANVASS = "/review/letters/reminders/every/", "/review/letters/reminders/canvass/"
TYPED = {
    "day_before": "on",
    "days": "2",
    "hour": "17",
    "on_the_day": "on",
    "hours_before": "4",
    "hours_after": "",
}


@pytest.fixture
def senior(client):
    log_in_staff(client, senior=True)
    return client


def test_page_says_in_words_what_goes_out(senior):
    page = senior.get("/review/letters/reminders/").content.decode()
    assert "A reminder at 11 a.m. on the day before." in page
    assert "A reminder on the day, 3 hours before the start." in page
    assert "Thanks, 1 hour after the end." in page


def test_seniors_set_the_steps_of_one_type_and_leave_the_others(senior):
    assert senior.post(CANVASS, TYPED).url == "/review/letters/reminders/"
    configured = configured_steps()
    assert configured[""] == DEFAULTS
    canvass = configured[EventType.CANVASS]
    assert canvass.day_before == Step(days=2, hour=17)
    assert canvass.on_the_day == Step(hours=4)
    assert canvass.thanks == Step(enabled=False, hours=1)
    page = senior.get("/review/letters/reminders/").content.decode()
    assert "A reminder at 5 p.m., 2 days before." in page
    assert "No thanks afterward." in page


def test_what_counts_for_every_type_counts_for_types_without_their_own(senior):
    senior.post(CANVASS, TYPED)
    senior.post(EVERY, TYPED | {"days": "3"})
    configured = configured_steps()
    assert (configured[""].day_before.days, configured["canvass"].day_before.days) == (3, 2)


def test_type_can_go_by_what_counts_for_every_type_again(senior):
    senior.post(CANVASS, TYPED)
    assert "Go by what counts for every type" in senior.get(CANVASS).content.decode()
    senior.post(CANVASS, {"give_up": "1"})
    assert not ReminderStep.objects.exists()
    assert "Go by what counts for every type" not in senior.get(CANVASS).content.decode()


def test_change_is_on_the_record_in_words(senior):
    senior.post(CANVASS, TYPED)
    row = Record.objects.get(kind=RecordKind.LETTERS)
    assert row.about == "reminders:canvass"
    assert row.words.startswith("A reminder at 5 p.m., 2 days before.")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("days", "0"),
        ("days", "15"),
        ("days", ""),
        ("hour", "21"),
        ("hour", "7"),
        ("hour", ""),
        ("hours_before", "13"),
        ("hours_before", "soon"),
        ("hours_after", "49"),
    ],
)
def test_number_that_makes_no_sense_is_told_beside_its_box_and_kept(senior, field, typed):
    page = senior.post(CANVASS, TYPED | {"thanks": "on", "hours_after": "1", field: typed})
    assert field in page.context["form"].errors
    assert not ReminderStep.objects.exists()
    if typed and field != "hour":
        assert f'value="{typed}"' in page.content.decode()


def test_reviewers_read_it_and_change_nothing(client):
    log_in_staff(client)
    assert client.get("/review/letters/reminders/").status_code == 200
    assert client.post(CANVASS, TYPED).status_code == 404
    assert not ReminderStep.objects.exists()


def test_type_that_does_not_exist_is_404(senior):
    assert senior.get("/review/letters/reminders/picnic/").status_code == 404
