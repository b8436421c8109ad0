"""uvicorn on a socket that listens, and an end when asked."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from apitrail.recording.prompt_http import PromptHTTP
from apitrail.web.early_answer import EarlyAnswers


def run(
    app: ASGIApp, listening: socket.socket, *, ready: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT; `ready` is called once connections are taken, `ending` when
    no more are, so that answers without end can end."""
    asyncio.run(_run(app, listening, ready, ending))


async def _run(
    app: ASGIApp, listening: socket.socket, ready: Callable[[], None], ending: Callable[[], None]
) -> None:
    config = uvicorn.Config(
        EarlyAnswers(app), http=PromptHTTP, log_config=None, log_level="error", access_log=False, server_header=False, date_header=True,
        proxy_headers=False, timeout_graceful_shutdown=5, limit_concurrency=256,
    )  # fmt: skip
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.end)
    server.ready, server.ending = ready, ending
    await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's, which would end the process by the signal that it got: ours has then succeeded."""

    ready: Callable[[], None]
    ending: Callable[[], None]

    def end(self) -> None:
        """Finish what is being answered, and stop."""
        self.ending()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
