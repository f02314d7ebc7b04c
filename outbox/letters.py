"""The registries of what can be posted, planned and received, and how a letter is composed.

`outbox` knows how a letter leaves, never what it says: each app registers its kinds of letter,
its planners and its handlers of inbound mail in `AppConfig.ready()`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from django.conf import settings
from django.core.cache import cache
from django.template import Context
from django.template.loader import get_template

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    from outbox.inbound import InboundMail
    from outbox.models import Message


class UnknownKind(LookupError):
    """No app registered this kind of letter."""


class SubjectNotOneLine(ValueError):
    """A text template does not begin with "Subject: ..." and an empty line."""


@dataclass(frozen=True)
class Letter:
    """What a kind renders: the words, without envelope, headers or encoding.

    `calendar` is an RFC 5545 object whose METHOD equals `calendar_method`; it needs a
    `from_email` equal to its ORGANIZER. `unsubscribe_url` is an https address of at most 72
    characters; account mail has none, and other letters without one get the ledger's own.
    """

    subject: str
    text: str
    html: str
    from_email: str | None = None
    from_name: str | None = None
    reply_to: str | None = None
    calendar: bytes | None = None
    calendar_method: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of letter.

    `wanted(message, now)` is asked right before sending and answers None, or why the letter is
    not wanted any more (plain words, for staff). Kinds posted by the thousand `gather` what a
    whole batch is about, {message id: anything}, which both then find as `message.about`; what
    changes one of these withdraws its letters in the same transaction. `quiet` kinds keep the
    night (outbox.quiet); `optional` ones are refused by people who unsubscribed. In doubt
    whether a letter was sent, "resend" sends the same bytes again, "leave" does not.
    """

    name: str
    wanted: Callable[["Message", datetime], str | None]
    render: Callable[["Message", datetime], Letter]
    quiet: bool
    in_doubt: Literal["resend", "leave"]
    title: "str | StrPromise"
    gather: Callable[[Sequence["Message"]], Mapping[int, object]] | None = None
    account_mail: bool = False
    optional: bool = False
    # How long after its time the letter is still of use, where post() does not say.
    useful_for: timedelta = timedelta(days=3)
    # Made-up data, for previews.
    example: Callable[[datetime], Letter] | None = None


class InboundHandler(Protocol):
    """Looks at one letter that came in; answers what it did, or None: not for me.

    Raises inbound.NotUnderstood where the letter is for it, but says nothing it can act on.
    """

    def __call__(self, mail: "InboundMail", *, now: datetime) -> str | None: ...


@dataclass(frozen=True)
class Planner:
    """Something the worker does by the clock, and how often it looks whether there is any."""

    name: str
    plan: Callable[[datetime], int]
    every: timedelta | None = None

    def run(self, now: datetime) -> int:
        """Do what is due; answers how much."""
        if self.every is None:
            return self.plan(now)
        period = (now - datetime.min.replace(tzinfo=UTC)) // self.every
        turn = f"planner {self.name} {period}".replace(" ", "-")
        if not cache.add(turn, True, self.every.total_seconds()):
            return 0
        done = self.plan(now)
        if done:
            cache.delete(turn)
        return done


_kinds: dict[str, Kind] = {}
_planners: dict[str, Planner] = {}
_inbound: list[InboundHandler] = []


def register(kind: Kind) -> Kind:
    _kinds[kind.name] = kind
    return kind


def kind_named(name: str) -> Kind:
    """The registered kind. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def kinds() -> Mapping[str, Kind]:
    return _kinds


def register_planner(
    name: str, plan: Callable[[datetime], int], *, every: timedelta | None = None
) -> None:
    """Have `manage.py deliver` call `plan(now)`; it answers how much it did.

    With `every` it is called when a new period of that length begins by the clock in UTC, and
    then until it has no more to do; without, each tick. Several may run at once: whatever a
    planner posts must be idempotent by its key.
    """
    _planners[name] = Planner(name, plan, every)


def planners() -> Iterable[Planner]:
    return _planners.values()


def register_inbound(handler: InboundHandler) -> None:
    if handler not in _inbound:
        _inbound.append(handler)


def inbound_handlers() -> list[InboundHandler]:
    return list(_inbound)


def compose(template: str, context: Mapping[str, object]) -> tuple[str, str, str]:
    """Render `letters/<template>.txt` and `.html` to (subject, text, html).

    The text begins with "Subject: ..." on one line, then an empty line; it is not escaped, the
    HTML is. Raises SubjectNotOneLine where a template breaks that shape.
    """
    shared = {
        "brand_name": settings.BRAND_NAME,
        "brand": settings.BRAND,
        "site_url": settings.SITE_URL,
        **context,
    }
    plain = _template(f"letters/{template}.txt").render(Context(shared, autoescape=False))
    first, _, rest = plain.lstrip().partition("\n")
    if not first.startswith("Subject: ") or not rest.startswith("\n"):
        raise SubjectNotOneLine(template)
    subject = " ".join(first.removeprefix("Subject: ").split())
    html = _template(f"letters/{template}.html").render(Context({**shared, "subject": subject}))
    return subject, tidy_text(rest), tidy_text(html)


def _template(name: str):
    # The wrapper around Django's templates cannot turn escaping off for plain text.
    return get_template(name).template  # type: ignore[attr-defined]


def tidy_text(text: str) -> str:
    """`text` without the ragged blank lines and line ends that template tags leave behind."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        stripped = line.rstrip()
        if stripped or (lines and lines[-1]):
            lines.append(stripped)
    return "\n".join(lines) + "\n"
