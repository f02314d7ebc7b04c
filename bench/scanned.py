"""A site in production mode over HTTPS with something on every kind of page, for scanners."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bench import drills, production


@dataclass(frozen=True)
class Scanned:
    """Where the site answers, what may be opened there, and the session of its host."""

    origin: str
    certificate: Path
    pages: dict[str, str]  # kind of page: path
    session: str


@contextmanager
def site(folder: Path) -> Iterator[Scanned]:
    """Set Django up on a new SQLite database in `folder`, and serve it; once a process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'site.sqlite3'}"
    served = production.Site(folder, url, port, tls=True)
    key = served.environment()["SECRET_KEY"]
    drills.set_up(url, BARNSTORM_VAR=str(folder), SECRET_KEY=key)
    pages, session = _people()
    with served.running() as origin:
        yield Scanned(origin, folder / "localhost.pem", pages, session)


def _people() -> tuple[dict[str, str], str]:
    """The paths of the kinds of page, and the session of an event's host."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.utils import timezone

    from events.spatial import index_event
    from rsvps import links
    from tests.factories import make_event, make_rsvp, make_timeslot

    rsvp = make_rsvp(timeslot=make_timeslot(make_event(), capacity=30))
    event = rsvp.timeslot.event
    index_event(event, now=timezone.now())
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(event.host.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = event.host.get_session_auth_hash()
    session.save()
    pages = {
        "home": "/",
        "results": "/events/?near=43215",
        "event": event.get_absolute_url(),
        "RSVP form": f"/events/{event.pk}/rsvp/",
        "log-in": "/accounts/login/",
        "mailed link": links.manage_url(rsvp.guest).removeprefix(settings.SITE_URL),
        "text": "/privacy/",
    }
    return pages, session.session_key
