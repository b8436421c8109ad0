"""A draft on its way to another process and back."""

from __future__ import annotations

import cbor2
import pytest

from apitrail.iam.action import Action
from apitrail.policy.decision import Decision
from apitrail.policy.drawn import Drawn
from apitrail.policy.guard_question import Question
from apitrail.query import Row
from apitrail.recording.workers.packing import (
    packed,
    packed_decision,
    packed_drawn,
    packed_question,
    unpacked,
    unpacked_decision,
    unpacked_drawn,
    unpacked_question,
)
from apitrail.trail.rows import Draft

ROW = Row(
    id="6f0c5d9c-6d6f-4f0e-9d0c-000000000001", time=1, source="sts.amazonaws.com",
    name="GetCallerIdentity", read_only=True, resources=frozenset({("arn", "type"), ("b", "")}),
    labels=frozenset({("build", "7")}), undetermined=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "draft",
    [
        Draft(kind="api", facets={"what": b"{}", "who": b"\x00"}, row=ROW),
        Draft(kind="denied", facets={}, row=Row(id="x", time=0)),
        Draft(kind="run", facets={"what": b"{}"}, run="7f", labels={"a": "b"}),
        Draft(kind="heartbeat", facets={"what": b"{}"}),
    ],
)
def test_a_draft_comes_through_as_it_was(draft):
    assert unpacked(cbor2.loads(cbor2.dumps(packed(draft)))) == draft


ACTION = Action(
    name="s3:PutObject", level="Write", resources=("arn:aws:s3:::b/k",), keys={"s3:x": ("a", "b")}
)


@pytest.mark.parametrize(
    ("value", "there", "back"),
    [
        (
            Question(
                actions=(ACTION, Action(name="a:B", level="List", resources=None, deletes=True)),
                keys={"aws:sourceip": ("127.0.0.1",)}, unknown=frozenset({"aws:username"}), who="me",
            ),
            packed_question, unpacked_question,
        ),
        (Question(doubt="nobody can tell"), packed_question, unpacked_question),
        (Drawn(("a:B",), {"run": "7f"}, {"calls": 1, "bytes": None}), packed_drawn, unpacked_drawn),
        (
            Decision(
                effect="ask", guard="g", statement="First", action="a:B", ticket="7f", note="by me",
                spent={"apitrail:spent/all/calls/*": "5"},
            ),
            packed_decision, unpacked_decision,
        ),
    ],
)  # fmt: skip
def test_what_guards_are_asked_and_say_comes_through_as_it_was(value, there, back):
    assert back(cbor2.loads(cbor2.dumps(there(value)))) == value
