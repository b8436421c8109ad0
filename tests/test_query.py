"""Filters over the searchable side of an event."""

import dataclasses
import json
import math

import pytest

from apitrail.errors import FormatError
from apitrail.event import Event
from apitrail.query import Filter, Pattern, Row, username

ROW = Row(
    id="11111111-2222-4333-8444-555555555555",
    time=1000,
    source="iam.amazonaws.com",
    name="CreateUser",
    username="john",
    access_key_id="AKIA1",
    region="us-east-1",
    source_ip="127.0.0.1",
    error=None,
    run="r1",
    read_only=False,
    resources=frozenset(
        {("Mary", "AWS::IAM::User"), ("arn:aws:iam::1:user/Mary", "AWS::IAM::User")}
    ),
)
HOLDS = [
    Filter(),
    Filter(event_id=(ROW.id,)),
    Filter(event_name=("DeleteUser", "CreateUser")),
    Filter(event_source=("iam.amazonaws.com",)),
    Filter(event_name=(Pattern("create*"),)),
    Filter(event_name=(Pattern("IAM:*user"),)),
    Filter(event_source=(Pattern("IAM"),)),
    Filter(username=(Pattern("J*n"),)),
    Filter(resource_name=(Pattern("arn:*:user/M*"),)),
    Filter(resource_type=(Pattern("aws::iam::*"),)),
    Filter(username=("john",)),
    Filter(access_key_id=("AKIA1",)),
    Filter(resource_name=("Mary",)),
    Filter(resource_name=("arn:aws:iam::1:user/Mary",)),
    Filter(resource_type=("AWS::IAM::User",)),
    Filter(region=("us-east-1",)),
    Filter(source_ip=("127.0.0.1",)),
    Filter(run=("r1",)),
    Filter(read_only=False),
    Filter(since=1000),
    Filter(until=1001),
]
FAILS = [
    Filter(event_id=("99999999-2222-4333-8444-555555555555",)),
    Filter(event_name=("DeleteUser",)),
    Filter(event_name=(Pattern("delete*"),)),
    Filter(event_name=(Pattern("s3:*"),)),
    Filter(username=(Pattern("AKIA*"),)),
    Filter(resource_name=(Pattern("mary"),)),
    Filter(event_name=("CreateUser",), username=("mary",)),
    Filter(resource_name=("John",)),
    Filter(resource_type=("AWS::IAM::Role",)),
    Filter(error=True),
    Filter(error="AccessDenied"),
    Filter(read_only=True),
    Filter(since=1001),
    Filter(until=1000),
    Filter(run=("r2",)),
]


@pytest.mark.parametrize("where", HOLDS, ids=str)
def test_a_filter_that_holds(where):
    assert where.matches(ROW)


@pytest.mark.parametrize("where", FAILS, ids=str)
def test_a_filter_that_does_not(where):
    assert not where.matches(ROW)


def test_an_error_matches_any_error_and_its_own_code():
    failed = dataclasses.replace(ROW, error="AccessDenied")
    assert Filter(error=True).matches(failed)
    assert Filter(error="AccessDenied").matches(failed)
    assert not Filter(error="Throttling").matches(failed)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"type": "IAMUser", "userName": "john"}, "john"),
        ({"type": "Root"}, "root"),
        ({"type": "AssumedRole", "principalId": "AROA1:build-7"}, "build-7"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ci/build-7"}, "build-7"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com"),
        ({"type": "Unknown"}, None),
        ({}, None),
    ],
)
def test_the_name_that_lookup_events_gives(user, expected):
    assert username(user) == expected


WHAT = {
    "record": {
        "eventID": ROW.id,
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "readOnly": False,
    },
    "call": {"started": 900, "ended": 1000},
    "resources": [{"name": "Mary", "arn": "arn:aws:iam::1:user/Mary", "type": "AWS::IAM::User"}],
}
WHO = {
    "record": {
        "userIdentity": {"type": "IAMUser", "userName": "john", "accessKeyId": "AKIA1"},
        "sourceIPAddress": "127.0.0.1",
    },
    "run": {"id": "r1"},
}


def row(who, what):
    facets = {"who": who, "what": what}
    return Event.parse(
        {tag: json.dumps(value).encode() for tag, value in facets.items() if value is not None}
    ).row()


def test_a_row_is_derived_from_who_and_what():
    assert row(WHO, WHAT) == ROW


def test_without_who_the_caller_is_not_searchable():
    found = row(None, WHAT)
    assert (found.username, found.access_key_id, found.source_ip, found.run) == (None,) * 4
    assert found.name == "CreateUser"


@pytest.mark.parametrize("what", [{}, {**WHAT, "call": {"ended": math.inf}}, {"record": {}, "call": {}}, {"record": 1, "call": 2}, {"record": {**WHAT["record"], "eventID": "x"}, "call": WHAT["call"]}])  # fmt: skip
def test_facets_of_no_event_are_refused(what):
    with pytest.raises(FormatError, match=r"malformed|is not|is no"):
        row(WHO, what)
