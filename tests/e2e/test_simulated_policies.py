"""`apitrail policy` judged by a simulator of IAM that is not ours (@cloud-copilot/iam-simulate).

It is AGPL, runs in a process of its own, and is never shipped.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apitrail.event import Asked, CallFacts, Event, What, Who
from apitrail.policy import document
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.least import statements
from apitrail.policy.needed import needs
from machine import clean

ACCOUNT, REGION, OTHER = "111122223333", "eu-west-1", "us-west-2"
TAG = {"Key": "env", "Value": "prod"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"

# A job's calls: service, operation, parameters.
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "ListBuckets", {}),
    ("s3", "ListObjectsV2", {"Bucket": "films", "Prefix": "posters/"}),
    ("s3", "HeadObject", {"Bucket": "films", "Key": "posters/1.jpg"}),
    ("s3", "PutObject", {"Bucket": "films", "Key": "posters/1.jpg", "ACL": "private"}),
    ("s3", "CopyObject", {"Bucket": "films", "Key": "best.jpg", "CopySource": "songs/1.mp3"}),
    ("s3", "DeleteObjects", {"Bucket": "films", "Delete": {"Objects": [
        {"Key": "a"}, {"Key": "b", "VersionId": "1"}]}}),
    ("s3", "PutBucketCors", {"Bucket": "films"}),
    ("sqs", "SendMessageBatch", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"}),
    ("sqs", "ListQueues", {}),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"films": {"Keys": []}}}),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "films"}}, {"ConditionCheck": {"TableName": "songs"}}]}),
    ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM films WHERE id = 1"}),
    ("lambda", "CreateFunction", {"FunctionName": "resize", "Role": ROLE, "Tags": {"env": "prod"}}),
    ("lambda", "Invoke", {"FunctionName": "resize"}),
    ("ec2", "RunInstances", {"ImageId": "ami-12345678", "SubnetId": "subnet-12345678",
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [TAG]}]}),
    ("ec2", "TerminateInstances", {"InstanceIds": ["i-12345678"]}),
    ("ec2", "DescribeInstances", {}),
    ("iam", "AttachRolePolicy", {"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/X"}),
    ("logs", "CreateLogGroup", {"logGroupName": "/aws/lambda/resize"}),
    ("ssm", "GetParameter", {"Name": "/app/key"}),
    ("secretsmanager", "GetSecretValue", {"SecretId":
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"}),
    ("apigateway", "GetRestApi", {"restApiId": "a1b2c3"}),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:news"}),
    ("cloudwatch", "PutMetricData", {"Namespace": "films"}),
]  # fmt: skip

# Reads [policy, action, resource, region] by line, says what the simulator decides of each.
SCRIPT = """
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const [policy, action, resource, region, account] = JSON.parse(line);
  const found = await runSimulation({
    identityPolicies: [{ name: 'needed', policy }],
    serviceControlPolicies: [], resourceControlPolicies: [],
    request: {
      principal: `arn:aws:iam::${account}:user/mary`, action,
      resource: { resource, accountId: account },
      contextVariables: { 'aws:RequestedRegion': region },
    },
  }, {});
  console.log(JSON.stringify(found.overallResult ?? found.analysis?.result ?? found));
}
"""


def kept(service: str, operation: str, parameters: dict[str, Any]) -> KeptCall:
    event = Event(
        who=Who(record={}, identity={"account": ACCOUNT}),
        what=What(call=CallFacts(service=service, operation=operation, region=REGION, started=0)),
        request=Asked(parameters=parameters),
    )
    return KeptCall.parse(event.facets())


NEEDS = needs([(number, kept(*call)) for number, call in enumerate(CALLS)])
WRITTEN = statements(NEEDS)
POLICY = document.guard(WRITTEN)
ASKED = [(use.action, use.resource.replace("*", "x1") if use.resource != "*" else "*")
         for use in NEEDS.counts]  # fmt: skip


@pytest.fixture(scope="module")
def decide(packages: Path):
    """What the simulator decides of many (policy, action, resource, region)."""
    path = packages / "simulate.mjs"
    path.write_text(SCRIPT)

    def decided(cases: list[tuple[Any, str, str, str]]) -> list[str]:
        given = "".join(json.dumps([*case, ACCOUNT]) + "\n" for case in cases)
        done = subprocess.run(
            ["node", str(path)], cwd=packages, input=given, capture_output=True, text=True,
            env=clean(), check=True,
        )  # fmt: skip
        return [str(json.loads(line)) for line in done.stdout.splitlines()]

    return decided


def test_every_call_is_allowed_by_the_policy_of_them(decide):
    found = decide([(POLICY, action, resource, REGION) for action, resource in ASKED])
    wrong = [asked for asked, said in zip(ASKED, found, strict=True) if said != "Allowed"]
    assert not wrong
    assert len(found) > 30
    assert not NEEDS.untold


def test_without_any_action_or_resource_some_call_is_denied(decide):
    cases = []
    for number, each in enumerate(WRITTEN):
        told = each.to_json()
        for name in ("Action", "Resource"):
            values = told[name] if isinstance(told[name], list) else [told[name]]
            for value in values:
                left = [other for other in values if other != value]
                rest = [other.to_json() for other in WRITTEN]
                rest[number : number + 1] = [told | {name: left}] if left else []
                cases.append(rest)
    assert len(cases) > 50
    asked = [
        ({"Version": "2012-10-17", "Statement": rest}, action, resource, REGION)
        for rest in cases
        for action, resource in ASKED
    ]
    found = iter(decide(asked))
    idle = []
    for rest in cases:
        # All answers are taken: those of the next case follow.
        said = [next(found) for _ in ASKED]
        if set(said) == {"Allowed"}:
            idle.append(rest)
    assert not idle


def test_elsewhere_the_same_calls_are_denied(decide):
    """In another region, in another account, on another bucket."""
    moved = [
        (action, resource.replace(REGION, OTHER), OTHER) for action, resource in ASKED
    ] + [
        (action, resource.replace(":::films", ":::other").replace(":::songs", ":::other"), REGION)
        for action, resource in ASKED
        if resource.startswith("arn:aws:s3:::")
    ] + [
        (action, resource.replace(ACCOUNT, "444455556666"), REGION)
        for action, resource in ASKED
        if ACCOUNT in resource
    ]  # fmt: skip
    found = decide([(POLICY, *each) for each in moved])
    allowed = [each for each, said in zip(moved, found, strict=True) if said == "Allowed"]
    assert not allowed
    assert len(found) > 60
