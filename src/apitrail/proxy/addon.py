"""The mitmproxy add-on that records: each hook either has recorded or stops the call.

It does not know what is stored, only when: intent before the request goes up, entry before the
response is released.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mitmproxy import http
from mitmproxy.proxy import mode_specs

from apitrail import refusal
from apitrail.errors import RecordingError
from apitrail.exchange import Exchange, Headers
from apitrail.proxy import wire
from apitrail.proxy.destination import Destinations
from apitrail.proxy.guard import Guard
from apitrail.recorder import Open, Recorder

logger = logging.getLogger("apitrail")

# A refused body up to this size is read to its end, so that the client hears the 503; a larger
# one is cut off, since mitmproxy would hold it in memory.
REFUSED_BODY = 64 * 1024 * 1024

type Hook = Callable[["Addon", http.HTTPFlow], Awaitable[None]]


@dataclass(slots=True)
class Seen:
    """What is remembered of one flow between its hooks."""

    id: str
    started: int
    headers: Headers
    host: str
    scheme: str
    upstream: str
    run: Mapping[str, Any] | None
    sent: wire.Collector | None = None
    received: wire.Collector | None = None
    opened: Open | None = None


def closed(hook: Hook) -> Hook:
    """Fail closed: mitmproxy logs what a hook raises and lets the call pass, so nothing may rise."""

    @functools.wraps(hook)
    async def guarded(self: Addon, flow: http.HTTPFlow) -> None:
        try:
            await hook(self, flow)
        except Exception as error:
            logger.error("cannot record %s: %s", flow.request.method, error, exc_info=error)
            await self.failed(flow, error)

    return guarded


@dataclass(slots=True)
class Addon:
    """Records every HTTP call that is to be recorded; `limit` is how much of a body is kept."""

    recorder: Recorder
    guard: Guard
    limit: int
    runs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    listeners: dict[int, str] = field(default_factory=dict)
    default_run: Mapping[str, Any] | None = None
    _seen: dict[str, Seen] = field(default_factory=dict)

    @property
    def destinations(self) -> Destinations:
        """The configuration the guard holds."""
        return self.guard.destinations

    @closed
    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decide whether this is a call, where it goes, and whether its body streams."""
        if flow.error or flow.response:
            return
        if not await self._is_call(flow):
            return
        seen = self._notice(flow)
        self._route(flow, seen)
        length = wire.declared_length(flow.request)
        if length is not None and length <= self.limit:
            return
        endless = flow.request.is_http2 or "transfer-encoding" in flow.request.headers
        if length is None and not endless:
            return  # HTTP/1 without either has no body
        # Its intent is written from the headers, before the first byte goes up.
        await self._begin(flow, seen)
        seen.sent = wire.Collector(self.limit)
        flow.request.stream = seen.sent

    @closed
    async def request(self, flow: http.HTTPFlow) -> None:
        """The whole request is here: its intent, then it may go."""
        seen = self._seen.get(flow.id)
        if seen is None or seen.opened is not None or flow.response:
            return
        await self._begin(flow, seen)

    @closed
    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let long and endless bodies through as they come."""
        seen = self._seen.get(flow.id)
        if flow.response is None or (seen is not None and seen.opened is None):
            return
        if seen is None:
            flow.response.stream = True
            return
        length = wire.declared_length(flow.response)
        if length is None or length > self.limit:
            seen.received = wire.Collector(self.limit)
            flow.response.stream = seen.received

    @closed
    async def response(self, flow: http.HTTPFlow) -> None:
        """The answer is here: its entry, then it may be released."""
        await self._finish(flow)

    @closed
    async def error(self, flow: http.HTTPFlow) -> None:
        """There will be no (whole) answer: reset, time-out, client gone."""
        await self._finish(flow)

    async def failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        """A hook raised. Before the upstream has answered nothing passes; after, its answer does."""
        seen = self._seen.get(flow.id)
        if seen is not None and seen.opened is not None:
            self._seen.pop(flow.id, None)
            if not seen.opened.done or not isinstance(error, RecordingError):
                # What defeated us is not the disk: the intent itself becomes the entry.
                try:
                    await self.recorder.abandon(seen.opened)
                except RecordingError:
                    logger.error("the trail owes the entry of a call; new calls are refused")
            if flow.response is None:
                self._refuse(flow, error)
            return
        self._seen.pop(flow.id, None)
        self._refuse(flow, error)

    def _refuse(self, flow: http.HTTPFlow, error: Exception) -> None:
        if not flow.killable or flow.response:
            return
        length = wire.declared_length(flow.request)
        if length is None:
            length = _decoded_length(flow.request)
        if flow.request.stream or (length or 0) > REFUSED_BODY:
            flow.kill()
            return
        headers, body = refusal.refuse(
            {name.lower(): value for name, value in flow.request.headers.items()},
            f"apitrail cannot record this call, so it was not sent: {error}",
            str(uuid.uuid4()),
        )
        flow.response = http.Response.make(refusal.STATUS, body, headers)

    # -- what a flow is ----------------------------------------------------------------------

    async def _is_call(self, flow: http.HTTPFlow) -> bool:
        """Is this request recorded? One that is not may pass only to where anything may go."""
        if isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode):
            return True
        names = {flow.request.host, flow.request.pretty_host, flow.client_conn.sni or ""} - {""}
        port = flow.request.port
        if any(self.destinations.intercepts(name, port) for name in names):
            return True
        if self.destinations.upstream is not None and _is_signed(flow.request):
            return True
        self.guard.tunnelled[flow.request.host] += 1
        flow.request.stream = True
        return False

    def _notice(self, flow: http.HTTPFlow) -> Seen:
        request = flow.request
        run_id = self._run_of(flow)
        seen = Seen(
            id=str(uuid.uuid4()),
            started=self.recorder.clock(),
            headers=wire.fields(request.headers),
            host=wire.host(request),
            scheme="https" if flow.client_conn.tls else "http",
            upstream=f"{request.scheme}://{request.host}:{request.port}",
            run=self.runs.get(run_id) if run_id else self.default_run,
        )
        self._seen[flow.id] = seen
        return seen

    def _run_of(self, flow: http.HTTPFlow) -> str | None:
        """The run's own port, or the user name in the client's proxy URL."""
        own = flow.client_conn.sockname
        return self.guard.runs.get(flow.client_conn.id) or self.listeners.get(own[1] if own else 0)

    def _route(self, flow: http.HTTPFlow, seen: Seen) -> None:
        """Send the call to `--upstream`, with the client's Host kept: the signature covers it."""
        upstream = self.destinations.upstream
        if upstream is None or isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode):
            return
        data = flow.request.data
        data.scheme, data.host, data.port = upstream.scheme.encode(), upstream.host, upstream.port
        seen.upstream = str(upstream)

    # -- recording ---------------------------------------------------------------------------

    async def _begin(self, flow: http.HTTPFlow, seen: Seen) -> None:
        seen.opened = await self.recorder.begin(self._exchange(flow, seen, final=False), seen.run)

    async def _finish(self, flow: http.HTTPFlow) -> None:
        seen = self._seen.get(flow.id)
        if seen is None:
            return
        if seen.opened is None:
            self._seen.pop(flow.id)  # it never went up
            return
        await self.recorder.finish(seen.opened, self._exchange(flow, seen, final=True))
        self._seen.pop(flow.id, None)

    def _exchange(self, flow: http.HTTPFlow, seen: Seen, *, final: bool) -> Exchange:
        peer = flow.client_conn.peername
        content = wire.body(flow.request, seen.sent)
        if seen.opened is not None and seen.sent is None:
            content = seen.opened.exchange.request.body
        received = flow.response if final else None
        return Exchange(
            id=seen.id,
            started=seen.started,
            ended=self.recorder.clock() if final else None,
            client=peer[0] if peer else "",
            request=wire.request(
                flow.request, headers=seen.headers, host=seen.host, scheme=seen.scheme,
                content=content,
            ),
            response=wire.response(received, wire.body(received, seen.received))
            if received
            else None,
            upstream=seen.upstream,
            failure=flow.error.msg if final and flow.error else None,
            tls=wire.tls(flow.client_conn),
            upstream_tls=wire.tls(flow.server_conn) if final else None,
        )  # fmt: skip


def _is_signed(request: http.Request) -> bool:
    """Does it carry an AWS signature, in whatever form?"""
    authorization = request.headers.get("authorization", "")
    return authorization.startswith(("AWS4-", "AWS ")) or any(
        mark in request.path for mark in ("X-Amz-Signature=", "AWSAccessKeyId=")
    )


def _decoded_length(request: http.Request) -> int | None:
    try:
        return int(request.headers["x-amz-decoded-content-length"])
    except (KeyError, ValueError):
        return None
