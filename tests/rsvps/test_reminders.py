"""rsvps.reminders: what is due, by the event's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from events.states import EventState, EventType, TimeslotState
from outbox import ledger
from outbox.models import Message
from outbox.quiet import is_quiet
from outbox.states import MessageState
from rsvps.attending import cancel_rsvp, come_back
from rsvps.invites import post_invitation
from rsvps.models import ReminderRun, ReminderStep, Rsvp
from rsvps.reminders import plan
from rsvps.states import ReminderKind, RsvpStatus
from rsvps.steps import DEFAULTS, Step, Steps, due_steps
from tests.factories import make_event, make_rsvp, make_timeslot

NEW_YORK = ZoneInfo("America/New_York")
SATURDAY = date(2027, 1, 9)
LONG_AGO = datetime(2026, 12, 1, tzinfo=UTC)


def at(hour: float, *, days: int = 0, zone: ZoneInfo = NEW_YORK, day: date = SATURDAY) -> datetime:
    """`hour` o'clock on the event's Saturday, or `days` later."""
    clock = time(int(hour), round(hour % 1 * 60))
    return datetime.combine(day + timedelta(days=days), clock, tzinfo=zone)


def due(starts_at: datetime, steps: Steps = DEFAULTS, hours: float = 2) -> dict[str, datetime]:
    zone = starts_at.tzinfo.key
    start = starts_at.astimezone(UTC)
    found = due_steps(start, start + timedelta(hours=hours), zone, steps)
    return {step.kind: step.due_at for step in found}


class TestWhen:
    def test_the_day_before_is_at_eleven_on_the_events_clock(self):
        assert due(at(15))[ReminderKind.DAY_BEFORE] == at(11, days=-1)

    @pytest.mark.parametrize(
        ("start", "reminded"), [(15, 12), (11, 8), (10, 8), (9, 8), (12.5, 9.5), (23.75, 20.75)]
    )
    def test_on_the_day_is_the_later_of_eight_and_three_hours_before(self, start, reminded):
        assert due(at(start))[ReminderKind.ON_THE_DAY] == at(reminded)

    @pytest.mark.parametrize("start", [8.75, 7, 0.5])
    def test_an_early_start_is_reminded_at_eight_the_evening_before(self, start):
        assert due(at(start))[ReminderKind.ON_THE_DAY] == at(20, days=-1)

    def test_thanks_come_an_hour_after_the_end(self):
        assert due(at(15))[ReminderKind.THANKS] == at(18)

    def test_thanks_for_a_late_evening_wait_for_the_morning(self):
        assert due(at(19))[ReminderKind.THANKS] == at(8, days=1)

    def test_the_day_before_is_of_use_until_the_day_itself(self):
        start = at(15).astimezone(UTC)
        day_before, on_the_day, _ = due_steps(
            start, start + timedelta(hours=2), "America/New_York", DEFAULTS
        )
        assert day_before.until == on_the_day.due_at
        assert on_the_day.until == start

    def test_an_early_start_with_a_late_day_before_has_no_second_letter_that_evening(self):
        steps = DEFAULTS._replace(day_before=Step(hour=18))
        assert ReminderKind.ON_THE_DAY not in due(at(8), steps)

    @pytest.mark.parametrize("zone", sorted(available_timezones())[::12])
    def test_nothing_is_due_in_quiet_hours_around_any_change_of_clocks(self, zone):
        local = ZoneInfo(zone)
        for day in changes_of_clocks(local):
            for hour in (0, 2.5, 7, 9, 10, 13.25, 19, 23.75):
                for offset in (0, 1):
                    start = at(hour, day=day, days=offset, zone=local)
                    for kind, instant in due(start).items():
                        assert not is_quiet(instant, zone), (start, kind, instant)


def changes_of_clocks(zone: ZoneInfo) -> list[date]:
    """The days in the next two years on which a zone's offset changes, or one plain day."""
    day, found = date(2026, 11, 20), []
    for _ in range(730):
        day += timedelta(days=1)
        noon = datetime.combine(day, time(12), tzinfo=zone)
        if noon.utcoffset() != (noon - timedelta(days=1)).utcoffset():
            found.append(day)
    return found or [SATURDAY]


@pytest.fixture
def rsvp(db) -> Rsvp:
    """Coming to 15:00 - 17:00 in New York, told long ago."""
    return make_rsvp(make_timeslot(starts_at=at(15)), told_at=LONG_AGO)


def planned(kind: str = ReminderKind.DAY_BEFORE) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("subject_key", flat=True))


@pytest.mark.django_db
class TestPlan:
    def test_a_minute_early_nothing_is_planned(self, rsvp):
        assert plan(at(11, days=-1) - timedelta(minutes=1)) == 0

    def test_at_its_minute_one_row_stands_in_the_ledger(self, rsvp):
        plan(at(11, days=-1))
        message = Message.objects.get()
        assert message.kind == "reminder_day_before"
        assert message.subject_key == f"rsvp:{rsvp.pk}"
        assert message.recipient == rsvp.supporter.email
        assert message.topic == f"event:{rsvp.timeslot.event_id}"
        assert (message.not_before, message.expires_at) == (at(11, days=-1), at(12))
        assert message.zone == "America/New_York"

    def test_planning_again_and_again_adds_nothing(self, rsvp):
        for minutes in (0, 0, 1, 6, 7, 60):
            plan(at(11, days=-1) + timedelta(minutes=minutes))
        assert len(planned()) == 1

    def test_planners_whose_clocks_differ_by_hours_add_one_row(self, rsvp):
        for hours in (1, 0, -1, 1, 0):
            plan(at(11, days=-1) + timedelta(hours=hours))
        assert len(planned()) == 1

    def test_a_missed_run_catches_up_while_the_letter_is_of_use(self, rsvp):
        assert plan(at(20, days=-1)) == 1

    def test_once_the_day_has_come_only_the_days_own_reminder_goes(self, rsvp):
        plan(at(12))
        assert planned(ReminderKind.DAY_BEFORE) == []
        assert len(planned(ReminderKind.ON_THE_DAY)) == 1

    def test_after_the_start_nobody_is_reminded(self, rsvp):
        assert plan(at(15)) == 0

    def test_a_late_rsvp_gets_no_stale_reminder(self, rsvp):
        Rsvp.objects.update(told_at=at(11.5, days=-1))
        assert plan(at(12, days=-1)) == 0
        plan(at(12))
        assert len(planned(ReminderKind.ON_THE_DAY)) == 1

    def test_a_moved_event_is_reminded_again(self, rsvp):
        plan(at(11, days=-1))
        moved = at(15, days=1)
        rsvp.timeslot.__class__.objects.update(
            starts_at=moved, ends_at=moved + timedelta(hours=2), version=1
        )
        Rsvp.objects.update(told_at=at(12, days=-1))
        assert plan(at(12, days=-1)) == 0
        assert plan(at(11)) == 1
        assert Message.objects.filter(kind=ReminderKind.DAY_BEFORE, version=1).count() == 1

    def test_moved_away_and_back_after_the_reminder_left_nobody_is_reminded_twice(self, rsvp):
        plan(at(11, days=-1))
        Message.objects.update(state=MessageState.SENT, sent_at=at(11, days=-1))
        rsvp.timeslot.__class__.objects.update(version=2)
        assert plan(at(12, days=-1)) == 0

    def test_an_rsvp_written_while_its_timeslot_was_planned_is_found_by_the_second_look(self, rsvp):
        plan(at(11, days=-1))
        late = make_rsvp(rsvp.timeslot, told_at=at(11, days=-1) - timedelta(seconds=1))
        plan(at(11, days=-1) + timedelta(minutes=5))
        assert f"rsvp:{late.pk}" in planned()

    def test_a_guest_who_left_and_came_back_keeps_the_reminder_planned_too_early(self, rsvp):
        plan(at(11, days=-1) - timedelta(minutes=2) + timedelta(hours=1))
        early = Message.objects.get()
        cancel_rsvp(rsvp, now=at(10, days=-1))
        come_back(rsvp, now=at(10.5, days=-1))
        plan(at(11, days=-1))
        assert planned() == [f"rsvp:{rsvp.pk}"]
        early.refresh_from_db()
        assert (early.state, early.not_before) == (MessageState.QUEUED, at(11, days=-1))

    def test_a_guest_who_came_back_after_its_time_hears_nothing_stale(self, rsvp):
        plan(at(11, days=-1))
        cancel_rsvp(rsvp, now=at(11.25, days=-1))
        come_back(rsvp, now=at(11.5, days=-1))
        plan(at(12, days=-1))
        assert Message.objects.get(kind=ReminderKind.DAY_BEFORE).state == MessageState.SUPERSEDED

    @pytest.mark.parametrize(
        "status",
        [RsvpStatus.UNCONFIRMED, RsvpStatus.PENDING, RsvpStatus.CANCELLED, RsvpStatus.REMOVED],
    )
    def test_who_is_not_coming_is_not_reminded(self, rsvp, status):
        make_rsvp(rsvp.timeslot, status=status, told_at=LONG_AGO)
        plan(at(11, days=-1))
        assert planned() == [f"rsvp:{rsvp.pk}"]

    def test_somebody_who_may_come_is_reminded(self, rsvp):
        Rsvp.objects.update(status=RsvpStatus.TENTATIVE)
        assert plan(at(11, days=-1)) == 1

    def test_a_cancelled_timeslot_and_an_unlisted_event_are_silent(self, rsvp):
        rsvp.timeslot.__class__.objects.update(state=TimeslotState.CANCELLED)
        unlisted = make_event(state=EventState.UNLISTED)
        make_rsvp(make_timeslot(unlisted, starts_at=at(15)), told_at=LONG_AGO)
        assert plan(at(11, days=-1)) == 0

    def test_an_early_start_is_not_reminded_twice_in_one_evening(self, db):
        rsvp = make_rsvp(make_timeslot(starts_at=at(8)), told_at=LONG_AGO)
        other = make_rsvp(rsvp.timeslot, told_at=at(11.5, days=-1))
        plan(at(17.5, days=-1))
        Message.objects.update(state=MessageState.SENT, sent_at=at(17.5, days=-1))
        plan(at(20, days=-1))
        assert planned(ReminderKind.ON_THE_DAY) == [f"rsvp:{other.pk}"]

    @pytest.mark.parametrize(("tried", "again"), [(11, True), (17.5, False)])
    def test_a_day_before_letter_in_doubt_counts_by_when_it_was_tried(self, db, tried, again):
        make_rsvp(make_timeslot(starts_at=at(8)), told_at=LONG_AGO)
        plan(at(11, days=-1))
        (message,) = ledger.claim(owner="a", now=at(tried, days=-1), limit=1)
        ledger.mark_transmitting(message, now=at(tried, days=-1))
        ledger.mark_uncertain(message, now=at(tried, days=-1), why="dropped after the final dot")
        plan(at(20, days=-1))
        assert bool(planned(ReminderKind.ON_THE_DAY)) == again

    def test_thanks_go_to_who_was_coming(self, rsvp):
        make_rsvp(rsvp.timeslot, status=RsvpStatus.CANCELLED, told_at=LONG_AGO)
        plan(at(18))
        assert planned(ReminderKind.THANKS) == [f"rsvp:{rsvp.pk}"]

    def test_each_guest_of_each_zone_is_reminded_at_their_own_eleven(self, db):
        honolulu = ZoneInfo("Pacific/Honolulu")
        event = make_event(timezone="Pacific/Honolulu")
        make_rsvp(make_timeslot(event, starts_at=at(15, zone=honolulu)), told_at=LONG_AGO)
        assert plan(at(11, days=-1)) == 0
        assert plan(at(11, days=-1, zone=honolulu)) == 1

    def test_queries_do_not_grow_with_guests(self, rsvp, django_assert_max_num_queries):
        for _ in range(5):
            make_rsvp(rsvp.timeslot, told_at=LONG_AGO)
        with django_assert_max_num_queries(9):
            assert plan(at(11, days=-1)) == 6


@pytest.mark.django_db
class TestSteps:
    def test_staff_can_move_a_step_for_one_type(self):
        ReminderStep.objects.create(
            kind=ReminderKind.DAY_BEFORE, event_type=EventType.RALLY, days=2, hour=18
        )
        rally = make_rsvp(
            make_timeslot(make_event(type=EventType.RALLY), starts_at=at(15)), told_at=LONG_AGO
        )
        make_rsvp(make_timeslot(starts_at=at(15)), told_at=LONG_AGO)
        assert plan(at(18, days=-2)) == 1
        assert planned() == [f"rsvp:{rally.pk}"]

    def test_staff_can_switch_a_step_off_for_every_type(self, rsvp):
        ReminderStep.objects.create(kind=ReminderKind.ON_THE_DAY, enabled=False)
        plan(at(12))
        assert planned(ReminderKind.ON_THE_DAY) == []
        assert len(planned(ReminderKind.DAY_BEFORE)) == 1

    def test_a_planner_whose_clock_runs_ahead_costs_nobody_their_reminder(self, rsvp):
        plan(at(12, days=-1))
        assert ReminderRun.objects.filter(planned_at__isnull=False).count() == 1
        late = make_rsvp(rsvp.timeslot)
        post_invitation(late, now=at(10.5, days=-1))
        plan(at(11, days=-1))
        assert f"rsvp:{late.pk}" in planned()


def test_the_defaults_are_those_of_the_house_rules():
    assert Steps(Step(days=1, hour=11), Step(hours=3), Step(hours=1)) == DEFAULTS
