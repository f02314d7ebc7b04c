"""Sending staff an example of a letter, so that they see it in their own mail program."""

from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbox import ledger, letters
from outbox.letters import Kind, Letter
from outbox.models import Message


class NoExample(LookupError):
    """The kind brings no made-up data to show."""


def send_example(kind_name: str, *, to: str, now: datetime) -> Message:
    """Post an example of the kind. Raises NoExample and letters.UnknownKind."""
    if letters.kind_named(kind_name).example is None:
        raise NoExample(kind_name)
    return ledger.post(
        "example",
        to=to,
        subject=f"example:{token_hex(8)}",
        payload={"kind": kind_name},
        now=now,
    )


def _render(message: Message, now: datetime) -> Letter:
    example = letters.kind_named(message.payload["kind"]).example
    if example is None:
        raise NoExample(message.payload["kind"])
    letter = example(now)
    # Without its calendar object, which would put a made-up event into a real calendar.
    return replace(
        letter,
        subject=_("Example: %(subject)s") % {"subject": letter.subject},
        from_email=None,
        calendar=None,
        calendar_method=None,
        unsubscribe_url=None,
    )


def register_kind() -> None:
    letters.register(
        Kind(
            name="example",
            wanted=lambda message, now: None,
            render=_render,
            quiet=False,
            in_doubt="leave",
            title=gettext_lazy("Example sent to staff"),
            useful_for=timedelta(hours=1),
        )
    )
