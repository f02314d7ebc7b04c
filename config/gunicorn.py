"""Gunicorn's settings, for `make run` and for production; the environment overrides."""

import os

wsgi_app = "config.wsgi:application"
_port = os.environ.get("PORT") or 8000
if os.environ.get("BARNSTORM_MODE", "production") == "production":
    # The proxy alone: whoever could reach this port could make up X-Forwarded-For.
    _usual = f"127.0.0.1:{_port}"
elif os.path.exists("/proc/net/if_inet6"):  # noqa: PTH110
    _usual = f"[::]:{_port}"
else:
    _usual = f"0.0.0.0:{_port}"
bind = os.environ.get("BIND") or _usual
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
worker_class = "gthread"
timeout = 30
graceful_timeout = 10
# A kept connection stays with the worker that took it: when one worker is replaced, all of a
# proxy's connections end up with the others, and it stands idle from then on.
keepalive = 0
max_requests = 20_000
max_requests_jitter = 2_000
# The site writes its own access lines, without addresses, queries and tokens.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """Refuse a database that would sell a seat twice; then import the pages and read the
    places, so that no visitor waits for either."""
    from django.core.management import call_command
    from django.urls import get_resolver

    from events import gazetteer

    call_command("check", tags=["rsvps"], verbosity=0)
    _ = get_resolver().url_patterns
    for place in gazetteer.find("10001"):
        gazetteer.nearest(place.latitude, place.longitude)
