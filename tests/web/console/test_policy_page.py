"""The policy that the calls of a filter needed."""

from __future__ import annotations

import json

import pytest

import trails
from browsing import Pages


@pytest.fixture(scope="module")
def needy(tmp_path_factory):
    """A run that needs two actions, and one after it that needs one more."""
    directory = tmp_path_factory.mktemp("needs") / "trail"

    async def work(trail):
        for run in ("run-1", "run-2"):
            await trail.append(trails.run(run, {"build": run[-1]}))
        await trail.append(trails.told(1, "GetUser", user="ada", run="run-1"))
        await trail.append(trails.told(2, "CreateUser", user="ada", run="run-1"))
        await trail.append(trails.told(4, "DeleteUser", user="ada", run="run-2"))

    trails.write(directory, work)
    return Pages(directory)


def test_it_has_the_actions_of_the_calls_and_no_others(needy):
    found = needy.get("/policy.json?username=ada&run=run-1").json
    [policy] = found["policies"]
    actions = json.dumps(policy)
    assert "iam:CreateUser" in actions
    assert "iam:DeleteUser" not in actions
    assert (found["calls"], found["all"]) == (2, True)
    page = needy.get("/policy?username=ada")
    assert "iam:DeleteUser" in page.text
    assert "apitrail policy --username ada" in page.text


def test_callers_and_runs_lead_to_it(needy):
    assert "/policy?username=ada" in needy.get("/who/ada").links
    assert "/policy?run=run-1" in needy.get("/run/run-1").links


def test_where_nothing_was_needed_that_is_said(needy):
    assert needy.get("/policy?username=nobody").status == 404


def test_a_run_stands_beside_the_one_before(needy):
    page = needy.get("/run/run-2")
    assert "Beside the run before" in page.text
    assert "+ iam:DeleteUser" in page.text
    assert "apitrail diff run-1 run-2" in page.text
    found = needy.get("/run/run-2.json").json
    assert found["runBefore"] == "run-1"
    assert [each["operation"] for each in found["difference"]["operations"]["added"]] == [
        "iam:DeleteUser"
    ]
    assert "Beside the run before" not in needy.get("/run/run-1").text
