"""`make drill-smtp`: a mail server that misbehaves, and what the ledger makes of it.

Each misbehaviour meets a reminder and an invitation; the state and the retry time they end in
must be those of the rules, and everything deliverable must arrive in the end, once, except for
invitations in doubt, whose copies must be identical.
"""

import random
import tempfile
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Event
from typing import NamedTuple

from bench import drills

NOW = drills.NOW
PATIENCE = 0.5  # seconds; the product's own default is 20


class Trouble(NamedTuple):
    name: str
    stage: str
    reply: str
    reminder: str  # the state it must end in
    invitation: str
    copies: int = 1  # of the invitation, once the server behaves again


RETRY, WAIT = "queued, retry", "queued, no attempt counted"
DOUBT = "in doubt, queued with the same bytes"
TROUBLES = [
    Trouble("drops at connect", "connect", "drop", WAIT, WAIT),
    Trouble("hangs before the banner", "connect", "hang", WAIT, WAIT),
    Trouble("421 as banner", "connect", "421 4.3.2 closing", WAIT, WAIT),
    Trouble("421 at MAIL", "MAIL", "421 4.3.2 closing", RETRY, RETRY),
    Trouble("451 at MAIL", "MAIL", "451 4.3.0 not now", RETRY, RETRY),
    Trouble("hangs at MAIL", "MAIL", "hang", RETRY, RETRY),
    Trouble("drops at MAIL", "MAIL", "drop", RETRY, RETRY),
    Trouble("450 at RCPT", "RCPT", "450 4.2.1 busy", RETRY, RETRY),
    Trouble("550 at RCPT", "RCPT", "550 5.1.1 unknown", "failed", "failed", 0),
    Trouble("452 at DATA", "DATA", "452 4.3.1 full", RETRY, RETRY),
    Trouble("552 at DATA", "DATA", "552 5.3.4 too big", "failed", "failed", 0),
    Trouble("drops mid-DATA", "body", "drop", RETRY, RETRY),
    Trouble("451 after the final dot", "dot", "451 4.3.0 later", RETRY, RETRY),
    Trouble("554 after the final dot", "dot", "554 5.6.0 no", "failed", "failed", 0),
    Trouble("takes it, then drops", "dot", "take+drop", "uncertain", DOUBT, 2),
    Trouble("takes it, then hangs", "dot", "take+hang", "uncertain", DOUBT, 2),
    Trouble("drops on QUIT", "QUIT", "drop", "sent", "sent"),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        drills.set_up(
            f"sqlite:///{folder}/drill.sqlite3", SMTP_HOST="127.0.0.1", BARNSTORM_VAR=folder
        )
        from django.conf import settings

        settings.SMTP_TIMEOUT = PATIENCE
        print("| the server | a reminder | an invitation | retry after | in the end |")
        print("| --- | --- | --- | --- | --- |")
        for trouble in TROUBLES:
            meet(trouble)
        half_of_all_answers()
    print("\nEvery row is as the rules say.")


def meet(trouble: Trouble) -> None:
    from outbox.models import Message, Suppression
    from tests.outbox.servers import ScriptedServer

    ends, waits, arrived = [], [], {}
    for kind in ("drill_reminder", "drill_invitation"):
        Message.objects.all().delete()
        Suppression.objects.all().delete()
        server_is_well = Event()
        # A long body, so that a connection dropped in its middle is seen to break there.
        body = b"a line of a long letter\r\n" * (400_000 if trouble.stage == "body" else 40)
        with ScriptedServer(partial(misbehave, trouble, server_is_well)) as server:
            point_at(server.port, patient=trouble.stage == "body")
            drills.post(1, kind=kind, now=NOW, body=body)
            deliver(NOW)
            message = Message.objects.get()
            ends.append(state_of(message))
            if message.state == "queued":
                waits.append((message.not_before - NOW).total_seconds())
            server_is_well.set()
            deliver(NOW + timedelta(minutes=2))
            arrived[kind] = [received.data for received in server.received]
    check(trouble.name, ends == [trouble.reminder, trouble.invitation], ends)
    copies = arrived["drill_invitation"]
    check(trouble.name, len(copies) == trouble.copies and len(set(copies)) <= 1, len(copies))
    once = 0 if trouble.reminder == "failed" else 1
    check(trouble.name, len(arrived["drill_reminder"]) == once, "reminder copies")
    attempted = [wait for wait in waits if wait]
    check(trouble.name, all(60 <= wait <= 75 for wait in attempted), waits)
    after = "–" if not waits else "at once" if not attempted else "60 to 75 s"
    outcome = {0: "not deliverable", 1: "arrived once", 2: "two identical copies"}[len(copies)]
    print(f"| {trouble.name} | {ends[0]} | {ends[1]} | {after} | {outcome} |")


def misbehave(trouble: Trouble, well: Event, stage: str, recipient: str, count: int) -> str:
    return trouble.reply if stage == trouble.stage and not well.is_set() else ""


def half_of_all_answers(count: int = 300) -> None:
    """Half of all answers are 4xx for a while; then all is well again."""
    from outbox.models import Message
    from tests.outbox.servers import ScriptedServer

    Message.objects.all().delete()
    dice = random.Random(7)
    now, until = NOW, NOW + timedelta(hours=1)

    def script(stage: str, recipient: str, count: int) -> str:
        if now < until and stage in {"MAIL", "RCPT", "DATA", "dot"} and dice.random() < 0.5:
            return "451 4.3.0 not now"
        return ""

    with ScriptedServer(script) as server:
        point_at(server.port, patient=True)
        drills.post(count, kind="drill_reminder", now=NOW)
        rounds = 0
        while Message.objects.exclude(state="sent").exists():
            deliver(now)
            rounds += 1
            waiting = Message.objects.filter(state="queued").order_by("not_before").first()
            if waiting is not None:
                now = max(now + timedelta(minutes=1), waiting.not_before)
            check("half of all answers 4xx", rounds < 500, "never ends")
        got = [received.recipient for received in server.received]
    check("half of all answers 4xx", len(got) == len(set(got)) == count, len(got))
    hours = (now - NOW).total_seconds() / 3600
    print(
        f"| answers half of all with 4xx for an hour | {count} of {count} sent | | "
        f"growing | each arrived once, the last after {hours:.1f} h |"
    )


def deliver(now) -> None:
    from outbox import delivery
    from outbox.smtp import ServerUnavailable

    with suppress(ServerUnavailable):
        delivery.deliver_once(now=now)


def state_of(message) -> str:
    if message.state != "queued":
        return message.state
    if message.doubts:
        return DOUBT
    return RETRY if message.attempts else WAIT


def point_at(port: int, *, patient: bool) -> None:
    from django.conf import settings

    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
    settings.SMTP_TIMEOUT = 20 if patient else PATIENCE


def check(name: str, holds: bool, seen: object) -> None:
    if not holds:
        raise SystemExit(f"{name}: not as the rules say: {seen}")


if __name__ == "__main__":
    main()
