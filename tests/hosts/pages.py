"""What tests of the host's pages share."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hosts.models import CoHost
from tests.factories import (
    make_user,
)


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def of(event, end: str = "") -> str:
    return f"/host/events/{event.pk}/{end}"


def cohost(event) -> CoHost:
    user = make_user()
    return CoHost.objects.create(
        event=event,
        email=user.email,
        user=user,
        token_digest=f"d{user.pk}",
        invited_at=timezone.now(),
        accepted_at=timezone.now(),
    )


def questions(client, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)
