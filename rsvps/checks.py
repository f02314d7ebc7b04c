"""Deployment mistakes that would let RSVPs go wrong, found when the site starts."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@register("rsvps")
def seats_are_taken_at_read_committed(**kwargs: Any) -> list[CheckMessage]:
    """rsvps.E001: PostgreSQL connections must name READ COMMITTED themselves.

    A guarded UPDATE looks again at the newest row only at that level; at a higher one the
    loser of a race gets a serialization failure instead of "2 places left". Named in the
    settings, it holds whatever the server's own default is.
    """
    return [
        error
        for connection in connections.all(initialized_only=False)
        for error in check_isolation(connection)
    ]


def check_isolation(connection: BaseDatabaseWrapper) -> list[CheckMessage]:
    if connection.vendor != "postgresql":
        return []
    from psycopg import IsolationLevel  # only there where PostgreSQL is used

    if connection.settings_dict["OPTIONS"].get("isolation_level") == IsolationLevel.READ_COMMITTED:
        return []
    return [
        Error(
            "RSVPs need the database's isolation level READ COMMITTED.",
            hint="Set OPTIONS['isolation_level'] to psycopg.IsolationLevel.READ_COMMITTED.",
            obj=f"DATABASES[{connection.alias!r}]",
            id="rsvps.E001",
        )
    ]
