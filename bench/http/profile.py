"""Where the time of an uncached page goes, by cProfile, in this process and without a server."""

import cProfile
import pstats
from typing import Any

from bench.http.world import SMALLEST, Page
from bench.production import PROXIED

REQUESTS = 100
# Each with all that it calls; what is asked of the database counts under its caller as well.
PARTS = {
    "place": ("events/place_box.py", "read"),
    "search": ("events/search.py", "search"),
    "event's page": ("events/event_page.py", "show"),
    "JSON-LD": ("events/schema_org.py", "json_ld"),
    "description": ("events/words.py", "render_description"),
    "feed": ("events/entries.py", "read"),
    "template": ("django/template/loader.py", "render_to_string"),
    "gzip": ("django/utils/text.py", "compress_string"),
    "changes": ("events/spatial.py", "last_change"),
    "database": ("django/db/backends/utils.py", "execute"),
}


def show(pages: list[Page]) -> None:
    """Print a row for each page."""
    print(f"\n| uncached, profiled, ms | statements | whole | {' | '.join(PARTS)} |")
    print("| --- " * (len(PARTS) + 3) + "|")
    for page in pages:
        if page.once and page.name != SMALLEST:
            statements, whole, parts = _profile(page)
            cells = [f"{parts[name]:.1f}" if name in parts else "" for name in PARTS]
            print(f"| {page.name} | {statements:.1f} | {whole:.1f} | {' | '.join(cells)} |")


def _profile(page: Page) -> tuple[float, float, dict[str, float]]:
    """Statements, milliseconds, and milliseconds of each part, of one request."""
    from django.db import connection
    from django.test import Client

    assert page.once
    client = Client(headers=PROXIED | {"Host": "localhost", "Accept-Encoding": "gzip"})
    asked = [page.once(-number) for number in range(1, REQUESTS + 1)]
    for path in asked[:20]:
        client.get(path)
    statements: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        for path in asked[20:40]:
            assert client.get(path).status_code == 200
    profiler = cProfile.Profile()
    for path in asked[40:]:
        profiler.runcall(client.get, path)
    number = len(asked) - 40
    parts: dict[str, float] = {}
    stats = pstats.Stats(profiler)
    for (file, _line, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for name, (ending, wanted) in PARTS.items():
            if file.endswith(ending) and function == wanted:
                parts[name] = parts.get(name, 0) + cumulative * 1000 / number
    return len(statements) / 20, stats.total_tt * 1000 / number, parts  # type: ignore[attr-defined]
