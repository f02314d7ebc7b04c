"""Seats: a party is accepted whole or told how many places are left, whoever else is asking."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from events.models import Timeslot
from events.states import TimeslotState
from rsvps.capacity import (
    Claim,
    SeatsNotTaken,
    TimeslotFull,
    TimeslotUnavailable,
    release_seats,
    take_seats,
)
from rsvps.checks import check_isolation
from tests.factories import make_event, make_timeslot


def taken(slot: Timeslot) -> int:
    slot.refresh_from_db()
    return slot.seats_taken


@pytest.mark.django_db
def test_party_that_fits_is_accepted_whole():
    slot = make_timeslot(capacity=5, seats_taken=2)
    take_seats([Claim(slot.pk, 3)])
    assert taken(slot) == 5


@pytest.mark.django_db
def test_party_larger_than_the_room_left_is_refused_and_told_how_many_places_are_left():
    slot = make_timeslot(capacity=5, seats_taken=3)
    with pytest.raises(TimeslotFull) as refused:
        take_seats([Claim(slot.pk, 3)])
    assert refused.value.room_left == {slot.pk: 2}
    assert taken(slot) == 3


@pytest.mark.django_db
def test_unlimited_timeslot_never_fills():
    slot = make_timeslot(capacity=None, seats_taken=10_000)
    take_seats([Claim(slot.pk, 20)])
    assert taken(slot) == 10_020


@pytest.mark.django_db
def test_nothing_is_taken_anywhere_if_one_of_several_timeslots_lacks_room():
    event = make_event()
    free, full = make_timeslot(event, capacity=5), make_timeslot(event, capacity=1)
    with pytest.raises(TimeslotFull) as refused:
        take_seats([Claim(free.pk, 2), Claim(full.pk, 2)])
    assert refused.value.room_left == {full.pk: 1}
    assert (taken(free), taken(full)) == (0, 0)


@pytest.mark.django_db
def test_every_timeslot_without_room_is_named():
    event = make_event()
    slots = [make_timeslot(event, capacity=n) for n in (1, 0, 9)]
    with pytest.raises(TimeslotFull) as refused:
        take_seats([Claim(slot.pk, 2) for slot in slots])
    assert refused.value.room_left == {slots[0].pk: 1, slots[1].pk: 0}


@pytest.mark.django_db
def test_cancelled_and_changed_timeslots_are_told_apart_from_full_ones():
    event = make_event()
    gone = make_timeslot(event, state=TimeslotState.CANCELLED)
    moved = make_timeslot(event, version=4)
    full = make_timeslot(event, capacity=0)
    with pytest.raises(TimeslotUnavailable) as refused:
        take_seats([Claim(gone.pk, 1, 0), Claim(moved.pk, 1, 3), Claim(full.pk, 1, 0)])
    assert refused.value.cancelled == {gone.pk}
    assert refused.value.moved == {moved.pk}
    assert refused.value.room_left == {full.pk: 0}


@pytest.mark.django_db
def test_released_seats_can_be_taken_again():
    slot = make_timeslot(capacity=2, seats_taken=2)
    release_seats(slot.pk, 2)
    take_seats([Claim(slot.pk, 2)])
    assert taken(slot) == 2


@pytest.mark.django_db
def test_more_seats_than_were_taken_cannot_be_given_back():
    slot = make_timeslot(capacity=2, seats_taken=1)
    with pytest.raises(SeatsNotTaken):
        release_seats(slot.pk, 2)
    assert taken(slot) == 1


def at_once(number: int, act) -> list[object]:
    """Run `act` in `number` real threads, each with a connection of its own, all starting
    together; what each returned, or the exception it raised."""
    gate = Barrier(number)

    def run(index: int) -> object:
        try:
            gate.wait(timeout=20)
            return act(index)
        except TimeslotFull as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db(transaction=True)
def test_two_people_on_the_last_seat_cannot_both_get_it():
    slot = make_timeslot(capacity=1)
    answers = at_once(2, lambda _: take_seats([Claim(slot.pk, 1)]))
    assert sum(answer is None for answer in answers) == 1
    assert [a.room_left for a in answers if isinstance(a, TimeslotFull)] == [{slot.pk: 0}]
    assert taken(slot) == 1


@pytest.mark.django_db(transaction=True)
def test_thirty_people_on_ten_seats_fill_exactly_ten():
    slot = make_timeslot(capacity=10)
    answers = at_once(30, lambda _: take_seats([Claim(slot.pk, 1)]))
    assert sum(answer is None for answer in answers) == 10
    assert taken(slot) == 10


@pytest.mark.django_db(transaction=True)
def test_people_choosing_two_timeslots_in_opposite_order_do_not_deadlock():
    event = make_event()
    slots = [make_timeslot(event, capacity=6), make_timeslot(event, capacity=6)]

    def choose(index: int) -> None:
        ordered = slots if index % 2 else slots[::-1]
        take_seats([Claim(slot.pk, 1) for slot in ordered])

    answers = at_once(12, choose)
    assert sum(answer is None for answer in answers) == 6
    assert [taken(slot) for slot in slots] == [6, 6]


@pytest.mark.django_db
def test_site_names_read_committed_itself():
    assert check_isolation(connection) == []


@pytest.mark.django_db
def test_other_isolation_levels_are_refused_at_start():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    options = connection.settings_dict["OPTIONS"]
    level = options.pop("isolation_level")
    try:
        assert [error.id for error in check_isolation(connection)] == ["rsvps.E001"]
    finally:
        options["isolation_level"] = level
