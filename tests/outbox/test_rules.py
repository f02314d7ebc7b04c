"""The handbook's table of rules names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
HANDBOOK = TESTS.parent / "docs" / "reliability.md"
NAMED = re.findall(r"\| `([\w/]+\.py)::(\w+)` \|", HANDBOOK.read_text())


def test_the_handbook_names_many():
    assert len(NAMED) > 60


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value)
def test_each_rule_of_letters_is_held_by_the_test_named(file, test):
    assert re.search(rf"^\s*def {test}\(", (TESTS / file).read_text(), re.MULTILINE)
