"""The action and the workflows: nothing of an input is a program, and all that they use is pinned."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "action.yml", *ROOT.glob(".github/workflows/*"), *ROOT.glob("examples/ci/*.yaml")]
# Ours is named by a tag, which is what its users write.
OWN = "apitrail/apitrail@v1"
EXPRESSION = "${{"


def steps(path: Path) -> Iterator[dict[str, Any]]:
    found = yaml.safe_load(path.read_text("utf-8"))
    jobs = found["jobs"].values() if "jobs" in found else [found["runs"]]
    for job in jobs:
        yield from job["steps"]


def runs(path: Path) -> list[str]:
    return [step["run"] for step in steps(path) if "run" in step]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_is_in_a_program(path: Path):
    assert [text for text in runs(path) if EXPRESSION in text] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_program_is_bash(path: Path):
    for text in runs(path):
        done = subprocess.run(
            ["bash", "-n"], input=text, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_used_is_pinned_to_a_commit_and_its_version_is_said(path: Path):
    used = re.findall(r"uses: (.+)", path.read_text("utf-8"))
    for each in used:
        assert each in {OWN, "./"} or re.fullmatch(
            r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each
        ), each


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_a_workflow_says_what_it_may_do(path: Path):
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"]["contents"] == "read"


def test_the_documentation_names_every_input_and_output():
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    told = (ROOT / "docs" / "ci.md").read_text("utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", told, re.MULTILINE) == list(action["inputs"])
    for name in action["outputs"]:
        assert f"`{name}`" in told


def test_a_workflow_runs_what_the_makefile_has():
    """The parts of .ci/run, and targets by night."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    parts = {each["part"] for each in jobs["test"]["strategy"]["matrix"]["include"]}
    named = {
        *parts,
        *jobs["test"]["strategy"]["matrix"]["part"],
        *jobs["nightly"]["strategy"]["matrix"]["target"],
    }
    assert named <= targets


def test_every_hook_is_of_this_checkout():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert {each["repo"] for each in hooks} == {"local"}
    assert {hook["language"] for each in hooks for hook in each["hooks"]} == {"system"}
