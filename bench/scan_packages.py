"""`make check-packages`: pip-audit asks whether any pinned package has a known hole.

It asks the package index's vulnerability service for every line of the hash-locked files. A mirror
without that service answers nothing; then nothing was audited, which is said and fails
(OFFLINE=1: is said, and passes).
"""

import json
import os
import subprocess
import sys

from bench import drills

LOCKS = [
    "requirements.txt",
    "requirements-dev.txt",
    "bench/requirements-bench.txt",
    "bench/requirements-security.txt",
]


def main() -> None:
    unheard = 0
    for lock in LOCKS:
        packages = audit(lock)
        for package in packages:
            for hole in package.get("vulns", []):
                fixed = ", ".join(hole["fix_versions"]) or "no version yet"
                print(f"{lock}: {package['name']} {package['version']}: {hole['id']}; {fixed}")
        unheard += sum("skip_reason" in package for package in packages)
        heard = [package for package in packages if "skip_reason" not in package]
        print(f"{lock}: {len(packages)} packages, {len(heard)} audited", flush=True)
        if any(package["vulns"] for package in heard):
            sys.exit("Take the version that mends it (make lock), within the time of the handbook.")
    if unheard:
        told = f"{unheard} packages could NOT be audited: the service did not answer for them."
        if not os.environ.get("OFFLINE"):
            sys.exit(told)
        print(told)
    else:
        print("No known hole in any pinned package.")


def audit(lock: str) -> list[dict]:
    """What pip-audit says of each package of the file; `skip_reason` where it heard nothing."""
    tool = drills.ROOT / "var" / "security" / "bin" / "pip-audit"
    flags = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    told = subprocess.run(
        [str(tool), *flags, "--requirement", lock],
        cwd=drills.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.stdout.startswith("{"):
        return json.loads(told.stdout)["dependencies"]
    # It could not even begin: count what it was asked for.
    print(told.stderr.strip().splitlines()[-1])
    pinned = [line for line in (drills.ROOT / lock).read_text().splitlines() if "==" in line]
    return [{"name": line.partition("==")[0], "skip_reason": "no answer"} for line in pinned]


if __name__ == "__main__":
    main()
