"""Members that are secret though the model does not say so, and the reverse."""

import pytest

from apitrail.redact.paths import Kind, Members, kind


@pytest.mark.parametrize(
    ("service", "operation", "parent", "name", "expected"),
    [
        ("iam", "CreateAccessKey", "AccessKey", "AccessKeyId", Kind.OPEN),
        ("s3", "PutObject", "", "SSEKMSKeyId", Kind.OPEN),
        ("rds", "CreateDBInstance", "", "MasterUserPassword", Kind.NAMED),
        ("iam", "CreateUser", "", "UserName", Kind.PLAIN),
        (None, None, "", "Password", Kind.NAMED),
    ],
)
def test_what_a_member_is_known_for(service, operation, parent, name, expected):
    assert kind(service, operation, parent, name) is expected


def test_a_rule_may_be_of_one_operation_or_of_one_parent():
    rules = ("Any", "Parent.Inner", "Only:Mine")
    assert Members.of(rules, "Only").has("", "Mine")
    assert not Members.of(rules, "Other").has("", "Mine")
    assert Members.of(rules, "Other").has("Parent", "Inner")
    assert not Members.of(rules, "Other").has("", "Inner")
    assert Members.of(rules, "Other").has("anything", "Any")
