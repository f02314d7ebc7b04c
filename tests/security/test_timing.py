"""Nobody learns whether an address is known: same status, same body, same time.

Pairs of requests, a known and an unknown address in turns (and which comes first, in turns), to
every form that takes an address. `make check-timing` compares medians; `make test` runs a few
pairs for their words, and leaves the clock alone.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from statistics import median
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from outbox import ledger
from outbox.unsubscribe import link
from rsvps import errands, links
from rsvps.attending import remove_guest
from rsvps.models import Supporter
from tests.factories import make_event, make_rsvp, make_supporter, make_timeslot, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

PAIRS, ROUNDS = 60, 3
MOST_MS, MOST_SHARE = 2.0, 0.10
# What differs between any two answers: the address itself, and what is signed or random.
VARIES = re.compile(
    r"[\w.+-]+@example\.org|csrfmiddlewaretoken\" value=\"[^\"]*|name=\"stamp\" value=\"[^\"]*"
)

_numbers = count(1)


def new_address() -> str:
    return f"person{next(_numbers)}@example.org"


@dataclass
class Question:
    """A form, what is typed into it, and how an address comes to be known to it."""

    path: str
    know: Callable[[str], object]
    typed: Callable[[str], dict[str, str]] = lambda email: {"email": email}
    path_of: Callable[[str], str] | None = None


def signs_up(*, private: bool, known: str) -> Question:
    event = make_event(private=private)
    slot = make_timeslot(event)
    elsewhere = make_timeslot()
    path = f"/events/{event.pk}/rsvp/"
    stamp = Client().get(path).context["form"].initial["stamp"]

    def know(email: str) -> None:
        if known == "elsewhere":
            make_rsvp(elsewhere, email=email)
            return
        rsvp = make_rsvp(slot, email=email, party_size=2 if known == "another party" else 1)
        if known == "removed":
            remove_guest(rsvp.guest, by=event.host, now=timezone.now())

    def typed(email: str) -> dict[str, str]:
        return {
            "timeslots": f"{slot.pk}.{slot.version}",
            "party_size": "1",
            "name": "Alex Guest",
            "email": email,
            "postal_code": "43215",
            "stamp": stamp,
        }

    return Question(path, know, typed)


def has_an_account(email: str) -> None:
    make_user(email=email)


def has_a_password(email: str) -> None:
    make_user(email=email, password="the-right-one-1")


WRONG = {"password": "not-the-right-one-1"}


def unsubscribes() -> Question:
    """By the link alone: of a supporter, and of somebody who is in no list of ours."""

    def path_of(email: str) -> str:
        supporter = Supporter.objects.filter(email=email).first()
        if supporter:
            return urlsplit(links.unsubscribe_url(supporter)).path
        letter = ledger.post("account_unknown", to=email, subject=email, now=timezone.now())
        return urlsplit(link(letter)).path

    return Question("", lambda email: make_supporter(email=email), path_of=path_of)


ALERT = {"near": "43215", "within": "25"}
QUESTIONS: dict[str, Callable[[], Question]] = {
    "RSVP, public, a guest there": lambda: signs_up(private=False, known="there"),
    "RSVP, public, there with another party": lambda: signs_up(
        private=False, known="another party"
    ),
    "RSVP, public, a guest elsewhere": lambda: signs_up(private=False, known="elsewhere"),
    "RSVP, public, removed by the host": lambda: signs_up(private=False, known="removed"),
    "RSVP, private, a guest there": lambda: signs_up(private=True, known="there"),
    "RSVP, private, there with another party": lambda: signs_up(
        private=True, known="another party"
    ),
    "RSVP, private, a guest elsewhere": lambda: signs_up(private=True, known="elsewhere"),
    "lost letter": lambda: Question("/rsvp/resend/", lambda email: make_rsvp(email=email)),
    "your data": lambda: Question("/your-data/", lambda email: make_rsvp(email=email)),
    "log-in code": lambda: Question("/accounts/login/code/", has_an_account),
    "log-in with a password": lambda: Question(
        "/accounts/login/", has_a_password, lambda email: {"login": email, **WRONG}
    ),
    "log-in with a password, none set": lambda: Question(
        "/accounts/login/", has_an_account, lambda email: {"login": email, **WRONG}
    ),
    "password reset": lambda: Question("/accounts/password/reset/", has_an_account),
    "sign-up": lambda: Question(
        "/accounts/signup/",
        has_an_account,
        lambda email: {"email": email, "name": "Alex", "password1": "a-long-password-1"},
    ),
    "alert": lambda: Question(
        "/alerts/",
        lambda email: make_rsvp(email=email),
        lambda email: {"email": email, **ALERT},
    ),
    "unsubscribe": unsubscribes,
}


@pytest.fixture(autouse=True)
def no_limits(settings):
    """One machine asks for everybody."""
    settings.RSVP_POSTS_PER_CONNECTION = settings.RSVP_POSTS_PER_NETWORK = 10**6
    settings.RSVP_POSTS_PER_EVENT = settings.RSVP_RUSH_PERCENT = 10**8
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def ask(question: Question, *, known: bool):
    """(milliseconds, what was answered) by a browser of its own; set-up and worker not timed."""
    email = new_address()
    if known:
        question.know(email)
    path = question.path_of(email) if question.path_of else question.path
    client, data = Client(), question.typed(email)
    began = time.perf_counter()
    answer = client.post(path, data)
    took = (time.perf_counter() - began) * 1000
    page = client.get(answer["Location"]) if answer.status_code == 302 else answer
    words = (answer.status_code, answer.get("Location"), page.status_code)
    errands.run(timezone.now())
    return took, (*words, VARIES.sub("-", page.text))


def ask_pairs(question: Question, pairs: int) -> tuple[list[float], list[float]]:
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(pairs):
        answers = {}
        for known in (True, False) if number % 2 else (False, True):
            took, answers[known] = ask(question, known=known)
            times[known].append(took)
        assert answers[True] == answers[False]
    return times[True], times[False]


@pytest.mark.parametrize("name", QUESTIONS)
def test_known_and_unknown_addresses_are_answered_alike(name, full):
    question = QUESTIONS[name]()
    ask_pairs(question, 2)
    if not full:
        return
    rounds = []
    for _ in range(ROUNDS):
        known, unknown = (median(times) for times in ask_pairs(question, PAIRS))
        rounds.append((known, unknown))
        difference = abs(known - unknown)
        alike = difference < MOST_MS or difference < MOST_SHARE * unknown
        if alike:  # the best of three is good enough: no need of the others
            break
    print(f"| {name} | {known:.1f} | {unknown:.1f} | {known - unknown:+.2f} |", flush=True)
    assert alike, rounds
