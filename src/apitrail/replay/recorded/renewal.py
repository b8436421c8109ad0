"""What botocore's handlers do to a request, undone: what they compute, encode and add they do again."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from apitrail.aws.arn import Arn
from apitrail.aws.call import Structure, Value
from apitrail.replay.recorded.recorded_call import REDACTED

if TYPE_CHECKING:
    from botocore.model import Shape


# Parameters that botocore computes from the others, by service (botocore.handlers: sse_md5,
# copy_source_sse_md5, inject_presigned_url_*; botocore.httpchecksum). A presigned URL is signed
# with keys that are not ours.
_PRESIGNED = frozenset({"PreSignedUrl"})
_COMPUTED = {
    "s3": frozenset({
        "ContentMD5", "ContentLength", "SSECustomerKeyMD5", "CopySourceSSECustomerKeyMD5",
        "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256",
    }),
    "ec2": frozenset({"PresignedUrl"}),
    "rds": _PRESIGNED,
    "neptune": _PRESIGNED,
    "docdb": _PRESIGNED,
}  # fmt: skip
# add_glacier_checksums: of these two alone; CompleteMultipartUpload's is the caller's.
_GLACIER_CHECKSUM = frozenset({"UploadArchive", "UploadMultipartPart"})

# base64_encode_user_data: the wire has base64 where boto3 takes plain text.
USER_DATA = frozenset({("ec2", "RunInstances"), ("autoscaling", "CreateLaunchConfiguration")})

# handle_copy_source_param: the wire has it percent-encoded, but for the version.
COPIES = frozenset({("s3", "CopyObject"), ("s3", "UploadPartCopy")})
_VERSION = re.compile(r"\?versionId=[^\s]+$")

# set_list_objects_encoding_type_url asks for it, and undoes it in the answer.
LISTS = frozenset({("s3", "ListObjects"), ("s3", "ListObjectsV2"), ("s3", "ListObjectVersions")})

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
    shape: Shape,
    parameters: Structure,
    *,
    region: str | None,
    renew: Callable[[str], str],
) -> Structure:
    """The parameters as botocore wants them for a fresh request (JSON in, JSON out).

    Args:
        shape: the operation's input.
        region: where it is sent; None leaves what names the recorded one.
        renew: gives a fresh idempotency token for the recorded one.
    """
    given = {
        name: item for name, item in parameters.items() if not is_computed(service, operation, name)
    }
    for name, member in shape.members.items() if shape is not None else ():
        if name in given and _is_token(member) and isinstance(given[name], str):
            given[name] = renew(given[name])
    if (service, operation) in USER_DATA and isinstance(given.get("UserData"), str):
        given["UserData"] = _plain(given["UserData"])
    if (service, operation) in COPIES and isinstance(given.get("CopySource"), str):
        given["CopySource"] = _source(given["CopySource"])
    if (service, operation) in LISTS and given.get("EncodingType") == "url":
        del given["EncodingType"]
    if operation in CROSS_REGION and "PreSignedUrl" in parameters:
        given |= _source_region(given)
    if (service, operation) == ("s3", "CreateBucket") and region is not None:
        given = _constrained(given, region)
    return given


def is_computed(service: str | None, operation: str | None, name: str) -> bool:
    """Does botocore compute this parameter itself?"""
    if service == "glacier" and name == "checksum":
        return operation in _GLACIER_CHECKSUM
    return name in _COMPUTED.get(service or "", ())


def _source(encoded: str) -> str | dict[str, str]:
    """A CopySource before its encoding; an object whose key ends like a version is a structure."""
    version = _VERSION.search(encoded)
    place = unquote(encoded[: version.start()] if version else encoded)
    if _VERSION.search(place) is None:
        return place + (version[0] if version else "")
    bucket, _, key = place.lstrip("/").partition("/")
    named = {"VersionId": version[0].partition("=")[2]} if version else {}
    return {"Bucket": bucket, "Key": key, **named}


def _is_token(member: Value) -> bool:
    return bool(member.metadata.get("idempotencyToken"))


def _plain(text: str) -> Value:
    """User data before its encoding; what stands for a secret is replaced later, by plain text."""
    if REDACTED.search(text):
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _source_region(given: Structure) -> dict[str, str]:
    for item in given.values():
        match Arn.parse(item) if isinstance(item, str) else None:
            case Arn(service="rds", region=region):
                return {"SourceRegion": region}
    return {}


def _constrained(given: Structure, region: str) -> Structure:
    """S3 wants the region of a bucket said everywhere but in one region, and there not."""
    rest = dict(given.get("CreateBucketConfiguration") or {})
    rest.pop("LocationConstraint", None)
    if region != _NO_CONSTRAINT:
        rest["LocationConstraint"] = region
    given = {name: item for name, item in given.items() if name != "CreateBucketConfiguration"}
    return given | ({"CreateBucketConfiguration": rest} if rest else {})
