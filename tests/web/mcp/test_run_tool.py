"""The run that an agent is in."""

import json

import pytest

from apitrail.errors import UsageError
from apitrail.web.mcp.visible import Visible


def test_a_run_is_told_what_it_did(ask, own):
    answer = ask(own, "my_run")
    assert (answer["run"], answer["labels"], answer["calls"]) == ("mine", {"agent": "clerk"}, 4)
    assert answer["failed"] == 2
    assert answer["operations"]["iam:CreateUser"] == {"ok": 2, "AccessDenied": 1}
    assert [(each["ticket"], each["state"]) for each in answer["tickets"]] == [("t1", "asked")]
    assert not {"theirs", "mary", "nobodys"} & set(json.dumps(answer).split('"'))


def test_where_all_runs_are_shown_there_is_none(ask, every):
    with pytest.raises(UsageError, match="shows all runs"):
        ask(every, "my_run")


def test_where_all_runs_are_shown_an_agent_still_learns_which_it_is_in(ask, two_runs):
    answer = ask(Visible(two_runs, None, lambda: 0, within="theirs"), "my_run")
    assert (answer["run"], answer["calls"]) == ("theirs", 1)
