"""`make check-wapiti`: wapiti attacks a site in production mode, as a stranger and as a host.

Its modules are named one by one: the whole set would fetch lists from the internet first. Left out
are those that need such lists (buster, htp, nikto, wapp), those that look for other products (cms,
network_device, printer, takeover, wp_enum), brute_login_form, and log4shell, ssrf and xxe, which
listen for a call-back on a server of wapiti's makers (the site parses no XML:
tests/security/test_code.py). csrf takes the same refusal twice for a form taken twice, which
tests/security/test_requests.py tells apart for every route; ldap takes any two answers that differ
for an injection, and the site speaks to no such directory. ATTACK_SECONDS (120) is what each module
may take; tests/security/test_fuzzing.py goes deeper into forms than wapiti does.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import drills, scanned

MODULES = (
    "backup",
    "crlf",
    "exec",
    "file",
    "htaccess",
    "methods",
    "permanentxss",
    "redirect",
    "shellshock",
    "spring4shell",
    "sql",
    "timesql",
    "upload",
    "xss",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, scanned.site(Path(folder)) as site:
        found = 0
        for who, cookie in (("stranger", ""), ("host", f"__Host-session={site.session}")):
            report = scan(site, cookie, Path(folder) / who)
            holes = report["vulnerabilities"] | report["anomalies"]
            pages = report["infos"]["crawled_pages_nbr"]
            for kind, cases in holes.items():
                for case in cases:
                    print(f"{who}: {kind}: {case['method']} {case['path']}: {case['info']}")
            count = sum(map(len, holes.values()))
            print(f"wapiti as {who}: {pages} pages, {len(MODULES)} modules, {count} findings")
            found += count
    if found:
        sys.exit("wapiti found something.")


def scan(site: scanned.Scanned, cookie: str, folder: Path) -> dict:
    """Wapiti's report of one walk through the site."""
    report = folder.with_suffix(".json")
    command = [str(drills.ROOT / "var" / "security" / "bin" / "wapiti")]
    command += ["--url", f"{site.origin}/", "--scope", "domain", "--module", ",".join(MODULES)]
    command += ["--depth", "4", "--max-links-per-page", "40", "--max-files-per-dir", "10"]
    seconds = os.environ.get("ATTACK_SECONDS", "120")
    command += ["--max-scan-time", "120", "--max-attack-time", seconds, "--timeout", "20"]
    command += ["--store-session", str(folder), "--store-config", str(folder / "config")]
    command += ["--format", "json", "--output", str(report), "--no-bugreport", "--verbose", "0"]
    for path in site.pages.values():
        command += ["--start", site.origin + path]
    if cookie:
        # A scanner that presses "Log out" or erases its own account would see nothing more.
        command += ["--cookie-value", cookie]
        for path in ("/accounts/logout/", "/accounts/data/"):
            command += ["--exclude", site.origin + path]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())


if __name__ == "__main__":
    main()
