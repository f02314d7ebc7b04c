"""Who may import whom, read from the source (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["outbox", "events", "rsvps", "hosts"]  # each may import those before it
# Inside an app these stand above the concept modules, which never see a request or a form.
OUTER = {
    "forms",
    "fields",
    "views",
    "urls",
    "admin",
    "feeds",
    "api",
    "adapter",
    "context",
    "middleware",
}
OUTER_PARTS = OUTER | {"management", "migrations", "templatetags", "apps"}
# Concepts that are about requests by their nature.
GUARDS = {"hosts.roles", "hosts.repairs"}

MODULES = sorted(
    path for app in ORDER for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> set[tuple[str, str]]:
    """(module, name) pairs a file imports, names empty for plain imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            found |= {(node.module or "", alias.name) for alias in node.names}
    return found


def is_concept(path: Path) -> bool:
    name = module_name(path)
    return name not in GUARDS and not OUTER_PARTS & set(name.split(".")[1:])


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_an_app_imports_only_what_stands_below_it(path):
    app = path.relative_to(ROOT).parts[0]
    above = {*ORDER[ORDER.index(app) + 1 :], "config", "tests"}

    assert [module for module, _ in imports(path) if module.split(".")[0] in above] == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_nothing_private_crosses_from_one_module_to_another(path):
    ours = {(module, name) for module, name in imports(path) if module.split(".")[0] in ORDER}

    assert [(module, name) for module, name in ours if name.startswith("_")] == []
    assert [module for module, _ in ours if any(p.startswith("_") for p in module.split("."))] == []


@pytest.mark.parametrize("path", [path for path in MODULES if is_concept(path)], ids=module_name)
def test_a_concept_sees_no_form_view_or_flash_message(path):
    seen = imports(path)
    outer = [
        (module, name)
        for module, name in seen
        if module.split(".")[0] in ORDER and OUTER & {*module.split(".")[1:], name}
    ]

    assert outer == []
    assert [module for module, _ in seen if module.startswith("django.contrib.messages")] == []
    assert ("django.contrib", "messages") not in seen
    assert [module for module, _ in seen if module.startswith("django.forms")] == []
    assert ("django", "forms") not in seen


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_nobody_imports_the_wiring_or_calls_a_room_utils(path):
    assert path.stem not in {"utils", "helpers", "services", "common", "core"}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_allauths_insides_nowhere(path):
    assert [m for m, _ in imports(path) if m.startswith("allauth") and ".internal" in m] == []
