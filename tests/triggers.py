"""What a test needs to get past the triggers of the chain: an attacker who owns the table."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

CHAIN = "hosts_seal"


@contextmanager
def chain_unguarded() -> Iterator[None]:
    """The chain's triggers are off inside."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Checks that wait for the commit would forbid ALTER TABLE.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {CHAIN} DISABLE TRIGGER USER")
            yield
            cursor.execute(f"ALTER TABLE {CHAIN} ENABLE TRIGGER USER")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [CHAIN]
        )
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)
