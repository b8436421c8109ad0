"""Everything that is imported is declared, and the lock holds what pyproject.toml allows."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src" / "apitrail"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))

# pytest is there wherever its plug-in is loaded; _typeshed is there for type checkers alone; compression
# is Python's own from 3.14; the last four are our own.
GIVEN = {
    "pytest",
    "_typeshed",
    "apitrail",
    "compression",
    "benchmarks",
    "docs",
    "examples",
    "release",
}


def declared(*groups: str) -> dict[str, Requirement]:
    """Distributions by their normalised names: the dependencies, extras and the named groups."""
    lines = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        lines += extra
    for group in groups:
        lines += PROJECT["dependency-groups"][group]
    found = {_plain(each.name): each for each in map(Requirement, lines)}
    found.pop("apitrail", None)  # the extra `all` names the others
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(directory: Path) -> Iterator[tuple[str, Path]]:
    """Top-level names of others' packages, and where they are imported."""
    own = {path.stem for path in (REPOSITORY / "tests").iterdir()}
    for path in sorted(directory.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in GIVEN | own:
                    yield top, path


def undeclared(directory: Path, *groups: str) -> set[str]:
    known, homes = declared(*groups), packages_distributions()
    return {
        f"{name} in {path.relative_to(REPOSITORY)}"
        for name, path in imported(directory)
        if not known.keys() & {_plain(each) for each in homes.get(name, [name])}
    }


def test_every_import_of_the_package_is_declared():
    assert not undeclared(SOURCE)


def test_every_import_of_the_tests_is_declared():
    for directory in ("tests", "addons", "benchmarks", "docs", ".ci/release"):
        assert not undeclared(REPOSITORY / directory, "dev", "engines")


def test_the_locks_hold_what_is_declared():
    locked = _locked("requirements.lock")
    for name, requirement in declared("dev").items():
        assert requirement.specifier.contains(locked[name]), name
    for group in ("engines", "release"):
        for each in map(Requirement, PROJECT["dependency-groups"][group]):
            assert each.specifier.contains(_locked(f"{group}.lock")[each.name]), each.name


def _locked(name: str) -> dict[str, str]:
    lock = (REPOSITORY / name).read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))


def test_the_extra_all_names_every_other():
    extras = PROJECT["project"]["optional-dependencies"]
    [everything] = map(Requirement, extras["all"])
    assert everything.extras == extras.keys() - {"all"}


def test_no_mitmproxy_is_allowed_that_was_not_tried():
    """We replace private classes of it: the lock is what the suite runs with, and the bound."""
    lock = (REPOSITORY / "requirements.lock").read_text("utf-8")
    [tried] = re.findall(r"^mitmproxy==([^\s;]+)", lock, re.MULTILINE)
    upper = [each for each in declared()["mitmproxy"].specifier if each.operator == "<="]
    assert [each.version for each in upper] == [tried]
