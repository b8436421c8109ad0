"""Who made a call, in words that stay the same from day to day: caller, network, user agent.

A caller is the issuer of a session, not the session; the access key is never part of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from apitrail.remembered import remembered

# A role that IAM Identity Center makes is shared; its session is named after the person
# (IAM Identity Center User Guide, "Referencing permission sets in resource policies").
SSO_ROLE = "AWSReservedSSO_"
SSO_MARK = f":assumed-role/{SSO_ROLE}"

# How browsers and the console call themselves.
BROWSERS = ("mozilla", "opera", "signin.amazonaws.com", "console.amazonaws.com", "aws-console")
# Systems that are made for attacks: GuardDuty's finding types PenTest:IAMUser/KaliLinux,
# ParrotLinux and PentooLinux go by the same words.
ATTACK_SYSTEMS = ("kali", "parrot", "pentoo")

_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9 .-]*")
# No network is written longer than this.
_LONGEST = 64
_SESSION_DIGITS = re.compile(r"\d")


def stable_identity(user: Mapping[str, Any]) -> str:
    """The caller that CloudTrail's userIdentity stands for."""
    kind = user.get("type")
    arn = str(user.get("arn") or "")
    if kind in {"AssumedRole", "FederatedUser"}:
        if SSO_MARK in arn:
            return arn
        issuer = (user.get("sessionContext") or {}).get("sessionIssuer") or {}
        return str(issuer.get("arn") or _role_of(arn) or user.get("principalId") or kind)
    if kind == "AWSService":
        return str(user.get("invokedBy") or kind)
    if kind in {"IdentityCenterUser", "WebIdentityUser", "SAMLUser"}:
        behalf = (user.get("onBehalfOf") or {}).get("userId")
        return f"{kind}:{behalf or _subject(user)}"
    return arn or str(
        user.get("userName") or user.get("principalId") or user.get("accountId") or kind or "?"
    )


def _subject(user: Mapping[str, Any]) -> str:
    """Whom a provider vouches for; of a workload its repository, without branch or run."""
    name = str(user.get("userName") or user.get("principalId") or "?")
    match name.split(":"):
        case ["repo", repository, *_]:
            return f"repo:{repository}"
        case _:
            return name


def _role_of(arn: str) -> str:
    """`arn:aws:sts::1:assumed-role/NAME/SESSION` without its session."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def stable_labels(labels: Mapping[str, object]) -> str:
    """The labels of a run that name what it is for; those with digits number it."""
    kept = sorted(f"{k}={v}" for k, v in labels.items() if not _SESSION_DIGITS.search(str(v)))
    return ",".join(kept)


@remembered(8192)
def network(address: str) -> str:
    """The /24 or /48 that an address is in; a name as it stands."""
    try:
        found = ip_address(address)
    except ValueError:
        return "AWS" if address == "AWS Internal" else address
    if isinstance(found, IPv4Address):
        return f"{address.rpartition('.')[0]}.0/24"
    groups = found.exploded.split(":")
    return f"{':'.join(groups[:3])}::/48"


def is_public(net: str) -> bool:
    """Is this a network of the internet, and not a private one or the name of a service?"""
    return len(net) <= _LONGEST and _is_public(net)


# Asked for nearly each call: a cache of our own, bound by length, would take as long as the rest.
@lru_cache(maxsize=8192)
def _is_public(net: str) -> bool:
    try:
        return not ip_network(net).is_private
    except ValueError:
        return False


@remembered(8192)
def agent_family(text: str) -> str:
    """The program behind a user agent, without versions; a system made for attacks is named."""
    lower = text.lower().strip("[]")
    system = next((f" on {name}" for name in ATTACK_SYSTEMS if name in lower), "")
    if any(mark in lower for mark in BROWSERS):
        return f"browser{system}"
    for product in ("terraform", "pulumi", "aws-cdk", "cloudformation.amazonaws.com"):
        if product in lower:
            return f"{product}{system}"
    match = _PRODUCT.match(lower)
    return f"{match[0].strip() if match else lower[:20]}{system}"


def is_person(user: Mapping[str, Any], family: str) -> bool:
    """Is this somebody at a keyboard, as far as a record tells?"""
    return (
        SSO_MARK in str(user.get("arn"))
        or user.get("type") in {"Root", "IdentityCenterUser", "SAMLUser"}
        or family.startswith("browser")
    )
