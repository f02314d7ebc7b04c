"""“Tell me when there is one”: asked for, confirmed, told once, stopped."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from events import lifecycle
from events.gazetteer import find
from events.spatial import index_event
from events.states import EventState
from outbox.delivery import deliver_once
from outbox.letters import kind_named
from outbox.models import Message
from outbox.states import MessageState
from rsvps import alerts, links
from rsvps.alerts import Wish
from rsvps.models import Alert, Supporter
from tests.factories import STREET, make_event, make_rsvp, make_supporter, make_timeslot, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 1, 6, 17, 0, tzinfo=UTC)  # noon in Columbus
EMAIL = "alex@example.org"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def make_alert(*, email=EMAIL, near="43215", within=25, types=(), confirmed=True) -> Alert:
    alerts.ask(email, Wish(find(near)[0], within, types), now=NOW)
    alert = Alert.objects.latest("pk")
    if confirmed:
        alerts.confirm(alert, now=NOW)
        alert.refresh_from_db()
    return alert


def publish(*, at=NOW + timedelta(hours=3), miles_north=0.0, **fields):
    event = make_event(latitude=39.9612 + miles_north / 69, published_at=at, **fields)
    make_timeslot(event, starts_at=NOW + timedelta(days=9))
    index_event(event, now=at)
    return event


def mornings(days=1, *, leaves=False) -> list[Message]:
    """Let the planner look on so many days at ten past noon; the letters it posted."""
    known = set(Message.objects.values_list("pk", flat=True))
    for day in range(1, days + 1):
        alerts.plan(NOW + timedelta(days=day, minutes=10))
        if leaves:
            Message.objects.update(state=MessageState.SENT)
    return list(Message.objects.exclude(pk__in=known).order_by("pk"))


def render(message: Message, now=NOW + timedelta(days=1, minutes=11)):
    return kind_named(message.kind).render(message, now)


def path(alert: Alert) -> str:
    return "/" + links.alert_url(alert).split("/", 3)[3]


def form(client, **changed):
    page = client.get("/alerts/", {"near": "43215", "within": "10", "type": "canvass"})
    stamp = page.context["form"]["stamp"].value()
    typed = {"near": "43215", "within": "25", "email": EMAIL, "stamp": stamp}
    return client.post("/alerts/", typed | changed, REMOTE_ADDR=changed.get("ip", "203.0.113.9"))


# -- Asking ----------------------------------------------------------------------------------


def test_form_is_filled_in_from_the_search(client):
    page = client.get("/alerts/?near=Columbus, OH&within=10&type=canvass&type=nonsense")
    form = page.context["form"]
    assert (form["near"].value(), form["within"].value()) == ("Columbus, OH", 10)
    assert form.ticked == ["canvass"]


def test_asking_sends_one_letter_and_tells_of_nothing_until_its_button_is_pressed(client):
    form(client, type=["canvass", "rally"])
    alert = Alert.objects.get()
    assert (alert.place, alert.within_miles, alert.types) == (
        "Columbus, OH 43215",
        25,
        "canvass,rally",
    )
    assert list(Message.objects.values_list("kind", "recipient")) == [("alert_confirm", EMAIL)]
    publish(type="canvass")
    assert mornings() == []


def test_opening_the_link_changes_nothing_and_the_button_turns_it_on(client):
    alert = make_alert(confirmed=False)
    assert "Yes, tell me" in client.get(path(alert)).text
    alert.refresh_from_db()
    assert alert.confirmed_at is None
    assert "Done. We'll let you know." in client.post(path(alert), {"do": "confirm"}).text
    alert.refresh_from_db()
    assert alert.confirmed_at == alert.supporter.proved_at == NOW


def test_answer_is_the_same_whether_or_not_the_address_is_known(client):
    make_supporter(email=EMAIL)
    make_alert(email="full@example.org")
    for miles in (5, 10, 50, 100):
        make_alert(email="full@example.org", within=miles)
    addresses = (EMAIL, "nobody@example.org", "full@example.org")
    pages = [form(client, email=email).text.replace(email, "EMAIL") for email in addresses]
    assert pages[0] == pages[1] == pages[2]


def test_one_address_has_at_most_five_alerts():
    for miles in (5, 10, 25, 50, 100):
        make_alert(within=miles)
    make_alert(near="45202")
    assert Alert.objects.count() == 5


def test_one_address_gets_at_most_three_letters_with_a_button_a_day(client):
    for miles in ("5", "10", "25", "50", "100"):
        form(client, within=miles)
    assert Message.objects.filter(kind="alert_confirm").count() == 3


def test_flood_from_one_network_is_told_to_wait(client, settings):
    settings.RSVP_POSTS_PER_NETWORK = 4
    pages = [form(client, email=f"{n}@example.org") for n in range(5)]
    assert pages[-1].status_code == 429
    assert "Please wait" in pages[-1].text
    assert f"{4}@example.org" in pages[-1].text  # nothing typed is lost


def test_machine_that_fills_the_hidden_field_gets_the_usual_answer_and_nothing_else(client):
    assert "Check your email" in form(client, website="x").text
    assert not Alert.objects.exists()


def test_same_question_twice_is_one_alert(client):
    form(client)
    form(client)
    assert Alert.objects.count() == 1


def test_name_of_several_places_offers_the_choice(client):
    page = form(client, near="Portland")
    assert "more than one place" in page.text
    assert 'value="Portland, ME"' in page.text
    form(client, near="Portland", use_near="Portland, ME")
    assert Alert.objects.get().place == "Portland, ME"


@pytest.mark.parametrize(
    "typed", [{"near": ""}, {"near": "Qwxyzt"}, {"email": "x"}, {"within": "7"}, {"type": "x"}]
)
def test_nonsense_is_explained_beside_its_field(client, typed):
    assert "Not quite yet" in form(client, **typed).text
    assert not Alert.objects.exists()


def test_position_is_kept_to_about_a_kilometre_and_no_street():
    alert = make_alert(near="39.961234,-82.998765")
    assert (alert.latitude, alert.longitude) == (39.96, -83.0)
    assert alert.place == "Columbus, OH 43215"


def test_button_not_pressed_within_a_day_is_forgotten_with_its_person():
    make_alert(confirmed=False)
    alerts.plan(NOW + timedelta(days=1, minutes=1))
    assert not Supporter.objects.exists()


# -- Telling ---------------------------------------------------------------------------------


def test_new_event_is_told_of_the_next_morning_once():
    make_alert()
    event = publish(title="Soup night")
    (message,) = mornings(days=3, leaves=True)
    letter = render(message)
    assert letter.subject == "1 new event near Columbus, OH 43215"
    for text in (letter.text, letter.html):
        assert "Soup night" in text
        assert event.get_absolute_url() in text


def test_no_letter_without_anything_new():
    make_alert()
    publish(at=NOW - timedelta(days=1))
    assert mornings(days=3) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"miles_north": 60},
        {"type": "meeting"},
        {"type": "rally", "state": EventState.UNLISTED},
        {"type": "rally", "virtual": True},
    ],
)
def test_event_that_is_not_for_them_is_not_told_of(fields):
    make_alert(types=("rally",))
    publish(**fields)
    assert mornings() == []


def test_event_of_every_day_makes_one_letter_a_day():
    make_alert()
    for day in range(3):
        for hour in (1, 2):
            publish(at=NOW + timedelta(days=day, hours=hour), title=f"Day {day}")
    messages = mornings(days=4, leaves=True)
    assert len(messages) == 3
    assert [f"Day {day}" in render(message).text for day, message in enumerate(messages)] == [
        True,
        True,
        True,
    ]


def test_what_was_not_told_because_the_letter_never_left_is_told_in_the_next():
    make_alert()
    publish(title="First")
    publish(title="Second", at=NOW + timedelta(days=1, hours=2))
    first, second = mornings(days=2)
    first.refresh_from_db()
    assert first.state == MessageState.SUPERSEDED
    text = render(second, NOW + timedelta(days=2, hours=1)).text
    assert "First" in text
    assert "Second" in text


def test_two_planners_post_one_letter():
    make_alert()
    publish()
    later = NOW + timedelta(days=1, minutes=10)
    assert [alerts.plan(later), alerts.plan(later + timedelta(seconds=1))] == [1, 0]


def test_letter_is_not_wanted_once_what_was_new_is_gone():
    make_alert()
    event = publish()
    (message,) = mornings()
    lifecycle.unlist(event, by=make_user(), now=NOW + timedelta(days=1), note="")
    assert kind_named("alert").wanted(message, NOW + timedelta(days=1, minutes=12))


def test_late_planner_lets_people_sleep():
    make_alert()
    publish()
    midnight = datetime(2027, 1, 8, 5, 0, tzinfo=UTC)
    alerts.plan(midnight)
    deliver_once(now=midnight)
    assert Message.objects.get(kind="alert").not_before == datetime(2027, 1, 8, 13, 0, tzinfo=UTC)


def test_private_home_is_told_of_by_its_public_place_alone():
    make_alert()
    event = publish(private=True)
    letter = render(mornings()[0])
    for text in (letter.text, letter.html):
        assert "Columbus, OH 43215" in text
        assert STREET not in text
        assert str(event.latitude) not in text


def test_many_new_events_are_cut_short_and_counted():
    make_alert()
    for number in range(9):
        publish(title=f"Number {number}")
    letter = render(mornings()[0])
    assert letter.subject.startswith("9 new events")
    assert "And 3 more." in letter.text
    assert "near=Columbus%2C+OH+43215&within=25" in letter.text


def test_planning_takes_as_many_statements_for_many_as_for_one(django_assert_max_num_queries):
    for number in range(40):
        make_alert(email=f"{number}@example.org")
    publish()
    with django_assert_max_num_queries(14):
        assert alerts.plan(NOW + timedelta(days=1, minutes=10)) + alerts.plan(
            NOW + timedelta(days=1, hours=2)
        )
    assert Message.objects.filter(kind="alert").count() == 40


# -- Stopping --------------------------------------------------------------------------------


def test_one_click_of_a_mail_program_stops_it_and_forgets(client):
    alert = make_alert()
    publish()
    (message,) = mornings()
    letter = render(message)
    assert letter.unsubscribe_url == links.alert_url(alert)
    assert len(letter.unsubscribe_url) <= 72
    page = client.post(path(alert), {"List-Unsubscribe": "One-Click"})
    assert page.status_code == 200
    assert not Supporter.objects.exists()
    message.refresh_from_db()
    assert message.state == MessageState.SUPERSEDED
    assert client.get(path(alert)).status_code == 404


def test_one_click_never_confirms(client):
    alert = make_alert(confirmed=False)
    client.post(path(alert), {"List-Unsubscribe": "One-Click"})
    assert not Alert.objects.exists()


def test_stopping_keeps_a_person_who_is_coming_to_something(client):
    make_rsvp(email=EMAIL)
    client.post(path(make_alert()), {"do": "stop"})
    assert not Alert.objects.exists()
    assert Supporter.objects.filter(email=EMAIL).exists()


def test_unsubscribing_from_reminders_and_news_stops_alerts_too(client):
    rsvp = make_rsvp(email=EMAIL)
    make_alert()
    client.post("/u/" + links.unsubscribe_url(rsvp.supporter).rpartition("/")[2])
    assert not Alert.objects.exists()


def test_first_rsvp_of_somebody_with_an_alert_is_a_first_rsvp(client):
    make_alert()
    slot = make_timeslot(make_event(), starts_at=NOW + timedelta(days=2))
    page = client.get(f"/events/{slot.event_id}/rsvp/")
    client.post(
        f"/events/{slot.event_id}/rsvp/",
        {
            "timeslots": f"{slot.pk}.0",
            "party_size": "1",
            "name": "Alex",
            "email": EMAIL,
            "postal_code": "43215",
            "stamp": page.context["form"]["stamp"].value(),
        },
    )
    assert Message.objects.filter(kind="invitation", recipient=EMAIL).exists()


# -- Where it is offered ---------------------------------------------------------------------


def test_offered_aloud_where_there_is_little_and_in_passing_elsewhere(client):
    page = client.get("/events/", {"near": "43215", "type": "canvass"})
    assert "Email me" in page.text
    assert "/alerts/?near=Columbus%2C+OH+43215&amp;within=25&amp;type=canvass" in page.text
    for _number in range(3):
        publish(at=timezone.now())
    page = client.get("/events/", {"near": "43215"})
    assert "Email me" not in page.text
    assert "by email when something new is planned" in page.text
