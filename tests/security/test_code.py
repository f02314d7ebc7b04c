"""What the site's code does not do, read from the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("config", "events", "hosts", "outbox", "rsvps")
CODE = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text())
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
}
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def imported() -> Iterator[tuple[str, str]]:
    """(file, what it imports)."""
    for file, tree in CODE.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((file, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((file, f"{node.module}.{name.name}") for name in node.names)


def used() -> Iterator[tuple[str, str]]:
    """(file, each name and attribute its code speaks of, as written)."""
    for file, tree in CODE.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                yield file, ast.unparse(node)


def test_no_page_starts_a_program():
    assert [one for one in imported() if re.match(r"subprocess|pty|pexpect", one[1])] == []
    assert [one for one in used() if re.match(r"os\.(system|popen|exec|spawn)", one[1])] == []


def test_nothing_typed_is_ever_run_or_unpickled():
    called = {"eval", "exec", "compile", "__import__", "globals"}
    assert [one for one in used() if one[1] in called] == []
    loaders = r"(pickle|shelve|marshal|dill|yaml|jsonpickle)\b"
    assert [one for one in imported() if re.match(loaders, one[1])] == []
    for script in SCRIPTS:
        assert not re.search(r"\beval\(|new Function|setTimeout\([\"'`]", script.read_text())


def test_no_xml_is_parsed():
    assert [one for one in imported() if re.match(r"xml|lxml|defusedxml|expat", one[1])] == []


def test_scripts_write_words_as_words():
    """Markup reaches a page from two places: a template of the page's own, and the preview that
    the server has cleaned."""
    written = [
        line.strip()
        for script in SCRIPTS
        for line in script.read_text().splitlines()
        if re.search(r"(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|srcdoc", line)
    ]
    assert [re.sub(r"\s+", " ", line) for line in written] == [
        'copy.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);',
        "if (answer?.ok) preview.innerHTML = await answer.text();",
    ]


def test_statements_written_by_hand_stand_in_few_modules():
    """Each is put together from constants; values are parameters (bench/scan_code.py)."""
    by_hand = {
        file
        for file, name in used()
        if re.search(
            r"objects\.raw$|\.extra$|\bRawSQL$|(cursor|connection|_db\(\))\.execute$", name
        )
        and "migrations" not in file
    }
    assert by_hand <= {
        "events/cities.py",
        "events/gazetteer.py",
        "events/spatial.py",
        "events/statements.py",
        "events/streams.py",
        "events/totals.py",
        "hosts/sealing.py",
        "outbox/clock.py",
        "outbox/heartbeat.py",
        "outbox/ledger.py",
        "outbox/turns.py",
        "rsvps/capacity.py",
        "rsvps/checks.py",
        "rsvps/limits.py",
        "rsvps/signup.py",
    }


def test_hashes_are_sha_256_and_nothing_is_encrypted_by_hand():
    names = {one[1] for one in imported()} | {one[1] for one in used()}
    assert not [name for name in names if re.search(r"\b(md5|sha1|md4|crc32|adler32)\b", name)]
    assert not [
        name for name in names if re.match(r"cryptography|Crypto|nacl|ssl\.CERT_NONE", name)
    ]
    literal = [
        (file, node.value)
        for file, tree in CODE.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in {"sha1", "md5"}
    ]
    # RFC 6238's authenticator apps: an HMAC, for which SHA-1 still stands (NIST SP 800-131A).
    assert literal == [("hosts/second_factor.py", "sha1")]


def test_secrets_are_drawn_from_the_systems_randomness():
    drawn = {file for file, name in imported() if name.split(".")[0] == "random"}
    assert drawn <= {
        "events/spatial.py",  # which listings stand for a cell
        "hosts/demo/country.py",
        "hosts/demo/words.py",
        "outbox/ledger.py",  # how long a retry waits
        "outbox/loop.py",
    }


def test_every_package_is_pinned_by_hash_and_asked_about():
    from bench.scan_packages import LOCKS

    found = {str(path.relative_to(ROOT)) for path in ROOT.glob("requirements*.txt")}
    found |= {str(path.relative_to(ROOT)) for path in (ROOT / "bench").glob("requirements*.txt")}
    assert found == set(LOCKS)
    for lock in LOCKS:
        for package in re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip()):
            if package.startswith(("#", "-")):
                continue
            assert re.match(r"[\w.-]+==\S+", package), package
            assert "--hash=sha256:" in package, package


def test_the_handbook_asks_the_proxy_for_tls_1_2_and_1_3():
    handbook = (ROOT / "docs" / "operations.md").read_text()

    assert "ssl_protocols TLSv1.2 TLSv1.3;" in handbook
    assert "certbot" in handbook
