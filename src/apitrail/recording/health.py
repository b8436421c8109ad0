"""`--health`: whether a recorder lives and can record, and what it counts, over plain HTTP.

It loads an HTTP server and Prometheus' library, so it is imported where somebody asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Self

import uvicorn
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from apitrail import asked_host
from apitrail.address import Address
from apitrail.recording import metrics
from apitrail.recording.alerts.alert_follower import Figures
from apitrail.recording.prompt_http import PromptHTTP
from apitrail.recording.recorder import Recorder
from apitrail.trail.writer import Trail

# Connections at once; whoever opens more gets 503.
MOST = 64
_NAMES: frozenset[str] = frozenset()
_UNCACHED = {"Cache-Control": "no-store"}


class _Server(uvicorn.Server):
    """uvicorn's, which would take the recorder's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Health:
    """The port; begin to answer with `start`."""

    def __init__(
        self, recorder: Recorder, trail: Trail, bound: socket.socket, alerts: Figures | None
    ) -> None:
        self._recorder = recorder
        self._registry = metrics.registry(recorder, trail, alerts)
        self._bound = bound
        self.address = Address.of(bound)
        routes = [
            Route("/healthz", self._alive),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), http=PromptHTTP, log_config=None, log_level="error", access_log=False,
            server_header=False, proxy_headers=False, lifespan="off", ws="none",
            timeout_graceful_shutdown=1, limit_concurrency=MOST,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving: asyncio.Task[None]

    @classmethod
    def start(
        cls, recorder: Recorder, trail: Trail, bound: socket.socket, alerts: Figures | None = None
    ) -> Self:
        """Answer on this socket, which listens already."""
        health = cls(recorder, trail, bound, alerts)
        health._serving = asyncio.create_task(health._server.serve(sockets=[bound]), name="health")
        return health

    async def close(self) -> None:
        """Answer no more."""
        self._server.should_exit = True
        await self._serving
        self._bound.close()

    async def _alive(self, request: Request) -> Response:
        if (refusal := _refusal(request.headers)) is not None:
            return refusal
        return _text("ok") if self._recorder.alive() else _text("no worker answers", 503)

    async def _ready(self, request: Request) -> Response:
        if (refusal := _refusal(request.headers)) is not None:
            return refusal
        reason = self._recorder.unready
        return _text("ok") if reason is None else _text(reason, 503)

    async def _metrics(self, request: Request) -> Response:
        if (refusal := _refusal(request.headers)) is not None:
            return refusal
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={**_UNCACHED, "Content-Type": kind})


def _refusal(headers: Mapping[str, str]) -> Response | None:
    """What a web page gets."""
    reason = asked_host.refusal(headers, lambda host: asked_host.is_ours(host, _NAMES))
    return None if reason is None else _text(reason, 403)


def _text(words: str, status: int = 200) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers=_UNCACHED)
