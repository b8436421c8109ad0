"""Actions that AWS asks for besides an operation's own: what it reads, passes on, encrypts or tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from apitrail.aws.arn import looks_like
from apitrail.aws.call import Call, Structure, Value
from apitrail.cloudtrail.resources.resource import Place
from apitrail.cloudtrail.resources.texts import data_members, texts
from apitrail.iam import known_actions

type Besides = Iterator[tuple[str, str | None]]
"""Names of actions, each with the ARN it is on; None where that is not known."""

# Services that take a role to assume it or to change it, and pass it to nobody.
_PASS_NOTHING = frozenset({"iam", "signin", "sso", "sts"})
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
# "CopySource: the source is read with your permissions" (CopyObject, UploadPartCopy).
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
# What a request to store an object asks for besides, by the member that says so.
_STORING = (
    ("ACL", "PutObjectAcl"),
    ("GrantFullControl", "PutObjectAcl"),
    ("GrantRead", "PutObjectAcl"),
    ("GrantReadACP", "PutObjectAcl"),
    ("GrantWriteACP", "PutObjectAcl"),
    ("ObjectLockLegalHoldStatus", "PutObjectLegalHold"),
    ("ObjectLockMode", "PutObjectRetention"),
    ("Tagging", "PutObjectTagging"),
)
_STORES = frozenset({"CopyObject", "CreateMultipartUpload", "PostObject", "PutObject"})

# Actions that tag on creation, in the order they are looked for.
_TAGGING = ("TagResource", "CreateTags", "AddTags", "AddTagsToResource", "TagQueue")
_CREATES = re.compile(r"(?:Create|Run|Register|Allocate|Import|Request|Start|Put|Copy|Launch)(\w*)")
_TAGS = frozenset({"tags", "taglist", "tagset"})


def besides(call: Call, prefix: str, place: Place, *, reads: bool) -> Besides:
    """What a call asks for beside its own action, of the service with this prefix.

    A call that only `reads` passes no role, and looks for keys and tags rather than to use them.
    """
    parameters = call.parameters or {}
    if call.service == "s3":
        yield from _s3(call, parameters, place)
        yield from _encrypted(call, parameters)
        return
    if reads:
        return
    if call.service not in _PASS_NOTHING:
        yield from _passed(call, parameters)
    if call.operation == "AddRoleToInstanceProfile" and call.service == "iam":
        yield "iam:PassRole", None
    yield from _encrypted(call, parameters)
    yield from _tagged(call, parameters, prefix, place)


def _s3(call: Call, parameters: Structure, place: Place) -> Besides:
    operation, bucket, key = (
        call.operation or "", parameters.get("Bucket"), parameters.get("Key"),
    )  # fmt: skip
    named = isinstance(bucket, str) and not looks_like(bucket)
    stored = place.s3(f"{bucket}/{key}") if named and key else None
    if operation in _COPIES:
        yield from _source(parameters.get("CopySource"), place)
    if operation in _STORES:
        for name in dict.fromkeys(name for member, name in _STORING if parameters.get(member)):
            yield f"s3:{name}", stored
    if operation == "GetObjectAttributes":
        version = "Version" if parameters.get("VersionId") else ""
        yield f"s3:GetObject{version}", stored
    if parameters.get("BypassGovernanceRetention"):
        yield "s3:BypassGovernanceRetention", stored
    if operation == "CreateBucket" and parameters.get("ObjectLockEnabledForBucket"):
        yield "s3:PutBucketObjectLockConfiguration", place.s3(f"{bucket}")
        yield "s3:PutBucketVersioning", place.s3(f"{bucket}")


def _source(source: Value, place: Place) -> Besides:
    if not isinstance(source, str):
        yield "s3:GetObject", None
        return
    name, _, version = source.partition("?versionId=")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    path = unquote(name).removeprefix("/")
    if path.startswith("/"):  # how many of them are dropped depends on the reader
        yield action, None
        return
    yield action, path if looks_like(path) else place.s3(path)


def _passed(call: Call, parameters: Structure) -> Besides:
    """A role whose ARN stands in a member that is named for roles is handed to the service."""
    said = texts(parameters, data=data_members(call.service))
    for member, text in said:
        if "role" in member and _ROLE.fullmatch(text):
            yield "iam:PassRole", text
        elif member in {"iaminstanceprofile", "instanceprofilename"} or (
            ":instance-profile/" in text and looks_like(text)
        ):
            yield "iam:PassRole", None  # the profile's role
    profile = parameters.get("IamInstanceProfile")
    if isinstance(profile, dict) and profile.get("Name"):
        yield "iam:PassRole", None


def _encrypted(call: Call, parameters: Structure) -> Besides:
    """A key that the request names, or the answer: `SSEKMSKeyId`, `KmsKeyId`, `KMSMasterKeyID`."""
    if call.service in ("kms", None):
        return
    for side in (parameters, call.result or {}):
        for name, value in side.items():
            lower = name.lower()
            if "kms" not in lower or "key" not in lower or not isinstance(value, str):
                continue
            key = value if looks_like(value) and ":key/" in value else None
            if call.service != "s3":
                yield from ((f"kms:{each}", key) for each in ("DescribeKey", "CreateGrant"))
            elif (call.operation or "").startswith(("Get", "Head")):
                yield "kms:Decrypt", key
            else:
                yield "kms:GenerateDataKey", key


def _tagged(call: Call, parameters: Structure, prefix: str, place: Place) -> Besides:
    """Tags on something that is made ask for the action that tags it."""
    made = _CREATES.fullmatch(call.operation or "")
    if made is None or call.service == "s3":
        return
    if call.service == "ec2":
        for kind in _specified(parameters):
            yield "ec2:CreateTags", place.arn("ec2", f"{kind}/*")
        return
    if not any(name.lower() in _TAGS and value for name, value in parameters.items()):
        return
    names = (f"{prefix}:{name}" for name in (*_TAGGING, f"Tag{made[1]}"))
    found = next((name for each in names if (name := known_actions.spelled(each))), None)
    if found is not None and found != f"{prefix}:{call.operation}":
        yield found, None


def _specified(parameters: Structure) -> Iterator[str]:
    """The kinds of EC2's resources that are tagged as they are made."""
    said = parameters.get("TagSpecifications")
    for each in said if isinstance(said, list) else ():
        if isinstance(each, dict) and each.get("Tags"):
            yield str(each.get("ResourceType") or "*")
