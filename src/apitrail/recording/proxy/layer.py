"""mitmproxy's HTTP layers, mended where a recorder needs more of them.

`install` puts these classes in the place of mitmproxy's own, for every connection that opens
afterwards.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

import h11
from h11._readers import ChunkedReader, ContentLengthReader
from mitmproxy import http as messages
from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer, mode_servers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http, websocket
from mitmproxy.proxy.layers.http import _events, _hooks, _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.utils import ReceiveBuffer

from apitrail.recording.proxy import departures, downstream, flows, http2, piles, trims, websockets
from apitrail.recording.proxy.admission import DIRECT
from apitrail.recording.proxy.farewell import said
from apitrail.recording.proxy.hook_runner import RUNNERS, HookRunner
from apitrail.recording.proxy.patience import PACES

type Commands = layer.CommandGenerator[None]

TOO_LONG = "apitrail: too long"
"""Key of a flow's metadata: how much of its body may be held, and the answer to more."""

UNANSWERED = "apitrail: unanswered"
"""Key of a flow's metadata: what its client is told where the upstream gives no answer."""

BY_CLIENT = "apitrail: by its client"
"""Key of a flow's metadata: it failed for what its client did, who left or sent what is no HTTP."""

LAST_CHUNK = b"0\r\n\r\n"

# An interim response that is not a change of protocols (RFC 9110 section 15.2).
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r\n]")


def install() -> None:
    """Use these layers from now on."""
    mode_servers.ProxyConnectionHandler = downstream.Connection  # type: ignore[misc]
    http.HttpStream = Stream  # type: ignore[misc]
    http.Http1Server = ToClient  # type: ignore[attr-defined]
    http.Http1Client = ToServer  # type: ignore[attr-defined]
    http.Http2Server = http2.Http2ToClient  # type: ignore[attr-defined]
    http.Http2Client = http2.Http2ToServer  # type: ignore[attr-defined]
    http.GetHttpConnection = http2.GetConnection  # type: ignore[misc]
    websocket.WebsocketLayer = websockets.Relay  # type: ignore[misc]
    messages.MessageData.__post_init__ = _unchecked  # type: ignore[method-assign]
    trims.install()


def _unchecked(_message: object) -> None:
    """mitmproxy asserts the type of each field of each message: a check of itself, as with -O."""


class Stream(http.HttpStream):
    """One exchange: a streamed answer ends after its entry is written, a refused body is let go."""

    _has_told = False
    _dropped = False
    _piled = 0

    def __init__(self, context: Context, stream_id: int) -> None:
        self._above = context.layers[-1] if context.layers else None
        if self._above is None or self._above.debug is not None:
            super().__init__(context, stream_id)
        else:
            # As mitmproxy's, which asks for an option that nobody has.
            context.layers.append(self)
            self.context, self.stream_id = context, stream_id
            self._paused, self._paused_event_queue = None, deque()
            self.request_body_buf, self.response_body_buf = ReceiveBuffer(), ReceiveBuffer()
            self.client_state = self.server_state = self.state_uninitialized
        self._hooks = RUNNERS.get(context.client.id)

    def handle_event(self, event: events.Event) -> Commands:
        """What comes while a hook is waited for; that the client leaves is told to whoever holds it."""
        if isinstance(event, _events.RequestProtocolError) and hasattr(self, "flow"):
            departures.gone(self.flow.id)
        if self.debug is not None or self._hooks is None:
            return super().handle_event(event)
        if self._paused is None:
            return self._handle_at_once(self._handle_event(event), None, self._hooks)
        if isinstance(event, events.CommandCompleted) and event.command is self._paused.command:
            return self._go_on(self._paused.generator, event.reply, self._hooks)
        if type(event) is _events.RequestData:
            self._piled += len(event.data)
            piles.grown(self._piled, self.context.client, self.flow.id)
        return super().handle_event(event)

    def _handle_event(self, event: events.Event) -> Commands:
        """Where an event goes: those of a message to the state of their side, by their class."""
        kind, going = type(event), super()._handle_event
        if kind in _ASKED:
            going = self.client_state
        elif kind in _ANSWERED:
            going = self.server_state
        begun: Commands = going(event)
        return begun

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """mitmproxy's own limits, where there are any; they are looked up once a connection."""
        about = (self._above or self).__dict__
        if (limited := about.get(_LIMITED)) is None:
            options = self.context.options
            limited = bool(options.stream_large_bodies or options.body_size_limit)
            about[_LIMITED] = limited
        return super().check_body_size(request) if limited else _no()

    def _go_on(self, going: Commands, reply: Any, hooks: HookRunner) -> Commands:
        """What was waited for is here; then what has come meanwhile."""
        self._paused = None
        yield from self._handle_at_once(going, reply, hooks)
        while self._paused is None and self._paused_event_queue:  # type: ignore[redundant-expr]
            event = self._paused_event_queue.popleft()
            yield from self._handle_at_once(self._handle_event(event), None, hooks)
        if self._piled and self._paused is None:
            self._piled = 0
            yield from piles.taken(self.stream_id, self.context.client)

    def _handle_at_once(self, going: Commands, reply: Any, hooks: HookRunner) -> Commands:
        """As mitmproxy's `handle_event`, but what need not wait is done here: hooks, the connection."""
        while True:
            try:
                command = going.send(reply)
            except StopIteration:
                if self._dropped:
                    self._let_go()
                return
            reply = None
            # Where a layer within this one waits for a hook, it is told as mitmproxy does.
            if command.blocking is True:
                if isinstance(command, commands.StartHook) and hooks.is_done(command):
                    continue
                if isinstance(command, http.GetHttpConnection) and (
                    found := self._open_connection(command)
                ):
                    reply = found, None
                    continue
                command.blocking = self
                self._paused = layer.Paused(command, going)
                yield command
                return
            if type(command) is http.DropStream:
                self._dropped = True
            yield command

    def _let_go(self) -> None:
        """It is over, and refers to itself no more: so it goes at once, with the bodies that it had.

        Else Python's garbage collector has to find it, which for each call takes a twentieth of the CPU.
        """
        self.client_state = self.server_state = _over
        self.context.layers.clear()

    def _open_connection(self, wish: http.GetHttpConnection) -> Server | None:
        """The open connection that mitmproxy would choose; None where it has more to do for one."""
        here = self._above
        if not isinstance(here, http.HttpLayer):
            return None
        found = next(filter(wish.connection_spec_matches, here.connections), None)
        if not isinstance(found, Server) or not found.connected or found.error:
            return None
        # HTTP/1 upstream of HTTP/2 takes one call a connection.
        is_one_call = self.context.client.alpn == b"h2" and found.alpn != b"h2"
        return None if is_one_call or found in here.waiting_for_establishment else found

    def state_wait_for_request_headers(self, event: events.Event) -> Commands:
        """A client that asks before it sends a body (100-continue) is told at once."""
        if "expect" in event.request.headers:  # type: ignore[attr-defined]
            return self._continued(event)
        usual: Commands = super().state_wait_for_request_headers(event)
        return usual

    def _continued(self, event: events.Event) -> Commands:
        answered = False
        for command in _through(super().state_wait_for_request_headers(event)):
            if self._invites(command.item) and self.flow.response is not None:
                answered = True
                yield from self._answer(self.flow.response)
                continue
            command.reply = yield command.item
        if answered:
            self.client_state = self.server_state = self.state_errored

    def handle_protocol_error(
        self, event: _events.RequestProtocolError | _events.ResponseProtocolError
    ) -> Commands:
        """A client that waits for an answer is told why there is none, in its SDK's words."""
        if isinstance(event, _events.RequestProtocolError):
            self.flow.metadata[BY_CLIENT] = True
        for command in _through(super().handle_protocol_error(event)):
            told = self.flow.metadata.get(UNANSWERED)
            if told is not None and self.flow.response is None and self._fails(command.item):
                # Once: a second failure may follow, of the rest of the request.
                if not self._has_told:
                    self._has_told = True
                    yield from self._answer(told)
                continue
            command.reply = yield command.item

    def check_killed(self, emit_error_hook: bool) -> layer.CommandGenerator[bool]:
        """mitmproxy looks here for a client that left, or failed, while a hook was waited for."""
        waiting = self._paused_event_queue
        if waiting and any(isinstance(each, _events.RequestProtocolError) for each in waiting):
            self.flow.metadata[BY_CLIENT] = True
        return super().check_killed(emit_error_hook)

    def _fails(self, command: commands.Command) -> bool:
        return (
            isinstance(command, http.SendHttp)
            and command.connection is self.context.client
            and isinstance(command.event, _events.ResponseProtocolError)
        )

    def _answer(self, response: messages.Response) -> Commands:
        # It is unknown whether the body follows all the same, so nothing may be sent after it on
        # this connection.
        if not flows.is_framed(self.context.client):
            response.headers["Connection"] = "close"
        for event in (
            _events.ResponseHeaders(self.stream_id, response),
            _events.ResponseData(self.stream_id, response.raw_content or b""),
            _events.ResponseEndOfMessage(self.stream_id),
        ):
            yield http.SendHttp(event, self.context.client)

    def state_consume_request_body(self, event: events.Event) -> Commands:
        """Of a call that was refused by its headers nothing is kept in memory."""
        if isinstance(event, _events.RequestData):
            self._note_data()
            if self.flow.response is None and self._is_too_long(event.data):
                _, self.flow.response = self.flow.metadata[TOO_LONG]
                self.request_body_buf.clear()
            if self.flow.response is not None:
                return _nothing()
        usual: Commands = super().state_consume_request_body(event)
        return usual

    def state_stream_request_body(self, event: events.Event) -> Commands:
        """A body that is passed on as it comes."""
        if isinstance(event, _events.RequestData):
            self._note_data()
        usual: Commands = super().state_stream_request_body(event)
        return usual

    def _note_data(self) -> None:
        if (pace := PACES.get(self.context.client.id)) is not None:
            pace.more(self.flow.id, time.monotonic())

    def handle_connect_upstream(self) -> Commands:
        """Past the proxy behind us, where the guard says so."""
        if DIRECT not in self.flow.metadata:
            yield from super().handle_connect_upstream()  # type: ignore[no-untyped-call]
            return
        self.context.server = Server(address=self.context.server.address)
        yield from self.handle_connect_regular()  # type: ignore[no-untyped-call]

    def _is_too_long(self, data: bytes) -> bool:
        """Is this more than may be held of a body whose length nobody told?"""
        if TOO_LONG not in self.flow.metadata:
            return False
        most, _ = self.flow.metadata[TOO_LONG]
        return len(self.request_body_buf) + len(data) > int(most)

    def start_response_stream(self) -> Commands:
        """It may be the last one on its connection."""
        return said(self.flow, super().start_response_stream())

    def send_response(self, already_streamed: bool = False) -> Commands:
        """What a collector held back goes out when the response hook has returned."""
        stream = self.flow.response.stream if self.flow.response else None
        held = stream.release() if isinstance(stream, flows.Collector) else b""
        sent = super().send_response(already_streamed)
        return self._with_held(sent, held) if held else sent

    def _with_held(self, sent: Commands, held: bytes) -> Commands:
        for command in _through(sent):
            command.reply = yield command.item
            if isinstance(command.item, _hooks.HttpResponseHook):
                yield http.SendHttp(_events.ResponseData(self.stream_id, held), self.context.client)

    def _invites(self, command: commands.Command) -> bool:
        return (
            isinstance(command, http.SendHttp)
            and isinstance(command.event, _events.ResponseHeaders)
            and command.event.response.status_code == 100
        )


_LIMITED = "apitrail: limited"
_ASKED = frozenset({
    _events.RequestHeaders, _events.RequestData, _events.RequestTrailers, _events.RequestEndOfMessage,
})  # fmt: skip
_ANSWERED = frozenset({
    _events.ResponseHeaders, _events.ResponseData, _events.ResponseTrailers, _events.ResponseEndOfMessage,
})  # fmt: skip


def _no() -> layer.CommandGenerator[bool]:
    yield from ()
    return False


class _Http1:
    """What both sides of HTTP/1 lack in mitmproxy: trailer fields (RFC 9112 section 7.1.2)."""

    ReceiveTrailers: type[_events.RequestTrailers | _events.ResponseTrailers]
    _reader: Any = None
    _received: messages.Headers | None = None
    _sent: messages.Headers | None = None

    @property
    def body_reader(self) -> Any:
        """Reads the body of the message at hand."""
        return self._reader

    @body_reader.setter
    def body_reader(self, reader: Any) -> None:
        self._reader = _Trailing(reader, self) if isinstance(reader, ChunkedReader) else reader

    def read_body(self, event: events.Event) -> Commands:
        """The body, and before its end the trailer."""
        if type(self._reader) is ContentLengthReader and type(event) is events.DataReceived:
            return self._read_known(self._reader)
        read: Commands = super().read_body(event)  # type: ignore[misc]
        return self._with_trailers(read) if isinstance(self._reader, _Trailing) else read

    def _read_known(self: Any, reader: Any) -> Commands:
        """A body of known length, as mitmproxy reads it, without an object of h11's for each piece."""
        stream = self.stream_id
        while reader._remaining:  # noqa: SLF001
            data = self.buf.maybe_extract_at_most(reader._remaining)  # noqa: SLF001
            if data is None:
                return
            reader._remaining -= len(data)  # noqa: SLF001
            yield ReceiveHttp(self.ReceiveData(stream, bytes(data)))
        if self.request.data.method.upper() != b"CONNECT":
            yield ReceiveHttp(self.ReceiveEndOfMessage(stream))
        reads_requests = self.ReceiveData is _events.RequestData
        yield from self.mark_done(request=reads_requests, response=not reads_requests)

    def _with_trailers(self, read: Commands) -> Commands:
        for command in read:
            trailers = self._received
            if trailers and isinstance(command, ReceiveHttp) and _is_end(command.event):
                self._received = None
                yield ReceiveHttp(self.ReceiveTrailers(command.event.stream_id, trailers))
            yield command

    def send(self, event: _events.HttpEvent) -> Commands:
        """A trailer waits for the last chunk, which it belongs to; what is empty is left out."""
        kind = type(event)
        if kind in _TRAILERS:
            self._sent = event.trailers  # type: ignore[attr-defined]
            return _nothing()
        if kind in _DATA and not event.data:  # type: ignore[attr-defined]
            return _nothing()  # an empty frame of HTTP/2; as a chunk it would be the last one
        sent: Commands = super().send(event)  # type: ignore[misc]
        if self._sent is None or not _is_end(event):
            return sent
        trailers, self._sent = self._sent, None
        return _with_last_chunk(sent, trailers)


def _with_last_chunk(sent: Commands, trailers: messages.Headers) -> Commands:
    for command in sent:
        if trailers and isinstance(command, commands.SendData) and command.data == LAST_CHUNK:
            command.data = b"0\r\n" + bytes(trailers) + b"\r\n"
        yield command


_TRAILERS = frozenset({_events.RequestTrailers, _events.ResponseTrailers})
_DATA = frozenset({_events.RequestData, _events.ResponseData})
_ENDS = (_events.RequestEndOfMessage, _events.ResponseEndOfMessage)


class _Trailing:
    """A chunked body's reader that hands its trailer over apart."""

    def __init__(self, reader: ChunkedReader, to: _Http1) -> None:
        self._reader = reader
        self._to = to

    def __call__(self, buffer: Any) -> Any:
        event = self._reader(buffer)
        if isinstance(event, h11.EndOfMessage) and event.headers:
            self._to._received = messages.Headers(_raw(event.headers))  # noqa: SLF001
            return h11.EndOfMessage()
        return event

    def read_eof(self) -> Any:
        return self._reader.read_eof()


class ToClient(_Http1, _http1.Http1Server):
    """The side of the client."""

    ReceiveTrailers = _events.RequestTrailers


class ToServer(_Http1, _http1.Http1Client):
    """The side of the upstream."""

    ReceiveTrailers = _events.ResponseTrailers

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        http2.note_upstream(self)

    def send(self, event: _events.HttpEvent) -> Commands:
        """A body that HTTP/2 frames and no length announces must be framed here as well."""
        if isinstance(event, _events.RequestHeaders) and not event.end_stream:
            event = _framed(event)
        return super().send(event)

    def read_body(self, event: events.Event) -> Commands:
        """An answer ends when the connection is free again: the client's next call may follow at once."""
        end: commands.Command | None = None
        for command in super().read_body(event):
            if isinstance(command, ReceiveHttp):
                if _is_end(command.event):
                    end = command
                    continue
                if end is not None:  # what follows a change of protocols
                    yield end
                    end = None
            yield command
        if end is not None:
            yield end

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """Interim responses answer nothing; what counts comes behind them."""
        while isinstance(event, events.DataReceived) and _INTERIM.match(bytes(self.buf)):
            if self.buf.maybe_extract_lines() is None:
                return _nothing()  # the rest of it is not here yet
        return super().read_headers(event)


def _framed(event: _events.RequestHeaders) -> _events.RequestHeaders:
    request = event.request
    framed = request.is_http2 or request.is_http3
    if not framed or "content-length" in request.headers or "transfer-encoding" in request.headers:
        return event
    request = request.copy()
    request.headers["Transfer-Encoding"] = "chunked"
    return _events.RequestHeaders(event.stream_id, request, event.end_stream, event.replay_flow)


def _nothing() -> Commands:
    yield from ()


def _over(_event: events.Event) -> Commands:
    """What comes to a stream that is over."""
    return _nothing()


def _is_end(event: _events.HttpEvent) -> bool:
    return isinstance(event, _ENDS)


def _raw(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """Names as they were spelled, where h11 has kept them."""
    raw_items = getattr(headers, "raw_items", None)
    return raw_items() if raw_items is not None else headers


class _Step:
    """One command on its way to mitmproxy, and the reply on its way back."""

    __slots__ = ("item", "reply")

    def __init__(self, item: commands.Command) -> None:
        self.item = item
        self.reply: Any = None


def _through(generator: Commands) -> Iterable[_Step]:
    """The commands of a generator whose replies go back into it."""
    reply = None
    while True:
        try:
            step = _Step(generator.send(reply))
        except StopIteration:
            return
        yield step
        reply = step.reply
