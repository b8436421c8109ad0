"""Models as they are read from botocore's files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from apitrail.aws.find import catalogue

MODEL = {
    "operations": {"Get": {"name": "Get", "documentation": "<p>prose</p>"}},
    # A member may be named so; it is no prose.
    "shapes": {"Page": {"type": "structure", "members": {"documentation": {"shape": "Text"}}}},
}


def test_prose_is_left_out_and_a_member_of_that_name_is_not(tmp_path: Path) -> None:
    (tmp_path / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
    assert catalogue.read_model(tmp_path, "service-2") == {
        "operations": {"Get": {"name": "Get"}},
        "shapes": MODEL["shapes"],
    }


def test_there_may_be_no_such_model(tmp_path: Path) -> None:
    assert catalogue.read_model(tmp_path, "service-2") is None
