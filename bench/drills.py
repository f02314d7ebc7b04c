"""What the letters' drills and benchmark share: a database of their own, kinds, a mail sink."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)


def databases(name: str) -> Iterator[tuple[str, str]]:
    """(vendor, URL) of a fresh SQLite file and, with POSTGRES_URL, of a fresh database there."""
    folder = tempfile.mkdtemp(prefix=f"barnstorm-{name}-")
    try:
        yield "SQLite", f"sqlite:///{folder}/drill.sqlite3"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if server := os.environ.get("POSTGRES_URL"):
        with fresh_database(server, name) as url:
            yield "PostgreSQL", url


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[str]:
    """The URL of a new, empty database on that PostgreSQL server, dropped in the end."""
    import psycopg

    database = f"barnstorm_{name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{database}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


def environment(url: str, **more: str) -> dict[str, str]:
    """Of a process that works on that database."""
    return os.environ | {
        "BARNSTORM_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "SMTP_SECURITY": "none",
        **more,
    }


def set_up(url: str, **more: str) -> None:
    """Start Django in this process on that database; once a process."""
    os.environ.update(environment(url, **more))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    register_kinds()


def register_kinds() -> None:
    """A reminder (left alone in doubt) and an invitation (sent again), wanted and small."""
    from outbox import letters

    def render(message, now):
        return letters.Letter(
            subject="See you at the library",
            text="See you at the library.\n" * 20,
            html="<p>See you at the library.</p>\n" * 40,
            unsubscribe_url="https://events.example.org/u/abcdefghijklmnopqrstuv",
        )

    for name, in_doubt in [("drill_reminder", "leave"), ("drill_invitation", "resend")]:
        letters.register(
            letters.Kind(
                name=name,
                wanted=lambda message, now: None,
                render=render,
                quiet=False,
                in_doubt=in_doubt,
                title=name,
                useful_for=timedelta(days=5),
            )
        )


def post(count: int, *, kind: str, now: datetime, body: bytes | None = None) -> None:
    """Post `count` due letters, each to an address of its own; ready-made where `body` is."""
    from outbox import ledger
    from outbox.message import new_message_id

    drafts = []
    for number in range(count):
        draft = ledger.draft(
            kind, to=f"guest{number}@example.org", subject=f"drill:{kind}:{number}", now=now
        )
        if body is not None:
            draft.body, draft.message_id = body, new_message_id()
        drafts.append(draft)
    ledger.post_all(drafts)


@contextmanager
def sink(*, delay_ms: float = 0, log: Path | None = None) -> Iterator[int]:
    """A mail server in a process of its own that takes everything; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.mail_sink", str(port), str(delay_ms), str(log or "")]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
