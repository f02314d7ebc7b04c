"""The RSVP form, and the buttons behind mailed links that make it count."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection, connections

from events.models import Event
from events.states import EventState, TimeslotState
from outbox.letters import kind_named
from outbox.models import Message
from rsvps import errands, links
from rsvps.attending import EventClosed, NotWelcome, remove_guest
from rsvps.buttons import AddressTaken, TicketSpent, confirm, request_new_address, resend
from rsvps.capacity import TimeslotFull, TimeslotUnavailable
from rsvps.holds import forget_strangers, release_expired_holds
from rsvps.models import Consent, Guest, Rsvp, Supporter, Ticket
from rsvps.signup import SignupForm, SignupOutcome
from rsvps.signup import sign_up as take_in
from rsvps.states import RsvpStatus
from tests.factories import make_event, make_rsvp, make_timeslot, make_user

pytestmark = pytest.mark.django_db

EMAIL = "alex@example.org"
SOON = timedelta(minutes=5)


def a_form(*slots, **fields) -> SignupForm:
    values = {
        "event": slots[0].event,
        "timeslots": {slot.pk: slot.version for slot in slots},
        "name": "Alex Guest",
        "email": EMAIL,
        "postal_code": "43215",
    }
    return SignupForm(**values | fields)


def sign_up(form: SignupForm, *, now) -> SignupOutcome:
    """The form, and the worker right after it."""
    outcome = take_in(form, now=now)
    errands.run(now)
    return outcome


def a_slot(now, event=None, **fields):
    return make_timeslot(event, starts_at=now + timedelta(days=3), **fields)


def letters(**lookups) -> list[str]:
    return list(Message.objects.filter(**lookups).order_by("pk").values_list("kind", flat=True))


def the_ticket() -> Ticket:
    """The newest ticket, as its letter opens it."""
    message = Message.objects.filter(payload__has_key="token").latest("pk")
    return links.find_ticket(message.payload["token"])


def taken(slot) -> int:
    slot.refresh_from_db()
    return slot.seats_taken


# -- Public places: it stands at once ------------------------------------------------


def test_rsvp_to_a_public_place_stands_at_once(now):
    slot = a_slot(now, capacity=5)
    outcome = sign_up(a_form(slot, party_size=3, note="We bring chairs"), now=now)
    rsvp = Rsvp.objects.get()
    assert not outcome.confirm_first
    assert (rsvp.status, rsvp.party_size, rsvp.note) == ("accepted", 3, "We bring chairs")
    assert (rsvp.supporter.email, rsvp.supporter.name) == (EMAIL, "Alex Guest")
    assert taken(slot) == 3
    assert letters() == ["invitation"]


def test_several_timeslots_ask_for_the_button_and_make_one_rsvp_and_one_invitation_each(now):
    event = make_event()
    slots = [a_slot(now, event), a_slot(now, event)]
    assert sign_up(a_form(*slots, party_size=2), now=now).confirm_first
    assert [taken(slot) for slot in slots] == [2, 2]
    assert Guest.objects.count() == 1
    assert letters() == ["confirm"]
    confirm(the_ticket(), now=now)
    assert [rsvp.status for rsvp in Rsvp.objects.all()] == ["accepted", "accepted"]
    assert letters() == ["confirm", "invitation", "invitation"]


def test_nothing_at_all_is_kept_if_one_chosen_timeslot_lacks_room(now):
    event = make_event()
    free, full = a_slot(now, event), a_slot(now, event, capacity=1)
    with pytest.raises(TimeslotFull) as refused:
        sign_up(a_form(free, full, party_size=2), now=now)
    assert refused.value.room_left == {full.pk: 1}
    assert [model.objects.count() for model in (Rsvp, Guest, Supporter, Message)] == [0, 0, 0, 0]
    assert taken(free) == 0


def test_consents_are_kept_with_their_wording_and_time(now):
    sign_up(a_form(a_slot(now), consents={"news": "Send me news."}), now=now)
    assert list(Consent.objects.values_list("purpose", "wording", "given_at")) == [
        ("news", "Send me news.", now)
    ]


def test_the_same_form_sent_twice_counts_once(now):
    slot = a_slot(now, capacity=2)
    form = a_form(slot, party_size=2, digest="d" * 64)
    first = sign_up(form, now=now)
    assert sign_up(form, now=now) == first  # though the timeslot is full now
    assert taken(slot) == 2
    assert letters() == ["invitation"]


def test_an_unproved_address_adds_what_was_missing_and_overwrites_nothing(now):
    event = make_event()
    make_rsvp(a_slot(now), email=EMAIL)
    supporter = Supporter.objects.get()
    name = supporter.name
    sign_up(a_form(a_slot(now, event), name="Somebody Else", phone="+16145550100"), now=now)
    supporter.refresh_from_db()
    assert (supporter.name, supporter.phone) == (name, "+16145550100")


# -- A second form -------------------------------------------------------------------


def test_second_form_under_a_known_address_changes_nothing_until_the_button_is_pressed(now):
    event = make_event()
    first, second = a_slot(now, event, capacity=9), a_slot(now, event, capacity=9)
    later = now + timedelta(days=1, minutes=5)
    sign_up(a_form(first, party_size=2, digest="1"), now=now)
    after = sign_up(
        a_form(first, second, party_size=4, name="Not Me", digest="2", consents={"news": "Yes"}),
        now=later,
    )
    assert after.confirm_first  # as for anybody who asks for two dates
    assert (taken(first), taken(second)) == (2, 0)
    assert Supporter.objects.get().name == "Alex Guest"
    assert not Consent.objects.exists()
    assert letters() == ["invitation", "second_form"]

    confirm(the_ticket(), now=later)
    assert (taken(first), taken(second)) == (4, 4)
    assert Supporter.objects.get().name == "Not Me"
    assert Consent.objects.count() == 1
    assert letters() == ["invitation", "second_form", "party_change", "invitation"]


def test_second_form_on_the_day_of_the_invitation_sends_no_second_letter(now):
    slot = a_slot(now)
    for number in range(4):
        sign_up(a_form(slot, party_size=number + 1, digest=str(number)), now=now + number * SOON)
    assert letters() == ["invitation"]
    assert taken(slot) == 1


def test_second_form_is_asked_about_whatever_left_for_another_event_since(now):
    slot, later = a_slot(now), now + timedelta(days=2)
    sign_up(a_form(slot, digest="1"), now=now)
    sign_up(a_form(a_slot(later)), now=later)
    sign_up(a_form(slot, party_size=2, digest="2"), now=later + SOON)
    assert letters() == ["invitation", "invitation", "second_form"]


def test_second_form_of_somebody_who_pressed_a_button_is_asked_about_on_the_same_day(now):
    slot = a_slot(now, make_event(private=True))
    sign_up(a_form(slot, digest="1"), now=now)
    confirm(the_ticket(), now=now + SOON)
    sign_up(a_form(a_slot(now)), now=now + 2 * SOON)
    sign_up(a_form(slot, party_size=2, digest="2"), now=now + 3 * SOON)
    assert letters() == ["confirm", "invitation", "invitation", "second_form"]


def test_second_form_that_asks_for_what_stands_already_sends_no_button(now):
    slot = a_slot(now)
    sign_up(a_form(slot, digest="1"), now=now)
    sign_up(a_form(slot, digest="2"), now=now)
    assert letters() == ["invitation"]


def test_a_day_later_the_same_form_again_sends_the_letter_again(now):
    slot = a_slot(now)
    sign_up(a_form(slot, digest="1"), now=now)
    sign_up(a_form(slot, digest="2"), now=now + timedelta(days=1))
    assert letters() == ["invitation", "resend"]


def test_the_same_form_all_day_sends_three_letters(now):
    slot = a_slot(now)
    for number in range(9):
        sign_up(a_form(slot, digest=str(number)), now=now + number * timedelta(hours=1))
    assert letters() == ["invitation", "resend", "resend"]


def test_second_form_is_told_about_full_timeslots_like_a_stranger(now):
    slot = a_slot(now, capacity=2)
    sign_up(a_form(slot, party_size=2, digest="1"), now=now)
    with pytest.raises(TimeslotFull):
        sign_up(a_form(slot, party_size=2, digest="2"), now=now)


def test_somebody_who_cancelled_comes_back_by_the_form_and_its_button(now):
    slot = a_slot(now)
    make_rsvp(slot, email=EMAIL, status=RsvpStatus.CANCELLED)
    sign_up(a_form(slot), now=now)
    assert Rsvp.objects.get().status == RsvpStatus.CANCELLED
    confirm(the_ticket(), now=now)
    rsvp = Rsvp.objects.get()
    assert (rsvp.status, rsvp.revision) == (RsvpStatus.ACCEPTED, 1)
    assert taken(slot) == 1


# -- Confirm first -------------------------------------------------------------------


def test_private_home_holds_the_seats_until_the_button_is_pressed(now):
    slot = a_slot(now, make_event(private=True), capacity=5)
    outcome = sign_up(a_form(slot, party_size=2, consents={"news": "Yes"}), now=now)
    rsvp = Rsvp.objects.get()
    assert outcome.confirm_first
    assert rsvp.status == RsvpStatus.UNCONFIRMED
    assert rsvp.hold_expires_at == now + timedelta(minutes=30)
    assert taken(slot) == 2
    assert letters() == ["confirm"]
    assert not Consent.objects.exists()

    confirm(the_ticket(), now=now + SOON)
    rsvp.refresh_from_db()
    assert (rsvp.status, rsvp.hold_expires_at) == (RsvpStatus.ACCEPTED, None)
    assert taken(slot) == 2
    assert letters() == ["confirm", "invitation"]
    assert Consent.objects.get().wording == "Yes"


@pytest.mark.parametrize("why", ["event", "operator"])
def test_confirmation_can_be_asked_for_anywhere(why, now, settings):
    settings.CONFIRM_ALL_RSVPS = why == "operator"
    slot = a_slot(now, make_event(confirm_rsvps=why == "event"))
    assert sign_up(a_form(slot), now=now).confirm_first
    assert Rsvp.objects.get().status == RsvpStatus.UNCONFIRMED


@pytest.mark.parametrize("private", [False, True])
def test_in_a_rush_no_seat_is_held_and_places_go_to_whoever_presses_first(private, now):
    slot = a_slot(now, make_event(private=private), capacity=1)
    for email in ("early@example.org", "late@example.org"):
        outcome = sign_up(a_form(slot, email=email, rush=True), now=now)
        assert (outcome.confirm_first, outcome.held) == (True, False)
    assert not Rsvp.objects.exists()
    assert taken(slot) == 0
    letters = list(Message.objects.order_by("pk"))
    wanted = kind_named("confirm").wanted
    assert [wanted(letter, now) for letter in letters] == [None, None]
    first, second = [links.find_ticket(letter.payload["token"]) for letter in letters]
    confirm(second, now=now)
    assert taken(slot) == 1
    assert wanted(letters[0], now) is None
    assert wanted(letters[1], now) is not None
    with pytest.raises(TimeslotFull):
        confirm(first, now=now)


def test_in_a_rush_a_full_house_is_told_at_once(now):
    slot = a_slot(now, capacity=1, seats_taken=1)
    with pytest.raises(TimeslotFull):
        sign_up(a_form(slot, rush=True), now=now)
    assert not Supporter.objects.exists()


def test_confirmation_letter_holds_none_of_the_typed_words(now):
    slot = a_slot(now, make_event(private=True))
    sign_up(a_form(slot, name="BUY PILLS", note="http://evil.example"), now=now)
    message = Message.objects.get()
    assert set(message.payload) == {"token"}


def test_button_is_pressed_once(now):
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now)
    confirm(the_ticket(), now=now)
    with pytest.raises(TicketSpent):
        confirm(the_ticket(), now=now)


def test_spent_ticket_forgets_what_was_typed(now):
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now)
    confirm(the_ticket(), now=now)
    assert Ticket.objects.get().payload == {}


def test_seats_are_free_again_after_half_an_hour(now):
    slot = a_slot(now, make_event(private=True), capacity=2)
    sign_up(a_form(slot, party_size=2), now=now)
    assert release_expired_holds(now + timedelta(minutes=29)) == 0
    assert taken(slot) == 2
    assert release_expired_holds(now + timedelta(minutes=30)) == 1
    assert taken(slot) == 0
    assert release_expired_holds(now + timedelta(minutes=31)) == 0


def test_late_button_still_works_while_there_is_room(now):
    slot = a_slot(now, make_event(private=True), capacity=2)
    sign_up(a_form(slot, party_size=2), now=now)
    late = now + timedelta(hours=3)
    release_expired_holds(late)
    confirm(the_ticket(), now=late)
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED
    assert taken(slot) == 2


def test_late_button_says_how_much_room_is_left_and_can_be_pressed_again(now):
    slot = a_slot(now, make_event(private=True), capacity=2)
    sign_up(a_form(slot, party_size=2), now=now)
    late = now + timedelta(hours=3)
    release_expired_holds(late)
    other = make_rsvp(slot)
    with pytest.raises(TimeslotFull) as refused:
        confirm(the_ticket(), now=late)
    assert refused.value.room_left == {slot.pk: 1}
    assert links.is_good(the_ticket(), now=late)
    slot.refresh_from_db()
    slot.seats_taken = 0
    slot.save()
    other.delete()
    confirm(the_ticket(), now=late)


def test_a_day_later_the_button_is_dead_and_the_stranger_forgotten(now):
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now)
    ticket = the_ticket()
    later = now + timedelta(days=1)
    with pytest.raises(TicketSpent):
        confirm(ticket, now=later)
    release_expired_holds(later)
    forget_strangers(later)
    counts = [model.objects.count() for model in (Rsvp, Guest, Supporter, Ticket)]
    assert counts == [0, 0, 0, 0]


def test_people_who_are_coming_somewhere_are_not_forgotten(now):
    make_rsvp(a_slot(now), email=EMAIL)
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now)
    release_expired_holds(now + timedelta(days=2))
    forget_strangers(now + timedelta(days=2))
    assert Supporter.objects.count() == 1


def test_host_who_answers_each_guest_is_asked_after_the_button(now):
    slot = a_slot(now, make_event(private=True, approve_each_guest=True))
    outcome = sign_up(a_form(slot), now=now)
    assert outcome.confirm_first
    assert outcome.host_answers
    confirm(the_ticket(), now=now)
    assert Rsvp.objects.get().status == RsvpStatus.PENDING
    assert taken(slot) == 1
    assert letters() == ["confirm", "pending"]


def test_typing_a_victims_address_again_and_again_sends_one_letter(now):
    slot = a_slot(now, make_event(private=True))
    for number in range(5):
        sign_up(a_form(slot, party_size=number + 1, digest=str(number)), now=now)
    assert letters() == ["confirm"]
    assert taken(slot) == 1


def test_a_victims_address_gets_three_button_letters_a_day(now):
    slots = [a_slot(now, make_event(private=True)) for _ in range(5)]
    for slot in slots:
        sign_up(a_form(slot), now=now)
    assert letters() == ["confirm"] * 3
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now + timedelta(days=1, minutes=1))
    assert letters() == ["confirm"] * 4


# -- Closed events, stale forms ------------------------------------------------------


@pytest.mark.parametrize(
    "state", [EventState.CANCELLED, EventState.UNLISTED, EventState.SUBMITTED, EventState.REJECTED]
)
def test_nobody_joins_an_event_that_is_not_public(state, now):
    with pytest.raises(EventClosed) as refused:
        sign_up(a_form(a_slot(now, make_event(state=state))), now=now)
    assert refused.value.state == state
    assert not Supporter.objects.exists()


def test_nobody_joins_an_event_that_is_over(now):
    slot = make_timeslot(starts_at=now - timedelta(hours=3))
    with pytest.raises(EventClosed) as refused:
        sign_up(a_form(slot), now=now)
    assert refused.value.state == "over"


def test_timeslot_that_is_over_is_told_while_others_are_to_come(now):
    slot = make_timeslot(starts_at=now - timedelta(hours=3))
    a_slot(now, slot.event)
    with pytest.raises(TimeslotUnavailable) as refused:
        sign_up(a_form(slot), now=now)
    assert refused.value.over == {slot.pk}


def test_timeslot_changed_since_the_form_was_shown_is_told(now):
    slot = a_slot(now, version=2)
    with pytest.raises(TimeslotUnavailable) as refused:
        sign_up(a_form(slot, timeslots={slot.pk: 1}), now=now)
    assert refused.value.moved == {slot.pk}


def test_timeslot_cancelled_since_the_form_was_shown_is_told(now):
    slot = a_slot(now, state=TimeslotState.CANCELLED)
    with pytest.raises(TimeslotUnavailable) as refused:
        sign_up(a_form(slot), now=now)
    assert refused.value.cancelled == {slot.pk}


def test_timeslot_of_another_event_cannot_be_joined_by_this_events_form(now):
    mine, other = a_slot(now), a_slot(now)
    with pytest.raises(TimeslotUnavailable):
        sign_up(a_form(mine, timeslots={mine.pk: 0, other.pk: 0}), now=now)
    assert taken(other) == 0


# -- Guests the host removed ---------------------------------------------------------


def a_blocked_guest(now):
    rsvp = make_rsvp(a_slot(now), email=EMAIL)
    rsvp.supporter.phone = "+16145550100"
    rsvp.supporter.save()
    remove_guest(rsvp.guest, by=make_user(), now=now)
    return rsvp


def test_removed_guest_cannot_come_back_under_the_same_address(now):
    rsvp = a_blocked_guest(now)
    before = letters()
    sign_up(a_form(rsvp.timeslot, digest="2"), now=now)
    assert Rsvp.objects.exclude(status=RsvpStatus.REMOVED).count() == 0
    assert letters() == before


def test_removed_guest_cannot_come_back_under_the_same_phone(now):
    rsvp = a_blocked_guest(now)
    sign_up(a_form(rsvp.timeslot, email="new@example.org", phone="+16145550100"), now=now)
    assert not Supporter.objects.filter(email="new@example.org").exists()


def test_button_pressed_after_the_removal_does_nothing(now):
    slot = a_slot(now, make_event(private=True))
    make_rsvp(slot, email=EMAIL)
    sign_up(a_form(slot, party_size=4), now=now)
    ticket = the_ticket()
    Guest.objects.update(blocked_at=now)
    ticket.guest.refresh_from_db()
    with pytest.raises(NotWelcome):
        confirm(ticket, now=now)
    assert taken(slot) == 1


# -- Another address -----------------------------------------------------------------


def test_new_address_counts_once_its_button_is_pressed_and_old_links_die(now):
    rsvp = make_rsvp(a_slot(now), email="gmial@example.org")
    old = links.manage_url(rsvp.guest)
    request_new_address(rsvp.guest, EMAIL, now=now)
    assert letters(recipient=EMAIL) == ["new_address"]
    assert Rsvp.objects.get().supporter.email == "gmial@example.org"

    confirm(the_ticket(), now=now)
    rsvp = Rsvp.objects.get()
    assert rsvp.supporter.email == rsvp.guest.supporter.email == EMAIL
    assert links.guest_by_token(old.rstrip("/").rpartition("/")[2]) is None
    assert letters(recipient=EMAIL) == ["new_address", "invitation"]


def test_buttons_sent_before_the_address_changed_die_with_the_old_links(now):
    rsvp = make_rsvp(slot := a_slot(now), email="old@example.org")
    sign_up(a_form(slot, email="old@example.org", party_size=4), now=now)
    second_form = Message.objects.get(kind="second_form")
    request_new_address(rsvp.guest, EMAIL, now=now)
    confirm(the_ticket(), now=now)
    with pytest.raises(TicketSpent):
        confirm(links.find_ticket(second_form.payload["token"]), now=now)
    assert kind_named("second_form").wanted(second_form, now) == "the button in it no longer works"
    assert (taken(slot), Supporter.objects.get(email=EMAIL).name) == (1, rsvp.supporter.name)


def test_new_address_asked_for_by_whoever_had_the_place_before_does_not_count(now):
    guest = make_rsvp(a_slot(now), email="old@example.org").guest
    request_new_address(guest, "third@example.org", now=now)
    third = the_ticket()
    request_new_address(guest, EMAIL, now=now + SOON)
    confirm(the_ticket(), now=now + SOON)
    with pytest.raises(TicketSpent):
        confirm(third, now=now + SOON)
    assert Rsvp.objects.get().supporter.email == EMAIL


def test_letter_with_a_button_does_not_leave_once_the_event_is_off_the_site(now):
    sign_up(a_form(slot := a_slot(now, make_event(private=True))), now=now)
    message = Message.objects.get(kind="confirm")
    for state, why in [("approved", None), ("cancelled", None), ("unlisted", "unlisted since")]:
        Event.objects.filter(pk=slot.event_id).update(state=state)
        assert kind_named("confirm").wanted(message, now) == why


def test_new_address_is_asked_for_with_its_letter_or_not_at_all(now):
    guest = make_rsvp(a_slot(now)).guest

    def away(execute, sql, params, many, context):
        if "INSERT" in sql and "outbox_message" in sql:
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        request_new_address(guest, EMAIL, now=now)
    request_new_address(guest, EMAIL, now=now)
    assert letters() == ["new_address"]


def test_new_address_moves_this_event_only(now):
    rsvp = make_rsvp(a_slot(now), email="old@example.org")
    other = make_rsvp(a_slot(now), email="old@example.org")
    request_new_address(rsvp.guest, EMAIL, now=now)
    confirm(the_ticket(), now=now)
    other.refresh_from_db()
    assert other.supporter.email == "old@example.org"


def test_new_address_of_somebody_without_a_name_gets_the_one_known_before(now):
    rsvp = make_rsvp(a_slot(now), email="old@example.org")
    Supporter.objects.create(email=EMAIL, created_at=now)
    request_new_address(rsvp.guest, EMAIL, now=now)
    confirm(the_ticket(), now=now)
    assert Rsvp.objects.get().supporter.name == rsvp.supporter.name


def test_new_address_that_is_coming_already_is_refused(now):
    slot = a_slot(now)
    rsvp = make_rsvp(slot, email="old@example.org")
    make_rsvp(slot, email=EMAIL)
    request_new_address(rsvp.guest, EMAIL, now=now)
    with pytest.raises(AddressTaken):
        confirm(the_ticket(), now=now)


def test_guest_cannot_fill_a_strangers_mailbox_by_changing_address(now):
    guest = make_rsvp(a_slot(now)).guest
    for _ in range(5):
        request_new_address(guest, EMAIL, now=now)
    assert letters() == ["new_address"]


# -- Lost letters --------------------------------------------------------------------


def test_lost_letter_is_sent_again_to_people_who_are_coming_only(now):
    make_rsvp(a_slot(now), email=EMAIL)
    make_rsvp(make_timeslot(starts_at=now - timedelta(days=9)), email="past@example.org")
    for email in (EMAIL, "past@example.org", "nobody@example.org"):
        resend(email, now=now)
    assert list(Message.objects.values_list("kind", "recipient")) == [("resend", EMAIL)]


def test_lost_button_is_sent_again_while_its_seats_are_held(now):
    sign_up(a_form(a_slot(now, make_event(private=True))), now=now)
    for minute in (1, 12, 13):
        resend(EMAIL, now=now + timedelta(minutes=minute))
    assert letters() == ["confirm", "confirm"]
    assert {message.expires_at for message in Message.objects.all()} == {
        Rsvp.objects.get().hold_expires_at
    }
    confirm(the_ticket(), now=now + timedelta(minutes=20))
    assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED


def test_lost_button_counts_among_the_days_three_letters(now):
    for hour in range(3):
        sign_up(a_form(a_slot(now, make_event(private=True))), now=now + timedelta(minutes=hour))
    resend(EMAIL, now=now + timedelta(minutes=15))
    assert letters() == ["confirm"] * 3


# -- At once -------------------------------------------------------------------------


def at_once(forms: list[SignupForm], now) -> list[object]:
    gate = Barrier(len(forms))

    def run(form: SignupForm) -> object:
        try:
            gate.wait(timeout=20)
            return take_in(form, now=now)
        except TimeslotFull as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(run, forms))


@pytest.mark.django_db(transaction=True)
def test_the_same_person_ten_times_at_once_gets_one_rsvp_and_one_letter(now):
    slot = a_slot(now, capacity=20)
    at_once([a_form(slot, digest=str(number)) for number in range(10)], now)
    errands.run(now)
    assert Rsvp.objects.count() == 1
    assert taken(slot) == 1
    assert letters() == ["invitation"]


@pytest.mark.django_db(transaction=True)
def test_thirty_people_at_once_on_ten_seats_fill_exactly_ten(now):
    slot = a_slot(now, capacity=10)
    answers = at_once([a_form(slot, email=f"p{n}@example.org") for n in range(30)], now)
    assert sum(not isinstance(answer, TimeslotFull) for answer in answers) == 10
    assert Rsvp.objects.count() == taken(slot) == 10
    assert Supporter.objects.count() == len(letters()) == 10
