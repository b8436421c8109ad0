"""A runner of composite actions: it plays the steps of action.yml in order, as GitHub's does.

What it knows of expressions is what action.yml uses of them; anything else fails. Actions of others
that a step `uses` are played by what they are told to do here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from machine import TIMEOUT

ROOT = Path(__file__).parents[1]
_TERM = re.compile(r"(inputs|steps|github)\.([\w.-]+)")


@dataclass
class Job:
    """A job on a runner: its files, its environment and what became of it."""

    directory: Path
    environment: dict[str, str]
    action: Path = ROOT
    log: str = ""
    artifacts: dict[str, Path] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("temp", "workspace", "artifacts"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self.environment = {
            "GITHUB_JOB": "deploy", "GITHUB_RUN_ID": "7", "GITHUB_SHA": "0123abc",
            "GITHUB_WORKSPACE": str(self.workspace), "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.directory / "temp"), **self.environment,
        }  # fmt: skip

    @property
    def workspace(self) -> Path:
        """Where the job's commands run."""
        return self.directory / "workspace"

    @property
    def summary(self) -> str:
        """What all steps wrote into the job's summary."""
        files = sorted(self.directory.glob("GITHUB_STEP_SUMMARY-*"))
        return "".join(each.read_text() for each in files)

    def command(self, text: str) -> bool:
        """A step of the job's own."""
        return self._bash(text, {})[0]

    def uses(self, **inputs: str) -> bool:
        """A step that uses the action; does the job go on?"""
        action = yaml.safe_load((self.action / "action.yml").read_text("utf-8"))
        assert inputs.keys() <= action["inputs"].keys()
        given = {name: str(about.get("default", "")) for name, about in action["inputs"].items()}
        scope: dict[str, Any] = {
            "inputs": given | inputs,
            "steps": {},
            "github": {"token": "t0ken"},
        }
        scope["inputs"] = {
            name: _text(value, scope) for name, value in scope["inputs"].items()
        } | inputs
        good = True
        for step in action["runs"]["steps"]:
            if _wanted(step.get("if", "success()"), scope, good=good):
                passed, outputs = self._step(step, scope)
                scope["steps"][step.get("id", "")] = {"outputs": outputs}
                good = good and passed
        self.outputs = {n: _text(about["value"], scope) for n, about in action["outputs"].items()}
        return good

    def _step(
        self, step: Mapping[str, Any], scope: Mapping[str, Any]
    ) -> tuple[bool, dict[str, str]]:
        if "uses" in step:
            given = {name: _text(str(value), scope) for name, value in step["with"].items()}
            name = step["uses"].partition("@")[0]
            return True, {"actions/setup-python": self._python, "actions/upload-artifact": self._upload}[name](given)  # fmt: skip
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        return self._bash(step["run"], {n: _text(v, scope) for n, v in step.get("env", {}).items()})

    def _python(self, given: Mapping[str, str]) -> dict[str, str]:
        assert given["update-environment"] == "False"
        return {"python-path": sys.executable}

    def _upload(self, given: Mapping[str, str]) -> dict[str, str]:
        source = Path(given["path"])
        target = self.directory / "artifacts" / given["name"]
        assert given["name"] not in self.artifacts, "an artifact of this name is there"
        target.mkdir()
        self.artifacts[given["name"]] = Path(shutil.copy(source, target))
        return {}

    def _bash(self, text: str, variables: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        number = len(list(self.directory.glob("step-*.sh")))
        script = self.directory / f"step-{number}.sh"
        script.write_text(text)
        names = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        files = {name: self.directory / f"{name}-{number:03}" for name in names}
        for path in files.values():
            path.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, timeout=3 * TIMEOUT, check=False,
            env={
                **self.environment, **variables, "GITHUB_ACTION_PATH": str(self.action),
                **{name: str(path) for name, path in files.items()},
            },
        )  # fmt: skip
        self.log += done.stdout
        set_here = parsed(files["GITHUB_ENV"].read_text())
        # As GitHub's runner, which stops the job.
        assert "NODE_OPTIONS" not in set_here
        assert not [name for name in set_here if name.startswith(("GITHUB_", "RUNNER_"))]
        self.environment |= set_here
        for line in files["GITHUB_PATH"].read_text().splitlines():
            self.environment["PATH"] = f"{line}{os.pathsep}{self.environment['PATH']}"
        return done.returncode == 0, parsed(files["GITHUB_OUTPUT"].read_text())


def parsed(text: str) -> dict[str, str]:
    """A file of variables as a runner reads it: NAME=VALUE, or NAME<<END and lines up to END."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, end = line.partition("<<")
        if heredoc and "=" not in name:
            value: list[str] = []
            for each in lines:
                if each == end:
                    break
                value.append(each)
            else:
                raise AssertionError(f"no end of {name}")
            found[name] = "\n".join(value)
        elif line:
            name, equals, rest = line.partition("=")
            assert equals, f"not a variable: {line}"
            found[name] = rest
    return found


def _text(template: Any, scope: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda match: _value(match[1], scope), str(template))


def _value(term: str, scope: Mapping[str, Any]) -> str:
    assert _TERM.fullmatch(term), term
    found: Any = scope
    for part in term.split("."):
        found = found.get(part) if found else None
    return str(found or "")


def _wanted(condition: str, scope: Mapping[str, Any], *, good: bool) -> bool:
    terms = condition.split(" && ")
    if terms[0] == "always()":
        terms, good = terms[1:], True
    for term in terms:
        if term == "success()":
            continue
        match = re.fullmatch(r"([\w.-]+) (==|!=) '(\w*)'", term)
        assert match is not None, term
        good = good and (_value(match[1], scope) == match[3]) == (match[2] == "==")
    return good
