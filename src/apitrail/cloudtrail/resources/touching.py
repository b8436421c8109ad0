"""What a call touches: resources by ARN, type and name, from its request and its result.

It does not know policies: it tells what was named, not what was allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from apitrail.aws.arn import partition
from apitrail.aws.call import Call
from apitrail.cloudtrail import access
from apitrail.cloudtrail.names import is_region
from apitrail.cloudtrail.resources import arn_parts, iam_types, named_members
from apitrail.cloudtrail.resources.account_wide import account_wide
from apitrail.cloudtrail.resources.ids import by_id
from apitrail.cloudtrail.resources.implied import implied
from apitrail.cloudtrail.resources.resource import Place, Resource
from apitrail.cloudtrail.resources.special import special
from apitrail.cloudtrail.resources.texts import data_members, spelled_out, texts
from apitrail.cloudtrail.resources.untold import untold
from apitrail.remembered import remembered

__all__ = ["Resource", "listed", "own_answer", "resources", "undetermined"]

TELLING = frozenset({"kms", "s3", "s3control", "ssm", "sts"})
"""Services whose records of management events have `resources`; those of data events all have."""
UNTYPED = frozenset({"ssm"})
"""Services whose records' resources have no type."""
REVEALING = frozenset(
    {
        ("secretsmanager", "BatchGetSecretValue"),
        ("ssm", "GetParametersByPath"),
    }
)
"""Reads that choose by a rule whose content they give: what their answers name was read."""
MOST = 5000
"""Resources told of one call; where there are more, they count as undetermined."""


def resources(call: Call, *, account: str | None, region: str | None = None) -> list[Resource]:
    """Every resource that the request names and, unless the call only read, its result too.

    Of a read's result only its top level counts, where a single thing tells its ARN: what a
    read lists it does not touch. Ids become ARNs with the caller's account and the call's
    region (or the one given for a call without), where those are known. Of a call that two
    readers see as two, the resources of both are told.
    """
    if call.other is not None:
        both = [call.other, replace(call, other=None)]
        found = {
            (touched.type, touched.name): touched
            for reading in both
            for touched in resources(reading, account=account, region=region)
        }
        return list(found.values())[:MOST]
    place = _place(call.region or region, account)
    data, reads = data_members(call.service), access.read_only(call)
    asked = texts(call.parameters or {}, data=data)
    answered = own_answer(call) if reads else texts(call.result or {}, data=data)
    said = asked if reads and not _reveals(call) else asked + answered
    named: dict[tuple[str | None, str], Resource] = {}
    for resource in (
        *special(call, asked, place),
        *spelled_out(asked, place),
        *spelled_out(answered, place),
        *named_members.by_template(call, said, place),
        *implied(call, said, place),
    ):
        known = named.get((resource.type, resource.name))
        if known is None or known.arn is None:
            named[resource.type, resource.name] = resource
    names = {name for _, name in named}
    for side in (call.parameters, None if reads else call.result):
        for resource in by_id(call, side, place) if side else ():
            if resource.name not in names:
                named[resource.type, resource.name] = resource
    for name in _inside_arns(named.values()) if named else ():
        if name not in names:
            named[None, name] = Resource(arn=None, type=None, name=name)
    if not named and not reads:
        named = {(None, resource.name): resource for resource in named_members.by_noun(call, place)}
    return list(named.values())[:MOST]


def _inside_arns(named: Iterable[Resource]) -> list[str]:
    """The names inside the ARNs; a bucket's and its objects' have been told."""
    return [
        name
        for resource in named
        if resource.arn is not None and ":s3:" not in resource.arn
        for name in arn_parts.names(resource.arn)
    ]


def _reveals(call: Call) -> bool:
    return (call.service, call.operation) in REVEALING


@remembered(1024)
def _place(region: str | None, account: str | None) -> Place:
    return Place(
        partition=partition(region),
        region=region if region and is_region(region) else None,
        account=account,
    )


def own_answer(call: Call) -> list[tuple[str, str]]:
    """The ARNs at the top of a read's result: of the secret, the key, the function read."""
    if call.service == "sts":
        return []  # the caller's own identity, before or after the call, is not a resource that it touched
    result = call.result or {}
    if _reveals(call):
        return texts(result, data=data_members(call.service))
    described = result.get("KeyMetadata") if call.service == "kms" else None
    members = (described if isinstance(described, dict) else result).items()
    return [(name.lower(), value) for name, value in members if type(value) is str]


def undetermined(call: Call, touched: list[Resource] | None = None) -> bool:
    """Could it have touched a resource that `resources` cannot name?

    So it is for an operation that could not be told, for a write (of S3 a read too) whose request was
    decoded with doubts, for a call that two readers see as two, for more resources than are told, for one that
    acts on what it does not name (`untold`), for a write that names none although it is not about
    the account as a whole, and for a read or a refused call whose IAM action always takes one. `touched` is what
    `resources` gave, where it is at hand.
    """
    if call.stand_in:
        return False
    if call.ambiguous or call.service is None or call.operation is None or call.parameters is None:
        return True
    reads = access.read_only(call)
    if call.doubts_asked and (not reads or call.service == "s3"):
        return True
    if touched is None:
        touched = resources(call, account=None)
    if touched:
        return len(touched) >= MOST or untold(call, touched)
    if not reads and call.error is None:
        return not account_wide(call.service, call.operation)
    taken = iam_types.action(call.service, call.operation, call.signing_name, call.endpoint_prefix)
    return not reads if taken is None else taken.required


def listed(found: list[Resource], call: Call) -> list[dict[str, str]] | None:
    """The record's `resources`, where CloudTrail has any: with ARNs, in its keys and order."""
    if call.service not in TELLING and access.category(call) != "Data":
        return None
    if call.service == "sts":
        found = [resource for resource in found if resource.type == "AWS::IAM::Role"]
    if call.service == "s3":
        bucket = (call.parameters or {}).get("Bucket")
        others = [item for item in found if item.type == "AWS::S3::Bucket" and item.name != bucket]
        found = [item for item in found if bucket is None or item not in others]
    if call.service == "s3" and call.operation in {"ListObjects", "ListObjectsV2"}:
        return _s3_listing(found)
    typed = call.service not in UNTYPED
    return [_item(resource, typed=typed) for resource in found if resource.arn] or None


def _item(resource: Resource, *, typed: bool = True) -> dict[str, str]:
    item = {"accountId": resource.account} if resource.account else {}
    if resource.type and typed:
        item["type"] = resource.type
    return {**item, "ARN": resource.arn or ""}


def _s3_listing(found: list[Resource]) -> list[dict[str, str]] | None:
    """A listing is of all the objects with the bucket's prefix."""
    buckets = [resource for resource in found if resource.type == "AWS::S3::Bucket"]
    prefixes = [{"type": "AWS::S3::Object", "ARNPrefix": f"{bucket.arn}/"} for bucket in buckets]
    return [*prefixes, *(_item(bucket) for bucket in buckets)] or None
