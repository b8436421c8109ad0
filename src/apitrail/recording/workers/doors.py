"""The ports of a recorder with workers, and connections on their way from them to a worker."""

from __future__ import annotations

import array
import asyncio
import contextlib
import errno
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

# Connections that wait to be accepted, as asyncio's servers have it.
BACKLOG = 100
# With each connection goes the number of its door, and one of its own.
_ABOUT = struct.Struct("!II")
# How long a recorder that has no descriptor left waits before it accepts again, as asyncio does.
_REST = 1.0

type Arrival = Callable[[int, socket.socket, str], Awaitable[None]]
"""Takes the number of a door, a connection that came there, and the client's address."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets of every address of a host, all of one port; OSError where one is in use."""
    found = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )  # fmt: skip
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            with contextlib.suppress(_NoFamily), _of_family(family, kind, protocol) as bound:
                _bind_to(bound, (address[0], port, *address[2:]))
                port = bound.getsockname()[1]
                bound.listen(BACKLOG)
                sockets.append(bound)
    except BaseException:
        for each in sockets:
            each.close()
        raise
    if not sockets:
        raise OSError(f"no address of {host!r} can be listened on")
    return sockets


class _NoFamily(OSError):  # noqa: N818 - it is a reason
    """This machine has no such addresses."""


def _bind_to(made: socket.socket, address: tuple[str | int, ...]) -> None:
    try:
        made.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise _NoFamily from error
        raise


@contextlib.contextmanager
def _of_family(family: int, kind: int, protocol: int) -> Iterator[socket.socket]:
    """A socket such as asyncio's servers have, closed where it cannot be bound."""
    try:
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _NoFamily from error
    try:
        if os.name == "posix" and sys.platform != "cygwin":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        yield made
    except BaseException:
        made.close()
        raise


@dataclass(slots=True)
class Door:
    """The ports of one mode: open from the beginning, answered to from `open` on."""

    number: int
    mode: str
    sockets: list[socket.socket]
    run: str | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def addresses(self) -> list[list[str | int]]:
        """Where it is."""
        return [list(each.getsockname()) for each in self.sockets]

    def open(self, arrival: Arrival) -> None:
        """Accept connections, one after the other."""
        self._tasks = [
            asyncio.create_task(self._accept(each, arrival), name="door") for each in self.sockets
        ]

    async def close(self) -> None:
        """Accept none any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self.sockets:
            each.close()

    async def _accept(self, listening: socket.socket, arrival: Arrival) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, address = await loop.sock_accept(listening)
            except ConnectionError:
                continue  # it left before it was let in
            except (OSError, MemoryError):
                await asyncio.sleep(_REST)
                continue
            with client, contextlib.suppress(MemoryError):
                await arrival(self.number, client, str(address[0]))


def hand(to: socket.socket, door: int, connection: int, client: socket.socket) -> bool:
    """Hand a connection to another process; False where it has too many to take in."""
    about, one = _ABOUT.pack(door, connection), array.array("i", [client.fileno()])
    try:
        to.sendmsg([about], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, one)])
    except OSError:
        return False  # its queue is full, or it is gone
    return True


def has_room(end: socket.socket) -> bool:
    """Is there a descriptor for a connection? One that is received without is lost."""
    try:
        os.close(os.dup(end.fileno()))
    except OSError:
        return False
    return True


def handed(end: socket.socket) -> tuple[int, int, socket.socket] | None:
    """A connection that was handed over, with the numbers of its door and its own; None: no more."""
    data, descriptors, *_ = socket.recv_fds(end, _ABOUT.size, 1)
    if not descriptors:
        return None
    door, connection = _ABOUT.unpack(data)
    return door, connection, socket.socket(fileno=descriptors[0])
