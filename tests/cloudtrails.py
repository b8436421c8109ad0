"""Trails of given CloudTrail records, for what reads them as CloudTrail would."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import trails
from apitrail.event import ORDER, REQUEST_FIELDS, RESPONSE_FIELDS, WHO_FIELDS, Event, dump
from apitrail.trail.rows import Draft
from apitrail.when import iso

ACCOUNT = "123456789012"
NAMES = ("CreateUser", "GetUser", "DeleteUser")


def record(number: int, **overrides: Any) -> dict[str, Any]:
    """One record of many that differ, a second apart, in CloudTrail's order of fields."""
    name = NAMES[number % 3]
    user = f"user{number % 2}"
    fields = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "userName": user,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}", "accountId": ACCOUNT,
            "accessKeyId": f"AKIA{number % 2:016}",
        },
        "eventTime": f"{iso(trails.T0 + 1000 * number)[:19]}Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2",
        "requestParameters": {"userName": f"target{number}"},
        "responseElements": None,
        "requestID": str(UUID(int=number + (1 << 64))),
        "eventID": str(UUID(int=number + 1)),
        "readOnly": name.startswith("Get"),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    } | overrides  # fmt: skip
    return {key: fields[key] for key in ORDER if key in fields}


def data_record(number: int, **overrides: Any) -> dict[str, Any]:
    """A data event: an object read."""
    about = {
        "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "readOnly": True,
        "managementEvent": False, "eventCategory": "Data",
        "requestParameters": {"bucketName": "bucket", "key": f"key{number}"},
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::bucket/key{number}"}],
    }  # fmt: skip
    return record(number, **about | overrides)


def draft(
    content: dict[str, Any], *, touched: Iterable[str] = (), status: int | None = 200
) -> Draft:
    """A call with this record that touched resources of these names."""
    number = (UUID(content["eventID"]).int - 1) % 10_000
    parts = {"who": {}, "what": {}, "request": {}, "response": {}}
    for name, value in content.items():
        tag = (
            "who" if name in WHO_FIELDS
            else "request" if name in REQUEST_FIELDS
            else "response" if name in RESPONSE_FIELDS
            else "what"
        )  # fmt: skip
        parts[tag][name] = value
    named = list(touched) or [(content.get("requestParameters") or {}).get("userName", "thing")]
    what = {
        "record": parts["what"],
        "call": {"started": trails.T0 + 1000 * number, "ended": trails.T0 + 1000 * number + 5}
        | ({"status": status} if status else {})
        | ({"error": content["errorCode"]} if "errorCode" in content else {}),
        "resources": [{"name": name, "type": "AWS::IAM::User"} for name in named],
    }
    who = {"record": parts["who"], "identity": {"known": "by a test"}}
    facets = {
        "who": dump(who), "what": dump(what), "request": dump({"record": parts["request"]}),
        "response": dump({"record": parts["response"]}),
    }  # fmt: skip
    row = Event.parse(facets).row()
    return Draft(kind="api", facets=facets, row=row)


def make(directory: Path, drafts: Iterable[Draft]) -> Path:
    """A trail of these calls, whose clock goes a second further with each."""
    found = list(drafts)
    clock = trails.Clock(trails.T0 - 1000)

    async def work(trail: Any) -> None:
        await trail.append(trails.opening())
        for item in found:
            clock.now = max(clock.now, item.row.time)
            await trail.append(item)
        await trail.append(trails.book("heartbeat", calls=len(found), tunnelled={}, in_flight=0))

    trails.write(directory, work, clock=clock)
    return directory
