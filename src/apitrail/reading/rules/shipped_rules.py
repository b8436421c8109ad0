"""The rules that come with apitrail, by the names that `rule = "built-in:NAME"` uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apitrail.codec import Json, Object
from apitrail.reading.rules import made_public, world_open
from apitrail.reading.rules.alert_rule import About, Alone, Finder, Matches
from apitrail.reading.rules.looked_at import LookedAt
from apitrail.reading.rules.new_region import NewRegion

PREFIX = "built-in:"


def root_used(record: Object) -> bool:
    """By the root user itself: what AWS does in its name is not."""
    user = _object(record, "userIdentity")
    is_service = record.get("eventType") == "AwsServiceEvent" or user.get("invokedBy") is not None
    return user.get("type") == "Root" and not is_service


_CLOUDTRAIL = "cloudtrail.amazonaws.com"
# (event source, event name) of what ends a record of calls or of changes, whatever it asks for.
_STOPPING = {
    (_CLOUDTRAIL, "StopLogging"), (_CLOUDTRAIL, "DeleteTrail"),
    (_CLOUDTRAIL, "DeleteEventDataStore"), (_CLOUDTRAIL, "StopEventDataStoreIngestion"),
    ("config.amazonaws.com", "StopConfigurationRecorder"),
    ("config.amazonaws.com", "DeleteConfigurationRecorder"),
    ("config.amazonaws.com", "DeleteDeliveryChannel"),
    ("guardduty.amazonaws.com", "DeleteDetector"),
    ("ec2.amazonaws.com", "DeleteFlowLogs"),
}  # fmt: skip
# Members of a trail that make it tell less where they are false.
_LESS = (
    "isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation",
    "multiRegionEnabled", "isOrganizationTrail", "organizationEnabled",
)  # fmt: skip


def trail_stopped(record: Object) -> bool:
    """A trail is stopped, deleted, or made to tell less; an attempt counts too."""
    source, name = record.get("eventSource"), record.get("eventName")
    if (source, name) in _STOPPING:
        return True
    asked = _object(record, "requestParameters")
    if source == _CLOUDTRAIL and name in ("UpdateTrail", "UpdateEventDataStore"):
        return any(asked.get(each) is False for each in _LESS)
    if source == _CLOUDTRAIL and name == "PutEventSelectors":
        return _tells_less(asked.get("eventSelectors"))
    return source == "guardduty.amazonaws.com" and name == "UpdateDetector" and asked.get("enable") is False  # fmt: skip


def _tells_less(selectors: Json) -> bool:
    for each in selectors if isinstance(selectors, list) else ():
        if isinstance(each, dict) and (
            each.get("includeManagementEvents") is False
            or each.get("readWriteType", "All") != "All"
            or each.get("excludeManagementEventSources")
        ):
            return True
    return False


# Operations that make something to sign in with, and whose it is (IAM API reference).
_KEYS = (
    "CreateAccessKey", "CreateServiceSpecificCredential", "ResetServiceSpecificCredential",
    "CreateLoginProfile", "UpdateLoginProfile", "UploadSSHPublicKey", "UploadSigningCertificate",
)  # fmt: skip


def key_for_another(record: Object) -> bool:
    """A key or a password that is made for somebody else; without a name it is the caller's own."""
    if record.get("eventSource") != "iam.amazonaws.com" or record.get("eventName") not in _KEYS:
        return False
    whose = _object(record, "requestParameters").get("userName")
    return bool(whose) and whose != _object(record, "userIdentity").get("userName")


def _object(record: Object, name: str) -> Object:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _record(test: Callable[[Object], bool]) -> Matches:
    return lambda seen: seen.insight is None and test(seen.record)


def _done(test: Callable[[Object], bool]) -> Matches:
    """Of calls that succeeded."""

    def matches(seen: LookedAt) -> bool:
        return seen.insight is None and test(seen.record) and seen.record.get("errorCode") is None

    return matches


@dataclass(frozen=True, slots=True)
class Shipped:
    """A rule and what it is called; without a test it is one that remembers."""

    about: About
    matches: Matches | None

    def finder(self) -> Finder:
        """One that has seen nothing yet."""
        return NewRegion(self.about) if self.matches is None else Alone(self.about, self.matches)


def _rule(name: str, level: str, title: str, matches: Matches | None) -> tuple[str, Shipped]:
    about = About(name=f"{PREFIX}{name}", title=title, level=level)
    return name, Shipped(about, matches)


SHIPPED: Mapping[str, Shipped] = dict((
    _rule("root-used", "high", "The root user was used", _record(root_used)),
    _rule("trail-stopped", "high", "A trail was stopped, deleted or made to tell less", _record(trail_stopped)),
    _rule("open-to-world", "high", "A security group or a prefix list was opened to the world", _done(world_open.is_opened)),
    _rule("made-public", "high", "A snapshot, an image or a bucket was made public", _done(made_public.is_public)),
    _rule("key-for-another", "medium", "A key or a password was made for another user", _done(key_for_another)),
    _rule("new-region", "medium", "A region was used for the first time", None),
))  # fmt: skip
