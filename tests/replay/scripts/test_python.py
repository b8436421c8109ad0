"""Programs in Python."""

from datetime import UTC, datetime

import pytest

from apitrail.replay.scripts.python import literal, variable
from apitrail.replay.scripts.steps import Given, Secret, Text

VPC = Given("vpc_id", ("Vpc", "VpcId"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, None, True]}, "{'a': [1, None, True]}"),
        (b"\0", "b'\\x00'"),
        (datetime(2026, 1, 2, tzinfo=UTC), "datetime.fromisoformat('2026-01-02T00:00:00+00:00')"),
        (float("nan"), "float('nan')"),
        (Text(("a-", VPC), "a-vpc-1"), "'a-' + vpc_id"),
        (Text((Secret(2),), "x"), "REDACTED_2"),
    ],
)
def test_values_are_written_as_python_writes_them(value, expected):
    assert literal(value, set()) == expected


def test_a_variable_is_no_keyword_client_or_module():
    assert variable(VPC, set()) == "vpc_id"
    assert variable(VPC, {"vpc_id"}) == "vpc_id_"
    assert variable(Given("class", ()), set()) == "class_"
