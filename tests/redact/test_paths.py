"""Members that are secret though the model does not say so, and the reverse."""

import pytest

from apitrail.redact import paths
from apitrail.redact.paths import Kind, Kinds, Members, kind


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


def test_an_operation_s_members_are_remembered_within_bounds():
    members = Kinds("secretsmanager", "PutSecretValue")

    for number in range(1000):
        assert members.of("", f"Member{number}") is Kind.PLAIN
        assert members.of("", "x" * 10_000 + str(number)) is Kind.PLAIN
    assert members.of("", "SecretString") is kind(
        "secretsmanager", "PutSecretValue", "", "SecretString"
    )
    assert len(members._known) == paths._MOST
