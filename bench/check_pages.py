"""`make check-pages`: what people's browsers, search engines and validators say of the pages.

On a production site with the demo's data: Lighthouse on the phone's preset (the median of five
runs) and the weight of the first load, measured in Chromium. On every page in every state
(tests.tours): an HTML validator and axe-core. Lighthouse and the validator are npm packages,
put into var/tools; nothing else needs them. TURNS=1 for fewer runs, PORT for another port.
"""

import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import first_load
from bench.drills import ROOT
from bench.production import Site

TOOLS = ROOT / "var" / "tools"
PACKAGES = {"lighthouse": "12.8.2", "vnu-jar": "26.9.27"}
TARGETS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMINGS = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
)
RESULTS = "/events/?near=43215"
AXE = "tests/journeys/test_accessibility.py"
CHROME = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"


def main() -> None:
    turns = int(os.environ.get("TURNS") or 5)
    chromium = os.environ["CHROMIUM"]
    install_tools()
    folder = ROOT / "var" / "check-pages"
    folder.mkdir(parents=True, exist_ok=True)
    port = int(os.environ.get("PORT") or 8000)
    site = Site(folder, f"sqlite:///{folder}/site.sqlite3", port, tls=True)
    site.manage("demo", BARNSTORM_MODE="demo")
    with site.running() as address:
        listed = site.get(RESULTS).decode()
        event = re.search(r"/events/\d+-[-\w]+/", listed)
        if event is None:
            sys.exit(f"Nothing is listed at {RESULTS}")
        pages = {"home": "/", "results": RESULTS, "event": event[0]}
        print(f"| Lighthouse, phone | {' | '.join(TARGETS)} | FCP | LCP | TBT | CLS |")
        print("| --- " * (len(TARGETS) + len(TIMINGS) + 1) + "|")
        fine = [
            audit(name, address + path, turns=turns, chromium=chromium, folder=folder)
            for name, path in pages.items()
        ]
        fine += [first_load.measure(address + RESULTS, chromium=chromium)]
    fine += [run_pytest("-s", "tests/tours/valid_html.py"), run_pytest(AXE, "--full")]
    if not all(fine):
        sys.exit("Some of it is not as it should be: see above.")
    print("All pages are as they should be.")


def install_tools() -> None:
    packages = [f"{name}@{version}" for name, version in PACKAGES.items()]
    stamp = TOOLS / "installed"
    if not stamp.exists() or stamp.read_text() != " ".join(packages):
        TOOLS.mkdir(parents=True, exist_ok=True)
        options = ["--silent", "--no-audit", "--no-fund", "--prefix", str(TOOLS)]
        subprocess.run(["npm", "install", *options, *packages], check=True)
        stamp.write_text(" ".join(packages))


def audit(name: str, address: str, *, turns: int, chromium: str, folder: Path) -> bool:
    """Print a page's row of medians; whether it reaches the targets."""
    reports = [lighthouse(address, chromium=chromium, folder=folder) for _ in range(turns)]
    scores = {
        target: statistics.median(score_of(one, target) for one in reports) for target in TARGETS
    }
    fcp, lcp, tbt, cls = (
        statistics.median(one["audits"][timing]["numericValue"] for one in reports)
        for timing in TIMINGS
    )
    cells = [f"{score:.0f}" for score in scores.values()]
    cells += [f"{fcp / 1000:.1f} s", f"{lcp / 1000:.1f} s", f"{tbt:.0f} ms", f"{cls:.2f}"]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)
    for fault in faults(reports):
        print(f"    {name}: {fault}", flush=True)
    return all(scores[target] >= least for target, least in TARGETS.items())


def lighthouse(address: str, *, chromium: str, folder: Path) -> dict[str, Any]:
    """One run's report. A run that Chromium broke off measured nothing, and is made again."""
    report = folder / "lighthouse.json"
    command = [
        str(TOOLS / "node_modules" / ".bin" / "lighthouse"),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(TARGETS)}",
        f"--chrome-flags={CHROME}",
    ]
    for _attempt in range(3):
        done = subprocess.run(
            command, env=os.environ | {"CHROME_PATH": chromium}, capture_output=True, text=True
        )
        if done.returncode == 0:
            return json.loads(report.read_text())
    sys.exit(f"Lighthouse failed three times: {done.stderr}")


def score_of(report: dict[str, Any], target: str) -> int:
    """0 to 100; 0 where something could not be audited."""
    return round(100 * (report["categories"][target]["score"] or 0))


def faults(reports: list[dict[str, Any]]) -> set[str]:
    """What costs points anywhere but in timings, which the row shows."""
    found = set()
    for report in reports:
        for target in set(TARGETS) - {"performance"}:
            for reference in report["categories"][target]["auditRefs"]:
                one = report["audits"][reference["id"]]
                failed = one["score"] is not None and one["score"] < 1
                if reference["weight"] and (failed or one["scoreDisplayMode"] == "error"):
                    found.add(f"{target}: {one['title']} {one.get('errorMessage', '')}".strip())
    return found


def run_pytest(*words: str) -> bool:
    jar = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"VNU_JAR": str(jar)}).returncode == 0


if __name__ == "__main__":
    main()
