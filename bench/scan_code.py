"""`make check-bandit`: bandit reads the site's code; each finding has been looked at by somebody.

What was looked at stands here with the reason why it may stay. A finding that is not listed
fails, and so does a reason that nothing needs any more. Ruff's S rules (`make lint`) ask the same
of every line; bandit also follows strings and calls that ruff does not.
"""

import json
import subprocess
import sys
from collections import Counter

from bench import drills

CODE = ["config", "events", "hosts", "outbox", "rsvps", "bin", "manage.py"]
WORDS = "a name or a sentence, no secret"
CONSTANTS = "the parts put together are constants of the module; all values are parameters"
LOOKED_AT = "narrows a type; the same was asked one step before"
# (file, test): (how often, why it may stay)
REVIEWED = {
    ("bin/map_sources.py", "B404"): (1, "runs npm for whoever builds the map; not on the site"),
    ("bin/map_sources.py", "B603"): (1, "a fixed list of words, no shell"),
    ("bin/map_sources.py", "B607"): (1, "npm as the builder's PATH has it"),
    ("config/settings.py", "B105"): (4, WORDS),
    ("events/cities.py", "B608"): (1, CONSTANTS),
    ("events/disclosure.py", "B105"): (1, WORDS),
    ("events/schema_org.py", "B308"): (1, "<, > and & were just written as escapes of JSON"),
    ("events/schema_org.py", "B703"): (1, "<, > and & were just written as escapes of JSON"),
    ("events/statements.py", "B608"): (2, CONSTANTS),
    ("events/streams.py", "B608"): (11, f"{CONSTANTS}, but for counts and lengths worked out here"),
    ("events/totals.py", "B608"): (2, CONSTANTS),
    ("events/words.py", "B308"): (1, "nh3 cleaned it in the line before"),
    ("events/words.py", "B703"): (1, "nh3 cleaned it in the line before"),
    ("hosts/decision_letters.py", "B101"): (1, LOOKED_AT),
    ("hosts/demo/country.py", "B106"): (1, "an unusable password of the demo"),
    ("hosts/demo/country.py", "B311"): (1, "the demo's made-up people"),
    ("hosts/letters.py", "B101"): (3, LOOKED_AT),
    ("hosts/management/commands/demo.py", "B105"): (1, "the demo's password, on its front page"),
    ("outbox/inbound.py", "B101"): (1, LOOKED_AT),
    ("outbox/ledger.py", "B311"): (1, "spreads retries in time"),
    ("outbox/loop.py", "B311"): (1, "spreads retries in time"),
    ("outbox/reading.py", "B101"): (1, LOOKED_AT),
    ("rsvps/examples.py", "B105"): (1, WORDS),
    ("rsvps/limits.py", "B608"): (1, CONSTANTS),
}


def main() -> None:
    bandit = drills.ROOT / "var" / "security" / "bin" / "bandit"
    told = subprocess.run(
        [str(bandit), "--quiet", "--recursive", "--format", "json", *CODE],
        cwd=drills.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(told.stdout)
    findings = report["results"]
    found = Counter((one["filename"].removeprefix("./"), one["test_id"]) for one in findings)
    expected = Counter({key: often for key, (often, _why) in REVIEWED.items()})
    for one in findings:
        key = (one["filename"].removeprefix("./"), one["test_id"])
        if found[key] > expected[key]:
            print(f"{key[0]}:{one['line_number']} {key[1]} {one['issue_text']}")
    for file, test in expected - found:
        print(f"{file}: {test} is not found any more; take its reason out of this list.")
    if found != expected or report["errors"]:
        sys.exit(f"bandit: something to look at. {report['errors'] or ''}")
    lines = report["metrics"]["_totals"]["loc"]
    print(f"bandit: {lines} lines read, {found.total()} findings, each with its reason; 0 new.")


if __name__ == "__main__":
    main()
