"""Every page of every tour is valid HTML, by the validator of validator.w3.org (vnu).

Java and the validator (VNU_JAR) are needed, so that `make test` leaves it out and
`make check-pages` names it.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.tours.everywhere import TOURS


@pytest.fixture
def pages(db, settings, tmp_path) -> Path:
    """A folder with the pages as they were answered, named by tour and place in it."""
    settings.MEDIA_ROOT = settings.LETTERS_DIR = tmp_path / "var"
    folder = tmp_path / "pages"
    folder.mkdir()
    for tour in TOURS:
        with transaction.atomic():
            cache.clear()
            for number, answer in enumerate(tour(Client())):
                path = answer.request["PATH_INFO"].strip("/").replace("/", "-") or "home"
                name = f"{tour.__name__}-{number:02}-{path[:60]}.html"
                (folder / name).write_bytes(answer.content)
            transaction.set_rollback(True)
    return folder


def test_every_page_of_every_tour_is_valid_html(pages):
    files = sorted(pages.iterdir())
    print(f"{len(files)} pages")  # noqa: T201
    found = subprocess.run(
        ["java", "-jar", os.environ["VNU_JAR"], "--format", "json", "--exit-zero-always", *files],
        capture_output=True,
        text=True,
        check=True,
    )
    messages = json.loads(found.stderr)["messages"]
    faults = {
        f"{Path(one['url']).name}:{one.get('lastLine')}: {one['message']}"
        for one in messages
        if one["type"] == "error" or one.get("subType") == "warning"
    }
    assert not faults, "\n".join(sorted(faults))
