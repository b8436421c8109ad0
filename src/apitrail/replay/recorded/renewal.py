"""What of a recorded request must be made anew: tokens, signed parts, checksums, encodings.

It does not know endpoints; identifiers are somebody else's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from apitrail.aws.arn import Arn
from apitrail.replay.recorded.recorded_call import REDACTED

# Parameters that botocore computes from the others (botocore.handlers, and its checksum and
# presigned-URL handling). A presigned URL is signed with keys that are not ours.
COMPUTED = frozenset({
    "ContentMD5", "ContentLength", "SSECustomerKeyMD5", "CopySourceSSECustomerKeyMD5",
    "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256",
    "PreSignedUrl", "PresignedUrl", "checksum",
})  # fmt: skip

# botocore's base64_encode_user_data: the wire has base64 where boto3 takes plain text.
USER_DATA = frozenset({("ec2", "RunInstances"), ("autoscaling", "CreateLaunchConfiguration")})

# botocore's inject_presigned_url_rds: the region to sign for is asked for, not sent.
CROSS_REGION = frozenset({
    "CopyDBClusterSnapshot", "CreateDBCluster", "CopyDBSnapshot", "CreateDBInstanceReadReplica",
    "StartDBInstanceAutomatedBackupsReplication",
})  # fmt: skip

# Services whose API is the same in each region (AWS general reference, "Global endpoints").
GLOBAL = frozenset({
    "iam", "route53", "route53domains", "cloudfront", "organizations", "shield", "waf", "support",
    "globalaccelerator", "networkmanager", "account", "ce", "budgets", "importexport", "health",
})  # fmt: skip

_NO_CONSTRAINT = "us-east-1"


def anew(
    service: str,
    operation: str,
    shape: Any,
    parameters: dict[str, Any],
    *,
    region: str | None,
    renew: Callable[[str], str],
) -> dict[str, Any]:
    """The parameters as botocore wants them for a fresh request (JSON in, JSON out).

    Args:
        shape: the operation's input.
        region: where it is sent; None leaves what names the recorded one.
        renew: gives a fresh idempotency token for the recorded one.
    """
    given = {name: item for name, item in parameters.items() if name not in COMPUTED}
    for name, member in shape.members.items() if shape is not None else ():
        if name in given and _is_token(member) and isinstance(given[name], str):
            given[name] = renew(given[name])
    if (service, operation) in USER_DATA and isinstance(given.get("UserData"), str):
        given["UserData"] = _plain(given["UserData"])
    if operation in CROSS_REGION and "PreSignedUrl" in parameters:
        given |= _source_region(given)
    if (service, operation) == ("s3", "CreateBucket") and region is not None:
        given = _constrained(given, region)
    return given


def _is_token(member: Any) -> bool:
    return bool(member.metadata.get("idempotencyToken"))


def _plain(text: str) -> Any:
    """User data before its encoding; what stands for a secret is replaced later, by plain text."""
    if REDACTED.search(text):
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _source_region(given: dict[str, Any]) -> dict[str, str]:
    for item in given.values():
        match Arn.parse(item) if isinstance(item, str) else None:
            case Arn(service="rds", region=region):
                return {"SourceRegion": region}
    return {}


def _constrained(given: dict[str, Any], region: str) -> dict[str, Any]:
    """S3 wants the region of a bucket said everywhere but in one region, and there not."""
    rest = dict(given.get("CreateBucketConfiguration") or {})
    rest.pop("LocationConstraint", None)
    if region != _NO_CONSTRAINT:
        rest["LocationConstraint"] = region
    given = {name: item for name, item in given.items() if name != "CreateBucketConfiguration"}
    return given | ({"CreateBucketConfiguration": rest} if rest else {})
