"""A statement of the search, put together from pieces, whose text a database keeps prepared.

Places, cells and what people typed are named parameters, so that the text is the same wherever a
search is asked. (docs/decisions/0003-search-table.md)
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL


class Sql:
    """Text and named parameters; a name means one value all through a statement."""

    def __init__(self, text: str = "", **params: Any) -> None:
        self.parts: list[str] = [text] if text else []
        self.params: dict[str, Any] = params

    def add(self, text: str, **params: Any) -> "Sql":
        self.parts.append(text)
        self.params |= params
        return self

    def extend(self, other: "Sql") -> "Sql":
        return self.add(" ".join(other.parts), **other.params)

    def rows(self) -> list[tuple]:
        with _cursor() as cursor:
            cursor.execute(" ".join(self.parts), self.params)
            return cursor.fetchall()

    def as_subquery(self) -> RawSQL:
        """For somebody else's statement, whose parameters have no names but places."""
        text = " ".join(self.parts)
        names = re.findall(r"%\((\w+)\)s", text)
        text = re.sub(r"%\(\w+\)s", "%s", text)
        return RawSQL(text, [self.params[name] for name in names])  # noqa: S611


def numbers(values: Sequence[int]) -> list[int] | str:
    """Numbers as one parameter, for the two below; SQLite knows no arrays but JSON's."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(values)


def cells_in(name: str) -> str:
    """The table c(cell) of the cells in the parameter."""
    if connection.vendor == "postgresql":
        return f"unnest(%({name})s::bigint[]) AS c(cell)"
    return f"(SELECT value AS cell FROM json_each(%({name})s)) AS c"


def any_of(column: str, name: str) -> str:
    """That the column's number is among those in the parameter."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%({name})s::bigint[])"
    return f"{column} IN (SELECT value FROM json_each(%({name})s))"


def _cursor() -> CursorWrapper:
    """A cursor that leaves parameters to the database, which can then keep the statement.

    Django's own on PostgreSQL writes them into the text: another statement for every place.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.ensure_connection()
    usual = connection.connection.cursor_factory
    connection.connection.cursor_factory = ServerBindingCursor
    try:
        return connection.cursor()
    finally:
        connection.connection.cursor_factory = usual
