"""The site's own settings, and the smallest possible view beside its pages."""

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "bench.http.urls"
TEMPLATES[0]["DIRS"] += [BASE_DIR / "bench" / "http" / "templates"]  # type: ignore[operator]
