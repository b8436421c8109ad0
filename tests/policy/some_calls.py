"""Calls as a recorder keeps them, by a die: many are alike in what IAM looks at."""

from __future__ import annotations

import random
from typing import Any

from apitrail.event import Answered, Asked, CallFacts, Event, What, Who
from apitrail.policy.weighed import KEYED
from apitrail.trail.rows import Draft

KEY = {"SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"}
ROLE = "arn:aws:iam::111122223333:role/r"


def some_calls(dice: random.Random) -> list[tuple[str, str, dict[str, Any]]]:
    """Calls that differ in what IAM looks at, and in what it does not."""
    number = dice.randrange(6)
    blob = {"length": dice.randrange(99), "sha256": f"{dice.random()}"}
    item = {"id": {"S": f"{dice.random()}"}}
    return [
        ("s3", "PutObject", {"Bucket": f"b{number % 2}", "Key": f"k/{number}", "Body": blob}),
        ("s3", "PutObject", {"Bucket": "b0", "Key": f"k/{number}", "ACL": "private"}),
        ("s3", "GetObject", {"Bucket": "b0", "Key": dice.choice(["a b", "é", "$(x)", "*", "${y}"])}),
        ("s3", "CopyObject", {"Bucket": "b0", "Key": f"{number}", "CopySource": f"b1/x{number}"}),
        ("s3", "DeleteObject", {"Bucket": "b0", "Key": f"k/{number}", "VersionId": f"{number}"}),
        ("s3", "ListObjectsV2", {"Bucket": "b0", "Prefix": f"p{number % 2}/"}),
        ("s3", "DeleteObjects", {"Bucket": "b0", "Delete": {"Objects": [{"Key": f"{number}"}]}}),
        ("dynamodb", "PutItem", {"TableName": f"t{number % 2}", "Item": item}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": [
            {"Put": {"TableName": "t0", "Item": item}},
            {dice.choice(["Delete", "ConditionCheck"]): {"TableName": f"t{number % 3}", "Key": item}}]}),
        ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/111122223333/q{number % 2}",
            "MessageBody": f"{dice.random()}"}),
        ("lambda", "CreateFunction", {"FunctionName": f"f{number}", "Role": ROLE, "Tags": {"env": "prod"}}),
        ("ec2", "RunInstances", {"ImageId": "ami-12345678", "InstanceType": "t3.micro"}),
        ("mturk", "NoSuchThing", {}),
    ]  # fmt: skip


def draft(number: int, dice: random.Random) -> Draft:
    service, operation, asked = dice.choice(some_calls(dice))
    record = {"eventID": f"00000000-0000-0000-0000-{number:012}", "eventSource": "x", "eventName": operation}  # fmt: skip
    event = Event(
        who=Who(record={}, identity={"account": dice.choice(["111122223333", None])}),
        what=What(record=record, call=CallFacts(
            service=service, operation=operation, region=dice.choice(["eu-west-1", "us-east-1"]),
            started=number, error=dice.choice([None, None, "AccessDenied", "NoSuchKey"]),
        ), stand_in=dice.random() < 0.05),
        request=Asked(parameters=asked),
        response=Answered(result=dice.choice([{}, KEY]) if service in KEYED else {}),
    )  # fmt: skip
    return Draft(kind="api", facets=event.facets(), row=event.row())
