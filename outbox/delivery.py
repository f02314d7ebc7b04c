"""One deliverer at work: claim, look again, render, hand over, write down what became of it."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Protocol

from django.conf import settings

from outbox import ledger, letters, suppression, unsubscribe
from outbox.folder import FolderChannel
from outbox.letters import Kind
from outbox.message import UnusableAddress, build, new_message_id
from outbox.models import Message, Priority
from outbox.quiet import is_quiet, next_morning
from outbox.smtp import ConnectionLost, InDoubt, Refused, ServerUnavailable, SmtpChannel
from outbox.states import SuppressionReason
from outbox.tokens import letter_token

log = logging.getLogger(__name__)

BATCH = 50
# A slow server must not make newly due account mail wait for the whole batch.
BATCH_SECONDS = 1.0


class Channel(Protocol):
    """A way out, in three steps; they raise what outbox.smtp's do."""

    def offer(self, *, sender: str, recipient: str, name: str) -> None: ...

    def transmit(self, body: bytes) -> None: ...

    def settle(self) -> None: ...

    def abandon(self) -> None: ...

    def close(self) -> None: ...


def channel_of_settings() -> Channel:
    """The mail server, or the folder where none is set."""
    return SmtpChannel() if settings.SMTP_HOST else FolderChannel()


class Deliverer:
    """Sends letters over one connection, under an owner's name of its own.

    `clock` answers the instant, so that a run can be told which one it is. `tally` counts
    what became of the letters.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        channel: Channel | None = None,
        priorities: Iterable[int] = tuple(Priority),
    ) -> None:
        self.owner = token_hex(16)
        self.tally: Counter[str] = Counter()
        self._clock = clock
        self._channel = channel or channel_of_settings()
        self._priorities = tuple(priorities)
        self._taken: Message | None = None  # by the server, and not yet marked sent

    def work(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send one batch; answers how many letters it claimed.

        Raises smtp.ServerUnavailable after putting back what it had not begun.
        """
        batch = ledger.claim(
            owner=self.owner, now=self._clock(), limit=BATCH, priorities=self._priorities
        )
        try:
            gather(batch)
            ends = time.monotonic() + BATCH_SECONDS
            self._send(batch, lambda: not stopping() and time.monotonic() < ends)
        finally:
            if self._taken is not None:
                ledger.mark_sent(self._taken, now=self._clock())
                self._taken = None
            if batch:
                ledger.release(self.owner)
        return len(batch)

    def _send(self, batch: Sequence[Message], going: Callable[[], bool]) -> None:
        """One after the other; the next is got ready while the server thinks one over."""
        ready = (message for message in batch if going() and self._is_ready(message))
        message = next(ready, None)
        while message is not None:
            begun = self._begin(message)
            try:
                following = next(ready, None)
            finally:
                if begun:
                    self._end(message)
            message = following if going() else None

    def close(self) -> None:
        self._channel.close()

    # -- looking again, at send time

    def _is_ready(self, message: Message) -> bool:
        now = self._clock()
        kind = letters.kind_named(message.kind)
        if message.expires_at <= now:
            self._superseded(message, "too late to be of use")
        elif reason := suppression.blocked_by(message.recipient, kind):
            ledger.mark_suppressed(message, now=now, why=str(reason.label))
            self.tally["suppressed"] += 1
        elif kind.quiet and is_quiet(now, message.zone):
            self._wait_for_morning(message, now)
        else:
            return self._is_wanted_and_rendered(message, kind, now)
        return False

    def _wait_for_morning(self, message: Message, now: datetime) -> None:
        morning = next_morning(now, message.zone)
        if morning >= message.expires_at:
            self._superseded(message, "too late to be of use after the night")
            return
        ledger.postpone(message, until=morning, why="waits for the morning")
        self.tally["postponed"] += 1

    def _is_wanted_and_rendered(self, message: Message, kind: Kind, now: datetime) -> bool:
        try:
            unwanted = kind.wanted(message, now)
            if unwanted is not None:
                self._superseded(message, unwanted)
                return False
            if message.body is None:  # else: a retry, which sends the same bytes
                render(message, kind, now)
        except UnusableAddress:
            self._failed(message, "the address cannot be written to")
            return False
        except Exception as error:
            # One broken letter must not hold up the others, and may be mended by a release.
            log.exception("letter %s (%s) could not be rendered", message.pk, message.kind)
            self._retried(message, f"could not be rendered: {type(error).__name__}")
            return False
        return True

    # -- handing over

    def _begin(self, message: Message) -> bool:
        """Hand one letter over; False where that failed, and was written down.

        The letter before, if the server took it, is marked by the commit that marks this one
        transmitting.
        """
        try:
            self._channel.offer(
                sender=bounce_address(message),
                recipient=message.recipient,
                name=f"{message.pk:08d}-{message.kind}",
            )
        except UnusableAddress:
            self._failed(message, "the address cannot be written to")
            return False
        try:
            ledger.mark_transmitting(message, now=self._clock(), sent=self._taken)
        except ledger.NotTheHolder:
            self._taken = None
            self._channel.abandon()
            self.tally["withdrawn"] += 1
            return False
        except Exception:
            # The server has been told of this letter: it would refuse the next one.
            self._channel.abandon()
            raise
        self._taken = None
        return self._goes_well(message, lambda: self._channel.transmit(bytes(message.body or b"")))

    def _end(self, message: Message) -> None:
        """Hear what the server says to the letter it has been given."""
        if self._goes_well(message, self._channel.settle):
            self.tally["sent"] += 1
            self._taken = message

    def _goes_well(self, message: Message, step: Callable[[], None]) -> bool:
        try:
            step()
        except Refused as refusal:
            self._refused(message, refusal)
        except InDoubt as error:
            ledger.mark_uncertain(message, now=self._clock(), why=f"after the final dot: {error}")
            self.tally["uncertain"] += 1
        except (ConnectionLost, ServerUnavailable) as error:
            self._retried(message, str(error))
        else:
            return True
        return False

    def _refused(self, message: Message, refusal: Refused) -> None:
        if not refusal.permanent:
            self._retried(message, str(refusal))
            return
        if refusal.dead_address:
            suppression.suppress(
                message.recipient, SuppressionReason.HARD_BOUNCE, now=self._clock()
            )
        self._failed(message, str(refusal))

    def _failed(self, message: Message, why: str) -> None:
        ledger.mark_failed(message, now=self._clock(), why=why)
        self.tally["failed"] += 1

    def _retried(self, message: Message, why: str) -> None:
        ledger.retry_later(message, now=self._clock(), why=why)
        self.tally["retried"] += 1

    def _superseded(self, message: Message, why: str) -> None:
        ledger.mark_superseded(message, now=self._clock(), why=why)
        self.tally["superseded"] += 1


def bounce_address(message: Message) -> str:
    """The envelope's sender: a bounce that comes to it is about this letter and no other."""
    return f"bounce+{letter_token('bounce', message.pk)}@{settings.MAIL_DOMAIN}"


def gather(batch: Sequence[Message]) -> None:
    """Have each kind look up together what its letters of the batch are about."""
    by_kind: dict[str, list[Message]] = {}
    for message in batch:
        by_kind.setdefault(message.kind, []).append(message)
    for name, messages in by_kind.items():
        look_up = letters.kind_named(name).gather
        if look_up is None:
            continue
        try:
            found = look_up(messages)
        except Exception:
            # Each looks for itself then, and what is broken holds up nothing else.
            log.exception("letters of kind %s could not be looked up together", name)
            continue
        for message in messages:
            message.about = found.get(message.pk)


def render(message: Message, kind: Kind, now: datetime) -> None:
    """Make the bytes of the first attempt; the ledger keeps them for retries."""
    letter = kind.render(message, now)
    way_out = "" if kind.account_mail else letter.unsubscribe_url or unsubscribe.link(message)
    message.message_id = message.message_id or new_message_id()
    message.body = build(
        letter,
        to=message.recipient,
        message_id=message.message_id,
        date=now,
        unsubscribe=way_out,
    )


def deliver_once(*, now: datetime, channel: Channel | None = None) -> Counter[str]:
    """Plan, then send everything due at `now`; answers counts of what became of it.

    Raises smtp.ServerUnavailable.
    """
    plan(now)
    ledger.sweep(now)
    deliverer = Deliverer(clock=lambda: now, channel=channel)
    try:
        while deliverer.work():
            pass
    finally:
        deliverer.close()
    return deliverer.tally


def plan(now: datetime) -> int:
    """Run every planner; one that fails is logged and does not stop the others."""
    done = 0
    for planner in letters.planners():
        try:
            done += planner.run(now)
        except Exception:
            log.exception("planner %s failed", planner.name)
    return done
