"""What a call touches: resources by ARN, type and name, from its request and its result.

It does not know policies: it tells what was named, not what was allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from apitrail.aws.call import Call, Redacted
from apitrail.cloudtrail import access, iam, named
from apitrail.cloudtrail.arn import partition
from apitrail.cloudtrail.names import is_region
from apitrail.cloudtrail.resource import Place, Resource
from apitrail.cloudtrail.texts import spelled_out, texts

__all__ = ["Resource", "listed", "resources", "undetermined"]

MOST = 1000
"""Resources told of one call; the rest are in its parameters."""


def resources(call: Call, *, account: str | None, region: str | None = None) -> list[Resource]:
    """Every resource that the request names and, unless the call only read, its result too.

    Ids become ARNs with the caller's account and the call's region (or the one given for a
    call without), where those are known.
    """
    region = call.region or region
    said = list(texts(call.parameters or {}, "", 0))
    asked = len(said)
    if call.result and not access.read_only(call):
        said += texts(call.result, "", 0)
    place = Place(
        partition=partition(region),
        region=region if region and is_region(region) else None,
        account=account,
    )
    found: dict[tuple[str | None, str], Resource] = {}
    for resource in (
        *_special(call, said[:asked], place),
        *spelled_out(said, place),
        *named.by_template(call, said, place),
    ):
        known = found.get((resource.type, resource.name))
        if known is None or known.arn is None:
            found[resource.type, resource.name] = resource
    return list(found.values())[:MOST]


def undetermined(call: Call, touched: list[Resource] | None = None) -> bool:
    """Could it have touched a resource that `resources` cannot name?

    So it is for an operation that could not be told, and for one whose IAM action always
    takes a resource of which neither request nor result has an identifier. `touched` is what
    `resources` gave, where it is at hand.
    """
    if call.service is None or call.operation is None or call.parameters is None:
        return True
    taken = iam.action(call.service, call.operation, call.signing_name, call.endpoint_prefix)
    if taken is None and access.read_only(call):
        return False
    if taken is not None and not taken.required:
        return False
    return not (resources(call, account=None) if touched is None else touched)


def listed(found: list[Resource], call: Call) -> list[dict[str, str]] | None:
    """The record's `resources`: those with an ARN, in CloudTrail's keys and order."""
    if call.service == "s3" and call.operation in {"ListObjects", "ListObjectsV2"}:
        return _s3_listing(found)
    return [_item(resource) for resource in found if resource.arn] or None


def _item(resource: Resource) -> dict[str, str]:
    item = {"accountId": resource.account} if resource.account else {}
    if resource.type:
        item["type"] = resource.type
    return {**item, "ARN": resource.arn or ""}


def _s3_listing(found: list[Resource]) -> list[dict[str, str]] | None:
    """A listing is of all the objects with the bucket's prefix."""
    buckets = [resource for resource in found if resource.type == "AWS::S3::Bucket"]
    prefixes = [{"type": "AWS::S3::Object", "ARNPrefix": f"{bucket.arn}/"} for bucket in buckets]
    return [*prefixes, *(_item(bucket) for bucket in buckets)] or None


def _special(call: Call, said: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """The services whose identifiers no template and no pattern tells."""
    if call.service == "s3":
        yield from _s3(call.parameters or {}, place)
    elif call.service == "kms":
        for member, text in said:
            if member in {"keyid", "aliasname", "targetkeyid"} and text.startswith("alias/"):
                yield Resource(
                    arn=place.arn("kms", text), type="AWS::KMS::Alias", name=text,
                    account=place.account,
                )  # fmt: skip
    elif call.service == "dynamodb":
        for member, text in said:
            if member == "requestitems" and not text.startswith("arn:"):
                yield Resource(
                    arn=place.arn("dynamodb", f"table/{text}"), type="AWS::DynamoDB::Table",
                    name=text, account=place.account,
                )  # fmt: skip


def _s3(parameters: dict[str, Any], place: Place) -> Iterator[Resource]:
    bucket = parameters.get("Bucket")
    if not isinstance(bucket, str) or isinstance(bucket, Redacted):
        return
    base = bucket if bucket.startswith("arn:") else f"arn:{place.partition}:s3:::{bucket}"
    inside = "object/" if bucket.startswith("arn:") else ""
    for key in _s3_keys(parameters):
        yield Resource(arn=f"{base}/{inside}{key}", type="AWS::S3::Object", name=f"{bucket}/{key}")
    source = parameters.get("CopySource")
    if isinstance(source, str) and "/" in source and not source.startswith("arn:"):
        name = unquote(source).removeprefix("/").partition("?versionId=")[0]
        yield Resource(arn=f"arn:{place.partition}:s3:::{name}", type="AWS::S3::Object", name=name)
    if not inside:
        yield Resource(arn=base, type="AWS::S3::Bucket", name=bucket, account=place.account)


def _s3_keys(parameters: dict[str, Any]) -> Iterator[str]:
    if isinstance(parameters.get("Key"), str):
        yield parameters["Key"]
    deleted = parameters.get("Delete")
    objects = deleted.get("Objects") if isinstance(deleted, dict) else None
    for item in objects if isinstance(objects, list) else ():
        if isinstance(item, dict) and isinstance(item.get("Key"), str):
            yield item["Key"]
