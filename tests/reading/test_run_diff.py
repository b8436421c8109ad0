from __future__ import annotations

import json

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.reading import run_diff
from apitrail.trail.reader import Reader


def of(number, run, **more):
    return trails.draft(number, run=run, labels={"build": run[-1]}, **more)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Build 1, and build 2 that does more, other things, and fails at one of the same."""
    directory = tmp_path_factory.mktemp("diff") / "trail"

    async def work(trail):
        await trail.append(trails.opening())
        for run in ("alone", "run-1", "run-2", "run-3"):
            await trail.append(trails.run(run, {"build": run[-1]}))
        for number, name in enumerate(("GetRole", "CreateUser", "PutRolePolicy")):
            await trail.append(of(number, "run-1", name=name, resource="ci"))
        # The calls of `trails` have no status; every fourth fails.
        second = ((12, "GetRole"), (13, "GetRole"), (15, "CreateUser"), (16, "CreateAccessKey"))
        for number, name in second:
            await trail.append(of(number, "run-2", name=name, resource="mary"))
        await trail.append(of(17, "alone", name="GetRole", resource="ci"))

    trails.write(directory, work)
    with Reader(directory) as reader:
        yield reader


def text(source, *runs, **look):
    return list(run_diff.lines(run_diff.between(source, *runs), output="text", **look))


def test_what_one_did_that_the_other_did_not(source):
    found = text(source, "run-1", "run-2")
    assert found[0].startswith("---  run run-1  build=1  ")
    assert found[1].endswith("  4 calls")
    operations = [line.split("  ")[0] for line in found[2:] if ":" in line.split("  ")[0]]
    assert operations[:2] == ["+ iam:CreateAccessKey", "- iam:PutRolePolicy"]
    assert "~ iam:CreateUser  1 call, 1 unknown → 1 call, 1 NoSuchEntity" in found
    assert "~ iam:GetRole  1 call, 1 unknown → 2 calls, 2 unknown" in found
    # How it ended matters more than how often it came.
    assert found.index("~ iam:GetRole  1 call, 1 unknown → 2 calls, 2 unknown") > found.index(
        "~ iam:CreateUser  1 call, 1 unknown → 1 call, 1 NoSuchEntity"
    )
    assert any(line.startswith("+ resources: ") and "mary" in line for line in found)


def test_one_call_is_one(source):
    assert text(source, "alone", "run-1")[0].endswith("  1 call")


def test_nothing_differs_between_a_run_and_itself(source):
    assert run_diff.between(source, "run-1", "run-1").is_none
    assert "the same operations" in text(source, "run-1", "run-1")[2]
    assert not run_diff.between(source, "run-1", "run-2").is_none


def test_programs_get_all_of_it(source):
    found = json.loads(
        "".join(run_diff.lines(run_diff.between(source, "run-1", "run-2"), output="json"))
    )
    assert [each["operation"] for each in found["operations"]["added"]] == ["iam:CreateAccessKey"]
    assert found["operations"]["removed"][0]["outcomes"] == {"unknown": 1}
    assert found["operations"]["changed"][0]["after"] == {"NoSuchEntity": 1}
    assert len(found["operations"]["added"][0]["first"]) == 36
    assert found["after"]["labels"] == ["build=2"]
    assert found["regions"] == {"added": [], "removed": []}


def test_runs_are_named_as_elsewhere_and_by_label(source):
    assert run_diff.ran(source, "build=2").id == "run-2"
    assert run_diff.ran(source, "last").id == "run-3"
    assert run_diff.ran(source, "run-3").calls == 0
    assert "no calls" in text(source, "run-1", "last")[1]
    for word, match in (
        ("run", "3 runs begin with"),
        ("nope", "no run here has the id 'nope'"),
        ("build=9", "no run has the label"),
    ):
        with pytest.raises(UsageError, match=match):
            run_diff.ran(source, word)


def test_colour_is_asked_for(source):
    assert "\x1b" not in "".join(text(source, "run-1", "run-2"))
    assert "\x1b[32m+ iam:CreateAccessKey" in "".join(text(source, "run-1", "run-2", colour=True))
