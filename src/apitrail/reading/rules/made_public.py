"""Calls that make a snapshot, an image or a bucket everybody's, or take away what keeps it from that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from apitrail.codec import Json, Object
from apitrail.reading.rules.field_path import leaves, values

_GROUPS = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
_CANNED = ("public-read", "public-read-write", "authenticated-read")
# Conditions that hold a public statement to somebody (IAM's global condition keys).
_NARROWING = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn",
    "aws:sourceaccount", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceip",
    "aws:vpcsourceip", "aws:userid", "aws:sourceorgid", "s3:dataaccesspointaccount",
)  # fmt: skip


def is_public(record: Object) -> bool:
    """Does this call do so?"""
    test = _MAKING.get((str(record.get("eventSource")), str(record.get("eventName"))))
    asked = record.get("requestParameters")
    return test is not None and test(asked if isinstance(asked, dict) else {})


def _has_everybody(*paths: str) -> Callable[[Object], bool]:
    found = [values(path) for path in paths]
    return lambda asked: any("all" in each(asked) for each in found)


def _always(_: Object) -> bool:
    return True


def _acl(asked: Object) -> bool:
    """A canned ACL, or a grant to a group that everybody is in."""
    if any(name.lower() == "x-amz-acl" and each in _CANNED for name, each in asked.items()):
        return True
    texts = [each for each in leaves(asked) if isinstance(each, str)]
    return any(group in text for group in _GROUPS for text in texts)


def _policy(asked: Object) -> bool:
    """A bucket's policy that lets in everybody, without a condition that says whom."""
    found = asked.get("bucketPolicy", asked.get("policy"))
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return False
    statements = found.get("Statement") if isinstance(found, dict) else None
    several = statements if isinstance(statements, list) else [statements]
    return any(isinstance(each, dict) and _is_for_everybody(each) for each in several)


def _is_for_everybody(statement: Object) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotPrincipal" not in statement and "*" not in leaves(statement.get("Principal")):
        return False
    conditions = statement.get("Condition")
    keys = [
        key.lower()
        for each in (conditions.values() if isinstance(conditions, dict) else ())
        if isinstance(each, dict)
        for key in each
    ]
    return not any(key in _NARROWING for key in keys)


def _is_off(asked: Object) -> bool:
    """A block of public access that does not block everything."""
    block = asked.get("PublicAccessBlockConfiguration")
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    given = block if isinstance(block, dict) else {}
    return not all(_is_true(given.get(name)) for name in names)


def _is_true(value: Json) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


_EC2, _S3, _RDS = (f"{name}.amazonaws.com" for name in ("ec2", "s3", "rds"))
# (event source, event name) → does the call make something public? What lifts a block of public
# access counts: what is public behind it is seen from then on.
_MAKING: Mapping[tuple[str, str], Callable[[Object], bool]] = {
    (_EC2, "ModifySnapshotAttribute"): _has_everybody("createVolumePermission.add.items.group"),
    (_EC2, "ModifyImageAttribute"): _has_everybody("launchPermission.add.items.group"),
    (_EC2, "ModifyFpgaImageAttribute"): lambda asked: "all" in leaves(asked),
    (_EC2, "DisableSnapshotBlockPublicAccess"): _always,
    (_EC2, "DisableImageBlockPublicAccess"): _always,
    (_RDS, "ModifyDBSnapshotAttribute"): _has_everybody("valuesToAdd"),
    (_RDS, "ModifyDBClusterSnapshotAttribute"): _has_everybody("valuesToAdd"),
    (_S3, "CreateBucket"): _acl,
    (_S3, "PutBucketAcl"): _acl,
    (_S3, "PutObjectAcl"): _acl,
    (_S3, "PutObject"): _acl,
    (_S3, "CopyObject"): _acl,
    (_S3, "CreateMultipartUpload"): _acl,
    (_S3, "PutBucketPolicy"): _policy,
    (_S3, "PutBucketPublicAccessBlock"): _is_off,
    (_S3, "DeleteBucketPublicAccessBlock"): _always,
    (_S3, "PutAccountPublicAccessBlock"): _is_off,
    (_S3, "DeleteAccountPublicAccessBlock"): _always,
}
