"""Kinds of letter that exist in tests only."""

from datetime import UTC, datetime

import pytest

from outbox import letters
from outbox.letters import Kind, Letter

NOON = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)  # noon in New York


def plain_letter(message, now) -> Letter:
    return Letter(
        subject="See you there",
        text="See you there.\n",
        html="<p>See you there.</p>",
        unsubscribe_url="https://events.example.org/u/abcdefghijklmnopqrstuv",
    )


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture(autouse=True)
def unwanted(monkeypatch):
    """A registry of our own: one kind that is resent in doubt, a reminder, a code.

    Answers the dictionary {subject_key: why} of letters that are not wanted any more.
    """
    registry: dict[str, Kind] = {}
    monkeypatch.setattr(letters, "_kinds", registry)
    monkeypatch.setattr(letters, "_planners", {})
    monkeypatch.setattr(letters, "_inbound", [])
    reasons: dict[str, str] = {}

    def wanted(message, now):
        return reasons.get(message.subject_key)

    for name, quiet, in_doubt, account in [
        ("invitation", False, "resend", False),
        ("reminder", True, "leave", False),
        ("code", False, "resend", True),
    ]:
        letters.register(
            Kind(
                name=name,
                wanted=wanted,
                render=plain_letter,
                quiet=quiet,
                optional=quiet,
                in_doubt=in_doubt,
                account_mail=account,
                title=name.title(),
            )
        )
    return reasons
