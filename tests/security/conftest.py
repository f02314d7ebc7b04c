"""What tests of security share."""

from tests.homes.conftest import _files_of_its_own  # noqa: F401
