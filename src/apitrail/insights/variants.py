"""Operations that parameters make another thing: a name of their own for what weakens or opens.

The parameters are those of CloudTrail's records, whose members begin with a small letter in most
services and are the header's or the element's name in S3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from apitrail.codec import Json, Object

type _Test = Callable[[Object], bool]

# Instance types for computing at large: families with accelerators, whole machines, huge sizes.
_LARGE = re.compile(
    r"(?:p\d|g\d|gr\d|trn\d|inf\d|dl\d|vt\d|hpc)|.*\.(?:metal|(?:1[6-9]|[2-9]\d|1\d\d)xlarge)"
)
# Logs that go after so many days are of no use to whoever looks for a break-in.
_FEW_DAYS = 7


def _is(member: str, value: Json) -> _Test:
    """Has a member this value, itself or as EC2 writes it, `{"value": …}`?"""

    def test(parameters: Object) -> bool:
        found = parameters.get(member)
        if isinstance(found, Mapping):
            found = found.get("value")
        return found == value and isinstance(found, type(value))

    return test


def _has(member: str) -> _Test:
    return lambda parameters: member in parameters


def _says(word: str) -> _Test:
    """Is this anywhere in the parameters?"""
    return lambda parameters: word in repr(parameters)


def _short(parameters: Object) -> bool:
    days = parameters.get("retentionInDays")
    return isinstance(days, int) and days <= _FEW_DAYS


def _logging_off(parameters: Object) -> bool:
    return "LoggingEnabled" not in repr(parameters.get("BucketLoggingStatus", "LoggingEnabled"))


def _large(parameters: Object) -> bool:
    return _LARGE.match(str(parameters.get("instanceType") or "")) is not None


# Operation → (what is added to its name, when), the first that fits.
_VARIANTS: Mapping[str, tuple[tuple[str, _Test], ...]] = {
    "ModifyInstanceAttribute": (
        ("UserData", _has("userData")),
        ("Unprotected", _is("disableApiTermination", False)),
    ),
    "DescribeInstanceAttribute": (("UserData", _is("attribute", "userData")),),
    "UpdateFunctionConfiguration": (("Layers", _has("layers")),),
    "ModifyDBInstance": (
        ("Public", _is("publiclyAccessible", True)),
        ("Unprotected", _is("deletionProtection", False)),
        ("Unprotected", _is("backupRetentionPeriod", 0)),
        ("Password", _has("masterUserPassword")),
    ),
    "ModifyDBCluster": (
        ("Unprotected", _is("deletionProtection", False)),
        ("Unprotected", _is("backupRetentionPeriod", 0)),
        ("Password", _has("masterUserPassword")),
    ),
    "UpdateContinuousBackups": (("Off", _says("'pointInTimeRecoveryEnabled': False")),),
    "UpdateTable": (("Unprotected", _is("deletionProtectionEnabled", False)),),
    "PutBucketVersioning": (("Suspended", _says("Suspended")),),
    "PutBucketLogging": (("Off", _logging_off),),
    "PutRetentionPolicy": (("Short", _short),),
    "CopyObject": (("CustomerKey", _has("x-amz-server-side-encryption-customer-algorithm")),),
    "PutObject": (("CustomerKey", _has("x-amz-server-side-encryption-customer-algorithm")),),
    "RunInstances": (("Large", _large),),
}  # fmt: skip


def varied(name: str, parameters: Json) -> str:
    """The name, and what its parameters add to it."""
    tests = _VARIANTS.get(name)
    if tests is None or not isinstance(parameters, dict):
        return name
    return name + next((suffix for suffix, test in tests if test(parameters)), "")
