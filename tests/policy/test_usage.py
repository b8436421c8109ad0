"""Many calls are counted as if each had been looked at alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

import trails
from apitrail.delivery import export
from apitrail.event import Answered, Asked, CallFacts, Event, What, Who
from apitrail.policy import usage as counting
from apitrail.policy.kept_call import calls
from apitrail.policy.needed import needs
from apitrail.policy.usage import usage, usage_of
from apitrail.policy.weighed import KEYED
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target

TAGS = ("who", "what", "request", "response")
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


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory, dice = tmp_path_factory.mktemp("usage") / "trail", random.Random(7)

    async def work(trail):
        await trails.append_all(trail, [draft(number, dice) for number in range(600)])
        await trail.erase([Target(5, ("request",)), Target(6, TAGS)])

    trails.write(directory, work)
    return directory


def one_by_one(trail, where=Filter(), **options):  # noqa: B008
    with Reader(trail) as reader:
        found = needs(calls(reader, where, TAGS), **options)
    return found.calls, found.denied, found.counts, found.untold, found.shared, found.entries


def at_once(trail, where=Filter(), **options):  # noqa: B008
    found = usage(trail, where, **options)
    return found.calls, found.denied, found.counts, found.untold, found.shared, found.entries


def test_it_is_as_if_each_call_had_been_looked_at(trail):
    assert at_once(trail) == one_by_one(trail)
    assert at_once(trail, denied=True) == one_by_one(trail, denied=True)
    some = Filter(event_name=("PutObject",))
    assert at_once(trail, some) == one_by_one(trail, some)


def test_it_is_so_where_little_can_be_remembered(trail, monkeypatch):
    monkeypatch.setattr(counting, "REMEMBERED", 3)
    assert at_once(trail) == one_by_one(trail)


def test_several_processes_find_the_same(trail, monkeypatch):
    monkeypatch.setattr(counting, "PARALLEL", 1)
    monkeypatch.setattr(counting, "PIECE", 250)
    assert at_once(trail, processes=2) == one_by_one(trail)


def test_a_log_that_is_open_is_counted_by_this_process(trail):
    where = Filter(event_name=("PutObject",))
    with Reader(trail) as reader:
        assert usage_of(reader, where).counts == usage(trail, where).counts


def test_a_bundle_is_counted_too(trail, tmp_path):
    path = tmp_path / "evidence.zip"
    with Reader(trail) as reader:
        job = export.Job(where=Filter(event_name=("PutItem",)))
        export.to_file(reader, job, form="bundle", path=path)
    where = Filter(event_name=("PutItem",))
    assert at_once(path, where) == one_by_one(trail, where)
