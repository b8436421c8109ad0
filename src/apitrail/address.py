"""HOST:PORT, and a socket that listens there."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass

from apitrail.errors import UsageError


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`127.0.0.1:8484`, `[::1]:8484`, `localhost:8484`; raises UsageError."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        is_number = port.isascii() and port.isdecimal()
        if not colon or not host or not is_number or int(port) > 65535:
            raise UsageError(f"not an address: {text!r}", hint="write HOST:PORT, as 127.0.0.1:8484")
        return cls(host, int(port))

    @classmethod
    def of(cls, bound: socket.socket) -> Address:
        """Where a socket listens in fact."""
        host, port = bound.getsockname()[:2]
        return cls(str(host), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Can only this machine reach it?"""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Is it this machine's own address? A name but `localhost` may stand for any."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def listen(address: Address) -> socket.socket:
    """A socket that takes connections.

    Raises:
        UsageError: the port is taken, or the address is not this machine's.
    """
    try:
        found = socket.getaddrinfo(address.host, None)
        # `localhost` may be both ::1 and 127.0.0.1. Every client tries IPv4, so we prefer it.
        family = min((each[0] for each in found), key=lambda each: each != socket.AF_INET)
        # The protocol is named: otherwise asyncio leaves Nagle's algorithm on, which costs 40 ms
        # an answer.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise UsageError(f"cannot listen on {address}: {error.strerror or error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address.host, address.port))
        # Listen at once: two sockets may bind one port, and the second would fail only later.
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise _refusal(address, error) from error
    return bound


def _refusal(address: Address, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"something listens on {address} already",
            hint=f"--listen {Address(address.host, 0)} takes a port that is free",
        )
    return UsageError(f"cannot listen on {address}: {error.strerror or error}")
