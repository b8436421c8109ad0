"""Those who judge a bundle: the package, the file that goes with it on the system's Python, and the
JavaScript of an evidence page under node."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Self

from apitrail.evidence import bundle
from apitrail.evidence.bundle import BundleReport, bundle_writer, page_file
from apitrail.evidence.verify import Trust
from apitrail.tlog.note import Verifier
from apitrail.tlog.policy import Policy

PYTHON = shutil.which("python3", path=os.defpath) or sys.executable

# Runs the program's main once for each line of arguments: starting Python is the slow part.
LOOP = """
import contextlib, io, json, sys
scope = {"__name__": "verify", "__file__": sys.argv[1]}
with open(sys.argv[1], encoding="utf-8") as file:
    exec(compile(file.read(), sys.argv[1], "exec"), scope)
for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = scope["main"]()
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
"""


def by_package(path: Path, *keys: Verifier, policy: bytes | None = None) -> BundleReport:
    judging = None if policy is None else Policy.parse(policy)
    logs = () if judging is None else tuple(log.verifier for log in judging.logs)
    trust = Trust((*keys, *logs), "--key", policy=judging)
    return bundle.verify_file(path, trust, step=lambda _: None)


def by_itself(path: Path, *keys: Verifier, cwd: Path) -> tuple[int, str]:
    """Exit status and output of the stand-alone verifier, started as an auditor would."""
    program = cwd / "verify.py"
    program.write_bytes(bundle_writer.program())
    done = subprocess.run(
        [PYTHON, "-I", "-S", str(program), *arguments(path, *keys)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert not done.stderr or done.stderr.startswith("hint: "), done.stderr
    in_javascript(path, *keys, said=done.stdout)
    return done.returncode, done.stdout


def arguments(path: Path, *keys: Verifier) -> list[str]:
    return [str(path), *(part for key in keys for part in ("--key", str(key)))]


NODE = shutil.which("node")
SCRIPTS = Path(str(resources.files("apitrail.evidence.bundle"))) / "files" / "verifier"

# Checks one bundle for each line: path and keys in, the report's lines out.
NODE_LOOP = """
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { check } from "./verifier.js";
for await (const line of createInterface({ input: process.stdin })) {
  const [path, policy, ...keys] = JSON.parse(line);
  const options = policy === null ? {} : { policy: new Uint8Array(readFileSync(policy)) };
  const found = await check(new Uint8Array(readFileSync(path)), keys, options);
  console.log(JSON.stringify([found.line, ...found.statement]));
}
"""


class Script:
    """The verifier of evidence pages under node, kept running for many bundles."""

    def __init__(self) -> None:
        assert NODE is not None
        self._process = subprocess.Popen(
            [NODE, "--no-warnings", "--input-type=module", "-e", NODE_LOOP],
            cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def __call__(self, path: Path, *keys: Verifier, policy: Path | None = None) -> list[str]:
        """The lines of the report."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        given = [str(path), None if policy is None else str(policy), *map(str, keys)]
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the verifier in JavaScript crashed, see stderr"
        return [str(text) for text in json.loads(line)]


class Standalone:
    """The stand-alone verifier on the system's Python, kept running for many bundles."""

    def __init__(self, folder: Path) -> None:
        program = folder / "verify.py"
        program.write_bytes(bundle_writer.program())
        self._process = subprocess.Popen(
            [PYTHON, "-I", "-S", "-c", LOOP, str(program)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def __call__(self, path: Path, *keys: Verifier, policy: Path | None = None) -> tuple[int, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        more = [] if policy is None else ["--policy", str(policy)]
        self._process.stdin.write(json.dumps([*arguments(path, *keys), *more]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the stand-alone verifier crashed, see stderr"
        status, said, _ = json.loads(line)
        in_javascript(path, *keys, said=said, policy=policy)
        return status, said


@cache
def shared_script() -> Script | None:
    """The one for this process; None where there is no node."""
    script = Script() if NODE is not None else None
    if script is not None:
        atexit.register(script.__exit__)
    return script


def in_javascript(path: Path, *keys: Verifier, said: str, policy: Path | None = None) -> None:
    """Holds the verifier in JavaScript to what the stand-alone one said of a zip."""
    script = shared_script()
    if script is None or path.is_dir() or page_file.is_page(path):
        return
    lines = script(path, *keys, policy=policy)
    assert verdict(lines[0]) == verdict(said), (lines[0], said)
    assert lines == said.splitlines() or verdict(said) != "OK"


def verdict(text: str) -> str:
    """The first word."""
    return text.split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0].strip()


def agreed(
    path: Path, standalone: Standalone, *keys: Verifier, of: object = None,
    policy: Path | None = None,
) -> BundleReport:  # fmt: skip
    """The package's report, which the others must give; `of` names the bundle where they do not."""
    report = by_package(path, *keys, policy=None if policy is None else policy.read_bytes())
    status, said = standalone(path, *keys, policy=policy)
    assert verdict(said) == str(report.verdict), (of, said, report.message)
    assert status == (0 if report.holds else 1), of
    assert said.splitlines() == str(report).splitlines() or not report.holds, of
    return report


def by_itself_with_policy(path: Path, policy: Path, *, cwd: Path) -> tuple[int, str]:
    """Exit status and stderr of the stand-alone verifier under a policy."""
    program = cwd / "verify.py"
    program.write_bytes(bundle_writer.program())
    done = subprocess.run(
        [PYTHON, "-I", "-S", str(program), str(path), "--policy", str(policy)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr
