"""What every test shares."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--expect-vendor", help="fail unless the tests run on this database (sqlite, postgresql)"
    )
    parser.addoption(
        "--full", action="store_true", help="run the checks at their full size (make check-*)"
    )


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether this run is a `make check-*`; `make test` holds a small sample of each."""
    return pytestconfig.getoption("--full")


def pytest_sessionstart(session: pytest.Session) -> None:
    expected = session.config.getoption("--expect-vendor")
    if expected and connection.vendor != expected:
        pytest.exit(f"expected {expected}, but the tests run on {connection.vendor}", 1)


@pytest.fixture(autouse=True)
def _no_state_between_tests() -> None:
    for name in settings.CACHES:
        caches[name].clear()


@pytest.fixture(autouse=True)
def _no_chain_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that commit are cleared by deleting rows, which the chain's triggers refuse."""
    yield
    from hosts.models import Seal  # settings first
    from tests.triggers import chain_unguarded

    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction")
    if (commits or "live_server" in request.fixturenames) and Seal.objects.exists():
        with chain_unguarded():
            Seal.objects.all().delete()


@pytest.fixture
def now() -> datetime:
    """A fixed instant: Wednesday 15 July 2026, 15:00 UTC (11:00 in New York)."""
    return datetime(2026, 7, 15, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """A system Chromium, found by bin/browser; as root it runs only without its sandbox."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return browser_type_launch_args | {
        "executable_path": executable,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
