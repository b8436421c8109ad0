"""User → AssumeRole → role session → a second AssumeRole: every event names the true principal."""

from __future__ import annotations

import json

import pytest

from machine import Machine

STORY = """
import boto3, json

def client(service, keys):
    return boto3.client(
        service, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys.get("SessionToken"),
    )

trust = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
iam = boto3.client("iam")
iam.create_user(UserName="dora")
keys = iam.create_access_key(UserName="dora")["AccessKey"]
roles = {name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
         for name in ("deploy", "audit")}
client("s3", keys).list_buckets()
first = client("sts", keys).assume_role(
    RoleArn=roles["deploy"], RoleSessionName="build-7", SourceIdentity="dora")["Credentials"]
client("dynamodb", first).list_tables()
second = client("sts", first).assume_role(
    RoleArn=roles["audit"], RoleSessionName="check-1")["Credentials"]
client("sqs", second).list_queues()
print(json.dumps({"user": keys["AccessKeyId"], "first": first["AccessKeyId"],
                  "second": second["AccessKeyId"], "roles": roles}))
"""


@pytest.fixture(scope="module")
def told(moto, tmp_path_factory):
    """The story, recorded: what it printed, and its events by name."""
    machine = Machine(tmp_path_factory.mktemp("story") / "home", moto)
    with machine.recording("--upstream", moto, "--mode", "regular@0"):
        done = machine.apitrail("exec", "--", "python", "-c", STORY)
    facts = json.loads(done.stdout.splitlines()[-1])
    return facts, {event["eventName"]: event for event in machine.events()}, machine


def test_a_key_seen_being_made_names_its_user(told):
    facts, events, _ = told
    user = events["ListBuckets"]["userIdentity"]
    assert (user["type"], user["userName"], user["accessKeyId"]) == (
        "IAMUser",
        "dora",
        facts["user"],
    )
    assert user["arn"].endswith(":user/dora")


def test_a_role_session_shows_role_session_and_issuer(told):
    facts, events, _ = told
    user = events["ListTables"]["userIdentity"]
    assert user["type"] == "AssumedRole"
    assert user["arn"].endswith(":assumed-role/deploy/build-7")
    assert user["principalId"].endswith(":build-7")
    assert user["accessKeyId"] == facts["first"]
    context = user["sessionContext"]
    assert context["sessionIssuer"]["userName"] == "deploy"
    assert context["sessionIssuer"]["arn"] == facts["roles"]["deploy"]
    assert context["sourceIdentity"] == "dora"
    assert context["attributes"]["mfaAuthenticated"] == "false"


def test_a_chained_session_is_the_second_role(told):
    facts, events, _ = told
    user = events["ListQueues"]["userIdentity"]
    assert user["arn"].endswith(":assumed-role/audit/check-1")
    assert user["accessKeyId"] == facts["second"]


def test_the_chain_leads_back_to_the_user(told):
    facts, events, machine = told
    shown = json.loads(
        machine.apitrail("show", events["ListQueues"]["eventID"], "--output", "json").stdout
    )
    assert shown["identity"]["known"] == "learned"
    keys = [link.get("access_key_id") for link in shown["identity"]["assumed_by"]]
    assert keys == [facts["first"], facts["user"]]


def test_no_event_after_the_first_key_is_nameless(told):
    _, events, _ = told
    later = ("ListBuckets", "AssumeRole", "ListTables", "ListQueues")
    assert [n for n in later if "arn" not in events[n]["userIdentity"]] == []


def test_what_was_learned_outlives_the_recorder(told):
    facts, _, machine = told
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        machine.environment |= {"AWS_ACCESS_KEY_ID": facts["user"]}
        machine.apitrail("exec", "--", "aws", "sns", "list-topics")
    [event] = machine.events("--event-name", "ListTopics")
    assert event["userIdentity"]["userName"] == "dora"
