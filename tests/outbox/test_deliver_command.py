import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from outbox import ledger
from outbox.loop import Loop
from outbox.models import Heartbeat, Message, Pause
from outbox.states import MessageState
from tests.outbox.servers import ScriptedServer


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SMTP_HOST = ""
    settings.LETTERS_DIR = tmp_path / "letters"
    settings.HEARTBEAT_FILE = tmp_path / "beat"
    return settings.LETTERS_DIR


def deliver(*arguments: str) -> str:
    out = StringIO()
    call_command("deliver", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def post(now, kind="invitation", subject="rsvp:1", **details):
    return ledger.post(kind, to="ana@example.org", subject=subject, now=now, **details)


@pytest.mark.django_db
def test_once_sends_what_is_due_and_ends():
    post(timezone.now() - timedelta(minutes=1))
    assert deliver("--once") == "1 sent\n"
    assert deliver("--once") == "nothing to send\n"


@pytest.mark.django_db
def test_once_may_be_told_the_instant(now):
    post(now, not_before=now + timedelta(days=1))
    assert deliver("--once", "--now=2026-07-02T16:00:00Z") == "1 sent\n"


@pytest.mark.django_db
def test_instant_goes_with_once_only():
    with pytest.raises(CommandError, match="--once only"):
        deliver("--now=2026-07-02T16:00:00Z")


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["tomorrow", "2026-02-30T00:00:00Z"])
def test_instant_that_is_none_is_refused(typed):
    with pytest.raises(CommandError, match="must look like"):
        deliver("--once", f"--now={typed}")


@pytest.mark.django_db
def test_unreachable_server_is_an_error_and_the_letter_stays(settings):
    settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_TIMEOUT = "127.0.0.1", 1, 1
    post(timezone.now())
    with pytest.raises(CommandError, match="cannot be reached"):
        deliver("--once")
    assert Message.objects.get().state == MessageState.QUEUED


@pytest.mark.django_db
def test_restored_database_starts_paused_and_says_so():
    post(timezone.now())
    deliver("--once")
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(days=1))
    assert deliver("--once").startswith("Paused. The database is older")
    assert Pause.objects.exists()


def wait_until(condition, seconds=5.0):
    """Poll the database: the loop works in threads of its own."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "took too long"
        threading.Event().wait(0.02)


@pytest.mark.django_db(transaction=True)
def test_loop_sends_account_mail_within_two_seconds_and_stops_when_told():
    loop = Loop()
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        wait_until(lambda: Heartbeat.objects.filter(planned_at__isnull=False).exists())
        posted = time.monotonic()
        post(timezone.now(), kind="code")
        wait_until(lambda: Message.objects.filter(state=MessageState.SENT).exists())
        assert time.monotonic() - posted < 2
    finally:
        loop.stop()
        thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_account_mail_does_not_wait_for_letters_that_hang(settings):
    """1,000 letters are due, and the server says no more once it was asked to take the first."""

    def script(stage, recipient, count):
        return "hang" if (stage, recipient) == ("DATA", "ana@example.org") else ""

    due = timezone.now() - timedelta(minutes=1)
    ledger.post_all(
        ledger.draft("invitation", to="ana@example.org", subject=f"rsvp:{number}", now=due)
        for number in range(1000)
    )
    loop = Loop()
    thread = threading.Thread(target=loop.run)
    with ScriptedServer(script) as server:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", server.port
        settings.SMTP_SECURITY, settings.SMTP_TIMEOUT = "none", 5
        thread.start()
        try:
            wait_until(lambda: "DATA" in server.commands)
            posted = time.monotonic()
            ledger.post("code", to="bo@example.org", subject="user:1", now=timezone.now())
            wait_until(lambda: server.received)
            assert time.monotonic() - posted < 2
            assert [letter.recipient for letter in server.received] == ["bo@example.org"]
            assert Message.objects.filter(state=MessageState.TRANSMITTING, kind="invitation")
        finally:
            loop.stop()
            thread.join(timeout=20)
    assert not thread.is_alive()


@pytest.mark.django_db
def test_several_may_run_and_each_ends_cleanly_on_its_signal(tmp_path):
    environment = os.environ | {
        "BARNSTORM_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BARNSTORM_VAR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
    }
    run = {"env": environment, "text": True, "stdout": subprocess.PIPE}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, **run)
    command = [sys.executable, "-u", "manage.py", "deliver"]
    deliverers = [subprocess.Popen(command, **run) for _ in range(2)]
    for deliverer, number in zip(deliverers, [signal.SIGTERM, signal.SIGINT], strict=True):
        assert deliverer.stdout.readline().startswith("Delivering letters")
        deliverer.send_signal(number)
    for deliverer in deliverers:
        assert deliverer.communicate(timeout=20)[0].endswith("Stopped.\n")
        assert deliverer.returncode == 0


@pytest.mark.django_db
def test_letters_are_held_back_and_let_go_from_the_command_line():
    post(timezone.now())
    call_command("pause_letters", stdout=StringIO())
    assert deliver("--once") == "nothing to send\n"
    call_command("pause_letters", "--resume", stdout=StringIO())
    assert deliver("--once") == "1 sent\n"
