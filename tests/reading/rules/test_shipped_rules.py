"""The rules that come with apitrail, over records as calls of each kind make them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apitrail.reading.rules.looked_at import LookedAt
from apitrail.reading.rules.shipped_rules import SHIPPED
from cloudtrail.traffic import call, exchange, recorded

WORLD = {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}]}
POLICY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def ingress(**ranges: Any) -> dict[str, Any]:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **ranges}
    return {"GroupId": "sg-1", "IpPermissions": [permission]}


def bucket_policy(**changed: Any) -> dict[str, Any]:
    return {"Bucket": "b", "Policy": json.dumps({"Statement": [POLICY | changed]})}


def found(name: str, record: dict[str, Any]) -> bool:
    finder = SHIPPED[name].finder()
    return finder.find(LookedAt(index=0, time=0, record=record)) is not None


def is_found(
    name: str, service: str, operation: str, parameters: Any, code: str | None = None
) -> bool:
    record = recorded(call(service, operation, parameters))
    return found(name, record | ({"errorCode": code} if code else {}))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "0.0.0.0/0"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "::/0"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "0:0::/0"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "2000::/3"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "1.2.3.4/0"}]), True),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupName": "x", "IpProtocol": "tcp", "CidrIp": "0.0.0.0/0"}, True),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "10.0.0.0/8"}]), False),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "fc00::/7"}]), False),
        ("ec2", "AuthorizeSecurityGroupIngress", ingress(PrefixListIds=[{"PrefixListId": "pl-1"}]), False),
        ("ec2", "AuthorizeSecurityGroupEgress", ingress(IpRanges=[{"CidrIp": "0.0.0.0/0"}]), False),
        ("ec2", "RevokeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "0.0.0.0/0"}]), False),
        ("ec2", "ModifySecurityGroupRules", {"GroupId": "sg-1", "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"CidrIpv6": "::/0"}}]}, True),
        ("ec2", "CreateManagedPrefixList", {"PrefixListName": "x", "Entries": [{"Cidr": "0.0.0.0/0"}]}, True),
        ("ec2", "ModifyManagedPrefixList", {"PrefixListId": "pl-1", "AddEntries": [{"Cidr": "::/0"}]}, True),
        ("ec2", "ModifyManagedPrefixList", {"PrefixListId": "pl-1", "RemoveEntries": [{"Cidr": "::/0"}]}, False),
        ("rds", "AuthorizeDBSecurityGroupIngress", {"DBSecurityGroupName": "x", "CIDRIP": "0.0.0.0/0"}, True),
        ("lightsail", "OpenInstancePublicPorts", {"instanceName": "x", "portInfo": {"fromPort": 22}}, True),
        ("lightsail", "OpenInstancePublicPorts", {"instanceName": "x", "portInfo": {"fromPort": 22, "cidrs": ["192.0.2.0/24"]}}, False),
    ],
)  # fmt: skip
def test_what_opens_a_group_to_the_world(service, operation, parameters, expected):
    assert is_found("open-to-world", service, operation, parameters) is expected


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("ec2", "ModifySnapshotAttribute", {"SnapshotId": "s", "CreateVolumePermission": {"Add": [{"Group": "all"}]}}, True),
        ("ec2", "ModifySnapshotAttribute", {"SnapshotId": "s", "Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]}, True),
        ("ec2", "ModifySnapshotAttribute", {"SnapshotId": "s", "CreateVolumePermission": {"Remove": [{"Group": "all"}]}}, False),
        ("ec2", "ModifySnapshotAttribute", {"SnapshotId": "s", "CreateVolumePermission": {"Add": [{"UserId": "123456789012"}]}}, False),
        ("ec2", "ModifyImageAttribute", {"ImageId": "a", "LaunchPermission": {"Add": [{"Group": "all"}]}}, True),
        ("ec2", "ModifyImageAttribute", {"ImageId": "a", "LaunchPermission": {"Remove": [{"Group": "all"}]}}, False),
        ("ec2", "DisableImageBlockPublicAccess", {}, True),
        ("rds", "ModifyDBSnapshotAttribute", {"DBSnapshotIdentifier": "s", "AttributeName": "restore", "ValuesToAdd": ["all"]}, True),
        ("rds", "ModifyDBClusterSnapshotAttribute", {"DBClusterSnapshotIdentifier": "s", "AttributeName": "restore", "ValuesToRemove": ["all"]}, False),
        ("s3", "PutBucketPolicy", bucket_policy(), True),
        ("s3", "PutBucketPolicy", bucket_policy(Principal={"AWS": ["*"]}), True),
        ("s3", "PutBucketPolicy", bucket_policy(Effect="Deny"), False),
        ("s3", "PutBucketPolicy", bucket_policy(Principal={"AWS": "123456789012"}), False),
        ("s3", "PutBucketPolicy", bucket_policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        ("s3", "PutBucketPolicy", bucket_policy(Condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        ("s3", "PutBucketAcl", {"Bucket": "b", "AccessControlPolicy": {"Grants": [{"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ"}]}}, True),
        ("s3", "PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": BLOCK}, False),
        ("s3", "PutPublicAccessBlock", {"Bucket": "b", "PublicAccessBlockConfiguration": BLOCK | {"BlockPublicPolicy": False}}, True),
        ("s3", "DeletePublicAccessBlock", {"Bucket": "b"}, True),
        ("s3control", "DeletePublicAccessBlock", {"AccountId": "1"}, True),
    ],
)  # fmt: skip
def test_what_makes_a_snapshot_an_image_or_a_bucket_public(
    service, operation, parameters, expected
):
    assert is_found("made-public", service, operation, parameters) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [(("x-amz-acl", "public-read"), True), (("X-Amz-Acl", "authenticated-read"), True),
     (("x-amz-grant-read", f'uri="{EVERYBODY}"'), True), (("x-amz-acl", "private"), False)],
)  # fmt: skip
def test_a_canned_acl_is_in_a_header(header, expected):
    sent = exchange("b.s3.amazonaws.com", "/?acl", method="PUT", headers=(header,))
    assert (
        found("made-public", recorded(call("s3", "PutBucketAcl", {"Bucket": "b"}), sent))
        is expected
    )


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("cloudtrail", "StopLogging", {"Name": "t"}, True),
        ("cloudtrail", "DeleteTrail", {"Name": "t"}, True),
        ("cloudtrail", "StartLogging", {"Name": "t"}, False),
        ("cloudtrail", "UpdateTrail", {"Name": "t", "IsMultiRegionTrail": False}, True),
        ("cloudtrail", "UpdateTrail", {"Name": "t", "IsMultiRegionTrail": True}, False),
        ("cloudtrail", "PutEventSelectors", {"TrailName": "t", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, True),
        ("cloudtrail", "PutEventSelectors", {"TrailName": "t", "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}, False),
        ("guardduty", "DeleteDetector", {"DetectorId": "d"}, True),
        ("guardduty", "UpdateDetector", {"DetectorId": "d", "Enable": False}, True),
        ("config", "StopConfigurationRecorder", {"ConfigurationRecorderName": "d"}, True),
    ],
)  # fmt: skip
def test_what_stops_a_trail_or_makes_it_tell_less(service, operation, parameters, expected):
    assert is_found("trail-stopped", service, operation, parameters) is expected
    # A refused attempt is worth knowing too.
    assert (
        is_found("trail-stopped", service, operation, parameters, code="AccessDenied") is expected
    )


def test_keys_for_another_user_than_the_caller():
    def made(parameters, **user):
        identity = {"type": "IAMUser", "userName": "mary"} | user
        return found("key-for-another", recorded(call("iam", "CreateAccessKey", parameters), user_identity=identity))  # fmt: skip

    assert made({"UserName": "bob"})
    assert made({"UserName": "bob"}, type="AssumedRole", userName=None)
    assert not made({"UserName": "mary"})
    assert not made({})
    assert not is_found("key-for-another", "iam", "CreateAccessKey", {"UserName": "b"}, code="AccessDenied")  # fmt: skip
    assert is_found(
        "key-for-another", "iam", "CreateLoginProfile", {"UserName": "b", "Password": "x"}
    )


def test_the_root_user_itself():
    def by(**user):
        return found("root-used", recorded(call("s3", "ListBuckets"), user_identity=user))

    assert by(type="Root", arn="arn:aws:iam::123456789012:root")
    assert not by(type="IAMUser", userName="root")
    assert not by(type="Root", invokedBy="support.amazonaws.com")


def test_a_region_is_new_once_and_the_first_is_home():
    finder = SHIPPED["new-region"].finder()
    calls = [("ec2", "eu-west-1"), ("iam", "us-east-1"), ("ec2", "eu-west-1"), ("ec2", "ap-south-1"),
             ("s3", "ap-south-1"), ("ec2", "us-east-1")]  # fmt: skip
    hits = [
        finder.find(LookedAt(index=number, time=0, record={
            "awsRegion": region, "eventSource": f"{service}.amazonaws.com"}))
        for number, (service, region) in enumerate(calls)
    ]  # fmt: skip
    assert [hit.entries for hit in hits if hit] == [(3,), (5,)]


@pytest.mark.parametrize("name", SHIPPED)
def test_an_insight_or_an_odd_record_is_not_found(name):
    finder = SHIPPED[name].finder()
    odd = {"eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy",
           "requestParameters": {"bucketPolicy": "{"}, "userIdentity": "x"}  # fmt: skip
    for record, kind in ((odd, None), ({}, None), ({"userIdentity": {"type": "Root"}}, "drift")):
        assert finder.find(LookedAt(index=0, time=0, record=record, insight=kind)) is None
