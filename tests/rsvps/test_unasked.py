"""Letters that a form alone asks for: few for each address, and without a stranger's words."""

from datetime import timedelta

import pytest
import time_machine

from events.gazetteer import find
from outbox import letters
from outbox.models import Message
from rsvps import alerts, buttons, errands, links
from rsvps.alerts import Wish
from rsvps.models import Alert, Rsvp, Supporter
from rsvps.signup import SignupForm, sign_up
from tests.factories import make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db

EMAIL = "alex@example.org"
DAY = timedelta(days=1)


def ask(now, *, private: bool = False, **typed) -> Message:
    """A form for a new event; the letter it brought about."""
    slot = make_timeslot(make_event(private=private), starts_at=now + timedelta(days=9))
    form = {"timeslots": {slot.pk: 0}, "name": "Alex Guest", "email": EMAIL, **typed}
    sign_up(SignupForm(slot.event, **form), now=now)
    return Message.objects.filter(topic=f"event:{slot.event_id}").first()


def press_the_button(letter: Message, now) -> None:
    buttons.confirm(links.find_ticket(letter.payload["token"]), now=now)


def words_of(message: Message, now) -> str:
    letter = letters.kind_named(message.kind).render(message, now)
    return f"{letter.subject} {letter.text} {letter.html} {letter.calendar} {letter.from_name}"


def test_three_letters_leave_in_a_day_and_the_next_ones_on_the_days_after(now):
    minutes = [now + timedelta(minutes=number) for number in range(7)]
    leave = [ask(minute).not_before for minute in minutes]
    assert leave == [*minutes[:3], *[minute + DAY for minute in minutes[:3]], minutes[0] + 2 * DAY]
    assert Rsvp.objects.filter(status="accepted").count() == 7


def test_whoever_presses_a_button_gets_their_letters_at_once(now):
    button = ask(now, private=True)
    waiting = [ask(now) for _ in range(3)][-1]
    assert waiting.not_before == now + DAY
    later = now + timedelta(minutes=5)
    press_the_button(button, later)
    waiting.refresh_from_db()
    assert waiting.not_before == later
    assert ask(later).not_before == later


@pytest.mark.parametrize("page", ["", "coming/{}/"])
def test_buttons_on_own_pages_count_as_a_proof(client, page, now):
    for _ in range(4):
        last = ask(now)
    rsvp, later = Rsvp.objects.latest("pk"), now + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        client.post(links.manage_url(rsvp.guest) + page.format(rsvp.pk), {"do": "plan"})
    last.refresh_from_db()
    assert last.not_before == later
    assert Supporter.objects.get().unasked_letters == []


def test_one_letter_with_a_button_for_one_event_in_a_day(now):
    slot = make_timeslot(make_event(private=True), starts_at=now + timedelta(days=9))
    for number in range(6):
        form = SignupForm(slot.event, {slot.pk: 0}, "Alex", EMAIL, digest=str(number))
        sign_up(form, now=now + timedelta(hours=number))
        errands.run(now + timedelta(hours=number))
    assert Message.objects.count() == 1


def test_lost_button_is_sent_again_after_its_seats_were_given_up(now):
    ask(now, private=True)
    later = now + timedelta(hours=2)
    Rsvp.objects.all().delete()
    buttons.resend(EMAIL, now=later)
    again = Message.objects.latest("pk")
    assert (again.kind, Message.objects.count()) == ("confirm", 2)
    assert "hold one" in words_of(again, later)


@pytest.mark.parametrize("private", [False, True])
def test_letter_to_an_address_nobody_proved_holds_no_typed_word(private, now):
    typed = {"name": "https://evil.example BUY", "note": "PILLS now", "phone": "+16145550166"}
    text = words_of(ask(now, private=private, **typed), now)
    assert [word for word in ("evil", "BUY", "PILLS", "555 0166") if word in text] == []
    assert "Hello," in text or private


def test_letter_calls_people_by_their_name_once_the_address_is_theirs(now):
    press_the_button(ask(now, private=True, name="Alex Guest"), now)
    assert "Hi Alex," in words_of(Message.objects.get(kind="invitation"), now)


def test_somebody_elses_form_changes_no_proved_name(now):
    make_rsvp(email=EMAIL)
    supporter = Supporter.objects.get()
    text = words_of(ask(now, name="Evil"), now)
    assert f"Hi {supporter.name.split()[0]}," in text


def ask_for_an_alert(email: str, number: int, now) -> None:
    alerts.ask(email, Wish(find("43215")[0], within_miles=5 + number), now=now)


def test_forms_for_events_and_alerts_together_bring_three_letters_a_day(now):
    ask(now)
    for number in range(4):
        ask_for_an_alert(EMAIL, number, now)
    last = ask(now)

    leaving = Message.objects.filter(not_before__lt=now + DAY)
    assert sorted(leaving.values_list("kind", flat=True)) == [
        "alert_confirm",
        "alert_confirm",
        "invitation",
    ]
    assert last.not_before == now + DAY


def test_alerts_asked_for_around_midnight_bring_three_letters(now):
    midnight = now.replace(hour=0)
    for number in range(5):
        ask_for_an_alert(EMAIL, number, midnight - timedelta(minutes=5))
        ask_for_an_alert(EMAIL, number, midnight + timedelta(minutes=5))

    assert Message.objects.count() == 3


def test_an_alert_withheld_is_confirmed_by_the_letter_of_the_next_day(now):
    for number in range(4):
        ask_for_an_alert(EMAIL, number, now)
    ask_for_an_alert(EMAIL, 3, now + DAY)

    fourth = Alert.objects.get(within_miles=8)
    assert Message.objects.latest("pk").subject_key == f"alert:{fourth.pk}"
