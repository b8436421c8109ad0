"""`apitrail policy` judged by a simulator of IAM that is not ours (@cloud-copilot/iam-simulate).

It is AGPL, runs in a process of its own, and is never shipped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apitrail.event import Asked, CallFacts, Event, What, Who
from apitrail.iam import known_actions
from apitrail.policy import document
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.least import Needed, statements
from apitrail.policy.needed import Needs, needs
from apitrail.policy.shareable import spelled
from machine import clean
from policy.every_operation import SERVICES, SHARDS, events

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

# Reads [policy, action, resource, region, context keys] by line, says what the simulator decides of each.
SCRIPT = """
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const [policy, action, resource, region, keys, account] = JSON.parse(line);
  const found = await runSimulation({
    identityPolicies: [{ name: 'needed', policy }],
    serviceControlPolicies: [], resourceControlPolicies: [],
    request: {
      principal: `arn:aws:iam::${account}:user/mary`, action,
      resource: { resource, accountId: account },
      contextVariables: { 'aws:RequestedRegion': region, ...keys },
    },
  }, {});
  // What the identity's own policy says: keys and roles have policies of their own besides.
  const said = found.result?.analysis?.identityAnalysis?.result ?? found.overallResult;
  console.log(JSON.stringify(found.resultType === 'error' ? null : said));
}
"""


def kept(service: str, operation: str, parameters: dict[str, Any]) -> KeptCall:
    event = Event(
        who=Who(record={}, identity={"account": ACCOUNT}),
        what=What(call=CallFacts(service=service, operation=operation, region=REGION, started=0)),
        request=Asked(parameters=parameters),
    )
    return KeptCall.parse(event.facets())


type Case = tuple[Any, str, str, str, dict[str, str]]


@dataclass(frozen=True)
class Judged:
    """What calls needed, the policy of it, and each use as AWS would be asked about it."""

    needs: Needs
    written: list[Needed]
    region: str = REGION

    @classmethod
    def of(cls, calls: Iterable[KeptCall], region: str = REGION) -> Judged:
        found = needs(enumerate(calls))
        return cls(found, statements(found), region)

    @property
    def asked(self) -> list[tuple[str, str, str, dict[str, str]]]:
        return [
            (use.action, "*" if use.resource == "*" else use.resource.replace("*", "x1"),
             use.region or self.region, {spelled(key): value for key, value in self.needs.shared[use]})
            for use in self.needs.counts
        ]  # fmt: skip

    def allowed(self) -> list[Case]:
        policy = document.guard(self.written)
        return [(policy, *each) for each in self.asked]

    def without_a_part(self) -> Iterator[list[Case]]:
        """All uses, once for each action and each resource that a statement has less."""
        for number, each in enumerate(self.written):
            told = each.to_json()
            for name in ("Action", "Resource"):
                values = told[name] if isinstance(told[name], list) else [told[name]]
                for value in values:
                    left = [other for other in values if other != value]
                    rest = [other.to_json() for other in self.written]
                    rest[number : number + 1] = [told | {name: left}] if left else []
                    policy = {"Version": "2012-10-17", "Statement": rest}
                    yield [(policy, *use) for use in self.asked] if rest else []

    def elsewhere(self) -> Iterator[Case]:
        """In another region, in another account, on another bucket."""
        policy = document.guard(self.written)
        for action, resource, region, keys in self.asked:
            other = OTHER if region != OTHER else "sa-east-1"
            yield policy, action, resource.replace(region, other), other, keys
            if ACCOUNT in resource:
                yield policy, action, resource.replace(ACCOUNT, "444455556666"), region, keys
            if resource.startswith("arn:aws:s3:::"):
                moved = resource.replace("arn:aws:s3:::", "arn:aws:s3:::other-")
                yield policy, action, moved, region, keys


JOB = Judged.of(kept(*call) for call in CALLS)


@pytest.fixture(scope="module")
def decide(packages: Path):
    """What the simulator decides of many (policy, action, resource, region)."""
    path = packages / "simulate.mjs"
    path.write_text(SCRIPT)

    def decided(cases: Iterable[Case]) -> list[bool | None]:
        """None where its data has no such action, or no such resource of it."""
        given = "".join(json.dumps([*case, ACCOUNT]) + "\n" for case in cases)
        done = subprocess.run(
            ["node", str(path)], cwd=packages, input=given, capture_output=True, text=True,
            env=clean(), check=True,
        )  # fmt: skip
        said = map(json.loads, done.stdout.splitlines())
        return [None if each is None else each == "Allowed" for each in said]

    return decided


def idle(decide, parted: list[list[Case]]) -> list[list[Case]]:
    """Those without a part where all uses are allowed all the same."""
    found = iter(decide(case for cases in parted for case in cases))
    # All answers are taken: those of the next cases follow.
    return [cases for cases in parted if all([next(found) for _ in cases]) and cases]  # noqa: C419


def test_every_call_is_allowed_by_the_policy_of_them(decide):
    found = decide(JOB.allowed())
    wrong = [asked for asked, said in zip(JOB.asked, found, strict=True) if not said]
    assert not wrong
    assert len(found) > 30
    assert not JOB.needs.untold


def test_without_any_action_or_resource_some_call_is_denied(decide):
    parted = list(JOB.without_a_part())
    assert len(parted) > 50
    assert not idle(decide, parted)


def test_elsewhere_the_same_calls_are_denied(decide):
    moved = list(JOB.elsewhere())
    allowed = [case[1:] for case, said in zip(moved, decide(moved), strict=True) if said]
    assert not allowed
    assert len(moved) > 60


@pytest.mark.conformance
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation(decide, shard, tally):
    """Each operation with a policy of its own."""
    every = [
        Judged.of([KeptCall.parse(event.facets())], event.call.region or REGION)
        for event in events(SERVICES[shard::SHARDS], step=1)
    ]
    told = iter(decide(case for each in every for case in each.allowed()))
    said = [(each, [next(told) for _ in each.asked]) for each in every]
    # Nor can it judge names that begin with a `*` for what is not known, such as `*/stage/POST/*`.
    known = [
        (each, found)
        for each, found in said
        if None not in found and not any(":*/" in use.resource for use in each.needs.counts)
    ]
    tally("operations that the simulator can judge", len(known), len(said))
    right = [found.count(True) for _, found in known]
    tally("uses allowed by their own policy", sum(right), sum(len(found) for _, found in known))
    assert not [each.asked for each, found in known if not all(found)]
    parted = [cases for each, _ in known for cases in each.without_a_part()]
    left = idle(decide, parted)
    tally("parts of policies that are needed", len(parted) - len(left), len(parted))
    assert len(left) <= 0.02 * len(parted), left[:5]
    moved = [case for each, _ in known for case in each.elsewhere()]
    passed = [case for case, found in zip(moved, decide(moved), strict=True) if found]
    tally("uses elsewhere that are denied", len(moved) - len(passed), len(moved))
    assert len(passed) <= 0.05 * len(moved), passed[:5]
    names = {action for each in every for action in each.needs.levels}
    strange = [name for name in names if known_actions.spelled(name) != name]
    tally("names of actions that exist", len(names) - len(strange), len(names))
    assert not strange
