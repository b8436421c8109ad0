"""Exceptions from the proxy (NO_PROXY): which are kept, and which would take calls past us."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from apitrail.aws.find import host as aws_host
from apitrail.recording.clients.shared_config import SharedConfig

# Instance, container and EKS metadata: credentials come from there, and never through a proxy
# (EC2, ECS and EKS user guides; the IPv6 addresses are those of EC2 and of EKS Pod Identity).
METADATA = (
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23",
)  # fmt: skip
LOCAL = ("localhost", "127.0.0.1", "::1")

# URLs whose hosts hand out credentials, in the environment and in the profile.
CREDENTIAL_URLS = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT")
METADATA_SETTING = "ec2_metadata_service_endpoint"

_SUFFIXES = (*aws_host.SUFFIXES, *aws_host.CONSOLES)


def no_proxy(environment: Mapping[str, str], config: SharedConfig | None = None) -> str:
    """The preset exceptions without those that would let AWS calls past, and those that must be."""
    kept = [rule for rule in rules(environment) if not bypasses(rule)]
    needed = [*kept, *METADATA, *LOCAL, *_credential_hosts(environment, config)]
    return ",".join(dict.fromkeys(form for rule in needed for form in _forms(rule)))


def direct(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The exceptions that are taken away: the recorder goes directly where they say so."""
    return tuple(rule for rule in rules(environment) if bypasses(rule))


def exempt(environment: Mapping[str, str], host: str) -> bool:
    """Does an exception that is kept let calls to this host past a proxy?"""
    return matches((r for r in rules(environment) if not bypasses(r)), host)


def rules(environment: Mapping[str, str]) -> list[str]:
    """Every rule, of both spellings: clients differ in which one they look at first."""
    texts = (environment.get("no_proxy", ""), environment.get("NO_PROXY", ""))
    found = (rule.strip() for text in texts for rule in text.replace(" ", ",").split(","))
    return list(dict.fromkeys(rule for rule in found if rule))


def matches(patterns: Iterable[str], host: str, port: int | None = None) -> bool:
    """Does one of these rules mean `host`, as curl and Go read them?"""
    return any(_matches(rule, host.lower().strip("[]").rstrip("."), port) for rule in patterns)


def bypasses(rule: str) -> bool:
    """Would this rule let calls to AWS go past the recorder?"""
    name = _name(rule)
    if not name:
        return True  # `*`
    return aws_host.is_aws(name) or any(f".{each}".endswith(f".{name}") for each in _SUFFIXES)


def _name(rule: str) -> str:
    rule = rule.lower().lstrip("*").lstrip(".")
    return rule if rule.count(":") > 1 else rule.partition(":")[0]


def _matches(rule: str, host: str, port: int | None) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        pass
    name, colon, number = rule.lower().partition(":")
    if rule.count(":") == 1 and colon and number.isdecimal() and port not in (None, int(number)):
        return False
    name = name.lstrip("*").lstrip(".")
    return not name or host == name or host.endswith(f".{name}")


def _credential_hosts(environment: Mapping[str, str], config: SharedConfig | None) -> Iterable[str]:
    setting = config.get(METADATA_SETTING) if config else None
    for url in (*(environment.get(name) for name in CREDENTIAL_URLS), setting):
        try:
            host = urlsplit(url or "").hostname
        except ValueError:
            continue  # the client will say so itself
        if host and not bypasses(host):
            yield host


def _forms(rule: str) -> tuple[str, ...]:
    """An IPv6 address with and without brackets: Python looks for the first, curl for the other."""
    bare = rule.strip("[]")
    try:
        return (bare, f"[{bare}]") if ipaddress.ip_address(bare).version == 6 else (rule,)
    except ValueError:
        return (rule,)
