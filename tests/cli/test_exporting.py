"""`apitrail export`."""

import json


def test_events_are_exported_as_data(cli):
    status, out, _ = cli("export", "--format", "jsonl", "--event-name", "CreateUser", "-o", "-")
    assert status == 0
    assert {json.loads(line)["eventName"] for line in out.splitlines()} == {"CreateUser"}
