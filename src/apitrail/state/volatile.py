"""What a service changes by itself: times, counters, states on the way, what it derives.

docs/state.md lists these rules. They decide what is no drift; a history shows these members all the
same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

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
    r"|rolloutState|rolloutStateReason|Warnings|Messages|InService|Health|HealthStatus|health"
    r"|NumberOfDecreasesToday|LatestRestorableTime|EarliestRestorableTime|LatestStreamLabel"
    # Addresses that come and go with a start and a stop.
    r"|PublicIpAddress|PublicDnsName|Association|UsageOperationUpdateTime|ClientToken|Location"
    # What an Auto Scaling group does by itself.
    r"|DesiredCapacity|Instances|WarmPoolSize"
    # What AWS renews, measures and brings up to date, and who uses a certificate.
    r"|RuntimeVersionConfig|WarmThroughput|platformVersion|SizeInBytes|RenewalSummary|RenewalEligibility"
    r"|Serial|InUseBy|InProgressInvalidationBatches|CertificateDetails|ActivityStreamStatus"
    r"|(?:[A-Z]\w*)?(?:Status|State|Failure)(?:Reason|Message|Detail)s?(?:Code|Data)?)$"
    r"|(?:Last(?:Used|Accessed|Modified|Updated?|Changed|Event|Restart|Delivery|Decrease|Increase|Seen))"
    r"|^last(?=[A-Z])|^Latest(?:Delivery|Notification|CloudWatch|Digest)|Timestamp$|DateTime$"
)
# Counters, where the value is a number.
_COUNTERS = re.compile(
    r"(?:Count|Counts|SizeBytes|SizeInBytes)$|(?:^|[a-z])NumberOf|^Approximate|^(?:storedBytes|CodeSize)$"
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
        "running", "stopped", "terminated", "deleted", "available", "in-use", "attached", "active",
        "enabled", "disabled", "suspended", "pendingdeletion", "inactive", "create_complete",
        "update_complete", "delete_complete", "import_complete",
    }
)  # fmt: skip
_ON_ITS_WAY = re.compile(
    r"^pending(?!deletion|-reboot)|(?:creating|modifying|updating|deleting|stopping|starting|shutting-down"
    r"|rebooting|attaching|detaching|backing-up|provisioning|draining|activating|enabling|disabling|maintenance"
    r"|configuring|resizing|renaming|resetting|upgrading|optimization|initializing|progress)",
    re.IGNORECASE,
)
# What else a service changes, where a member says so: the top members that are left out then.
_WHERE: tuple[tuple[Callable[[Mapping[str, Json]], bool], frozenset[str]], ...] = (
    (
        lambda state: state.get("AutoMinorVersionUpgrade") is True,
        frozenset({"EngineVersion", "DBParameterGroups", "OptionGroupMemberships"}),
    ),
    (
        lambda state: state.get("MultiAZ") is True,
        frozenset({"AvailabilityZone", "SecondaryAvailabilityZone"}),
    ),
    (lambda state: "MaxAllocatedStorage" in state, frozenset({"AllocatedStorage"})),
    (
        lambda state: state.get("RotationEnabled") is True,
        frozenset({"VersionIdsToStages", "SecretVersionsToStages"}),
    ),
)
_MANAGERS = (
    "aws:autoscaling:",
    "aws:ec2spot:",
    "aws:ec2:fleet-id",
    "aws:eks:",
    "aws:elasticmapreduce:",
)
_AWS_POLICY = re.compile(r"arn:[a-z-]+:iam::aws:")
# States in which a service takes a thing away by itself.
_ENDED = frozenset({"terminated", "deleted", "delete_complete", "pendingdeletion", "inactive"})
_DEEPEST = 12
# Stands in place of a state that a service says.
UNSETTLED = "\0unsettled"


class _Member(NamedTuple):
    """What a member's name says of its value."""

    volatile: bool
    status: bool
    counter: bool
    epoch: bool


@remembered(8192)
def _member(name: str) -> _Member:
    return _Member(
        volatile=_NAMES.search(name) is not None,
        status=_STATUS.search(name) is not None,
        counter=name not in _SET_BY_SOMEBODY and _COUNTERS.search(name) is not None,
        epoch=_EPOCH_NAME.search(name) is not None,
    )


def lasting(value: Json, depth: int = 0) -> Json:
    """The state without what a service changes by itself."""
    if isinstance(value, dict) and depth < _DEEPEST:
        idle = "FunctionName" in value
        found: dict[str, Json] = {}
        for name, inner in value.items():
            member = _member(name)
            short = _short(inner) if member.status else inner
            if name in _OWNERS and isinstance(short, dict):
                # S3 tells it in some regions, and to some callers.
                short = {key: each for key, each in short.items() if key != "DisplayName"}
            if member.status and isinstance(short, str) and not _is_settled(short):
                found[name] = UNSETTLED
            elif not _is_left_out(name, member, short, idle=idle):
                kept = lasting(short, depth + 1) if isinstance(short, dict | list) else short
                if kept is not None:
                    found[name] = kept
        return found
    if isinstance(value, list):
        return [
            lasting(each, depth + 1) if isinstance(each, dict | list) else each for each in value
        ]
    return value


def _is_left_out(name: str, member: _Member, value: Json, *, idle: bool) -> bool:
    if member.volatile:
        return True
    if isinstance(value, str):
        if member.status:
            # Lambda puts functions to sleep and wakes them ("Lambda function states").
            return idle and name == "State"
        return _is_time(value) or (member.counter and value.isdigit())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return member.counter or (member.epoch and value >= _EPOCH)
    return False


_OWNERS = frozenset({"Owner", "Grantee", "Initiator"})


def _short(value: Json) -> Json:
    """A state that is written as a structure, such as EC2's `State: {Code, Name}`: its name."""
    if isinstance(value, dict):
        said = value.get("Name", value.get("Code"))
        return said if isinstance(said, str) else value
    return value


def _is_settled(value: Json) -> bool:
    return isinstance(value, str) and value.lower() in _SETTLED


def _is_time(value: str) -> bool:
    return value[4:5] == "-" and _TIME.match(value) is not None


def is_on_its_way(value: Json, depth: int = 0) -> bool:
    """Does a service still change it? Then what it becomes is no news."""
    if isinstance(value, dict) and depth < _DEEPEST:
        if isinstance(value.get("PendingModifiedValues"), dict) and value["PendingModifiedValues"]:
            return True
        return any(_is_moving(name, inner, depth) for name, inner in value.items())
    return isinstance(value, list) and any(is_on_its_way(inner, depth + 1) for inner in value)


def _is_moving(name: str, value: Json, depth: int) -> bool:
    if isinstance(value, str):
        return _member(name).status and _ON_ITS_WAY.search(value) is not None
    if not isinstance(value, dict | list):
        return False
    if _member(name).status and isinstance(said := _short(value), str):
        return _ON_ITS_WAY.search(said) is not None
    return is_on_its_way(value, depth + 1)


def is_ended(value: Json) -> bool:
    """Is it gone already, or to be gone? What becomes of it then the service does."""
    if not isinstance(value, dict) or "FunctionName" in value:
        return False
    states = (_short(inner) for name, inner in value.items() if _member(name).status)
    return "DeletedDate" in value or any(
        isinstance(each, str) and each.lower() in _ENDED for each in states
    )


def is_managed(value: Json) -> bool:
    """Does a service of AWS start and end it: an instance of a group, a volume or an interface with it?"""
    if not isinstance(value, dict):
        return False
    tags = value.get("Tags")
    keys = (
        [each.get("Key") for each in tags if isinstance(each, dict)]
        if isinstance(tags, list)
        else []
    )
    attached = value.get("Attachments")
    return (
        any(isinstance(key, str) and key.startswith(_MANAGERS) for key in keys)
        or value.get("InstanceLifecycle") == "spot"
        or value.get("RequesterManaged") is True
        or any(
            isinstance(each, dict) and each.get("DeleteOnTermination") is True
            for each in attached or ()
        )
    )


def is_aws_own(value: Json) -> bool:
    """Does it belong to AWS or to another account, and change as they like: their policies and images?"""
    if not isinstance(value, dict):
        return False
    arn = value.get("Arn")
    return (
        (isinstance(arn, str) and _AWS_POLICY.match(arn) is not None)
        or value.get("KeyManager") == "AWS"
        or any(isinstance(value.get(name), str) for name in ("ImageOwnerAlias", "OwnerAlias"))
    )


def _left_out(old: Json, new: Json) -> frozenset[str]:
    """Members of these states that a service changes, because of what else the states say."""
    found: frozenset[str] = frozenset()
    for state in (old, new):
        if isinstance(state, dict):
            found = found.union(*(names for holds, names in _WHERE if holds(state)))
    return found | ({"State", "Attachments"} if is_managed(old) or is_managed(new) else set())


def drifted(
    old: Json, new: Json, *, alike: bool, kept: tuple[Json, Json] | None = None
) -> list[Difference]:
    """The differences of two states that no service makes by itself.

    `alike` says that the same call was made both times. If not, a member that only one of them has
    says nothing: the other call may not tell it. `kept` is what lasts of both, where that is at hand.
    """
    if old == new:
        return []
    found = differences(*(kept or (lasting(old), lasting(new))))
    if not found:
        return []
    denied = {*_denied(old, ()), *_denied(new, ()), *((name,) for name in _left_out(old, new))}
    return [
        each
        for each in found
        if _counts_as_drift(each, alike=alike)
        and not any(each.members[: len(path)] == path for path in denied)
    ]


def _counts_as_drift(item: Difference, *, alike: bool) -> bool:
    was, now = item.was, item.now
    if UNSETTLED in (was, now):
        return False
    if was is not None and now is not None:
        return _is_comparable(was, now)
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
    if any(_member(name).volatile for name in item.members):
        return True
    member = _member(item.members[-1]) if item.members else _member("")
    return not member.status and _is_left_out("", member, now, idle=False)


def is_redacted(value: Json) -> bool:
    """Is it the digest of a secret?"""
    return isinstance(value, str) and value.startswith("redacted:hmac-sha256:")


def key_of(value: Json) -> str:
    """The key of a digest: digests under different keys say nothing about each other."""
    parts = value.split(":", 3) if isinstance(value, str) else []
    return parts[2] if len(parts) > 3 else ""
