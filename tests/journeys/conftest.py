"""A real browser, a mailbox to read, and a clock that can be moved."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import icalendar
import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from hosts.models import User
from outbox.delivery import deliver_once, plan
from tests.factories import use_second_factor


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real browser on a busy machine may miss a beat; a journey that fails twice is broken."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def browser_context_args(request, browser_context_args) -> dict:
    """With JavaScript, unless a test asks (indirectly) for "without JavaScript"."""
    wanted = getattr(request, "param", "with JavaScript")
    return browser_context_args | {"java_script_enabled": wanted == "with JavaScript"}


@pytest.fixture
def log_in(page: Page, live_server) -> Callable[[User], None]:
    """Log the browser in as this person; staff have used their second factor."""

    def as_user(user: User) -> None:
        client = Client()
        client.force_login(user)
        if user.staff_role:
            session = client.session
            use_second_factor(session, user)
            session.save()
        name = settings.SESSION_COOKIE_NAME
        page.context.clear_cookies()
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )

    return as_user


class Mailbox:
    """Every letter the site has sent, as it arrived."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: set[str] = set()

    def fetch(self, *, to: str) -> list[EmailMessage]:
        """Run the worker once, and answer what is new for this address, oldest first."""
        now = timezone.now()
        plan(now)
        deliver_once(now=now)
        found = []
        for path in sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            letter = message_from_bytes(path.read_bytes(), policy=policy.default)
            if path.name not in self.read and to in str(letter["To"]):
                self.read.add(path.name)
                found.append(letter)
        return found

    def fetch_one(self, *, to: str, subject: str) -> EmailMessage:
        """The one new letter to `to` whose subject holds `subject`."""
        letters = [one for one in self.fetch(to=to) if subject in one["Subject"]]
        assert len(letters) == 1, [one["Subject"] for one in letters]
        return letters[0]


def text_of(letter: EmailMessage) -> str:
    return letter.get_body(("plain",)).get_content()


def link_in(letter: EmailMessage, path: str) -> str:
    """The path of the first link whose path begins with `path`."""
    found = re.search(rf"https?://[^/\s]+({re.escape(path)}[^\s>]*)", text_of(letter))
    assert found, text_of(letter)
    return found[1]


def calendar_of(letter: EmailMessage) -> icalendar.Event:
    """The VEVENT of the letter's calendar part; its METHOD is put on it as `method`."""
    (part,) = [p for p in letter.walk() if p.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_content())
    (entry,) = calendar.walk("VEVENT")
    entry.method = str(calendar["METHOD"])
    assert part.get_param("method") == entry.method
    return entry


@pytest.fixture
def mailbox(settings, tmp_path) -> Mailbox:
    settings.LETTERS_DIR = tmp_path / "letters"
    settings.LETTERS_DIR.mkdir()
    return Mailbox(settings.LETTERS_DIR)


class Clock:
    """Time as everybody in this process sees it; it runs on, and can be set forward."""

    def __init__(self) -> None:
        self._travel: time_machine.travel | None = None

    def set(self, instant: datetime) -> None:
        self.stop()
        self._travel = time_machine.travel(instant.astimezone(UTC), tick=True)
        self._travel.start()

    def wait(self, **span: int) -> None:
        self.set(timezone.now() + timedelta(**span))

    def stop(self) -> None:
        if self._travel:
            self._travel.stop()
            self._travel = None


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.stop()
