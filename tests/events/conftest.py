"""A geocoding service to ask, as far as `events` is concerned."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache

from events import geocoder_service

HOUSE = [{"lat": "39.9650", "lon": "-83.0010", "display_name": "41 S Elm St", "type": "house"}]


class Provider(BaseHTTPRequestHandler):
    """Answers as Nominatim does; what it answers is set on its server."""

    def do_GET(self):
        self.server.asked.append(parse_qs(urlsplit(self.path).query)["q"][0])
        self.server.agents.append(self.headers["User-Agent"])
        time.sleep(self.server.slow)
        body = self.server.says
        self.send_response(self.server.status)
        self.end_headers()
        with suppress(BrokenPipeError):  # whoever asked did not wait
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def provider(settings, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    server.says, server.status, server.slow = HOUSE, 200, 0
    server.asked, server.agents = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.GEOCODER = "nominatim"
    settings.GEOCODER_OPTIONS = json.dumps(
        {"domain": f"127.0.0.1:{server.server_port}", "scheme": "http"}
    )
    settings.GEOCODER_TIMEOUT = 2
    settings.VAR_DIR = tmp_path  # whose turn it is stands in a file there
    settings.GEOCODER_MIN_DELAY_MS = 0
    geocoder_service.forget_service()
    cache.clear()
    yield server
    server.shutdown()
    geocoder_service.forget_service()
    cache.clear()
