"""Calls that let every address in: `0.0.0.0/0`, `::/0`, and what comes to the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from apitrail.codec import Json, Object

# Operations that let addresses in (EC2, RDS, Redshift, ElastiCache and Lightsail API references), by
# event source. A prefix list counts too: a group that names one lets in what the list has.
OPENING = {
    "ec2.amazonaws.com": (
        "AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules",
        "CreateManagedPrefixList", "ModifyManagedPrefixList",
    ),
    "rds.amazonaws.com": ("AuthorizeDBSecurityGroupIngress",),
    "redshift.amazonaws.com": ("AuthorizeClusterSecurityGroupIngress",),
    "elasticache.amazonaws.com": ("AuthorizeCacheSecurityGroupIngress",),
    "lightsail.amazonaws.com": ("OpenInstancePublicPorts", "PutInstancePublicPorts"),
}  # fmt: skip
# A network as wide as this is nobody's own: 0.0.0.0/0 is often written as two halves.
_WIDEST_V4, _WIDEST_V6 = 8, 16
# Wide, and nobody's from outside: unique local and link-local addresses (RFC 4193, RFC 4291).
_INSIDE = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))


def is_opened(record: Object) -> bool:
    """Does this call let in the world?"""
    source, name = record.get("eventSource"), record.get("eventName")
    if name not in OPENING.get(str(source), ()):
        return False
    asked = record.get("requestParameters")
    texts = list(_added(asked))
    if any(is_world(text) for text in texts):
        return True
    # Lightsail opens a port to everybody where no address is named.
    return source == "lightsail.amazonaws.com" and not any("/" in text for text in texts)


def _added(value: Json, name: str = "") -> Iterator[str]:
    """The texts in parameters, without those that a call takes away."""
    if name.lower().startswith("remove"):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _added(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _added(each, name)


@lru_cache(1024)
def is_world(text: str) -> bool:
    """Is it a network that holds a large part of all addresses?"""
    if "/" not in text or len(text) > 64:
        return False
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    if isinstance(network, IPv4Network):
        return network.prefixlen < _WIDEST_V4
    return network.prefixlen < _WIDEST_V6 and not any(map(network.subnet_of, _INSIDE))
