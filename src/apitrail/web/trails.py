"""The trails that CloudTrail would show: one for each account and region, all of them this log."""

from __future__ import annotations

import contextlib
import re

from apitrail.aws import arn
from apitrail.delivery.logfiles import tree
from apitrail.entry import Entry
from apitrail.errors import UsageError
from apitrail.web import members
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members
from apitrail.when import iso_second

# "Naming requirements" in the CloudTrail User Guide.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")


def describe_trails(served: Served, given: Members) -> Document:
    """Every trail, or those of the names or ARNs given; has fresh calls delivered first."""
    # If new log files cannot be made, those of before are served; `serve` has said why.
    with contextlib.suppress(UsageError, OSError):
        served.deliver()
    names = members.texts(given, "trailNameList")
    found = served.trails()
    return {
        "trailList": [
            t for t in found if not names or not {t["Name"], t["TrailARN"]}.isdisjoint(names)
        ]
    }


def get_trail(served: Served, given: Members) -> Document:
    """One trail."""
    return {"Trail": find(served, members.required(given, "Name"))}


def list_trails(served: Served, given: Members) -> Document:
    """Name, ARN and home region of every trail."""
    _no_token(given)
    shown = ("TrailARN", "Name", "HomeRegion")
    return {"Trails": [{name: about[name] for name in shown} for about in served.trails()]}


def get_trail_status(served: Served, given: Members) -> Document:
    """Is it recording, since when, and until when are digests there?"""
    find(served, members.required(given, "Name"))
    manifest = served.manifest()
    with served.source() as source:
        size = source.size
        first, last = (_time(source.entry(index)) for index in (0, max(size - 1, 0)))
    status: Document = {"IsLogging": served.is_recording()}
    if first is not None:
        status |= {"StartLoggingTime": first, "TimeLoggingStarted": iso_second(first)}
    if last is not None and not status["IsLogging"]:
        status |= {"StopLoggingTime": last, "TimeLoggingStopped": iso_second(last)}
    if manifest.digests:
        newest = max(each.end for each in manifest.digests)
        status |= {
            "LatestDeliveryTime": newest,
            "LatestDigestDeliveryTime": newest,
            "LatestDeliveryAttemptTime": iso_second(newest),
            "LatestDeliveryAttemptSucceeded": iso_second(newest),
        }
    return status


def list_public_keys(served: Served, given: Members) -> Document:
    """The keys that sign digests, valid at some time between StartTime and EndTime."""
    _no_token(given)
    start, end = members.moment(given, "StartTime"), members.moment(given, "EndTime")
    if start is not None and end is not None and start > end:
        raise Fault("InvalidTimeRangeException", "StartTime is after EndTime.")
    found = served.manifest().public_keys
    keys = tree.public_keys(served.manifest()) if found else []
    return {
        "PublicKeyList": [
            key for key, known in zip(keys, found, strict=True) if end is None or known.since <= end
        ]
    }


def list_tags(served: Served, given: Members) -> Document:
    """Our trails have no tags."""
    _no_token(given)
    names = members.texts(given, "ResourceIdList")
    if not names:
        raise Fault("ValidationException", "ResourceIdList is required")
    for name in names:
        if not _is_trail_arn(name):
            raise Fault("CloudTrailARNInvalidException", f"Not the ARN of a trail: {name}")
        if name not in {about["TrailARN"] for about in served.trails()}:
            raise Fault("ResourceNotFoundException", f"Unknown trail: {name}")
    return {"ResourceTagList": [{"ResourceId": name, "TagsList": []} for name in names]}


def find(served: Served, name: str) -> Document:
    """The trail of a name or an ARN; of a name, the first."""
    if arn.looks_like(name):
        if not _is_trail_arn(name):
            raise Fault("CloudTrailARNInvalidException", f"Not the ARN of a trail: {name}")
    elif _NAME.fullmatch(name) is None:
        raise Fault("InvalidTrailNameException", f"Not the name of a trail: {name}")
    for about in served.trails():
        if name in (about["Name"], about["TrailARN"]):
            return about
    raise Fault("TrailNotFoundException", f"Unknown trail: {name}")


def _is_trail_arn(name: str) -> bool:
    match arn.Arn.parse(name):
        case arn.Arn(service="cloudtrail", region=str(region), owner=str()) as found:
            return (
                region != "" and found.resource.startswith("trail/") and found.resource != "trail/"
            )
    return False


def _no_token(given: Members) -> None:
    """Lists fit on one page, so no token was ever handed out."""
    if members.text(given, "NextToken") is not None:
        raise Fault("InvalidTokenException", "NextToken is not one of this service's.")


def _time(link: Entry | None) -> int | None:
    return None if link is None else link.time // 1000
