"""What every page loads first stays small, so that one bar of signal is enough."""

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "static"
PAGES = [path for path in (ROOT / "templates").rglob("*.html") if "letters" not in path.parts]


def squeezed(*paths: str) -> int:
    return sum(len(gzip.compress((STATIC / path).read_bytes(), 9)) for path in paths)


def test_stylesheets_of_the_results_page_stay_under_25_kilobytes():
    ours = ("css/barnstorm.css", "css/search.css", "css/map.css")
    assert squeezed("vendor/bootstrap/bootstrap.css", *ours) < 25_000


def test_the_one_font_stays_under_35_kilobytes():
    assert (STATIC / "vendor/besley/besley.woff2").stat().st_size < 35_000


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_carry_no_style_and_no_script_of_their_own(path):
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "json" in attributes


@pytest.mark.parametrize("folder", sorted(p.name for p in (STATIC / "vendor").iterdir()))
def test_vendored_files_carry_licence_and_version(folder):
    home = STATIC / "vendor" / folder
    assert (home / "LICENSE").exists()
    assert (home / "VERSION").exists()
