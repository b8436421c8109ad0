"""Endpoints that a client was told to use instead of AWS's own, by environment or profile.

The rules are those of "Service-specific endpoints" (AWS SDKs and tools reference guide).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from apitrail.aws.find import host as aws_host
from apitrail.recording.clients import exceptions
from apitrail.recording.clients.shared_config import SharedConfig

GLOBAL = "AWS_ENDPOINT_URL"
PREFIX = "AWS_ENDPOINT_URL_"
IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

# Names that only a machine or its network knows (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's
# `internal`, Kubernetes' `svc`, LocalStack's name for this machine).
PRIVATE_SUFFIXES = (
    ".localhost", ".local", ".internal", ".home.arpa", ".alt", ".test", ".lan", ".svc",
    ".localhost.localstack.cloud",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """A variable that sets, or overrides from a profile, the endpoint `url`."""

    variable: str
    url: str

    @property
    def origin(self) -> str:
        """The URL without its path: where a listener has to lead."""
        scheme, slashes, rest = self.url.partition("://")
        return scheme + slashes + rest.partition("/")[0] if slashes else self.url

    @property
    def path(self) -> str:
        """What follows the origin, without a slash at its end."""
        return self.url[len(self.origin) :].rstrip("/")

    @property
    def host(self) -> str:
        """The host's name; empty if the URL is malformed."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def authority(self) -> str:
        """`host:port` of an endpoint without TLS; empty for others."""
        parts = urlsplit(self.origin)
        return f"{parts.hostname}:{parts.port or 80}" if parts.scheme == "http" else ""

    @property
    def is_aws(self) -> bool:
        """Is it an endpoint of AWS's own, a VPC endpoint included?"""
        return aws_host.is_aws(self.host)

    @property
    def is_api(self) -> bool:
        """Is it the endpoint of an AWS API that is known by its name?"""
        # Few have a preset endpoint; the others need not wait for this.
        from apitrail.aws.find import api_host

        try:
            port = urlsplit(self.url).port
        except ValueError:
            return False
        return api_host.is_api(self.host, port or 443)

    def goes_by_proxy(self, environment: Mapping[str, str]) -> bool:
        """Would a client call it through HTTPS_PROXY, with the Host that the server expects?

        Public names are: AWS signs its Host header, and so do other vendors' stores. A stand-in on
        this machine or a private network is reached past every proxy, so it gets a listener.
        """
        if not self.url.startswith(("http://", "https://")):
            return False  # an invalid URL is reported where it is parsed
        if self.is_aws:
            return True
        return is_public(self.host) and not exceptions.exempt(environment, self.host)


def is_public(host: str) -> bool:
    """Could anybody on the internet mean something by this name or address?"""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower().rstrip(".")
        return "." in name and not f".{name}".endswith(PRIVATE_SUFFIXES)


def presets(environment: Mapping[str, str], config: SharedConfig | None = None) -> list[Preset]:
    """Every endpoint in force, each with the variable that would replace it."""
    config = config or SharedConfig.of(environment)
    if ignored(environment, config):
        return []
    found = {
        name: value
        for name, value in environment.items()
        if value and (name == GLOBAL or name.startswith(PREFIX))
    }
    # A global endpoint in the environment beats every one in the profile (botocore
    # ConfiguredEndpointProvider: environment before configuration file).
    if GLOBAL not in found:
        for name, value in _of_profile(config).items():
            found.setdefault(name, value)
    return [Preset(name, url) for name, url in sorted(found.items())]


def ignored(environment: Mapping[str, str], config: SharedConfig) -> bool:
    """Do the clients disregard configured endpoints, those of the environment included?"""
    value = environment.get(IGNORE) or config.get("ignore_configured_endpoint_urls") or ""
    return value.lower() == "true"


def other_profiles(config: SharedConfig) -> list[str]:
    """Profiles not in force that set an endpoint: `--profile` would take a call past us."""
    names = [*config.anywhere("endpoint_url"), *config.anywhere("services")]
    return [name for name in dict.fromkeys(names) if name != config.active]


def _of_profile(config: SharedConfig) -> dict[str, str]:
    url = config.get("endpoint_url")
    found = {GLOBAL: url} if url else {}
    return found | {PREFIX + name.upper(): url for name, url in config.service_endpoints()}
