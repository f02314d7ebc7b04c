"""Work that one process at a time may do."""

from django.db import connection


def have(number: int) -> bool:
    """Whether this transaction has the turn called `number`, kept until it ends.

    Another process finds it taken, and leaves. SQLite has one writer anyway.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
