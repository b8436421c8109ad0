"""Where the proxy may connect to, and which connections it looks into.

It does not know mitmproxy, and resolves nothing itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from apitrail.aws import host as aws_host
from apitrail.errors import UsageError

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Upstream:
    """An endpoint that calls are sent to: LocalStack, moto, MinIO, or a reverse mode's target."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Upstream:
        """`http[s]://HOST[:PORT]`; raises UsageError for anything else."""
        try:
            parts = urlsplit(url if "://" in url else f"//{url}")
            scheme = parts.scheme or "https"
            port = parts.port or PORTS.get(scheme, 0)
        except ValueError:
            scheme, port, parts = "", 0, urlsplit("")
        if scheme not in PORTS or not parts.hostname or not 0 < port < 65_536:
            raise UsageError(
                f"not an endpoint URL: {url!r}", hint="write it as http://localhost:4566"
            )
        if parts.path not in ("", "/") or parts.query or parts.username:
            raise UsageError(
                f"an endpoint URL is a scheme, a host and a port only: {url!r}",
                hint="write it as http://localhost:4566",
            )
        return cls(scheme, parts.hostname, port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tunnels:
    """Hosts and networks that `--tunnel` admits although they are private."""

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, specs: Iterable[str]) -> Tunnels:
        """Each a host name (`*` allowed), an IP address or a CIDR network."""
        hosts, networks = [], []
        for spec in specs:
            try:
                networks.append(ipaddress.ip_network(spec, strict=False))
            except ValueError:
                if not spec or "/" in spec or any(c.isspace() for c in spec):
                    raise UsageError(
                        f"not a host or a network: {spec!r}",
                        hint="--tunnel takes a name such as registry.internal or a CIDR such as 10.0.0.0/8",
                    ) from None
                hosts.append(spec.lower())
        return cls(tuple(hosts), tuple(networks))

    def admit(self, host: str, address: Address) -> bool:
        """May this private destination be connected to?"""
        return any(fnmatchcase(host.lower(), pattern) for pattern in self.hosts) or any(
            address in network for network in self.networks
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """What the configuration says about destinations.

    `upstream` is `--upstream`; `targets` are (host, port) pairs that were configured as such:
    upstreams, reverse targets, a corporate proxy.
    """

    upstream: Upstream | None = None
    targets: frozenset[tuple[str, int]] = frozenset()
    tunnels: Tunnels = Tunnels()

    def also(self, host: str, port: int) -> Destinations:
        """The same with one more target."""
        return replace(self, targets=self.targets | {(host.lower(), port)})

    def intercepts(self, host: str, port: int) -> bool:
        """Are calls to this destination recorded?"""
        host = host.lower().rstrip(".")
        if aws_host.is_aws(host) or (host, port) in self.targets:
            return True
        # A client of a stand-in says `localhost:4566`; with --upstream that is only a name.
        return self.upstream is not None and _is_loopback_name(host)

    def refusal(self, host: str, port: int, address: Address) -> str | None:
        """Why the proxy will not connect to `host` at `address`, or None if it will."""
        if (host.lower(), port) in self.targets:
            return None
        address = _unmapped(address)
        if address.is_global and not address.is_multicast:
            return None
        own_endpoint = address.is_private and not (
            address.is_loopback
            or address.is_link_local
            or address.is_unspecified
            or address.is_multicast
            or address.is_reserved
        )
        if own_endpoint and aws_host.is_aws(host):
            return None  # an interface VPC endpoint
        if self.tunnels.admit(host, address):
            return None
        return f"{host} is {address}, which is not a public address"


def _unmapped(address: Address) -> Address:
    """An IPv4 address in IPv6 clothes is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_loopback_name(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".localhost.localstack.cloud")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
