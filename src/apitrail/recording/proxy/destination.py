"""Where the proxy may connect to, and which connections it looks into."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from apitrail.address import is_loopback
from apitrail.aws.find import api_host
from apitrail.aws.find import host as aws_host
from apitrail.errors import UsageError
from apitrail.recording.clients import exceptions

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}

# Addresses that a VPC's interfaces have (Amazon VPC user guide, "VPC CIDR blocks").
VPC = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7"),
    )
)  # fmt: skip
# EC2's instance metadata, EKS Pod Identity, time and DNS on IPv6 (EC2 user guide).
METADATA = (ipaddress.ip_network("fd00:ec2::/32"),)

# IPv6 prefixes whose last 32 bits are an IPv4 address (RFC 6052 2.1, RFC 8215, RFC 4291 2.5.5.1).
TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))


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
            parts = urlsplit(url)
            scheme = parts.scheme
            port = PORTS.get(scheme, 0) if parts.port is None else parts.port
        except ValueError:
            scheme, port, parts = "", 0, urlsplit("")
        if "://" not in url:
            raise UsageError(
                f"no scheme in the endpoint URL {url!r}",
                hint=f"write http://{url} or https://{url}",
            )
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
        return any(fnmatchcase(host.lower(), pattern) for pattern in self.hosts) or _in(
            address, self.networks
        )

    def lists(self, host: str, addresses: Iterable[Address]) -> bool:
        """Is this host listed, by name or by every address that it has?"""
        found = list(addresses)
        if any(fnmatchcase(host.lower(), pattern) for pattern in self.hosts):
            return True
        try:
            found = found or [ipaddress.ip_address(host)]
        except ValueError:
            return False
        return all(_in(_unmapped(address), self.networks) for address in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """What the configuration says about destinations.

    `upstream` is `--upstream`; `targets` are (host, port) pairs that were configured as such:
    upstreams, reverse targets, a corporate proxy; `direct` are NO_PROXY rules for what is reached
    without the corporate proxy; `bases` are (host, port, path) of endpoints that have a path.
    """

    upstream: Upstream | None = None
    targets: frozenset[tuple[str, int]] = frozenset()
    tunnels: Tunnels = Tunnels()
    direct: tuple[str, ...] = ()
    bases: frozenset[tuple[str, int, str]] = frozenset()

    def also(self, host: str, port: int, base: str = "") -> Destinations:
        """The same with one more target, and the path that its endpoint has."""
        host = host.lower()
        bases = self.bases | {(host, port, base)} if base else self.bases
        return replace(self, targets=self.targets | {(host, port)}, bases=bases)

    def base(self, host: str, port: int, path: str) -> str:
        """The path of the configured endpoint that this request was sent to; empty without one."""
        if not self.bases:
            return ""
        of_host = (base for name, at, base in self.bases if (name, at) == (host.lower(), port))
        below = f"{path.partition('?')[0]}/"
        return max((base for base in of_host if below.startswith(f"{base}/")), key=len, default="")

    def intercepts(self, host: str, port: int) -> bool:
        """Are calls to this destination recorded?"""
        host = host.lower().rstrip(".")
        if api_host.is_api(host, port) or (host, port) in self.targets:
            return True
        # Clients of a stand-in call `localhost:4566`; with --upstream that is a name and not a
        # destination.
        return self.upstream is not None and _is_loopback_name(host)

    def is_direct(self, host: str, port: int) -> bool:
        """Was this reached without the corporate proxy before, and is it so now?"""
        return exceptions.matches(self.direct, host, port)

    def refusal(self, host: str, port: int, address: Address) -> str | None:
        """Why the proxy will not connect to `host` at `address`, or None if it will."""
        if (host.lower(), port) in self.targets:
            return None
        address = _unmapped(address)
        if _is_public(address):
            return None
        if _is_endpoint(host, port) and _in(address, VPC) and not _in(address, METADATA):
            return None
        if self.tunnels.admit(host, address):
            return None
        return f"{host} is {address}, which is not a public address"


def _is_public(address: Address) -> bool:
    # Python calls fec0::/10 global; RFC 3879 has taken it out of use, and sites still route it.
    site = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site)


def _is_endpoint(host: str, port: int) -> bool:
    """Can it be an interface VPC endpoint? They serve HTTPS; those of S3 also HTTP."""
    if not api_host.is_api(host):
        return False
    [service] = aws_host.parse(host).labels[-1:] or ("",)
    return port == 443 or (port == 80 and service.startswith("s3"))


def _unmapped(address: Address) -> Address:
    """An IPv4 address in IPv6 clothes is judged as what it is."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if _in(address, TRANSLATED) and not (address.is_loopback or address.is_unspecified):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _is_loopback_name(host: str) -> bool:
    return host.endswith((".localhost", ".localhost.localstack.cloud")) or is_loopback(host)
