"""What a call touches: resources by ARN, type and name, from its request and its result.

It does not know policies: it tells what was named, not what was allowed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from apitrail.aws.arn import partition
from apitrail.aws.call import Call
from apitrail.cloudtrail import access
from apitrail.cloudtrail.names import is_region
from apitrail.cloudtrail.resources import iam_types, named_members
from apitrail.cloudtrail.resources.resource import Place, Resource
from apitrail.cloudtrail.resources.special import special
from apitrail.cloudtrail.resources.texts import spelled_out, texts

__all__ = ["Resource", "listed", "own_answer", "resources", "undetermined"]

TELLING = frozenset({"kms", "s3", "s3control", "ssm", "sts"})
"""Services whose records of management events have `resources`; those of data events all have."""
UNTYPED = frozenset({"ssm"})
"""Services whose records' resources have no type."""
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
    asked = list(texts(call.parameters or {}))
    answered = list(texts(call.result or {})) if not access.read_only(call) else own_answer(call)
    named: dict[tuple[str | None, str], Resource] = {}
    for resource in (
        *special(call, asked, place),
        *spelled_out(asked, place),
        *spelled_out(answered, place),
        *named_members.by_template(
            call, asked if access.read_only(call) else asked + answered, place
        ),
    ):
        known = named.get((resource.type, resource.name))
        if known is None or known.arn is None:
            named[resource.type, resource.name] = resource
    return list(named.values())[:MOST]


@lru_cache(maxsize=1024)
def _place(region: str | None, account: str | None) -> Place:
    return Place(
        partition=partition(region),
        region=region if region and is_region(region) else None,
        account=account,
    )


def own_answer(call: Call) -> list[tuple[str, str]]:
    """The ARNs at the top of a read's result: of the secret, the key, the function read."""
    if call.service == "sts":
        return []  # who one is, or has become, is not what one touched
    members = (call.result or {}).items()
    return [(name.lower(), value) for name, value in members if type(value) is str]


def undetermined(call: Call, touched: list[Resource] | None = None) -> bool:
    """Could it have touched a resource that `resources` cannot name?

    So it is for an operation that could not be told, for a write whose request was decoded with
    doubts, for a call that two readers see as two, for more resources than are told, and for an operation whose IAM action always takes a
    resource of which neither request nor result has an identifier. `touched` is what
    `resources` gave, where it is at hand.
    """
    if call.stand_in:
        return False
    if call.ambiguous or call.service is None or call.operation is None or call.parameters is None:
        return True
    if call.doubts_asked and not access.read_only(call):
        return True
    if touched is None:
        touched = resources(call, account=None)
    if touched:
        return len(touched) >= MOST
    taken = iam_types.action(call.service, call.operation, call.signing_name, call.endpoint_prefix)
    return not access.read_only(call) if taken is None else taken.required


def listed(found: list[Resource], call: Call) -> list[dict[str, str]] | None:
    """The record's `resources`, where CloudTrail has any: with ARNs, in its keys and order."""
    if call.service not in TELLING and access.category(call) != "Data":
        return None
    if call.service == "sts":
        found = [resource for resource in found if resource.type == "AWS::IAM::Role"]
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
