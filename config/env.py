"""Typed reading of environment variables, with errors an operator can act on."""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable's text, stripped; `default` where it is not set or empty."""
    return os.environ.get(name, "").strip() or default


def required(name: str, why: str) -> str:
    """The variable's text. Raises ImproperlyConfigured, saying `why`, where it is missing."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"Set {name}: {why}. See docs/operations.md.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """A yes/no variable. Raises ImproperlyConfigured on anything else."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    """A whole number, at least 0. Raises ImproperlyConfigured on anything else."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of `choices`. Raises ImproperlyConfigured on anything else."""
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def database_url(value: str) -> str:
    """The address of a database this site works on. Raises ImproperlyConfigured on others."""
    if value.partition("://")[0] not in {"postgres", "postgresql", "sqlite"}:
        raise ImproperlyConfigured(
            "DATABASE_URL is like postgres://user:password@host/name or sqlite:////path/db.sqlite3."
        )
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, without empty items."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def origin(url: str) -> str:
    """A tile address as a CSP source: https://{s}.tiles.example/... is https://*.tiles.example.

    Raises ImproperlyConfigured where the address is not a whole https or http one.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        raise ImproperlyConfigured("MAP_TILES_URL is like https://tiles.example/{z}/{x}/{y}.png")
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"
