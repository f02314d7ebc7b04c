"""Every row of every table, to be compared with what was before."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model


def rows(*, but: Iterable[type[Model]] = ()) -> dict[str, list[tuple]]:
    """{table: its rows}, without those that may change."""
    left_out = {model._meta.db_table for model in but}
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - left_out:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = sorted(map(tuple, cursor.fetchall()), key=repr)
    return found
