"""Whatever is posted to the host's forms, they answer, and nothing half-written stays."""

import random

import pytest

from events.models import Event
from events.states import EventState
from hosts.drafts import FIELDS, TIME_FIELDS
from tests.factories import make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db

PIECES = [
    "", " ", "0", "-1", "1e400", "9" * 400, "two", "on", "true", "null", "[]", "{}", "'; --",
    "\x00", "\x07", "\u202e", "\u200b", "\ud7ff", "\U0001f389", "א", "ﷺ", "ß", "İ", "%s", "{0}",
    "{{ x }}", "<script>alert(1)</script>", "javascript:alert(1)", "../../etc/passwd",
    "2027-02-30", "9999-12-31", "0001-01-01", "24:00", "25:61", "18:00", "2027-03-14", "02:30",
    "in_person", "virtual", "both", "meeting", "house_party", "US", "XX", "43215", "00000",
    "OH", "Columbus", "robin@example.org", "a@b", "@", "https://", "https://[::1]", "http://é.org",
    "https://example.org/" + "x" * 600, "+16145550123", "911", "x" * 5000, "\r\n" * 50, "\t",
]  # fmt: skip


def rubbish(names: list[str], chance: random.Random) -> dict[str, str]:
    """Some of the fields, each of a piece or two."""
    return {
        name: "".join(chance.choices(PIECES, k=chance.choice([1, 1, 1, 2])))
        for name in names
        if chance.random() < 0.9
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_event_form_answers_any_rubbish_and_keeps_it(client, host, seed):
    chance = random.Random(seed)
    event = make_event(
        host=host.user,
        state=chance.choice([EventState.DRAFT, EventState.SENT_BACK, EventState.APPROVED]),
    )
    make_timeslot(event)
    before = Event.objects.values().get()
    rows = [f"times-{row}-{name}" for row in range(2) for name in TIME_FIELDS]
    data = rubbish([*FIELDS, *rows, "seen"], chance) | {"times-TOTAL_FORMS": "2"}
    data["do"] = chance.choice(["continue", "continue", "save", "add_time", "x" * 100])
    address = f"/host/events/{event.pk}/edit/"

    answer = client.post(address, data)

    assert answer.status_code in {302, 409, 422}
    assert client.get(address).status_code == 200
    after = Event.objects.values().get()
    changes_with_a_draft = {"typed", "typed_at", "title", "type"}
    kept = {name: after[name] for name in before if name not in changes_with_a_draft}
    assert kept == {name: before[name] for name in kept}
    assert event.timeslots.count() == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_small_forms_answer_any_rubbish(client, host, seed):
    chance = random.Random(seed)
    event = make_event(host=host.user)
    slot = make_timeslot(event, capacity=10)
    rsvp = make_rsvp(slot)
    small = {
        f"/host/times/{slot.pk}/": [*TIME_FIELDS, "note"],
        f"/host/events/{event.pk}/times/add/": list(TIME_FIELDS),
        f"/host/events/{event.pk}/write/": ["words", "timeslots"],
        f"/host/events/{event.pk}/pin/": ["latitude", "longitude"],
        f"/host/events/{event.pk}/cohosts/": ["email"],
        f"/host/guests/{rsvp.pk}/": ["words", "block"],
        "/host/become/": ["name", "phone", "postal_code", "agree", "version", "next"],
        "/host/events/new/": ["type"],
        "/host/preview/": ["description"],
    }
    for address, names in small.items():
        data = rubbish(names, chance) | {"do": chance.choice(["move", "capacity", "?"])}
        assert client.post(address, data).status_code in {200, 302, 422}, (address, data)
    query = rubbish(["city", "state_code", "postal_code", "country"], chance)
    assert client.get("/host/zone/", query).status_code == 200
