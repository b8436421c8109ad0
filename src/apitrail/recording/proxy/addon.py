"""The mitmproxy add-on that records: each hook either has recorded or stops the call.

It does not know what is stored, only when: intent before the request goes up, entry before the
response is released.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy import mode_specs

from apitrail.aside import in_thread
from apitrail.aws.read.unframing import Unframer
from apitrail.errors import RecordingError
from apitrail.exchange import EMPTY, Body, Exchange, Headers
from apitrail.recording import refusal
from apitrail.recording.off_loop import LARGE
from apitrail.recording.proxy import (
    departures,
    downstream,
    flows,
    held,
    layer,
    messages,
    random_ids,
    websockets,
)
from apitrail.recording.proxy.admission import OPERATOR, Guard
from apitrail.recording.proxy.admission import refusal as refused
from apitrail.recording.proxy.destination import Destinations, Upstream
from apitrail.recording.proxy.fail_closed import closed
from apitrail.recording.proxy.farewell import SWITCHING, Farewell
from apitrail.recording.recorder import (
    AmbiguousError,
    DeniedError,
    Open,
    Recorder,
    RejectedError,
)

logger = logging.getLogger("apitrail")

# Of a recorder that is told to: the log's name and the entry of the call, `example.com/trail#1234`.
RECEIPT = "x-apitrail-receipt"

# Of HTTP/2 requests without a length, those of these methods have no body.
BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})

# What mitmproxy quotes of a message in an error may hold secrets.
_QUOTED = re.compile(r"""b?(['"]).*\1""", re.DOTALL)

# As Python writes an error of the system.
_ERRNO = re.compile(r"\[Errno (\d+)\]")

# Refusals that are meant; of all others the operator is told.
type Say = Callable[[Mapping[str, str], str, str], refusal.Refusal]
_REFUSALS: dict[type[Exception], Say] = {
    RejectedError: refusal.reject,
    AmbiguousError: refusal.doubt,
    DeniedError: refusal.deny,
}


@dataclass(slots=True)
class Seen:
    """What is remembered of one flow between its hooks."""

    id: str
    started: int
    raw: flows.Raw
    headers: Headers
    host: str
    scheme: str
    run: Mapping[str, Any] | None
    base: str = ""
    operator: str | None = None
    sent: flows.Collector | None = None
    received: flows.Collector | None = None
    held: int = 0
    opened: Open | None = None
    client: str = ""


async def _stop(addon: Addon, flow: http.HTTPFlow, error: Exception) -> None:
    """A call that cannot be recorded does not pass."""
    if type(error) not in _REFUSALS:
        logger.error("a call cannot be recorded: %s", messages.safe(error))
        if not addon.has_passed(flow):
            addon.recorder.refusals.add(messages.safe(error))
    await addon.failed(flow, error)


@dataclass(slots=True)
class Addon:
    """Records every HTTP call that is to be recorded; `limit` is how much of a body is kept.

    With `receipts`, an answer that does not stream names the entry of its call.
    """

    recorder: Recorder
    guard: Guard
    limit: int
    runs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    listeners: dict[int, str] = field(default_factory=dict)
    default_run: Mapping[str, Any] | None = None
    receipts: bool = False
    farewell: Farewell = field(default_factory=Farewell)
    budget: held.Budget = field(default_factory=held.Budget)
    _seen: dict[str, Seen] = field(default_factory=dict)

    @property
    def destinations(self) -> Destinations:
        """The configuration the guard holds."""
        return self.guard.destinations

    @closed(_stop)
    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decide whether this is a call, where it goes, and whether its body streams."""
        if flow.error or flow.response:
            return
        if not await self._is_call(flow):
            return
        if flow.client_conn.error == downstream.CRASHED:
            _kill(flow)
            return
        seen = self._notice(flow)
        self._route(flow)
        if not self._is_streamed(flow) or await self._hold(flow, seen):
            return
        # Its intent is written from the headers, before the first byte goes up.
        seen.sent = flows.Collector(self.limit)
        if _is_chunked(flow.request):
            seen.sent.unframer = Unframer(self.limit)
        await self._begin(flow, seen, streamed=True)
        flow.request.stream = seen.sent

    @closed(_stop)
    async def request(self, flow: http.HTTPFlow) -> None:
        """The whole request is here: its intent, then it may go."""
        seen = self._seen.get(flow.id)
        if seen is None or seen.opened is not None or flow.response:
            return
        raw = flow.request.headers.fields
        if raw != seen.raw and (now := flows.fields(flow.request.headers)) != flows.sent(
            seen.headers
        ):
            # An add-on before us has changed them; what is sent is what counts.
            seen.headers, seen.host = now, flows.host(flow.request)
        await self._begin(flow, seen)

    @closed(_stop)
    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let long and endless bodies through as they come."""
        seen = self._seen.get(flow.id)
        if flow.response is None or flow.response.status_code == SWITCHING:
            return  # what follows is no body
        self.farewell.choose(flow)
        if seen is not None and seen.opened is None:
            return
        if seen is None:
            flow.response.stream = True
            return
        length = flows.declared_length(flow.response)
        if length is None or length > self.limit:
            seen.received = flows.Collector(self.limit, length, share=self._share(seen, length))
            flow.response.stream = seen.received

    def _share(self, seen: Seen, length: int | None) -> held.Share | None:
        """Room for the copy of a long answer that is decoded."""
        most = self.recorder.decodes(seen.opened) if seen.opened is not None else 0
        return held.Share(self.budget, most) if (length or 1) <= most else None

    @closed(_stop)
    async def response(self, flow: http.HTTPFlow) -> None:
        """The answer is here: its entry, then it may be released.

        What follows a 101 belongs to the call: its entry is written when the WebSocket closes.
        """
        if flow.websocket is None:
            seen = self._seen.get(flow.id)
            await self._finish(flow)
            if self.receipts and seen is not None and seen.opened is not None:
                self._hand_receipt(flow, seen.opened)
            self.farewell.say(flow)

    @closed(_stop)
    async def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is closed: the call is over."""
        await self._finish(flow)

    @closed(_stop)
    async def error(self, flow: http.HTTPFlow) -> None:
        """There will be no (whole) answer: reset, time-out, client gone."""
        is_call = flow.id in self._seen
        await self._finish(flow)
        if not is_call or layer.BY_CLIENT in flow.metadata:
            return
        if flow.error is not None and flow.response is None:
            reason = self._unanswered(flow, _plain(flow.error.msg))
            flow.metadata[layer.UNANSWERED] = self._refusal(flow, refusal.unanswered, reason)

    def _unanswered(self, flow: http.HTTPFlow, error: str) -> str:
        """Why; whoever runs the recorder is told of an upstream that cannot be reached."""
        scheme, host, port = flow.request.scheme, flow.request.host, flow.request.port
        where = str(Upstream(scheme, host, port))
        if flow.server_conn.timestamp_tcp_setup is not None:
            return f"{where} failed: {error}"
        logger.error("cannot reach %s: %s", where, error)
        return f"{where} cannot be reached: {error}"

    async def client_disconnected(self, client: Client) -> None:
        """Of a connection that mitmproxy has lost track of no hook tells how its calls end."""
        if client.error != downstream.CRASHED:
            return
        # One whose intent is being written finds itself forgotten when it is.
        for flow in [flow for flow, seen in self._seen.items() if seen.client == client.id]:
            seen = self._forget(flow)
            if seen is not None and seen.opened is not None:
                with suppress(RecordingError):
                    await self.recorder.abandon(seen.opened)

    def _is_lost(self, flow: http.HTTPFlow, seen: Seen) -> bool:
        """Has mitmproxy lost track of the connection meanwhile?"""
        return self._seen.get(flow.id) is not seen

    def has_passed(self, flow: http.HTTPFlow) -> bool:
        """Did the call, or its first bytes, go up?"""
        seen = self._seen.get(flow.id)
        return flow.response is not None or (seen is not None and seen.opened is not None)

    async def failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        """A hook raised. Before the upstream has answered nothing passes; after, its answer does."""
        seen = self._forget(flow.id)
        if seen is not None and seen.opened is not None:
            # If what defeated us is not the disk, the intent itself becomes the entry.
            with suppress(RecordingError):
                await self.recorder.abandon(seen.opened)
            if flow.response is not None and flow.response.raw_content is None:
                flow.response.stream = True
        if flow.response is None and flow.error is None:
            self._refuse(flow, error)

    def _refuse(self, flow: http.HTTPFlow, error: Exception) -> None:
        if flow.request.stream:
            flow.kill()  # its first bytes may be on their way, there is nothing to answer
            return
        say = _REFUSALS.get(type(error), refusal.refuse)
        flow.response = self._refusal(flow, say, messages.safe(error))

    @staticmethod
    def _refusal(flow: http.HTTPFlow, say: Say, reason: str) -> http.Response:
        fields = {name.lower(): value for name, value in flow.request.headers.items()}
        status, headers, body = say(fields, reason, random_ids.new())
        return http.Response.make(status, body, headers)

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
        if (reason := self.guard.shut(flow.request.host)) is not None:
            flow.response = refused(403, reason)
            return False
        self.guard.count(flow.request.host)
        flow.request.stream = True
        return False

    def _notice(self, flow: http.HTTPFlow) -> Seen:
        request = flow.request
        run_id = self._run_of(flow)
        seen = Seen(
            id=random_ids.new(),
            started=self.recorder.clock(),
            raw=request.headers.fields,
            headers=flows.fields(request.headers),
            host=flows.host(request),
            scheme="https" if flow.client_conn.tls else "http",
            run=self.runs.get(run_id) if run_id else self.default_run,
            base=self.destinations.base(request.host, request.port, request.path),
            operator=flow.metadata.get(OPERATOR),
            client=flow.client_conn.id,
        )
        self._seen[flow.id] = seen
        return seen

    def _run_of(self, flow: http.HTTPFlow) -> str | None:
        """The run's own port, or the user name in the client's proxy URL."""
        own = flow.client_conn.sockname
        return self.guard.runs.get(flow.client_conn.id) or self.listeners.get(own[1])

    def _route(self, flow: http.HTTPFlow) -> None:
        """Send the call to `--upstream`, with the client's Host kept: the signature covers it."""
        upstream = self.destinations.upstream
        if upstream is None or isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode):
            return
        data = flow.request.data
        data.scheme, data.host, data.port = upstream.scheme.encode(), upstream.host, upstream.port
        if flow.server_conn.via is not None:
            # A stand-in is nothing a corporate proxy could reach.
            flow.server_conn = Server(address=None)

    def _is_streamed(self, flow: http.HTTPFlow) -> bool:
        """Does the body go through as it comes, being long or of unknown length?"""
        request = flow.request
        length = flows.declared_length(request)
        if length is not None:
            return length > self.limit
        if flows.is_framed(flow.client_conn):
            return request.method not in BODILESS
        return "transfer-encoding" in request.headers  # HTTP/1 without either has no body

    async def _hold(self, flow: http.HTTPFlow, seen: Seen) -> bool:
        """Is a long body to be read whole before it goes up? Then there is room for it."""
        length = flows.declared_length(flow.request)
        bare = flows.request(
            flow.request,
            headers=seen.headers,
            host=seen.host,
            scheme=seen.scheme,
            content=EMPTY,
            base=seen.base,
        )
        most = await self.recorder.holds(bare)
        if most == 0 or (length or 0) > most:
            return False
        client = flow.client_conn.id
        many = flows.is_framed(flow.client_conn)
        size = most if length is None else length
        if many:
            # Its connection has other streams, which must not wait for this one.
            self.budget.take_now(size)
        else:
            held.GATE.close(client)
            try:
                await self.budget.take(size)
            finally:
                held.GATE.open(client)
        if self._is_lost(flow, seen):
            self.budget.give(size)
            _kill(flow)
            return True
        seen.held = size
        if length is None:
            answer = self._refusal(flow, refusal.too_long, f"its body is longer than {most} bytes")
            flow.metadata[layer.TOO_LONG] = (most, answer)
        return True

    # -- recording ---------------------------------------------------------------------------

    async def _begin(self, flow: http.HTTPFlow, seen: Seen, *, streamed: bool = False) -> None:
        if seen.sent is not None:
            content = seen.sent.body()
        else:
            data = flow.request.raw_content or b""
            large = len(data) >= LARGE
            content = await in_thread(Body.of, data) if large else Body.of(data)
        exchange = self._exchange(flow, seen, content, final=False)
        opened = await self._enter(flow, seen, exchange, streamed=streamed)
        if self._is_lost(flow, seen):
            _kill(flow)
            await self.recorder.abandon(opened)
            return
        seen.opened = opened

    async def _enter(
        self, flow: http.HTTPFlow, seen: Seen, exchange: Exchange, *, streamed: bool
    ) -> Open:
        """Have the recorder begin a call, which may be held there until it is approved."""
        begin = partial(
            self.recorder.begin, exchange, seen.run, operator=seen.operator, streamed=streamed
        )
        if not self.recorder.gate.may_ask:
            return await begin()
        length = flows.declared_length(flow.request) if streamed else 0
        if length is None or length > held.LONGEST or not self.budget.has(length):
            # Nothing can be held of it: what comes of the body would pile up.
            return await begin()
        try:
            with departures.watched(flow.id) as left:
                return await begin(left=left)
        finally:
            self.budget.give(length)

    async def _finish(self, flow: http.HTTPFlow) -> None:
        seen = self._seen.get(flow.id)
        if seen is None:
            return
        if seen.opened is not None:  # else it never went up
            content = seen.opened.exchange.request.body
            if seen.sent is not None:
                content = seen.sent.body()
            exchange = self._exchange(flow, seen, content, final=True)
            await self.recorder.finish(seen.opened, exchange)
        self._forget(flow.id)

    def _hand_receipt(self, flow: http.HTTPFlow, opened: Open) -> None:
        """Tell the client which entry its call is; the header of a streamed answer has left already."""
        if flow.response is not None and not flow.response.stream and opened.index is not None:
            flow.response.headers[RECEIPT] = f"{self.recorder.trail.origin}#{opened.index}"

    def _forget(self, flow: str) -> Seen | None:
        """The flow is over: what it held is free."""
        seen = self._seen.pop(flow, None)
        if seen is not None and seen.held:
            self.budget.give(seen.held)
        if seen is not None and seen.received is not None:
            seen.received.forget()
        return seen

    def _exchange(self, flow: http.HTTPFlow, seen: Seen, content: Body, *, final: bool) -> Exchange:
        peer = flow.client_conn.peername
        received = flow.response if final else None
        request = flows.request(
            flow.request, headers=seen.headers, host=seen.host, scheme=seen.scheme,
            content=content, base=seen.base,
        )  # fmt: skip
        if seen.opened is not None and seen.opened.exchange.request == request:
            # The very one that was described, so that it is not described again.
            request = seen.opened.exchange.request
        return Exchange(
            id=seen.id,
            started=seen.started,
            ended=self.recorder.clock() if final else None,
            client=peer[0],
            request=request,
            response=flows.response(received, flows.body(received, seen.received))
            if received
            else None,
            upstream=flows.upstream(flow.request),
            failure=_QUOTED.sub("…", flow.error.msg) if final and flow.error else None,
            tls=flows.tls(flow.client_conn),
            upstream_tls=flows.tls(flow.server_conn) if final else None,
            websocket=websockets.told(flow) if final else None,
        )  # fmt: skip


def _kill(flow: http.HTTPFlow) -> None:
    """Let it go no further."""
    if flow.killable:
        flow.kill()


def _plain(error: str) -> str:
    """What mitmproxy says of a connection, in the system's words."""
    found = _ERRNO.search(error)
    return os.strerror(int(found[1])) if found else _QUOTED.sub("…", error)


def _is_chunked(request: http.Request) -> bool:
    """Is the body framed in chunks of S3's own?"""
    return "aws-chunked" in request.headers.get("content-encoding", "") or request.headers.get(
        "x-amz-content-sha256", ""
    ).startswith("STREAMING-")


def _is_signed(request: http.Request) -> bool:
    """Does it carry an AWS signature, in whatever form?"""
    authorization = request.headers.get("authorization", "")
    return authorization.startswith(("AWS4-", "AWS ")) or any(
        mark in request.path for mark in ("X-Amz-Signature=", "AWSAccessKeyId=")
    )
