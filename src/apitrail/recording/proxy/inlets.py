"""Where a worker's proxy gets its connections from: another process has the ports, and hands over."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mitmproxy.proxy import mode_servers, mode_specs

from apitrail.errors import UsageError
from apitrail.recording.proxy.master import check_mode
from apitrail.redact.userinfo import without_userinfo

type Address = tuple[Any, ...]
"""As `getsockname` tells it."""

# Modes that are no streams of TCP, which could be handed over.
_OWN = (
    mode_specs.WireGuardMode, mode_specs.LocalMode, mode_specs.TunMode, mode_specs.DnsMode,
)  # fmt: skip


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
    """How many workers a recorder has that is not told: one, where it gives something.

    Without a second core it gives nothing. Of modes that workers cannot share, or that have HTTP/3 without
    them, it would take something.
    """
    try:
        check_shared(modes)
        own = any(check_mode(spec).transport_protocol != "tcp" for spec in modes)
    except UsageError:
        return 0  # whoever uses the mode says what is wrong with it
    return 0 if own or cores < 2 else 1


@dataclass(frozen=True, slots=True)
class _Bound:
    """A socket of another process, as mitmproxy looks at one: it connects to none of its own."""

    address: Address

    def getsockname(self) -> Address:
        return self.address


@dataclass(frozen=True, slots=True)
class _Port:
    """Another process's ports of one mode, in the place of an asyncio server."""

    sockets: tuple[_Bound, ...]

    def close(self) -> None:
        """They are closed where they were opened."""


@dataclass(slots=True)
class Inlets:
    """The modes of a worker, by full spec: where they are heard, and what deals with each."""

    heard: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    instances: dict[str, mode_servers.ServerInstance[Any]] = field(default_factory=dict)

    def install(self) -> None:
        """From now on mitmproxy opens no port in this process."""
        inlets = self

        async def listen(
            instance: mode_servers.ServerInstance[Any], _host: str, _port: int
        ) -> list[Any]:
            name = instance.mode.full_spec
            inlets.instances[name] = instance
            return [_Port(tuple(map(_Bound, inlets.heard[name])))]

        mode_servers.AsyncioServerInstance.listen = listen  # type: ignore[method-assign,assignment]

    async def meet(self, mode: str, client: socket.socket) -> None:
        """Deal with a client that came in this mode, until it leaves."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        met: asyncio.Future[asyncio.StreamWriter] = loop.create_future()
        protocol = asyncio.StreamReaderProtocol(
            reader, lambda _reader, writer: met.set_result(writer), loop=loop
        )
        client.setblocking(False)
        await loop.connect_accepted_socket(lambda: protocol, client)
        await self.instances[mode].handle_stream(reader, await met)
