"""Which time zone a point lies in."""

import tzfpy


def zone_at(latitude: float, longitude: float) -> str:
    """The IANA time zone of a point (a nautical one at sea)."""
    return tzfpy.get_tz(longitude, latitude) or "UTC"
