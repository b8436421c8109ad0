"""Calls as OCSF has them: class API Activity (6003) of version 1.8.0, with the profile `cloud`.

Open Cybersecurity Schema Framework, https://schema.ocsf.io. What it has no place for stands under
`unmapped`, in CloudTrail's words.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from apitrail import __version__
from apitrail.aws.arn import Arn
from apitrail.event import Event, Resource

VERSION = "1.8.0"

type Object = dict[str, Any]

# `activity_id` of API Activity.
_ACTIVITIES = {"Create": 1, "Read": 2, "Update": 3, "Delete": 4, "Other": 99}
# Verbs of operations that are no reads → what they do.
_VERBS = {
    verb: name
    for name, verbs in {
        "Create": (
            "Add Allocate Assume Copy Create Enable Generate Import Issue Publish Purchase Register "
            "Request Restore Run Send Start Upload"
        ),
        "Update": (
            "Accept Associate Attach Authorize Change Complete Modify Move Put Reboot Rename Replace "
            "Reset Resume Rotate Set Tag Transfer Update"
        ),
        "Delete": (
            "Abort Archive BatchDelete Cancel Deactivate Delete Deregister Detach Disable "
            "Disassociate Purge Reject Release Remove Revoke Stop Terminate Unassign Unlink "
            "Unsubscribe Untag"
        ),
    }.items()
    for verb in verbs.split()
}
_WORDS = re.compile(r"[A-Z][a-z]+")

# The values of `http_method`.
_METHODS = ("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH")

# CloudTrail's `userIdentity.type` → OCSF's `user.type_id`; the others are 99, "Other".
_USER_TYPES = {"IAMUser": 1, "Root": 2, "AWSService": 3, "Unknown": 0}

# Fields of `userIdentity` that have a place of their own.
_OF_USER = frozenset(
    ("type", "userName", "arn", "principalId", "accessKeyId", "accountId", "invokedBy")
)
# Fields of the record that have a place of their own.
_MAPPED = frozenset(
    (
        "apiVersion", "awsRegion", "errorCode", "errorMessage", "eventID", "eventName",
        "eventSource", "eventTime", "eventType", "eventVersion", "recipientAccountId",
        "requestID", "requestParameters", "resources", "responseElements", "sourceIPAddress",
        "userAgent", "userIdentity",
    )
)  # fmt: skip


def activity(event: Event) -> Object:
    """One call as an event of API Activity."""
    record, call = event.record(), event.call
    name = _activity(str(record.get("eventName") or ""), record.get("readOnly"))
    number = _ACTIVITIES[name]
    made: Object = {
        "activity_id": number,
        "activity_name": name,
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": 6003,
        "class_name": "API Activity",
        "type_uid": 600300 + number,
        "type_name": f"API Activity: {name}",
        "severity_id": 1,
        "severity": "Informational",
        "time": call.time or 0,
        "start_time": call.started,
        "end_time": call.ended,
        "duration": call.ended - call.started if call.ended and call.started else None,
        **_status(event, record),
        "metadata": _metadata(record),
        "cloud": _present(
            provider="AWS",
            region=_text(record.get("awsRegion")),
            account=_account(record.get("recipientAccountId")),
        ),
        "api": _api(event, record),
        "actor": _actor(record),
        "src_endpoint": _source(record),
        "resources": [_resource(item) for item in event.resources] or None,
        "http_request": _http_request(event, record),
        "http_response": {"code": call.status} if call.status is not None else None,
        "dst_endpoint": _destination(event),
        "unmapped": _unmapped(event, record),
    }
    return {name: value for name, value in made.items() if value is not None}


def _activity(operation: str, reads: object) -> str:
    if reads is True:
        return "Read"
    words = _WORDS.findall(operation)
    found = (_VERBS.get(verb) for verb in ("".join(words[:2]), *words[:1]))
    return next(filter(None, found), "Other")


def _status(event: Event, record: Mapping[str, Any]) -> Object:
    failed = record.get("errorCode") or event.call.failure
    known = failed or event.call.status is not None
    number, name = (2, "Failure") if failed else (1, "Success") if known else (0, "Unknown")
    return _present(
        status_id=number,
        status=name,
        status_code=_text(record.get("errorCode")),
        status_detail=_text(record.get("errorMessage") or event.call.failure),
    )


def _metadata(record: Mapping[str, Any]) -> Object:
    return _present(
        version=VERSION,
        profiles=["cloud"],
        product={"name": "apitrail", "vendor_name": "apitrail", "version": __version__},
        uid=_text(record.get("eventID")),
        event_code=_text(record.get("eventType")),
        original_time=_text(record.get("eventTime")),
        log_version=_text(record.get("eventVersion")),
    )


def _api(event: Event, record: Mapping[str, Any]) -> Object:
    code = event.call.status
    return _present(
        operation=_text(record.get("eventName")) or "Unknown",
        version=_text(record.get("apiVersion")),
        service={"name": _text(record.get("eventSource")) or "unknown"},
        request=_present(
            uid=_text(record.get("requestID") or record.get("eventID")) or "unknown",
            data=record.get("requestParameters"),
        ),
        response=_present(
            code=code,
            error=_text(record.get("errorCode")),
            error_message=_text(record.get("errorMessage")),
            data=record.get("responseElements"),
        )
        or None,
    )


def _actor(record: Mapping[str, Any]) -> Object:
    found = record.get("userIdentity")
    who: Mapping[str, Any] = found if isinstance(found, dict) else {}
    kind = _text(who.get("type")) or "Unknown"
    user = _present(
        type=kind,
        type_id=_USER_TYPES.get(kind, 99),
        name=_text(who.get("userName")) or _name(_text(who.get("arn"))),
        uid=_text(who.get("arn") or who.get("principalId")),
        uid_alt=_text(who.get("principalId")),
        credential_uid=_text(who.get("accessKeyId")),
        account=_account(who.get("accountId")),
    )
    if not {"name", "uid", "account"} & user.keys():
        user["name"] = kind
    return _present(
        user=user, session=_session(who) or None, invoked_by=_text(who.get("invokedBy"))
    )


def _session(who: Mapping[str, Any]) -> Object:
    context = who.get("sessionContext")
    if not isinstance(context, dict):
        return {}
    issuer = context.get("sessionIssuer")
    attributes = context.get("attributes")
    mfa = attributes.get("mfaAuthenticated") if isinstance(attributes, dict) else None
    return _present(
        issuer=_text(issuer.get("arn")) if isinstance(issuer, dict) else None,
        is_mfa=str(mfa).lower() == "true" if mfa is not None else None,
        uid=_text(who.get("arn")),
    )


def _name(arn: str | None) -> str | None:
    return arn.rpartition("/")[2] or None if arn else None


def _source(record: Mapping[str, Any]) -> Object:
    address = _text(record.get("sourceIPAddress"))
    if address is None:
        return {"name": "unknown"}
    try:
        return {"ip": str(ipaddress.ip_address(address))}
    except ValueError:
        return {"svc_name": address}  # an AWS service that called, by its name


def _resource(item: Resource) -> Object:
    arn = Arn.parse(item.arn)
    owner = _account(arn.account) if arn else None
    return _present(
        uid=item.arn or None,
        name=item.name or item.arn,
        type=item.type or None,
        owner={"account": owner} if owner else None,
    )


def _http_request(event: Event, record: Mapping[str, Any]) -> Object | None:
    asked = event.request.http if event.request else None
    made = _present(
        user_agent=_text(record.get("userAgent")),
        http_method=asked.method if asked and asked.method in _METHODS else None,
        version=asked.version if asked else None,
        url=_url(asked.scheme, asked.host, asked.target) if asked else None,
    )
    return made or None


def _url(scheme: str | None, host: str | None, target: str | None) -> Object | None:
    if host is None or target is None:
        return None
    text = f"{scheme or 'https'}://{host}{target}"
    path, _, query = target.partition("?")
    return _present(
        url_string=text,
        scheme=scheme,
        hostname=host.rpartition(":")[0] if _port(text) else host,
        port=_port(text),
        path=path,
        query_string=query or None,
    )


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _destination(event: Event) -> Object | None:
    """Where the call really went: AWS's host, or a stand-in."""
    try:
        where = urlsplit(event.call.upstream or "")
    except ValueError:
        return None
    return _present(hostname=where.hostname, port=_port(where.geturl())) or None


def _unmapped(event: Event, record: Mapping[str, Any]) -> Object | None:
    rest = {
        name: value for name, value in record.items() if name not in _MAPPED and value is not None
    }
    user = record.get("userIdentity")
    left = {k: v for k, v in user.items() if k not in _OF_USER} if isinstance(user, dict) else {}
    if left:
        rest["userIdentity"] = left
    who = event.who
    run = who.run if who else None
    asked = event.request.http if event.request else None
    ours = _present(
        http_method=asked.method if asked and asked.method not in _METHODS else None,
        run=run.id if run else None,
        labels=dict(run.labels) if run and run.labels else None,
        operator=who.operator if who else None,
        identity=dict(who.identity) if who and who.identity else None,
        decision=dict(event.what.decision) if event.what and event.what.decision else None,
    )
    return ({**rest, "apitrail": ours} if ours else rest) or None


def _account(number: object) -> Object | None:
    text = _text(number)
    return {"uid": text, "type": "AWS Account", "type_id": 10} if text else None


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _present(**fields: Any) -> Object:
    return {name: value for name, value in fields.items() if value is not None}
