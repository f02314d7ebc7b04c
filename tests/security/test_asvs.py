"""docs/asvs.csv answers each requirement of OWASP ASVS 5.0's level 1, and its tests are there."""

import ast
import csv
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# The ids of level 1, as the standard lists them.
LEVEL_1 = """
1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1
3.4.2 3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5
6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2
8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1
12.2.1 12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
""".split()  # noqa: SIM905


def lines() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def named_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_requirement_of_level_1_has_one_line():
    assert len(LEVEL_1) == 70
    assert [line["id"] for line in lines()] == LEVEL_1


def test_every_line_passes_or_says_why_it_does_not_apply():
    for line in lines():
        told = line["test-or-reason"]
        if line["verdict"] == "passes":
            assert told.startswith("tests/"), line
        else:
            assert line["verdict"] == "does not apply", line
            assert len(told) > 20, line


def test_every_test_that_is_named_is_there():
    for line in lines():
        if line["verdict"] != "passes":
            continue
        for node in line["test-or-reason"].split():
            file, _, name = node.partition("::")
            assert name in named_in(file), node
