"""What tests of homes share."""

import pytest


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path) -> None:
    """A world has a picture (tests/homes/world.py), which is no other test's."""
    settings.MEDIA_ROOT = tmp_path
