"""A production site in a folder of its own, for checks and benchmarks.

They must meet what visitors meet: gunicorn, production settings, static files collected and
compressed. TLS is the proxy's, whose header every request must carry (PROXIED), or with `tls`
gunicorn's own, with a certificate that nobody has signed, for browsers.
"""

import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.drills import ROOT

PROXIED = {"X-Forwarded-Proto": "https"}
_START = 60.0  # seconds


@dataclass(frozen=True)
class Site:
    """A site that is not running yet. `folder` is its BARNSTORM_VAR."""

    folder: Path
    database: str
    port: int
    tls: bool = False

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        """Of the site's processes; `more` has the last word."""
        ours = {
            "BARNSTORM_MODE": "production",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BARNSTORM_VAR": str(self.folder),
            "DATABASE_URL": self.database,
            "SECRET_KEY": "a-key-for-benchmarks-" + "0123456789abcdefghijklmnopqrs",
            "SITE_URL": f"https://localhost:{self.port}",
            "ALLOWED_HOSTS": "localhost",
            "BIND": f"127.0.0.1:{self.port}",
            "MAIL_FROM": "hello@example.org",
            "SMTP_HOST": "localhost",
            "LOG_LEVEL": "WARNING",
        }
        if self.tls:
            ours["BEHIND_PROXY"] = "0"
        return os.environ | ours | more

    def manage(self, *command: str, **more: str) -> None:
        """Run a command of manage.py; where it fails, so does the whole program."""
        code = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment(**more)
        ).returncode
        if code:
            sys.exit(f"manage.py {command[0]} failed.")

    @contextmanager
    def running(self, **more: str) -> Iterator[str]:
        """The site's address, while gunicorn runs it; what it says goes to server.log."""
        self.manage("collectstatic", "--noinput", "--verbosity=0", **more)
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
        if self.tls:
            from tests.certificates import certificate

            file = certificate(self.folder)
            command += [f"--certfile={file}", f"--keyfile={file}"]
        log_file = self.folder / "server.log"
        with log_file.open("wb") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, env=self.environment(**more), stdout=log, stderr=log
            )
        try:
            until = time.monotonic() + _START
            while not self._answers():
                if server.poll() is not None or time.monotonic() > until:
                    sys.exit(f"The server did not start: see {log_file}")
                time.sleep(0.1)
            yield self.address
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def get(self, path: str) -> bytes:
        """The body of a page."""
        with self._open(path) as answer:
            return answer.read()

    def etag(self, path: str) -> str:
        with self._open(path) as answer:
            return str(answer.headers["ETag"])

    def _open(self, path: str) -> Any:
        request = urllib.request.Request(self.address + path, headers=PROXIED)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        return urllib.request.urlopen(request, timeout=60, context=trusting)

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self.get("/healthz"))
        return False
