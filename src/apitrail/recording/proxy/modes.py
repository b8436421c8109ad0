"""mitmproxy's modes: how they are written, where they listen, and what can be told of them at once."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mitmproxy.proxy import mode_specs

from apitrail.address import is_loopback
from apitrail.errors import UsageError
from apitrail.redact.userinfo import without_userinfo
from apitrail.remembered import remembered

LOOPBACK = "127.0.0.1"
# Modes that are no streams of TCP, which could be handed over.
_OWN = (
    mode_specs.WireGuardMode, mode_specs.LocalMode, mode_specs.TunMode, mode_specs.DnsMode,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listener:
    """A mode and where it listens."""

    mode: str
    host: str
    port: int


def apart(modes: Sequence[str]) -> list[str]:
    """Port 0 only once: mitmproxy takes it for the same address each time."""
    apart: list[str] = []
    for spec in modes:
        mode = check_mode(spec)
        if mode.custom_listen_port != 0 or not apart:
            apart.append(spec)
            continue
        host = mode.listen_host(LOOPBACK) or LOOPBACK
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
            head = spec.rpartition("@")[0]
            apart.append(f"{head}@{host}:{probe.getsockname()[1]}")
    return apart


def check_ports(modes: Sequence[str]) -> None:
    """Raise UsageError if something listens already where one of `modes` is to."""
    for spec in modes:
        mode = check_mode(spec)
        port = mode.listen_port()
        if not port or mode.transport_protocol == "udp":
            continue
        host = mode.listen_host(LOOPBACK) or LOOPBACK
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise listen_error(spec, error) from error


def check_mode(spec: str) -> mode_specs.ProxyMode:
    """Parse a mode spec, or raise UsageError."""
    try:
        return mode_specs.ProxyMode.parse(spec)
    except ValueError as error:
        shown = without_userinfo(spec)
        # What mitmproxy says quotes parts of the spec, maybe a password among them.
        reason = f": {error}" if shown == spec else ""
        raise mode_error(shown + reason) from error


def listen_error(spec: str, error: Exception) -> UsageError:
    """What is said of a port that cannot be had."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return UsageError(
        f"cannot listen as {without_userinfo(spec)!r}: {reason}",
        hint="another port, as in --mode regular@8081, or stop what holds this one",
    )


def mode_error(message: str) -> UsageError:
    """What is said of something that is no mode."""
    return UsageError(
        f"not a mode: {message}",
        hint="modes are mitmproxy's: regular@8080, reverse:http://localhost:4566@4567, transparent …",
    )


def check_shared(modes: Sequence[str]) -> None:
    """Raise UsageError for a mode whose connections cannot be handed over."""
    for spec in modes:
        mode = check_mode(spec)
        dns = isinstance(mode, mode_specs.ReverseMode) and mode.scheme == "dns"
        if dns or isinstance(mode, _OWN) or mode.transport_protocol == "udp":
            raise UsageError(
                f"workers cannot share the mode {without_userinfo(spec)!r}: it is not of TCP alone",
                hint="leave --workers out",
            )


def usual_workers(modes: Sequence[str], cores: int) -> int:
    """How many workers a recorder has at most that is not told: two, where they give something.

    Without a second core it gives nothing. Of modes that workers cannot share, or that have HTTP/3 without
    them, it would take something.
    """
    try:
        check_shared(modes)
        own = any(check_mode(spec).transport_protocol != "tcp" for spec in modes)
    except UsageError:
        return 0  # whoever uses the mode says what is wrong with it
    return 0 if own or cores < 2 else 2


@remembered(256)
def listens_here(mode: mode_specs.ProxyMode) -> bool:
    """Can only this machine reach the listener? WireGuard knows its clients by their keys."""
    if isinstance(mode, mode_specs.WireGuardMode | mode_specs.LocalMode):
        return True
    return is_loopback(mode.listen_host("127.0.0.1"))


def hosts(modes: Iterable[mode_specs.ProxyMode]) -> list[str] | None:
    """The hosts beyond AWS that clients of these modes call by TLS; None where nobody can know.

    A reverse listener that other machines reach is called by names that only they know.
    """
    found = []
    for mode in modes:
        if isinstance(mode, mode_specs.ReverseMode):
            if not listens_here(mode):
                return None
            found.append(str(mode.address[0]).lower())
    return found
