"""Differences that matter, and names that are learned instead."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from apitrail.aws import models
from apitrail.replay.resend.difference import compare
from apitrail.replay.resend.identifiers import Identifiers

SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:24"


def shape(service: str, operation: str) -> Any:
    return models.operation(service, operation).output_shape


def differences(
    service: str, operation: str, old: Any, new: Any, known: Identifiers | None = None
) -> list[str]:
    return [str(d) for d in compare(old, new, shape(service, operation), known or Identifiers())]


def vpc(name: str, **fields: Any) -> dict[str, Any]:
    return {"Vpc": {"VpcId": name, "State": "available", "CidrBlock": "10.0.0.0/16"} | fields}


def test_another_name_is_no_difference_and_is_learned() -> None:
    known = Identifiers()
    assert differences("ec2", "CreateVpc", vpc("vpc-1aaaaaa"), vpc("vpc-2bbbbbb"), known) == []
    assert known.learned() == {"vpc-1aaaaaa": "vpc-2bbbbbb"}


def test_another_name_for_what_has_one_already_is_a_difference() -> None:
    known = Identifiers({"vpc-1aaaaaa": "vpc-2bbbbbb"})
    assert differences("ec2", "CreateVpc", vpc("vpc-1aaaaaa"), vpc("vpc-3cccccc"), known) == [
        "Vpc.VpcId: 'vpc-1aaaaaa' → 'vpc-3cccccc'"
    ]


def test_what_was_called_the_same_once_is_to_stay_so() -> None:
    known = Identifiers()
    differences("ec2", "CreateVpc", vpc("vpc-1aaaaaa"), vpc("vpc-1aaaaaa"), known)
    assert len(differences("ec2", "CreateVpc", vpc("vpc-1aaaaaa"), vpc("vpc-9"), known)) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"State": "pending"}, "Vpc.State: 'available' → 'pending'"),
        ({"IsDefault": True}, "Vpc.IsDefault: (nothing) → True"),
        (
            {"Tags": [{"Key": "a", "Value": "b"}]},
            "Vpc.Tags: (nothing) → [{'Key': 'a', 'Value': 'b'}]",
        ),
    ],
)
def test_states_flags_and_what_is_new_matter(fields: dict[str, Any], expected: str) -> None:
    assert differences("ec2", "CreateVpc", vpc("vpc-1"), vpc("vpc-1", **fields)) == [expected]


def test_what_is_gone_matters() -> None:
    new = vpc("vpc-1")
    del new["Vpc"]["State"]
    assert differences("ec2", "CreateVpc", vpc("vpc-1"), new) == [
        "Vpc.State: 'available' → (nothing)"
    ]


def test_times_and_secrets_do_not_matter_but_secrets_are_learned() -> None:
    known = Identifiers()
    old = {"AccessKey": {"SecretAccessKey": SECRET, "CreateDate": "2026-01-01T00:00:00Z"}}
    new = {"AccessKey": {"SecretAccessKey": "hunter2"}}
    assert differences("iam", "CreateAccessKey", old, new, known) == []
    assert known.text(SECRET) == "hunter2"


def test_items_are_paired_by_what_they_are_of() -> None:
    old = {"Subnets": [{"SubnetId": "subnet-1aaaa", "State": "available"}, {"SubnetId": "subnet-2aaaa", "State": "pending"}]}  # fmt: skip
    new = {"Subnets": [{"SubnetId": "subnet-2bbbb", "State": "pending"}, {"SubnetId": "subnet-1bbbb", "State": "available"}]}  # fmt: skip
    known = Identifiers({"subnet-1aaaa": "subnet-1bbbb", "subnet-2aaaa": "subnet-2bbbb"})
    assert differences("ec2", "DescribeSubnets", old, new, known) == []
    del new["Subnets"][1]
    assert differences("ec2", "DescribeSubnets", old, new, known) == [
        "Subnets: '2 items' → '1 items'"
    ]


def test_maps_are_compared_by_key() -> None:
    old = {"Attributes": {"DelaySeconds": "0", "QueueArn": "arn:aws:sqs:r:111111111111:q"}}
    new = {"Attributes": {"DelaySeconds": "5", "QueueArn": "arn:aws:sqs:r:222222222222:q"}}
    known = Identifiers()
    assert differences("sqs", "GetQueueAttributes", old, new, known) == [
        "Attributes.DelaySeconds: '0' → '5'"
    ]
    assert known.text("111111111111") == "222222222222"


def test_another_object_is_a_difference() -> None:
    old, new = (
        {"Body": {"length": 2, "sha256": hashlib.sha256(data).hexdigest()}} for data in (b"a", b"b")
    )
    assert differences("s3", "GetObject", old, old) == []
    [found] = differences("s3", "GetObject", old, new)
    assert found.startswith("Body: {'length': 2, 'sha256': '")


def test_a_ciphertext_is_learned_and_other_bytes_matter() -> None:
    known = Identifiers()
    assert differences("kms", "Encrypt", {"CiphertextBlob": "AQID"}, {"CiphertextBlob": "BAUG"}, known) == []  # fmt: skip
    assert known.text("AQID") == "BAUG"
    assert differences("kms", "GetPublicKey", {"PublicKey": "AQID"}, {"PublicKey": "BwgJ"}) != []


def test_items_without_names_are_paired_by_what_they_are() -> None:
    old = {"SecurityGroups": [{"IpPermissions": [{"FromPort": 22}, {"FromPort": 443}]}]}
    new = {"SecurityGroups": [{"IpPermissions": [{"FromPort": 443}, {"FromPort": 23}]}]}
    assert differences("ec2", "DescribeSecurityGroups", old, new) == [
        "SecurityGroups[0].IpPermissions[1].FromPort: 22 → 23"
    ]


def test_a_large_answer_is_learned_whole() -> None:
    made = [[{"ImageId": f"ami-{side}{n:07}", "Tags": [{"Key": "n", "Value": str(n)}]} for n in range(2000)] for side in "ab"]  # fmt: skip
    known = Identifiers()
    assert differences("ec2", "DescribeImages", {"Images": made[0]}, {"Images": made[1]}, known) == []  # fmt: skip
    assert known.text("ami-a0001999") == "ami-b0001999"


@pytest.mark.parametrize(
    ("service", "operation", "old", "new"),
    [
        ("logs", "DescribeLogGroups",
         {"logGroups": [{"logGroupName": "a", "creationTime": 1_700_000_000_123}]},
         {"logGroups": [{"logGroupName": "a", "creationTime": 1_795_000_000_456}]}),
        ("sqs", "GetQueueAttributes",
         {"Attributes": {"CreatedTimestamp": "1700000000", "LastModifiedTimestamp": "1700000001"}},
         {"Attributes": {"CreatedTimestamp": "1795000000", "LastModifiedTimestamp": "1795000001"}}),
        ("appsync", "CreateApiKey", {"apiKey": {"expires": 1_700_000_000}},
         {"apiKey": {"expires": 1_795_000_000}}),
    ],
)  # fmt: skip
def test_a_time_that_is_typed_as_a_number_or_a_text_is_no_difference(
    service: str, operation: str, old: Any, new: Any
) -> None:
    assert differences(service, operation, old, new) == []


def test_a_number_that_is_no_time_matters_whatever_its_name() -> None:
    old = {"logGroups": [{"logGroupName": "a", "creationTime": 5, "storedBytes": 1_700_000_000}]}
    new = {"logGroups": [{"logGroupName": "a", "creationTime": 6, "storedBytes": 1_795_000_000}]}
    assert differences("logs", "DescribeLogGroups", old, new) == [
        "logGroups[0].creationTime: 5 → 6",
        "logGroups[0].storedBytes: 1700000000 → 1795000000",
    ]


def notified(
    message_id: str, *, said: str = "hello", stamp: str = "2026-11-26T01:02:03.004Z"
) -> Any:
    body = {"Type": "Notification", "MessageId": message_id, "Message": said, "Timestamp": stamp,
            "Signature": "S" + message_id}  # fmt: skip
    return {"Messages": [{"Body": json.dumps(body)}]}


def test_json_in_a_text_is_compared_part_by_part() -> None:
    known = Identifiers()
    old, new = (
        notified("4d5f3f17-8d65"),
        notified("7bc8259c-17b8", stamp="2026-11-26T05:06:07.008Z"),
    )
    assert differences("sqs", "ReceiveMessage", old, new, known) == []
    assert known.learned()["4d5f3f17-8d65"] == "7bc8259c-17b8"
    other = notified("7bc8259c-17b8", said="good bye")
    assert differences("sqs", "ReceiveMessage", old, other, known) == [
        "Messages[0].Body.Message: 'hello' → 'good bye'"
    ]


@pytest.mark.parametrize(
    ("old", "new"), [("{a", "{b"), ("[" * 9_999, "{}"), ('{"a":"b"}', '["b"]')]
)
def test_what_only_begins_like_json_is_a_text(old: str, new: str) -> None:
    sent = [{"Messages": [{"Body": text}]} for text in (old, new)]
    assert len(differences("sqs", "ReceiveMessage", *sent)) == 1


def test_a_secret_that_an_earlier_version_kept_is_no_difference() -> None:
    kept = {"Messages": [{"Body": "the words of then"}]}
    told = {"Messages": [{"Body": SECRET}]}
    assert differences("sqs", "ReceiveMessage", kept, told) == []
    assert len(differences("sqs", "ReceiveMessage", kept, {"Messages": [{"Body": "x"}]})) == 1
