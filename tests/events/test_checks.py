import pytest

from events.checks import check_geocoder, check_tiles


def ids(messages):
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("name", "options", "found"),
    [
        ("", "", []),
        ("nominatim", "", []),
        ("photon", '{"domain": "photon.example.org"}', []),
        ("nowhere", "", ["events.E001"]),
        ("googlev3", "{", ["events.E002"]),
        ("nominatim", '{"colour": "red"}', ["events.E002"]),
        ("nominatim", "[1]", ["events.E002"]),
        ("mapbox", "", ["events.E002"]),
    ],
)
def test_geocoder_settings_are_checked(settings, name, options, found):
    settings.GEOCODER, settings.GEOCODER_OPTIONS = name, options
    assert ids(check_geocoder(None)) == found


def test_tiles_without_their_owner_are_warned_of(settings):
    settings.MAP_TILES_URL = "https://tiles.example.org/{z}/{x}/{y}.png"
    assert ids(check_tiles(None)) == ["events.W001"]
    settings.MAP_TILES_ATTRIBUTION = "© OpenStreetMap contributors"
    assert check_tiles(None) == []
