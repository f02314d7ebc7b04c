"""An operator's PMTiles file, read in pieces."""

import pytest

from config.settings import SECURE_CSP
from events.checks import check_tiles
from tests.events import pmtiles


@pytest.fixture
def archive(settings, tmp_path):
    path = tmp_path / "own.pmtiles"
    path.write_bytes(pmtiles.archive(pmtiles.PNG))
    settings.MAP_PMTILES = str(path)
    return path


def ask(client, asked):
    return client.get("/map.pmtiles", headers={"Range": asked})


def test_a_piece_is_given_where_one_is_asked_for(client, archive):
    response = ask(client, "bytes=0-6")
    assert response.status_code == 206
    assert response.content == b"PMTiles"
    assert response["Content-Range"] == f"bytes 0-6/{archive.stat().st_size}"


def test_a_piece_ends_with_the_file(client, archive):
    response = ask(client, "bytes=3-16383")
    assert response.content == archive.read_bytes()[3:]


@pytest.mark.parametrize("asked", ["", "bytes=5-3", "bytes=9999999-99999999", "bytes=-5", "lines"])
def test_no_piece_or_none_there_is_refused(client, archive, asked):
    response = ask(client, asked)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{archive.stat().st_size}"


def test_an_archive_is_never_given_whole(client, archive, monkeypatch):
    monkeypatch.setattr("events.views.maps.MOST_BYTES", 10)
    assert ask(client, "bytes=0-9").status_code == 206
    assert ask(client, "bytes=0-10").status_code == 416


def test_without_an_archive_there_is_none(client, settings, archive):
    archive.unlink()
    assert ask(client, "bytes=0-6").status_code == 404
    settings.MAP_PMTILES = ""
    assert ask(client, "bytes=0-6").status_code == 404


def test_missing_file_and_missing_attribution_are_warned_of(settings, archive):
    assert [warning.id for warning in check_tiles(None)] == ["events.W001"]
    settings.MAP_TILES_ATTRIBUTION = "© OpenStreetMap contributors"
    assert check_tiles(None) == []
    archive.unlink()
    assert [warning.id for warning in check_tiles(None)] == ["events.W002"]


def test_no_picture_is_made_by_script_where_no_archive_is_set():
    assert "blob:" not in SECURE_CSP["img-src"]
