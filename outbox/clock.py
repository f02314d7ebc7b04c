"""The database's clock, which deliverers on several machines agree on."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """What the database's clock says now, as an aware datetime."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)  # SQLite's clock is this machine's
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0].astimezone(UTC)
