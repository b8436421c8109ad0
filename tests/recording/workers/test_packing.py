"""A draft on its way to another process and back."""

from __future__ import annotations

import cbor2
import pytest

from apitrail.query import Row
from apitrail.recording.workers.packing import packed, unpacked
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
