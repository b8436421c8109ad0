"""A call in a sentence."""

from __future__ import annotations

import pytest

from apitrail.event import CallFacts, Event, Resource, What, Who
from apitrail.web.console import sentence


def event(name, resource="", kind="", *, error=None):
    what = What(
        record={"eventName": name, "eventSource": "iam.amazonaws.com"},
        call=CallFacts(status=200, error=error),
        resources=(Resource(name=resource, type=kind),) if resource else (),
    )
    return Event(who=Who(record={"userIdentity": {"userName": "John"}}), what=what)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (event("CreateUser", "Mary", "AWS::IAM::User"), "John created the user Mary"),
        (event("CreateUser", "Mary", "AWS::IAM::User", error="AccessDenied"), "John tried to create the user Mary"),
        (event("CreateAccessKey", "Mary", "AWS::IAM::User"), "John created the access key for Mary"),
        (event("ListUsers"), "John listed users"),
        (event("DescribeInstances", "i-1", "AWS::EC2::Instance", error="X"), "John tried to look at instances i-1"),
        (event("GetObject", "b/k", "AWS::S3::Object"), "John read the object b/k"),
        (event("GetObject", "b/k", "AWS::S3::Object", error="X"), "John tried to read the object b/k"),
        (event("RevokeSecurityGroupIngress", "sg-1", "AWS::EC2::SecurityGroup"), "John revoked the security group ingress of sg-1"),
        (event("CreateDBInstance", "d", "AWS::RDS::DBInstance"), "John created the DB instance d"),
        (event("GetCallerIdentity"), "John asked who the caller is"),
        (event("Frobnicate", "x"), "John called iam:Frobnicate"),
    ],
)  # fmt: skip
def test_it_reads_as_people_say_it(made, said):
    assert sentence.of(made) == said


def test_a_caller_who_is_not_shown_is_somebody():
    assert sentence.of(Event(what=event("ListUsers").what)).startswith("Somebody who is not shown")
