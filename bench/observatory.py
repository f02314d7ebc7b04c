"""`make check-observatory`: MDN's HTTP Observatory scans the kinds of page the site has.

The scan runs on this machine against a site in production mode over HTTPS; nothing is sent
anywhere. The scanner comes from npm, once, into var/ (needs npm; its install scripts, which
fetch lists, do not run). 100 is a perfect page, above are extra points; 120 is asked for.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import drills, scanned

VERSION = "1.4.8"
ENOUGH = 120
HOME = drills.ROOT / "var" / f"observatory-{VERSION}"
SCANNER = HOME / "node_modules" / "@mdn" / "mdn-http-observatory"


def main() -> None:
    install()
    worst = 1000
    with tempfile.TemporaryDirectory() as folder, scanned.site(Path(folder)) as site:
        print("| page | score | grade | tests passed |\n| --- | --- | --- | --- |")
        for kind, path in site.pages.items():
            found = scan(site, path)
            told = found["scan"]
            passed = f"{told['testsPassed']} of {told['testsQuantity']}"
            print(f"| {kind} | {told['score']} | {told['grade']} | {passed} |", flush=True)
            failed = [name for name, test in found["tests"].items() if not test["pass"]]
            if failed:
                print(f"  not passed: {', '.join(failed)}")
            worst = min(worst, told["score"])
    if worst < ENOUGH:
        sys.exit(f"The lowest score is {worst}, below {ENOUGH}.")
    print(f"Every kind of page scores {worst} or more; {ENOUGH} were asked for.")


def install() -> None:
    """The scanner, without its install scripts; they would fetch who is preloaded for HSTS."""
    nobody_is_preloaded = SCANNER / "conf" / "hsts-preload.json"
    if nobody_is_preloaded.exists():
        return
    package = f"@mdn/mdn-http-observatory@{VERSION}"
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["npm", "install", *flags, "--prefix", str(HOME), package], check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        sys.exit("The scanner could not be fetched: npm and its registry are needed once.")
    nobody_is_preloaded.write_text("{}")


def scan(site: scanned.Scanned, path: str) -> dict:
    """What the scanner says of one page. Raises SystemExit where it could not scan."""
    answer = subprocess.run(
        ["node", str(SCANNER / "src" / "scan.js"), site.origin.removeprefix("https://") + path],
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(site.certificate)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(answer.stdout)
    except ValueError:
        sys.exit(answer.stderr)
    if "error" in found:
        sys.exit(f"{path}: {found['error']}")
    return found


if __name__ == "__main__":
    main()
