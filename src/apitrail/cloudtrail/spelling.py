"""How CloudTrail spells member names and values of the usual services."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apitrail import when
from apitrail.aws.call import Blob, EventStream, Redacted, Structure, Value
from apitrail.cloudtrail.hidden import HIDDEN, Rules

# Services whose member names keep their capitals (measured on 27,843 real records).
UPPER_CAMEL = frozenset({
    "account", "ce", "cloudshell", "devops-guru", "internetmonitor", "resource-explorer-2",
    "securityhub", "synthetics",
})  # fmt: skip

# Services that print times without the comma after the year (an older JDK's locale data).
WITHOUT_COMMA = frozenset({
    "autoscaling", "cloudformation", "docdb", "elasticache", "elasticbeanstalk", "elb", "elbv2",
    "iam", "neptune", "rds", "redshift", "ssm",
})  # fmt: skip

# Services whose answers are recorded with times as they are on the wire, in ISO 8601.
WIRE_TIMES = frozenset({"apigatewayv2", "rolesanywhere"})

# Services whose times are seconds since 1970, as on the wire.
EPOCH_TIMES = frozenset({"eks"})

# Members of a service that are neither kept nor only lowered.
RENAMED = {"secretsmanager": {"ARN": "arn"}}

# The same in requests alone: EKS calls the cluster as the path's label does.
REQUEST_RENAMED = {"eks": {"clusterName": "name"}}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEEPEST = 128
"""Levels after which a value is left out; service models nest less than half of it."""


LARGEST_BITS = 1024
"""Of an integer that is told in decimal."""


def lower_first(name: str) -> str:
    """`DBInstanceIdentifier` becomes `dBInstanceIdentifier`."""
    return name[:1].lower() + name[1:]


def unchanged(name: str) -> str:
    """For services whose member names CloudTrail keeps."""
    return name


def told(key: str) -> str:
    """A key as a record may have it: the marker where it is a secret."""
    return HIDDEN if isinstance(key, Redacted) else str(key)


def java_time(moment: datetime, *, comma: bool) -> str:
    """`Jul 10, 2023, 12:09:47 PM`, or without the second comma: Java's US locale, UTC."""
    utc = _utc(moment)
    half, noon = (utc.hour % 12 or 12), ("PM" if utc.hour >= 12 else "AM")
    return (
        f"{MONTHS[utc.month - 1]} {utc.day}, {utc.year}{',' if comma else ''} "
        f"{half}:{utc.minute:02}:{utc.second:02} {noon}"
    )


def java_time_comma(moment: datetime) -> str:
    """Newer JDK: `Jul 10, 2023, 12:09:47 PM`."""
    return java_time(moment, comma=True)


def java_time_plain(moment: datetime) -> str:
    """Older JDK: `Jul 10, 2023 12:24:29 PM`."""
    return java_time(moment, comma=False)


def epoch_milliseconds(moment: datetime) -> int:
    """EC2's times."""
    return (_utc(moment) - EPOCH) // timedelta(milliseconds=1)


def epoch_seconds(moment: datetime) -> int | float:
    """`1690853587.208`, whole where it is."""
    milliseconds = epoch_milliseconds(moment)
    return milliseconds / 1000 if milliseconds % 1000 else milliseconds // 1000


def iso_milliseconds(moment: datetime) -> str:
    """`2023-07-10T12:24:29.000Z`, as in EC2's XML."""
    return when.iso(epoch_milliseconds(moment))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999
        return moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How one operation's members and values are spelled."""

    rules: Rules
    name: Callable[[str], str] = lower_first
    renamed: dict[str, str] = field(default_factory=dict)
    time: Callable[[datetime], str | int | float] = java_time_comma

    def structure(self, members: Structure, depth: int = 0) -> Structure:
        """A structure with its names respelled and its hidden members dropped or marked."""
        out = {}
        dropped, marked, name = self.rules.dropped, self.rules.marked, self.name
        for member, value in members.items():
            if value is None or member in dropped or isinstance(value, (Blob, EventStream)):
                continue
            spelled = self.renamed.get(member) or name(told(member))
            out[spelled] = marked[member] if member in marked else self.value(value, depth)
        return out

    def value(self, value: Value, depth: int = 0) -> Value:
        """Any decoded value as JSON knows it."""
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if depth > DEEPEST:
            return None
        if kind is dict:
            return self.structure(value, depth + 1)
        if isinstance(value, dict):
            return self.mapping(value, depth + 1)
        if isinstance(value, (list, tuple)):
            return [self.value(item, depth + 1) for item in value]
        return scalar(value, self.time)

    def mapping(self, entries: Structure, depth: int = 0) -> Structure:
        """A map: its keys are data and stay."""
        return {told(key): self.value(value, depth) for key, value in entries.items()}


def scalar(value: Value, time: Callable[[datetime], str | int | float]) -> Value:
    """A leaf as JSON knows it: bytes in base64, times by `time`, secrets marked."""
    match value:
        case Redacted():
            return HIDDEN
        case float():
            return value if math.isfinite(value) else NOT_FINITE.get(value, "NaN")
        case datetime():
            return time(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case Blob() | EventStream() | dict() | list() | tuple():
            return None  # no leaf, and what is in it may be a secret
        case None | bool() | str():
            return value
        case int():
            # json refuses to print thousands of digits, which CBOR can carry.
            return value if value.bit_length() <= LARGEST_BITS else hex(value)
        case _:
            return str(value)


def plain(document: Value, depth: int = 0) -> Value:
    """A parsed JSON document with the same names, as far as a record may have it."""
    if depth > DEEPEST:
        return None
    if isinstance(document, dict):
        return {key: plain(value, depth + 1) for key, value in document.items()}
    if isinstance(document, list):
        return [plain(item, depth + 1) for item in document]
    return scalar(document, java_time_comma)


NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}
