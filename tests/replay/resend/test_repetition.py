"""Replays into a second, empty moto in this process: what is sent, what comes out, what is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from apitrail.replay.recorded import Recorded, redactions
from apitrail.replay.resend.identifiers import Identifiers
from apitrail.replay.resend.outcome import Outcome, Summary
from apitrail.replay.resend.pace import Pace
from apitrail.replay.resend.plan import Plan
from apitrail.replay.resend.repetition import rehearse, repeat
from apitrail.replay.resend.sender import Sender
from studio import REGION, T0, Studio, calls, recorded

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}  # fmt: skip


def record(directory: Path, *stories: Any) -> list[Recorded]:
    with mock_aws():
        studio = Studio()
        for story in stories:
            story(studio)
    return calls(studio.record(directory / "trail"))


def network(studio: Studio) -> None:
    ec2 = studio.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="w", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[vpc, subnet, group], Tags=[{"Key": "Name", "Value": "web"}])


def people(studio: Studio) -> None:
    iam = studio.client("iam")
    iam.create_user(UserName="John")
    key = iam.create_access_key(UserName="John")["AccessKey"]["AccessKeyId"]
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="John", PolicyArn=arn)
    iam.update_access_key(UserName="John", AccessKeyId=key, Status="Inactive")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="John")


def password(studio: Studio) -> None:
    studio.client("ssm").put_parameter(Name="/db/pw", Value="hunter2", Type="SecureString")


def replay(found: Iterable[Recorded], **options: Any) -> Iterator[Outcome]:
    plan = options.pop("plan", None) or Plan(identifiers=Identifiers())
    sender = Sender(None, region=options.pop("region", None) or plan.region)
    return repeat(found, plan, sender, pace=options.pop("pace", Pace()), **options)


def verdicts(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.call.name, outcome.verdict) for outcome in outcomes]


def test_identifiers_of_the_new_endpoint_are_used_in_later_calls(tmp_path: Path) -> None:
    found = record(tmp_path, network)
    with mock_aws():
        assert {verdict for _, verdict in verdicts(replay(found))} == {"same"}
        ec2 = boto3.client("ec2", region_name=REGION)
        web = [{"Name": "tag:Name", "Values": ["web"]}]
        [vpc] = ec2.describe_vpcs(Filters=web)["Vpcs"]
        [subnet] = ec2.describe_subnets(Filters=web)["Subnets"]
        [group] = ec2.describe_security_groups(Filters=web)["SecurityGroups"]
    assert subnet["VpcId"] == group["VpcId"] == vpc["VpcId"]
    assert vpc["VpcId"] not in json.dumps([call.result for call in found])


def test_refusals_are_repeated_too(tmp_path: Path) -> None:
    found = record(tmp_path, people)
    with mock_aws():
        outcomes = list(replay(found))
        iam = boto3.client("iam")
        [key] = iam.list_access_keys(UserName="John")["AccessKeyMetadata"]
    assert {outcome.verdict for outcome in outcomes} == {"same"}
    assert outcomes[-1].lines() == [
        f"same      iam:CreateUser  {found[-1].event_id[:8]} (EntityAlreadyExists, as recorded)"
    ]
    assert key["Status"] == "Inactive"


def test_another_outcome_than_recorded_is_a_failure(tmp_path: Path) -> None:
    found = record(tmp_path, people)
    with mock_aws():
        boto3.client("iam").create_user(UserName="John")
        first, *_ = outcomes = list(replay(found))
        unrefused = list(replay([]))
    assert (first.verdict, first.reason) == (
        "failed", "EntityAlreadyExists (User John already exists) instead of success",
    )  # fmt: skip
    assert not Summary.of(outcomes).holds
    assert Summary.of(unrefused).holds
    with mock_aws():
        [alone] = replay([found[-1]])
    assert (alone.verdict, alone.reason) == ("failed", "success instead of EntityAlreadyExists")


def test_another_content_is_a_difference_that_holds(tmp_path: Path) -> None:
    def look(studio: Studio) -> None:
        studio.client("iam").list_users()

    found = record(tmp_path, look)
    with mock_aws():
        boto3.client("iam").create_user(UserName="Mary")
        [outcome] = replay(found)
    assert (outcome.verdict, outcome.holds) == ("different", True)
    assert outcome.lines()[1].strip() == "Users: '0 items' → '1 items'"


def test_it_stops_at_the_first_that_is_not_the_same(tmp_path: Path) -> None:
    found = record(tmp_path, people)
    with mock_aws():
        boto3.client("iam").create_user(UserName="John")
        outcomes = list(replay(found, stop_on_diff=True))
        assert boto3.client("iam").list_policies(Scope="Local")["Policies"] == []
    assert [outcome.verdict for outcome in outcomes] == ["failed"] + ["skipped"] * 5
    assert str(outcomes[1].reason).startswith("not sent")


def test_a_secret_is_taken_from_the_file_or_the_call_is_named(tmp_path: Path) -> None:
    found = record(tmp_path, password)
    [secret] = redactions(found[0].parameters)
    with mock_aws():
        [skipped] = replay(found)
        given = Plan(identifiers=Identifiers(), given={secret: "correct horse"})
        [sent] = replay(found, plan=given)
        ssm = boto3.client("ssm", region_name=REGION)
        value = ssm.get_parameter(Name="/db/pw", WithDecryption=True)["Parameter"]["Value"]
    assert (skipped.verdict, skipped.reason) == ("skipped", f"it needs 1 redacted: {secret}")
    assert (sent.verdict, value) == ("same", "correct horse")


def test_bytes_are_secrets_too_and_ciphertexts_are_passed_on(tmp_path: Path) -> None:
    def story(studio: Studio) -> None:
        kms = studio.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        cipher = kms.encrypt(KeyId=key, Plaintext=b"\0\xff")["CiphertextBlob"]
        kms.decrypt(CiphertextBlob=cipher)

    found = record(tmp_path, story)
    [secret] = redactions(found[1].parameters)
    with mock_aws():
        plan = Plan(identifiers=Identifiers(), given={secret: b"\1\xfe"})
        assert {verdict for _, verdict in verdicts(replay(found, plan=plan))} == {"same"}


def test_an_id_is_known_outside_of_the_path_it_was_given_in(tmp_path: Path) -> None:
    def story(studio: Studio) -> None:
        route53 = studio.client("route53")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]
        assert zone["Id"].startswith("/hostedzone/")
        route53.list_resource_record_sets(HostedZoneId=zone["Id"])

    found = record(tmp_path, story)
    with mock_aws():
        assert {verdict for _, verdict in verdicts(replay(found))} == {"same"}


def test_a_secret_that_the_endpoint_hands_out_need_not_be_given(tmp_path: Path) -> None:
    def generated(studio: Studio) -> None:
        manager = studio.client("secretsmanager")
        word = manager.get_random_password()["RandomPassword"]
        manager.create_secret(Name="db", SecretString=word)

    found = record(tmp_path, generated)
    assert list(redactions(found[1].parameters)) == list(redactions(found[0].result))
    with mock_aws():
        assert [verdict for _, verdict in verdicts(replay(found))] == ["same", "same"]
        manager = boto3.client("secretsmanager", region_name=REGION)
        assert len(manager.get_secret_value(SecretId="db")["SecretString"]) == 32


def test_all_goes_to_another_region(tmp_path: Path) -> None:
    def story(studio: Studio) -> None:
        studio.client("s3").create_bucket(
            Bucket="moved", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        url = studio.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
        studio.client("sqs").send_message(QueueUrl=url, MessageBody="m")
        ec2 = studio.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24", AvailabilityZone=f"{REGION}a")

    found = record(tmp_path, story)
    with mock_aws():
        plan = Plan(identifiers=Identifiers(), region="us-west-2")
        assert {outcome.holds for outcome in replay(found, plan=plan)} == {True}
        place = boto3.client("s3").get_bucket_location(Bucket="moved")["LocationConstraint"]
        queues = boto3.client("sqs", region_name="us-west-2").list_queues()["QueueUrls"]
        subnets = boto3.client("ec2", region_name="us-west-2").describe_subnets(
            Filters=[{"Name": "cidr-block", "Values": ["10.7.1.0/24"]}]
        )["Subnets"]
    assert (place, len(queues), subnets[0]["AvailabilityZone"]) == ("us-west-2", 1, "us-west-2a")


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    found = record(tmp_path, network, people, password)
    outcomes = list(rehearse(found, Plan(identifiers=Identifiers())))
    assert [outcome.verdict for outcome in outcomes] == ["planned"] * 10 + ["skipped"]
    assert str(Summary.of(outcomes)) == "11 calls: 10 planned, 1 skipped"
    assert outcomes[0].to_json()["parameters"] == {"CidrBlock": "10.7.0.0/16"}


def test_calls_are_as_far_apart_as_recorded_or_some_times_faster(tmp_path: Path) -> None:
    found = record(tmp_path, network)  # a second apart
    waits: list[float] = []
    now = [100.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    with mock_aws():
        pace = Pace(4.0, clock=lambda: now[0], sleep=sleep)
        list(replay(found, pace=pace))
    assert waits == [0.25] * 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"service": None}, "it could not be told which operation it is"),
        ({"operation": "PostObject"}, "botocore has no operation s3:PostObject"),
        ({"parameters": None}, "its parameters were not kept"),
        ({"status": None}, "its outcome was never known"),
        (
            {"parameters": {"Bucket": "b", "Body": {"length": 9, "sha256": "00"}}},
            "its body was kept only in part: 2 of 9 bytes",
        ),
        (
            {"operation": "SelectObjectContent", "parameters": {"ScanRange": {"Start": "x"}}},
            "its parameters are not as modelled: ",
        ),
    ],
)
def test_what_cannot_be_sent_is_skipped_and_named(fields: dict[str, Any], reason: str) -> None:
    call = recorded(
        **{"service": "s3", "operation": "PutObject", "parameters": {}, "request_body": b"hi"}
        | fields
    )
    [outcome] = replay([call])
    assert outcome.verdict == "skipped"
    assert str(outcome.reason).startswith(reason)


def test_what_never_reaches_an_endpoint_is_a_failure() -> None:
    call = recorded(service="iam", operation="GetUser", parameters={"UserName": "x"}, started=T0)
    sender = Sender("http://127.0.0.1:9", region=REGION)
    [outcome] = repeat([call], Plan(identifiers=Identifiers()), sender, pace=Pace())
    assert outcome.verdict == "failed"
    assert str(outcome.reason).startswith("EndpointConnectionError")


def test_a_result_that_was_not_kept_is_no_difference(tmp_path: Path) -> None:
    call = recorded(service="iam", operation="ListUsers", parameters={}, result=None)
    with mock_aws():
        [outcome] = replay([call])
    assert outcome.verdict == "same"
