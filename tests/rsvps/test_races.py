"""A guest's calendar, their page and the staff at the same moment: nobody waits in a circle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import Sum

from events import lifecycle
from events.models import Timeslot
from outbox import inbound
from rsvps import attending, buttons, links, signup
from rsvps.attending import NotWelcome, RsvpChanged
from rsvps.capacity import TimeslotUnavailable
from rsvps.models import Guest, Rsvp, Supporter, Ticket
from rsvps.states import SEATED, RsvpStatus
from tests.factories import make_rsvp, make_timeslot
from tests.rsvps.test_replies import NOW, START, ics, invited, mail

pytestmark = pytest.mark.django_db(transaction=True)
REFUSALS = (RsvpChanged, NotWelcome, TimeslotUnavailable, buttons.TicketSpent, OperationalError)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each act in a thread and connection of its own; what they answered, refusals included."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=20)
            return act()
        except REFUSALS as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def check_seats(slot: Timeslot) -> None:
    slot.refresh_from_db()
    seated = Rsvp.objects.filter(timeslot=slot, status__in=SEATED)
    assert slot.seats_taken == (seated.aggregate(n=Sum("party_size"))["n"] or 0)


def answer_from_calendar(rsvp: Rsvp) -> Callable[[], object]:
    raw = mail(rsvp, ics(rsvp, answer="TENTATIVE"))
    return lambda: inbound.receive(raw, now=NOW)


def decline_from_calendar(rsvp: Rsvp) -> Callable[[], object]:
    raw = mail(rsvp, ics(rsvp))
    return lambda: inbound.receive(raw, now=NOW)


def approve(rsvp: Rsvp) -> Callable[[], object]:
    Rsvp.objects.filter(pk=rsvp.pk).update(status=RsvpStatus.PENDING)
    rsvp.refresh_from_db()
    return lambda: attending.approve_guest(rsvp, by=rsvp.timeslot.event.host, now=NOW)


def press_the_button(rsvp: Rsvp) -> Callable[[], object]:
    Rsvp.objects.filter(pk=rsvp.pk).update(status=RsvpStatus.UNCONFIRMED)
    wanted = {"timeslots": [[rsvp.timeslot_id, rsvp.timeslot.version]], "party_size": 2}
    typed = {"note": "", "name": "Alex", "phone": "", "postal_code": "", "consents": {}}
    ticket = a_ticket(rsvp, "confirm", wanted | typed)
    return lambda: buttons.confirm(ticket, now=NOW)


def take_the_new_address(rsvp: Rsvp) -> Callable[[], object]:
    ticket = a_ticket(rsvp, "new_address", {"email": "new@example.org"})
    return lambda: buttons.confirm(ticket, now=NOW)


def a_ticket(rsvp: Rsvp, purpose: str, payload: dict) -> Ticket:
    day = timedelta(days=1)
    return links.new_ticket(purpose, guest=rsvp.guest, payload=payload, lasts=day, now=NOW)[0]


ACTS = [
    answer_from_calendar,
    decline_from_calendar,
    approve,
    press_the_button,
    take_the_new_address,
]


@pytest.mark.parametrize("act", ACTS)
def test_what_a_guest_does_beside_a_cancel_and_a_move_ends_for_all(act):
    for turn in range(6):
        slot = make_timeslot(starts_at=START, capacity=50)
        rsvp = invited(slot, party_size=2)
        acting = act(rsvp)
        mine, moved = Rsvp.objects.get(pk=rsvp.pk), Timeslot.objects.get(pk=slot.pk)
        later = START + timedelta(hours=turn + 1)
        answers = at_once(
            acting,
            lambda rsvp=mine: attending.cancel_all(rsvp.guest, now=NOW),
            lambda slot=moved, later=later: lifecycle.move_timeslot(
                slot,
                starts_at=later,
                ends_at=later + timedelta(hours=1),
                by=None,
                now=NOW,
                live=True,
            ),
        )
        assert [one for one in answers if isinstance(one, OperationalError)] == []
        check_seats(slot)
        Rsvp.objects.all().delete()
        Supporter.objects.all().delete()


def test_a_host_who_removes_a_guest_beside_their_button_does_not_wait_for_them():
    for _ in range(6):
        slot = make_timeslot(starts_at=START, capacity=50)
        rsvp = invited(slot, party_size=2)
        press = press_the_button(rsvp)
        guest = Guest.objects.get(pk=rsvp.guest_id)
        remove = partial(attending.remove_guest, guest, by=slot.event.host, now=NOW)
        answers = at_once(press, remove)
        assert [one for one in answers if isinstance(one, OperationalError)] == []
        check_seats(slot)
        Rsvp.objects.all().delete()
        Supporter.objects.all().delete()


def press_for_one_more_date(rsvp: Rsvp, earlier: Timeslot) -> Callable[[], object]:
    wanted = {"timeslots": [[earlier.pk, 0], [rsvp.timeslot_id, 0]], "party_size": 3}
    typed = {"note": "", "name": "Alex", "phone": "", "postal_code": "", "consents": {}}
    ticket = a_ticket(rsvp, "second_form", wanted | typed)
    return lambda: buttons.confirm(ticket, now=NOW)


def say_yes_again_from_calendar(rsvp: Rsvp, earlier: Timeslot) -> Callable[[], object]:
    make_rsvp(earlier, supporter=rsvp.supporter)
    attending.decline(rsvp, now=NOW)
    raw = mail(rsvp, ics(rsvp, answer="ACCEPTED"))
    return lambda: inbound.receive(raw, now=NOW)


@pytest.mark.parametrize("act", [press_for_one_more_date, say_yes_again_from_calendar])
def test_a_guest_of_two_dates_beside_forms_for_both_ends_for_all(act):
    for _ in range(6):
        early = make_timeslot(starts_at=START - timedelta(days=1))
        late = make_timeslot(early.event, starts_at=START)
        acting = act(invited(late, party_size=2), early)
        forms = [
            signup.SignupForm(early.event, {early.pk: 0, late.pk: 0}, "Kim", f"kim{n}@example.org")
            for n in range(3)
        ]
        answers = at_once(
            acting,
            *[partial(signup.sign_up, form, now=NOW) for form in forms],
        )
        assert [one for one in answers if isinstance(one, Exception)] == []
        check_seats(early)
        check_seats(late)
        Supporter.objects.all().delete()


def test_a_form_sent_twice_at_the_same_moment_is_told_the_same_though_it_took_the_last_seat():
    slot = make_timeslot(starts_at=START, capacity=1)
    form = signup.SignupForm(
        event=slot.event,
        timeslots={slot.pk: slot.version},
        name="Alex Guest",
        email="alex@example.org",
        digest="d" * 64,
    )
    answers = at_once(*[lambda: signup.sign_up(form, now=NOW)] * 8)
    assert answers == [signup.SignupOutcome(confirm_first=False, host_answers=False)] * 8
    assert Rsvp.objects.count() == 1
    check_seats(slot)


def test_seats_are_taken_at_read_committed_whatever_the_server_prefers():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    options = connection.settings_dict["OPTIONS"]
    options["options"] = "-c default_transaction_isolation=serializable"
    connection.close()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("read committed",)
    finally:
        del options["options"]
        connection.close()
