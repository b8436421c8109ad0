"""A trail in which each of the questions of investigators has an answer, and calls that nearly fit."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trails
from apitrail.delivery.lake import lake_directory
from apitrail.event import REQUEST_FIELDS, RESPONSE_FIELDS, WHO_FIELDS, Event, dump
from apitrail.trail.keys import Keys
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from apitrail.when import iso_second, parse_iso_second

ACCOUNT, OTHER = "123456789012", "998877665544"
# 26 November 2026, 22:00 UTC: the calls are of two days.
BEGAN = 1_795_730_400
HOUR = 3600

VALUES = {
    "key": "AKIANEW",
    "network": "10.20.0.0/15, 192.0.2.8/30",
    "principal": f"arn:aws:iam::{ACCOUNT}:user/eve",
    "resource": "sg-42",
    "run": "run-7",
    "seconds": "7200",
    "secret": "prod/db",
}

type Record = dict[str, Any]


def user(name: str, key: str | None = None) -> Record:
    return {
        "type": "IAMUser", "principalId": f"AIDA{name.upper()}", "userName": name, "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accessKeyId": key or f"AKIA{name.upper()}",
    }  # fmt: skip


EVE, BOB, NEW = user("eve"), user("bob"), user("bob", "AKIANEW")
ROOT = {
    "type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT,
}  # fmt: skip
SESSION = {
    "type": "AssumedRole", "principalId": "AROA1:job's", "accountId": ACCOUNT, "accessKeyId": "ASIA1",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/build/job's",
    "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
}  # fmt: skip
UNKNOWN = {"type": "IAMUser", "accessKeyId": "AKIASTRANGE"}
SERVICE = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
WORLD = {"items": [{"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}
WORLD6 = {"items": [{"ipv6Ranges": {"items": [{"cidrIpv6": "::/0"}]}}]}
OFFICE = {"items": [{"ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}, {"cidrIp": "10.9.0.0/16"}]}}]}
PUBLIC = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}
CLOSED = {"Statement": [{"Principal": {"AWS": ACCOUNT}, "Resource": "*", "Action": "s3:GetObject"}]}

# Minutes after the beginning, who, service, operation, and what is special about the call.
CALLS: tuple[tuple[float, Record, str, str, Record], ...] = (
    (0, ROOT, "signin", "ConsoleLogin", {"sourceIPAddress": "198.51.100.7", "answer": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "Yes"}, "readOnly": False}),
    (1, ROOT, "iam", "CreateAccessKey", {"answer": {"accessKey": {"userName": "bob", "accessKeyId": "AKIANEW", "status": "Active"}}, "asked": {"userName": "bob"}}),
    (2, {**ROOT, "invokedBy": "support.amazonaws.com"}, "ec2", "DescribeInstances", {}),
    (3, BOB, "signin", "ConsoleLogin", {"answer": {"ConsoleLogin": "Failure"}, "additionalEventData": {"MFAUsed": "No"}, "errorMessage": "Failed authentication", "readOnly": False}),
    (4, BOB, "iam", "CreateAccessKey", {"answer": {"accessKey": {"userName": "eve", "accessKeyId": "AKIAELSE"}}}),
    (5, NEW, "s3", "ListBuckets", {"sourceIPAddress": "203.0.113.5"}),
    (6, NEW, "iam", "ListUsers", {"errorCode": "AccessDenied", "errorMessage": "it's refused: \\ no"}),
    (6, NEW, "iam", "ListUsers", {"errorCode": "AccessDenied"}),
    (7, NEW, "ec2", "RunInstances", {"errorCode": "Client.UnauthorizedOperation"}),
    (8, EVE, "secretsmanager", "GetSecretValue", {"asked": {"secretId": "prod/db"}, "run": "run-7"}),
    (9, EVE, "ssm", "GetParameters", {"asked": {"names": ["/prod/db", "/x"]}, "run": "run-7", "operator": "ada"}),
    (10, EVE, "secretsmanager", "GetSecretValue", {"asked": {"secretId": "PROD/DB"}, "run": "run-8"}),
    (11, EVE, "iam", "AttachUserPolicy", {"asked": {"userName": "bob", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}}),
    (12, EVE, "iam", "GetPolicy", {}),
    (13, EVE, "iot", "AttachPolicy", {}),
    (14, EVE, "cloudtrail", "StopLogging", {"asked": {"name": "main"}}),
    (15, EVE, "cloudtrail", "DescribeTrails", {}),
    (16, EVE, "cloudtrail", "DeleteTrail", {"asked": {"name": "main"}, "errorCode": "AccessDeniedException"}),
    (17, SESSION, "ec2", "AuthorizeSecurityGroupIngress", {"asked": {"groupId": "sg-42", "ipPermissions": WORLD}}),
    (18, SESSION, "ec2", "AuthorizeSecurityGroupIngress", {"asked": {"groupId": "sg-43", "ipPermissions": OFFICE}}),
    (19, SESSION, "ec2", "AuthorizeSecurityGroupIngress", {"asked": {"groupId": "sg-44", "ipPermissions": WORLD6}}),
    (20, SESSION, "ec2", "AuthorizeSecurityGroupIngress", {"asked": {"groupId": "sg-45", "ipPermissions": WORLD}, "errorCode": "Client.UnauthorizedOperation"}),
    (21, SESSION, "ec2", "CreateSecurityGroup", {"asked": {"groupName": "w"}, "answer": {"groupId": "sg-42"}}),
    (22, SESSION, "ec2", "DeleteSecurityGroup", {"asked": {"groupId": "sg-42"}}),
    (23, SESSION, "s3", "PutBucketPolicy", {"asked": {"bucketName": "shop", "bucketPolicy": PUBLIC}}),
    (24, SESSION, "s3", "PutBucketPolicy", {"asked": {"bucketName": "till", "bucketPolicy": CLOSED}}),
    (25, SESSION, "s3", "PutObjectAcl", {"asked": {"bucketName": "shop", "key": "naïve.txt", "x-amz-acl": "public-read"}}),
    (26, SESSION, "s3", "DeleteBucketPublicAccessBlock", {"asked": {"bucketName": "shop"}}),
    (27, SESSION, "s3", "PutBucketAcl", {"asked": {"bucketName": "till", "x-amz-acl": ["private"]}}),
    (28, SESSION, "sts", "AssumeRole", {"asked": {"roleArn": f"arn:aws:iam::{OTHER}:role/admin"}, "readOnly": True}),
    (29, SESSION, "sts", "AssumeRole", {"asked": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/admin"}, "readOnly": True}),
    (30, SERVICE, "sts", "AssumeRole", {"asked": {"roleArn": f"arn:aws:iam::{OTHER}:role/own"}, "readOnly": True, "sourceIPAddress": "ec2.amazonaws.com"}),
    (31, UNKNOWN, "sts", "AssumeRole", {"asked": {"roleArn": f"arn:aws:iam::{OTHER}:role/admin"}, "errorCode": "AccessDenied", "readOnly": True}),
    (32, UNKNOWN, "sqs", "PurgeQueue", {"awsRegion": "ap-northeast-3", "sourceIPAddress": "2001:db8::7"}),
    (33, UNKNOWN, "ec2", "TerminateInstances", {"asked": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, "sourceIPAddress": "10.21.255.1"}),
    (34, UNKNOWN, "iam", "DeleteUser", {"errorCode": "NoSuchEntity", "sourceIPAddress": "192.0.2.12"}),
    (35, UNKNOWN, "iam", "DeleteUser", {"sourceIPAddress": "192.0.2.11", "awsRegion": "us-east-1"}),
    (36, UNKNOWN, "iam", "deleteLater", {"sourceIPAddress": "AWS Internal"}),
    (130, UNKNOWN, "sts", "GetCallerIdentity", {"readOnly": True}),
    (200, EVE, "sts", "GetCallerIdentity", {"readOnly": True, "sourceIPAddress": None}),
    (330.5, EVE, "sts", "GetCallerIdentity", {"readOnly": True, "resources": [{"ARN": "arn:aws:ec2:::sg-42"}]}),
)  # fmt: skip

_READS = ("Describe", "Get", "List")


def records(seed: int = 0) -> Iterator[Record]:
    """The calls above, and calls by many others around them; `run` and `operator` are beside."""
    for number, (minutes, identity, service, name, more) in enumerate(CALLS):
        yield _record(seed, number, BEGAN + int(minutes * 60), identity, service, name, **more)
    dice = random.Random(seed)
    for number in range(len(CALLS), len(CALLS) + 200):
        second = BEGAN + dice.randrange(7 * HOUR)
        name = dice.choice(("GetItem", "ListTables", "PutItem", "Query"))
        who = user(f"u{dice.randrange(30)}")
        error = dice.choice((None, None, None, "ThrottlingException", "AccessDeniedException"))
        yield _record(seed, number, second, who, "dynamodb", name, errorCode=error,
                      sourceIPAddress=f"10.{dice.randrange(18, 24)}.0.{dice.randrange(4)}")  # fmt: skip


def _record(
    seed: int, number: int, second: int, identity: Record, service: str, name: str, **more: Any
) -> Record:
    asked, answer = more.pop("asked", None), more.pop("answer", None)
    found = {
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": iso_second(second),
        "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": "eu-central-1",
        "sourceIPAddress": "10.20.0.9", "requestParameters": asked, "responseElements": answer,
        "eventID": str(uuid.UUID(int=seed << 64 | number)), "readOnly": name.startswith(_READS),
    }  # fmt: skip
    return {key: value for key, value in (found | more).items() if value is not None}


def draft(record: Record) -> Draft:
    """The entry of a call that was recorded so."""
    run, operator = record.pop("run", None), record.pop("operator", None)
    parts: dict[str, Record] = {"who": {}, "what": {}, "request": {}, "response": {}}
    for field, value in record.items():
        parts[_FACET.get(field, "what")][field] = value
    second = _milliseconds(_time(record))
    call = {"started": second, "ended": second}
    call |= {"error": record["errorCode"]} if "errorCode" in record else {}
    said: dict[str, Any] = {tag: {"record": part} for tag, part in parts.items()}
    said["who"] |= {"run": {"id": run, "labels": {"build": "7"}}} if run else {}
    said["who"] |= {"operator": operator} if operator else {}
    said["what"] |= {"call": call}
    facets = {tag: dump(value) for tag, value in said.items()}
    return Draft(kind="api", facets=facets, row=Event.parse(facets).row())


_FACET = (
    dict.fromkeys(WHO_FIELDS, "who")
    | dict.fromkeys(REQUEST_FIELDS, "request")
    | dict.fromkeys(RESPONSE_FIELDS, "response")
)


def _milliseconds(text: str) -> int:
    return parse_iso_second(text) * 1000


def record(directory: Path, *, origin: str = trails.ORIGIN, seed: int = 0) -> Path:
    """A trail of all that, written hour by hour."""
    made = sorted(records(seed), key=_time)
    clock = trails.Clock()

    async def work(trail: Trail) -> None:
        for _, some in itertools.groupby(made, key=lambda each: _time(each)[:13]):
            batch = list(some)
            clock.now = _milliseconds(_time(batch[-1]))
            await trails.append_all(trail, [draft(each) for each in batch])

    trails.write(directory, work, signer=Keys.of(directory).generate(origin), clock=clock)
    return directory


def _time(record: Record) -> str:
    return str(record["eventTime"])


def lake(directory: Path, logs: int = 2) -> Path:
    """A lake of some logs, whose trails are beside it: `trail0`, `trail1`."""
    made = directory / "lake"
    for number in range(logs):
        trail = record(directory / f"trail{number}", origin=origin(number), seed=number)
        lake_directory.export(trail, made, now=(BEGAN + 24 * HOUR) * 1000)
    return made


def origin(number: int) -> str:
    """The origin of a lake's log."""
    return f"example.com/recorder{number}"
