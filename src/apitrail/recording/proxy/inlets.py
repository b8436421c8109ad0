"""Where a worker's proxy gets its connections from: another process has the ports, and hands over."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

from mitmproxy.proxy import mode_servers

type Address = tuple[Any, ...]
"""As `getsockname` tells it."""


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
