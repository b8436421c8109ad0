"""Calls as rows."""

from __future__ import annotations

import trails
from apitrail.event import Event
from apitrail.reading import event_table
from apitrail.web.console import event_rows


def test_cells_are_those_of_the_command():
    event = Event.parse(trails.call(3))
    made = event_rows.row(7, event, tuple(event_table.CELLS))
    assert made.failed
    assert dict(zip(event_table.CELLS, made.cells, strict=True))["event"] == "iam:CreateUser"
    said = made.to_json(tuple(event_table.CELLS))
    assert (said["entry"], said["caller"], said["result"]) == (7, "user0", "NoSuchEntity")
    assert said["time"].endswith("Z")


def test_every_column_has_a_heading():
    assert {event_rows.heading(name) for name in event_table.CELLS} >= {
        "Who",
        "From",
        "Event ID",
        "Took",
    }
