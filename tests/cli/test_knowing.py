"""`apitrail history` and `apitrail state`."""

from __future__ import annotations

import json


def test_a_resource_s_history_is_told(cli):
    status, out, _ = cli("history", "target0")
    assert status == 0
    assert "iam:CreateUser" in out


def test_a_state_is_told_only_of_what_a_call_showed(cli):
    status, out, err = cli("state", "target0")
    assert (status, out) == (2, "")
    assert "shows the state of 'target0'" in err
    assert "hint: apitrail history 'target0'" in err


def test_an_unknown_resource_and_a_wrong_time_are_said_in_one_line(cli):
    status, out, err = cli("state", "nothing")
    assert (status, out, len(err.splitlines())) == (2, "", 2)
    status, _, err = cli("state", "target0", "--at", "some day")
    assert (status, "not a time: 'some day'" in err) == (2, True)


def test_history_as_json_has_states_and_what_is_said_of_each(cli):
    said = json.loads(cli("history", "target0", "--output", "json")[1])
    assert {"state", "told", "asked"} <= said["history"][0].keys()
