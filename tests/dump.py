"""Everything the site holds, as one text: each column of each table, sessions read, and files."""

from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection


def everything() -> str:
    parts = [str(session.get_decoded()) for session in Session.objects.all()]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            parts += [
                f"{table}.{name}: {_text(value)}"
                for row in cursor.fetchall()
                for name, value in zip(columns, row, strict=True)
                if value not in (None, "")
            ]
    for path in sorted(Path(settings.MEDIA_ROOT).rglob("*")):
        if path.is_file():
            parts.append(f"{path.name}: {path.read_bytes().decode('latin-1')}")
    return "\n".join(parts)


def _text(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    return str(value)


def heard(canaries: list[str]) -> list[str]:
    """Where any of the canaries sings, however it is cased."""
    text = everything().lower()
    return [
        line for line in text.splitlines() if any(canary.lower() in line for canary in canaries)
    ]
