"""What a service changes by itself: times, counters, states on the way, what it derives.

docs/state.md lists these rules. They decide what is no drift; a history shows these members all the
same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.codec import Json
from apitrail.remembered import remembered
from apitrail.state.differing import Difference, differences

# Members of answers that are about the answer, or follow from time and use.
_NAMES = re.compile(
    r"^(?:ResponseMetadata|RequestId|requestId|NextToken|nextToken|Marker|NextMarker|IsTruncated"
    r"|NextRecordName|NextRecordType|MaxItems|ChargedCount"
    # How something went, in words.
    r"|StateReason|StateTransitionReason|StateReasonCode|StateReasonData|StateUpdatedTimestamp"
    r"|Progress|PercentProgress|PercentComplete|DriftInformation|RevisionId|ETag"
    r"|PendingModifiedValues|StatusInfos|DBInstanceStatusInfos|deployments|events|taskSets|failures"
    r"|rolloutState|rolloutStateReason|Warnings|Messages|InService|Health|HealthStatus"
    r"|NumberOfDecreasesToday|LatestRestorableTime|EarliestRestorableTime|LatestStreamLabel"
    # Addresses that come and go with a start and a stop.
    r"|PublicIpAddress|PublicDnsName|Association|UsageOperationUpdateTime|ClientToken|Location"
    # What an Auto Scaling group does by itself.
    r"|DesiredCapacity|Instances|WarmPoolSize"
    r"|(?:[A-Z]\w*)?(?:Status|State|Failure)(?:Reason|Message|Detail)s?(?:Code|Data)?)$"
    r"|(?:Last(?:Used|Accessed|Modified|Updated?|Changed|Event|Restart|Delivery|Decrease|Increase|Seen))"
    r"|^last(?=[A-Z])|^Latest(?:Delivery|Notification|CloudWatch|Digest)|Timestamp$|DateTime$"
)
# Counters, where the value is a number.
_COUNTERS = re.compile(
    r"(?:Count|Counts|SizeBytes|SizeInBytes)$|^(?:Approximate|NumberOf)|^(?:storedBytes|CodeSize)$"
    r"|^Subscriptions(?:Confirmed|Pending|Deleted)$|^failedTasks$"
)
# Numbers that somebody sets, although they are called counts.
_SET_BY_SOMEBODY = frozenset({"desiredCount", "InstanceCount", "MinCount", "MaxCount"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_EPOCH_NAME = re.compile(r"(?:Time|At|Date)$")
_EPOCH = 1_000_000_000

# Members that say where something is on its way.
_STATUS = re.compile(r"(?:State|Status|Phase|StateValue)$|^(?:state|status)$")
# Those of them that somebody sets. Others, such as `failed`, `optimizing` or `insync`, a service says.
_SETTLED = frozenset(
    {
        "running", "stopped", "terminated", "available", "in-use", "attached", "active",
        "enabled", "disabled", "suspended", "pendingdeletion", "inactive", "create_complete",
        "update_complete", "delete_complete", "import_complete",
    }
)  # fmt: skip
# Lambda puts functions to sleep and wakes them ("Lambda function states").
_IDLE = frozenset({"FunctionName"})
_ON_ITS_WAY = re.compile(
    r"^pending(?!deletion|-reboot)|(?:creating|modifying|updating|deleting|stopping|starting|shutting-down"
    r"|rebooting|attaching|detaching|backing-up|provisioning|draining|activating|enabling|disabling|maintenance"
    r"|configuring|resizing|renaming|resetting|upgrading|optimization|initializing|progress)",
    re.IGNORECASE,
)
_DEEPEST = 12


@remembered(8192)
def _is_volatile(name: str) -> bool:
    return _NAMES.search(name) is not None


@remembered(8192)
def is_status(name: str) -> bool:
    """Does the member say where something is on its way?"""
    return _STATUS.search(name) is not None


@remembered(8192)
def _counts(name: str) -> bool:
    return name not in _SET_BY_SOMEBODY and _COUNTERS.search(name) is not None


def lasting(value: Json, depth: int = 0) -> Json:
    """The state without what a service changes by itself."""
    if isinstance(value, dict) and depth < _DEEPEST:
        idle = set(value) >= _IDLE
        return {
            name: kept
            for name, inner in value.items()
            if not _is_left_out(name, inner, idle=idle)
            and (kept := lasting(_short(name, inner), depth + 1)) is not None
        }
    if isinstance(value, list):
        return [lasting(inner, depth + 1) for inner in value]
    return value


def _is_left_out(name: str, value: Json, *, idle: bool) -> bool:
    if _is_volatile(name) or _is_time(name, value):
        return True
    status = _short(name, value)
    if is_status(name) and isinstance(status, str):
        return not _is_settled(status) or (idle and name == "State")
    return _counts(name) and _is_number(value)


def _short(name: str, value: Json) -> Json:
    """A state that is written as a structure, such as EC2's `State: {Code, Name}`: its name."""
    if isinstance(value, dict) and is_status(name):
        said = value.get("Name", value.get("Code"))
        return said if isinstance(said, str) else value
    return value


def _is_settled(value: Json) -> bool:
    return isinstance(value, str) and value.lower() in _SETTLED


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value.isdigit())


def _is_time(name: str, value: Json) -> bool:
    if isinstance(value, str):
        return _TIME.match(value) is not None
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and value >= _EPOCH
    return numeric and _EPOCH_NAME.search(name) is not None


def is_on_its_way(value: Json, depth: int = 0) -> bool:
    """Does a service still change it? Then what it becomes is no news."""
    if isinstance(value, dict) and depth < _DEEPEST:
        if isinstance(value.get("PendingModifiedValues"), dict) and value["PendingModifiedValues"]:
            return True
        return any(_is_moving(name, inner, depth) for name, inner in value.items())
    return isinstance(value, list) and any(is_on_its_way(inner, depth + 1) for inner in value)


def _is_moving(name: str, value: Json, depth: int) -> bool:
    if is_status(name):
        said = _short(name, value)
        if isinstance(said, str):
            return _ON_ITS_WAY.search(said) is not None
    return isinstance(value, dict | list) and is_on_its_way(value, depth + 1)


def drifted(old: Json, new: Json, *, alike: bool) -> list[Difference]:
    """The differences of two states that no service makes by itself.

    `alike` says that the same call was made both times. If not, a member that only one of them has
    says nothing: the other call may not tell it.
    """
    denied = {*_denied(old, ()), *_denied(new, ())}
    return [
        each
        for each in differences(lasting(old), lasting(new))
        if _counts_as_drift(each, alike=alike)
        and not any(each.members[: len(path)] == path for path in denied)
    ]


def _counts_as_drift(item: Difference, *, alike: bool) -> bool:
    was, now = item.was, item.now
    if was is not None and now is not None:
        return _is_comparable(was, now)
    if item.lacking and item.members and is_status(item.members[-1]):
        return False
    return alike or not item.lacking


def _denied(value: Json, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Members that the caller may not see: Lambda writes an error in place of an environment."""
    if not isinstance(value, dict) or len(path) > _DEEPEST:
        return
    if isinstance(value.get("ErrorCode"), str) and path:
        yield path[:-1] if path[-1] == "Error" else path
    for name, inner in value.items():
        yield from _denied(inner, (*path, name))


def _is_comparable(was: Json, now: Json) -> bool:
    """Digests of secrets say something only to digests under the same key; so it is with lengths."""
    if is_redacted(was) or is_redacted(now):
        return key_of(was) == key_of(now)
    return _is_cut(was) == _is_cut(now)


def _is_cut(value: Json) -> bool:
    return isinstance(value, dict) and set(value) == {"length", "sha256"}


def is_noise(item: Difference) -> bool:
    """Is it a time, a counter, or what else follows from time and use alone? States are not."""
    now = item.was if item.now is None else item.now
    name = item.members[-1] if item.members else ""
    return (
        any(map(_is_volatile, item.members))
        or _is_time(name, now)
        or (_counts(name) and _is_number(now))
    )


def is_redacted(value: Json) -> bool:
    """Is it the digest of a secret?"""
    return isinstance(value, str) and value.startswith("redacted:hmac-sha256:")


def key_of(value: Json) -> str:
    """The key of a digest: digests under different keys say nothing about each other."""
    parts = value.split(":", 3) if isinstance(value, str) else []
    return parts[2] if len(parts) > 3 else ""
