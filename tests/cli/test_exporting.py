"""`apitrail export` and `apitrail history`."""

import json


def test_events_are_exported_as_data(cli):
    status, out, _ = cli("export", "--format", "jsonl", "--event-name", "CreateUser", "-o", "-")
    assert status == 0
    assert {json.loads(line)["eventName"] for line in out.splitlines()} == {"CreateUser"}


def test_a_resource_s_history_is_told(cli):
    status, out, _ = cli("history", "target0")
    assert status == 0
    assert "iam:CreateUser" in out
