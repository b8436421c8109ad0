"""Listening: a socket, uvicorn, and an end when asked."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from apitrail.errors import UsageError
from apitrail.web.host_check import Address


def listen(address: Address) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # Named, or asyncio leaves Nagle's algorithm on, which holds every answer back for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address.host, address.port))
        # Not only bound: two may bind a port, and one of them fails later.
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"something listens on {address} already",
                hint=f"--listen {Address(address.host, 0)} takes a port that is free",
            ) from error
        raise UsageError(f"cannot listen on {address}: {error.strerror or error}") from error
    return listening


def bound(listening: socket.socket) -> Address:
    """Where it listens in fact."""
    host, port = listening.getsockname()[:2]
    return Address(str(host), int(port))


def run(app: ASGIApp, listening: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once connections are taken."""
    asyncio.run(_run(app, listening, ready))


async def _run(app: ASGIApp, listening: socket.socket, ready: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, date_header=True,
        proxy_headers=False, timeout_graceful_shutdown=5, limit_concurrency=256,
    )  # fmt: skip
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.end)
    server.ready = ready
    await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's, which would end the process by the signal that it got: ours has then succeeded."""

    ready: Callable[[], None]

    def end(self) -> None:
        """Finish what is being answered, and stop."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
