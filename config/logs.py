"""Structured logs: one JSON object a line, with the request's id and no personal data.

Access lines carry method, path without query string, status and milliseconds. Paths that hold
a token lose it. Addresses of clients are never written.
"""

import re
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger("access")


def scrub(text: str, request: HttpRequest | None) -> str:
    """`text` without the token that the request's address holds, if it holds one."""
    match = getattr(request, "resolver_match", None)
    token = match.kwargs.get("token") if match else None
    return text.replace(token, "-") if token else text


def _scrub_django(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Django's own lines ("Internal Server Error: /r/...") name the request's path; what an
    exception says may hold it too."""
    request = getattr(event.get("_record"), "request", None)
    for key in ("event", "exception"):
        if isinstance(event.get(key), str):
            event[key] = scrub(event[key], request)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _scrub_django,
]


def logging_config(*, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything through structlog, as JSON on standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": structlog.processors.JSONRenderer(),
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # These print tracebacks and access lines of their own; ours say it once.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "ERROR"},
        },
    }


class RequestLogMiddleware:
    """Gives each request an id (its own, or the proxy's) and writes one access line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        log.info(
            "request",
            method=request.method,
            path=scrub(request.path, request),
            status=response.status_code,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        return response
