"""A statement of the search, put together from pieces, whose text a database keeps prepared.

Places, cells and what people typed are named parameters, so that the text is the same wherever a
search is asked. (docs/decisions/0003-search-table.md)
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


class Sql:
    """Text and named parameters; a name means one value all through a statement."""

    def __init__(self, text: str = "", **params: Any) -> None:
        self.parts: list[str] = [text] if text else []
        self.params: dict[str, Any] = params

    def add(self, text: str, **params: Any) -> "Sql":
        self.parts.append(text)
        return self._take(params) if params else self

    def extend(self, other: "Sql") -> "Sql":
        self.parts += other.parts
        return self._take(other.params)

    def _take(self, params: dict[str, Any]) -> "Sql":
        for name, value in params.items():
            if self.params.setdefault(name, value) != value:
                raise ValueError(f"{name} means two values in one statement")
        return self

    def apart(self, prefix: str) -> "Sql":
        """The same with names of its own, to stand in another statement."""
        params = {f"{prefix}{name}": value for name, value in self.params.items()}
        return Sql(self.text.replace("%(", f"%({prefix}"), **params)

    @property
    def text(self) -> str:
        return " ".join(self.parts)

    def rows(self) -> list[tuple]:
        with _cursor() as cursor:
            cursor.execute(self.text, self.params)
            return cursor.fetchall()


def numbers(values: Sequence[float]) -> str:
    """Numbers as one parameter, for those below: an array in words, or a JSON list.

    (To write sixty numbers into an array itself takes psycopg most of a round trip.)
    """
    listed = ",".join(map(str, values))
    return f"{{{listed}}}" if connection.vendor == "postgresql" else f"[{listed}]"


def cells_in(name: str) -> str:
    """The table c(cell, number) of the cells in the parameter, counted from 1."""
    if connection.vendor == "postgresql":
        return f"unnest(%({name})s::bigint[]) WITH ORDINALITY AS c(cell, number)"
    return f"(SELECT value AS cell, key + 1 AS number FROM json_each(%({name})s)) AS c"


def patches_in(patches: Sequence[tuple[float, int, int]]) -> Sql:
    """The rows nearest, first, last, number of patches (events.circles), counted from 1."""
    if connection.vendor == "postgresql":
        sql = Sql("SELECT * FROM unnest(%(nearests)s::float8[], %(firsts)s::bigint[],")
        sql.add("%(lasts)s::bigint[]) WITH ORDINALITY")
        columns = ("nearests", "firsts", "lasts")
        values = [numbers([patch[at] for patch in patches]) for at in range(len(columns))]
        return sql.add("", **dict(zip(columns, values, strict=True)))
    sql = Sql("SELECT value ->> 0, value ->> 1, value ->> 2, key + 1")
    return sql.add("FROM json_each(%(patches)s)", patches=json.dumps(patches))


def any_of(column: str, name: str) -> str:
    """That the column's number is among those in the parameter."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%({name})s::bigint[])"
    return f"{column} IN (SELECT value FROM json_each(%({name})s))"


def _cursor() -> CursorWrapper:
    """A cursor that leaves parameters to the database, which can then keep the statement.

    Django's own on PostgreSQL writes them into the text: another statement for every place. It
    also has answers written as text; as they are, nobody need write and read their numbers.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor
    from psycopg.pq import Format

    connection.ensure_connection()
    usual = connection.connection.cursor_factory
    connection.connection.cursor_factory = ServerBindingCursor
    try:
        cursor = connection.cursor()
    finally:
        connection.connection.cursor_factory = usual
    cursor.cursor.format = Format.BINARY
    return cursor
