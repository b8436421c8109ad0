"""A request that sets a member by its name tells it; others tell nothing."""

from __future__ import annotations

import pytest

from apitrail.state.inference import infer

TOLD = [
    ("UpdateFunctionConfiguration", {"MemorySize": 256}, {"MemorySize": 128, "Timeout": 3}, {"MemorySize": 256, "Timeout": 3}),
    ("SetQueueAttributes", {"Attributes": {"Delay": "5"}}, {"Delay": "0"}, {"Delay": "5"}),
    ("SetTopicAttributes", {"AttributeName": "Policy", "AttributeValue": "b"}, {"Policy": "a"}, {"Policy": "b"}),
    ("PutBucketTagging", {"Tagging": {"TagSet": [1]}}, {"TagSet": []}, {"TagSet": [1]}),
    ("ModifyInstanceAttribute", {"InstanceType": {"Value": "t3.large"}}, {"InstanceType": "t3.micro"}, {"InstanceType": "t3.large"}),
]  # fmt: skip
# What adds to a member or takes from it, sets it to another type, or names none.
UNTOLD = [
    ("AuthorizeSecurityGroupIngress", {"IpPermissions": [1]}, {"IpPermissions": []}),
    ("RevokeSecurityGroupIngress", {"IpPermissions": [1]}, {"IpPermissions": [1, 2]}),
    ("TagResource", {"Tags": [1]}, {"Tags": []}),
    ("ModifyThing", {"Size": "large"}, {"Size": 1}),
    ("UpdateThing", {"Other": 1}, {"Size": 1}),
    ("PutThing", {"Size": 1}, None),
]


@pytest.mark.parametrize(("operation", "asked", "state", "after"), TOLD)
def test_it_is_inferred(operation: str, asked: dict, state: dict, after: dict) -> None:
    found = infer(operation, asked, state, ends=False)
    assert found is not None
    assert found.value == after
    assert found.members


@pytest.mark.parametrize(("operation", "asked", "state"), UNTOLD)
def test_nothing_is_inferred(operation: str, asked: dict, state: dict | None) -> None:
    assert infer(operation, asked, state, ends=False) is None


def test_what_is_deleted_is_gone() -> None:
    found = infer("DeleteSecurityGroup", {}, {"GroupId": "sg-1"}, ends=True)
    assert found is not None
    assert found.value is None
