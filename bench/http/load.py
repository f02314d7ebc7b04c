"""Load on the loopback: by wrk where it is installed, else by sockets of our own."""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from bench.production import PROXIED

CONNECTIONS = 8
_SCRIPT = Path(__file__).with_suffix(".lua")
_HEADERS = PROXIED | {"Host": "localhost", "Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Load:
    """What was measured: requests a second, milliseconds, and answers that were none."""

    rate: float
    p50: float
    p95: float
    faults: int


def generator() -> str:
    """What makes the load, in words."""
    return "wrk" if shutil.which("wrk") else "Python, which wants a core of its own"


def put(address: str, requests: list[str], *, seconds: float, scratch: Path) -> Load:
    """Ask for the paths in turn, over CONNECTIONS, for so long.

    Each request is a path, or a path and the ETag of what the asker holds.
    """
    if not shutil.which("wrk"):
        return asyncio.run(_put(address, requests, seconds))
    scratch.write_text("\n".join(requests) + "\n")
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds:g}s",
        "--timeout",
        "30s",
        "-s",
        str(_SCRIPT),
    ]
    said = subprocess.run([*command, address, "--", str(scratch)], capture_output=True, text=True)
    found = re.search(r"MEASURED (\S+) (\S+) (\S+) (\d+)", said.stdout)
    if not found:
        raise RuntimeError(f"wrk said: {said.stdout}{said.stderr}")
    rate, p50, p95 = (float(number) for number in found.groups()[:3])
    return Load(rate, p50, p95, int(found[4]))


async def _put(address: str, requests: list[str], seconds: float) -> Load:
    times: list[float] = []
    faults = 0
    until = time.perf_counter() + seconds
    site = urlsplit(address)

    async def visitor(number: int) -> None:
        nonlocal faults
        turn = number
        while (began := time.perf_counter()) < until:
            # The server keeps no connection (config/gunicorn.py).
            reader, writer = await asyncio.open_connection(site.hostname, site.port)
            writer.write(_message(requests[turn % len(requests)]))
            status = await _answer(reader)
            writer.close()
            times.append((time.perf_counter() - began) * 1000)
            faults += status not in {200, 304}
            turn += CONNECTIONS

    began = time.perf_counter()
    await asyncio.gather(*(visitor(number) for number in range(CONNECTIONS)))
    took = time.perf_counter() - began
    marks = quantiles(times, n=100)
    return Load(len(times) / took, marks[49], marks[94], faults)


def _message(request: str) -> bytes:
    path, _, etag = request.partition(" ")
    headers = _HEADERS | ({"If-None-Match": etag} if etag else {})
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status; the body is read and dropped."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"content-length: (\d+)", head)
    status = int(head.split(b" ", 2)[1])
    if length:
        await reader.readexactly(int(length[1]))
    elif b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return status
