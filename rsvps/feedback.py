"""What guests answer to a reminder, and what they say afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Avg, Count

from events.models import Event
from rsvps import attending
from rsvps.models import Feedback, Rsvp
from rsvps.states import COMING, Attended, RsvpStatus

# Guests answer the letter of thanks for a month, then memories fade.
OPEN_FOR = timedelta(days=30)


class TooEarly(Exception):
    """The timeslot has not begun: there is nothing to look back on."""


class TooLate(Exception):
    """Too long ago to say how it was."""


@transaction.atomic
def reaffirm(rsvp: Rsvp, *, now: datetime) -> None:
    """ "I'll be there": a maybe becomes a yes, and the host sees when it was said.

    Raises attending.RsvpChanged where the guest is not coming (any more).
    """
    if rsvp.status not in COMING:
        raise attending.RsvpChanged
    if rsvp.status == RsvpStatus.TENTATIVE:
        attending.set_answer(rsvp, RsvpStatus.ACCEPTED, now=now)
    Rsvp.objects.filter(pk=rsvp.pk).update(reaffirmed_at=now)
    rsvp.reaffirmed_at = now


def check_open(rsvp: Rsvp, *, now: datetime) -> None:
    """Whether there is anything to ask: raises attending.RsvpChanged (was not coming),
    TooEarly, TooLate."""
    if rsvp.status not in COMING:
        raise attending.RsvpChanged
    if now < rsvp.timeslot.starts_at:
        raise TooEarly
    if now > rsvp.timeslot.ends_at + OPEN_FOR:
        raise TooLate


@transaction.atomic
def give_feedback(
    rsvp: Rsvp, *, attended: bool, rating: int | None, words: str, now: datetime
) -> Feedback:
    """Did you make it, and how was it? Saying it again replaces what was said before.

    Raises as check_open.
    """
    check_open(rsvp, now=now)
    answer = Attended.YES if attended else Attended.NO
    Rsvp.objects.filter(pk=rsvp.pk).update(attended=answer)
    rsvp.attended = answer
    feedback, _created = Feedback.objects.update_or_create(
        rsvp=rsvp,
        defaults={"rating": rating if attended else None, "words": words},
        create_defaults={
            "rating": rating if attended else None,
            "words": words,
            "created_at": now,
        },
    )
    return feedback


@dataclass(frozen=True, slots=True)
class Said:
    """What guests said about an event, without names. `rating` is 1 to 5."""

    answers: int
    rating: float | None
    words: list[str]


def what_guests_said(event: Event) -> Said:
    """For the host's page; the newest words first, at most twenty."""
    said = Feedback.objects.filter(rsvp__timeslot__event=event)
    figures = said.aggregate(answers=Count("pk"), rating=Avg("rating"))
    words = said.exclude(words="").order_by("-created_at", "-pk").values_list("words", flat=True)
    return Said(**figures, words=list(words[:20]))
