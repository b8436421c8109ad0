"""Calls for the detectors: records of an account that goes about its business."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apitrail.insights.insight import START, Insight
from apitrail.insights.seen import Seen, read
from apitrail.insights.thresholds import DAY, HOUR, MINUTE, Thresholds
from apitrail.insights.watch import watch
from apitrail.when import iso

ACCOUNT = "123456789012"
T0 = 1_772_409_600_000  # Monday, 2 March 2026
AFTER = T0 + 8 * DAY


def role(name: str, session: str = "s", key: str = "ASIA1") -> dict[str, Any]:
    """An assumed role's userIdentity."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}},
    }


def record(time: int, name: str, **changes: Any) -> dict[str, Any]:
    """A CloudTrail record; the id is the time and the name."""
    service = changes.pop("service", "ec2")
    return {
        "eventID": f"{time}-{name}",
        "eventTime": iso(time),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "52.1.2.3",
        "userAgent": "Boto3/1.34",
        "userIdentity": role("app"),
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **changes,
    }


def call(time: int, name: str, **changes: Any) -> Seen:
    """The same, read."""
    return read(record(time, name, **changes))


def routine(days: int = 8, **changes: Any) -> Iterator[Seen]:
    """A machine that does the same four times an hour, from T0 on."""
    for moment in range(T0, T0 + days * DAY, 15 * MINUTE):
        yield call(moment, "DescribeInstances", **changes)
        yield call(moment + 1000, "CreateTags", **changes)


def starts(*groups: Any, thresholds: Thresholds | None = None) -> list[Insight]:
    """What begins, of these calls together."""
    calls = sorted((each for group in groups for each in group), key=lambda each: each.time)
    return [each for each in watch(calls, thresholds) if each.state == START]


__all__ = [
    "ACCOUNT",
    "AFTER",
    "DAY",
    "HOUR",
    "MINUTE",
    "T0",
    "call",
    "record",
    "role",
    "routine",
    "starts",
]
