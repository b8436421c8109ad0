"""`make newest`: the newest of each dependency, within our bounds and without them, and what is tried with it.

A bound is right while what is newer does not work, or was not tried. What works without a bound
here could be allowed.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from release.distributions import uv

ROOT = Path(__file__).parents[2]
# What holds us to others' behaviour: their private API, the wire, the log, formats, the console.
TESTS = (
    "tests/test_private_api.py", "tests/test_zstd.py", "tests/trail/test_frames.py", "tests/aws", "tests/identity", "tests/redact/test_unpacking.py",
    "tests/recording/proxy", "tests/trail/test_writer.py", "tests/tlog", "tests/delivery/lake/test_lake_sql.py",
    "tests/reading/rules", "tests/web/console", "tests/e2e/test_wire.py", "tests/e2e/test_exec.py",
)  # fmt: skip
_UPPER = frozenset({"<", "<=", "==", "~="})


def main() -> None:
    """Try both; exit 1 where the newest within the bounds does not work: they do not hold."""
    with TemporaryDirectory() as scratch:
        say("the newest within our bounds\n")
        within = resolve(requirements(ROOT), Path(scratch) / "within.txt")
        say("the newest without our upper bounds\n")
        opened = without_upper(bounded(requirements(ROOT)))
        without = resolve(requirements(ROOT), Path(scratch) / "without.txt", opened)
        newer = {name: version for name, version in without.items() if within.get(name) != version}
        holds = tried(Path(scratch) / "within.txt", Path(scratch) / "within")
        say(f"within the bounds: {'the tests pass' if holds else 'the tests FAIL'}\n")
        if newer:
            works = tried(Path(scratch) / "without.txt", Path(scratch) / "without")
            for line in report(newer, within, bounded(requirements(ROOT)), works=works):
                say(f"{line}\n")
        else:
            say("no bound keeps anything newer out\n")
    sys.exit(0 if holds else 1)


def say(text: str) -> None:
    """To whoever reads the log of the run."""
    sys.stdout.write(text)
    sys.stdout.flush()


def requirements(root: Path) -> list[Requirement]:
    """What pyproject.toml declares: for the package, its extras and its tests."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    lines = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        lines += [line for line in extra if not line.startswith("apitrail[")]
    return [Requirement(line) for line in [*lines, *project["dependency-groups"]["dev"]]]


def bounded(declared: Sequence[Requirement]) -> list[Requirement]:
    """Those that may not be of any newer version."""
    return [each for each in declared if any(one.operator in _UPPER for one in each.specifier)]


def without_upper(declared: Sequence[Requirement]) -> list[Requirement]:
    """The same, of any newer version."""
    opened = []
    for each in declared:
        free = Requirement(str(each))
        kept = (str(one) for one in each.specifier if one.operator not in _UPPER)
        free.specifier = SpecifierSet(",".join(kept))
        opened.append(free)
    return opened


def resolve(
    declared: Sequence[Requirement], target: Path, instead: Sequence[Requirement] = ()
) -> dict[str, str]:
    """Write the newest versions that go together to a file; gives them by name."""
    wanted, overrides = target.with_suffix(".in"), target.with_suffix(".overrides")
    wanted.write_text("".join(f"{each}\n" for each in declared), "utf-8")
    overrides.write_text("".join(f"{each}\n" for each in instead), "utf-8")
    uv("pip", "compile", "--quiet", "--upgrade", "--no-annotate", "--no-header", "--python", sys.executable, "--overrides", str(overrides), "-o", str(target), str(wanted))  # fmt: skip
    pairs = (line.split(" ")[0].split("==") for line in target.read_text("utf-8").splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def tried(versions: Path, directory: Path) -> bool:
    """Do the tests pass in an environment of these versions?"""
    python = directory / "bin" / "python"
    uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(directory))
    uv("pip", "install", "--quiet", "--python", str(python), "-r", str(versions))
    uv("pip", "install", "--quiet", "--python", str(python), "--no-deps", "--editable", str(ROOT))
    run = [str(python), "-m", "pytest", "-q", "-n", "2", "-m", "not layouts and not package", "-p", "no:cacheprovider", *TESTS]  # fmt: skip
    return subprocess.run(run, cwd=ROOT, check=False).returncode == 0


def report(
    newer: Mapping[str, str], within: Mapping[str, str], ours: Sequence[Requirement], *, works: bool
) -> list[str]:
    """What each bound of ours keeps out, and whether all of it together was seen to work."""
    named = {each.name: each for each in ours}
    verdict = "could be raised: the tests pass" if works else "stays: the tests fail"
    lines = [
        f"{each} keeps out {name} {newer[name]}: {verdict}"
        for name, each in sorted(named.items())
        if name in newer
    ]
    others = sorted(newer.keys() - named.keys())
    if others:
        moved = ", ".join(f"{name} {within.get(name, 'new')} → {newer[name]}" for name in others)
        lines.append(f"with them come: {moved}")
    return lines


if __name__ == "__main__":
    main()
