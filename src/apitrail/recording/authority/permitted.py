"""The hosts that a CA may sign certificates for: its name constraints (RFC 5280, 4.2.1.10)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509

from apitrail.aws.find import host as aws_host
from apitrail.errors import UsageError

type Network = IPv4Network | IPv6Network

# What every recorder looks into: AWS's domains, and this machine by its names and addresses.
_AWS = (*aws_host.SUFFIXES, *aws_host.CONSOLES)
_HERE = ("localhost", "localhost.localstack.cloud")
_LOOPBACK: tuple[Network, ...] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)

_DNS_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")


@dataclass(frozen=True, slots=True)
class Permitted:
    """DNS names, each with all below it, and networks."""

    names: tuple[str, ...]
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Permitted:
        """What every recorder needs, and these hosts: names, addresses or networks.

        Raises:
            UsageError: one of them is none.
        """
        names, networks = [*_AWS, *_HERE], [*_LOOPBACK]
        for host in hosts:
            try:
                networks.append(ipaddress.ip_network(host, strict=False))
            except ValueError:
                names.append(_dns_name(host))
        return cls(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(networks)))

    @classmethod
    def only(cls, host: str) -> Permitted:
        """This host alone; what is of the other kind is bounded too, to this machine's."""
        try:
            return cls(_HERE[:1], (ipaddress.ip_network(host),))
        except ValueError:
            return cls((_dns_name(host),), _LOOPBACK)

    @classmethod
    def in_(cls, certificate: x509.Certificate) -> Permitted | None:
        """What this CA is constrained to; None where it may sign for any host."""
        try:
            found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        except x509.ExtensionNotFound:
            return None
        permitted = found.permitted_subtrees or ()
        names = (each.value for each in permitted if isinstance(each, x509.DNSName))
        values = [each.value for each in permitted if isinstance(each, x509.IPAddress)]
        networks = (each for each in values if isinstance(each, IPv4Network | IPv6Network))
        return cls(tuple(names), tuple(networks))

    @property
    def hosts(self) -> tuple[str, ...]:
        """What it has beyond what every recorder needs."""
        usual = Permitted.of(())
        names = [name for name in self.names if name not in usual.names]
        return (*names, *(str(each) for each in self.networks if each not in usual.networks))

    def covers(self, host: str) -> bool:
        """May the CA sign for this name or address?"""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            name = host.lower().rstrip(".")
            return any(f".{name}".endswith(f".{each.lower()}") for each in self.names)
        return any(address in network for network in self.networks)

    def extension(self) -> x509.NameConstraints:
        """As it stands in a certificate."""
        names = [x509.DNSName(name) for name in self.names]
        networks = [x509.IPAddress(network) for network in self.networks]
        return x509.NameConstraints([*names, *networks], None)


def _dns_name(host: str) -> str:
    try:
        name = host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if len(name) > 253 or not _DNS_NAME.fullmatch(name):
        raise UsageError(
            f"not a host: {host!r}",
            hint="write a name, an address or a network: minio.example.com, 203.0.113.9, 10.0.0.0/8",
        )
    return name
