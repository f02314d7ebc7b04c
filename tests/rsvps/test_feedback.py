"""The pages behind "I'll be there", "I can't make it" and the letter of thanks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event, Timeslot
from events.states import EventState, TimeslotState
from outbox.models import Message
from rsvps import feedback, links
from rsvps.attending import RsvpChanged
from rsvps.models import Feedback, Rsvp
from rsvps.states import Attended, RsvpStatus
from tests.factories import STREET, make_event, make_rsvp, make_timeslot

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def page(rsvp: Rsvp, name: str) -> str:
    return f"{links.manage_url(rsvp.guest).removeprefix('http://localhost:8000')}{name}/{rsvp.pk}/"


@pytest.fixture
def rsvp() -> Rsvp:
    rsvp = make_rsvp(make_timeslot(make_event(private=True)), party_size=2)
    links.seal_guest(rsvp.guest)
    return rsvp


@pytest.fixture
def past(rsvp) -> Rsvp:
    """The same, two hours after its end."""
    now = timezone.now()
    Timeslot.objects.update(starts_at=now - 4 * HOUR, ends_at=now - 2 * HOUR)
    rsvp.timeslot.refresh_from_db()
    return rsvp


class TestAnswers:
    @pytest.mark.parametrize("name", ["coming", "cannot", "feedback"])
    def test_opening_the_link_changes_nothing(self, client, rsvp, name):
        before = list(Rsvp.objects.values())
        answer = client.get(page(rsvp, name))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store, private"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert list(Rsvp.objects.values()) == before
        assert STREET not in answer.content.decode()
        assert not Message.objects.exists()

    def test_i_will_be_there_makes_a_maybe_a_yes(self, client, rsvp):
        Rsvp.objects.update(status=RsvpStatus.TENTATIVE)
        answer = client.post(page(rsvp, "coming"))
        assert answer.status_code == 302
        rsvp.refresh_from_db()
        assert rsvp.status == RsvpStatus.ACCEPTED
        assert rsvp.reaffirmed_at is not None

    def test_i_cannot_make_it_frees_the_seats_and_tells_the_calendar(self, client, rsvp):
        client.post(page(rsvp, "cannot"))
        rsvp.refresh_from_db()
        assert rsvp.status == RsvpStatus.CANCELLED
        assert Timeslot.objects.get().seats_taken == 0
        assert Message.objects.get().kind == "rsvp_cancelled"

    def test_pressing_it_twice_is_told_kindly(self, client, rsvp):
        client.post(page(rsvp, "cannot"))
        answer = client.post(page(rsvp, "cannot"))
        assert "not on the list" in answer.content.decode()
        assert Message.objects.count() == 1

    def test_another_guests_link_opens_nothing_of_theirs(self, client, rsvp):
        other = make_rsvp(rsvp.timeslot)
        links.seal_guest(other.guest)
        address = page(other, "cannot").replace(f"/{other.pk}/", f"/{rsvp.pk}/")
        assert client.post(address).status_code == 404
        rsvp.refresh_from_db()
        assert rsvp.status == RsvpStatus.ACCEPTED

    def test_an_unknown_link_has_one_friendly_page(self, client, rsvp):
        for name in ("coming", "cannot", "feedback"):
            answer = client.get(f"/r/{'x' * 22}/{name}/{rsvp.pk}/")
            assert answer.status_code == 404
            assert "work anymore" in answer.content.decode()

    def test_a_cancelled_timeslot_says_so(self, client, rsvp):
        Timeslot.objects.update(state=TimeslotState.CANCELLED)
        assert "been cancelled" in client.get(page(rsvp, "coming")).content.decode()

    def test_an_unlisted_event_says_nothing(self, client, rsvp):
        Event.objects.update(state=EventState.UNLISTED)
        for name in ("coming", "cannot", "feedback"):
            assert client.get(page(rsvp, name)).status_code == 404

    def test_afterwards_there_is_nothing_to_change(self, client, past):
        answer = client.post(page(past, "cannot"))
        assert "over already" in answer.content.decode()
        assert Rsvp.objects.get().status == RsvpStatus.ACCEPTED


class TestFeedback:
    def test_did_you_make_it_and_how_was_it(self, client, past):
        form = {"attended": "yes", "rating": "5", "words": "Lovely"}
        answer = client.post(page(past, "feedback"), form, follow=True)
        assert "Thank you" in answer.content.decode()
        assert "/host/" in answer.content.decode()
        said = Feedback.objects.get()
        assert (said.rating, said.words) == (5, "Lovely")
        assert Rsvp.objects.get().attended == Attended.YES

    def test_saying_it_again_replaces_it(self, client, past):
        client.post(page(past, "feedback"), {"attended": "yes", "rating": "5"})
        client.post(page(past, "feedback"), {"attended": "no", "rating": "5"})
        assert Feedback.objects.get().rating is None
        assert Rsvp.objects.get().attended == Attended.NO

    @pytest.mark.parametrize(
        "form", [{}, {"attended": "perhaps"}, {"attended": "yes", "rating": 9}]
    )
    def test_an_incomplete_form_comes_back(self, client, past, form):
        assert client.post(page(past, "feedback"), form).status_code == 422
        assert not Feedback.objects.exists()

    def test_before_the_start_the_page_asks_nothing(self, client, rsvp):
        answer = client.get(page(rsvp, "feedback"))
        assert "Not yet!" in answer.text
        assert "Did you make it?" not in answer.text

    def test_before_the_start_it_is_too_early(self, rsvp):
        with pytest.raises(feedback.TooEarly):
            feedback.give_feedback(
                rsvp, attended=True, rating=5, words="", now=rsvp.timeslot.starts_at - HOUR
            )

    def test_a_month_later_it_is_too_late(self, rsvp):
        with pytest.raises(feedback.TooLate):
            feedback.give_feedback(
                rsvp,
                attended=True,
                rating=5,
                words="",
                now=rsvp.timeslot.ends_at + timedelta(days=31),
            )

    def test_who_cancelled_is_not_asked(self, rsvp):
        rsvp.status = RsvpStatus.CANCELLED
        with pytest.raises(RsvpChanged):
            feedback.give_feedback(
                rsvp, attended=True, rating=5, words="", now=rsvp.timeslot.ends_at
            )


def test_the_host_reads_what_guests_said_without_names(client, past):
    client.post(page(past, "feedback"), {"attended": "yes", "rating": "4", "words": "Lovely"})
    client.force_login(past.timeslot.event.host)
    answer = client.get(f"/host/events/{past.timeslot.event_id}/").content.decode()
    said = answer[answer.index('id="said"') :]
    said = said[: said.index("</section>")]
    assert "1 answer" in said
    assert "4.0 of 5" in said
    assert "Lovely" in said
    assert past.supporter.name not in said
