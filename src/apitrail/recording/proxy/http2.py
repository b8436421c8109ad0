"""mitmproxy's HTTP/2, which ends every stream when either side says GOAWAY (RFC 9113 section 6.8).

What runs goes on here: a client that goes away still wants its answers, and an upstream that does
finishes the streams up to the last one that it names. And it is told here of streams whose client reads
slower than their upstream sends: mitmproxy would keep in memory what such a client has no window for. A
client has a window for each body that it sends, which is renewed when the stream has taken what came, and an
upstream that speaks HTTP/2 too has a window for most of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import h2.events
from h2.connection import H2Connection
from hyperframe.frame import GoAwayFrame
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http import _events
from mitmproxy.proxy.layers.http._base import ReceiveHttp

type Handled = layer.CommandGenerator[bool]

# Connections to upstreams that take no new streams.
_LEAVING: WeakSet[Connection] = WeakSet()
# How many pieces of an answer, of 16 KB mostly, may wait for the window of their stream.
MOST = 256
# Bytes of a body that a client may send before its stream has taken any.
WINDOW = 256 * 1024
# How many pieces of a body, of 16 KB mostly, may wait for the window of their upstream.
MOST_SENT = 16

# By the ids of their connections: the sides of clients that speak HTTP/2, and of upstreams that speak
# HTTP/1, which answer one stream at a time.
_CLIENTS: WeakValueDictionary[str, Http2ToClient] = WeakValueDictionary()
_UPSTREAMS: WeakValueDictionary[str, http.Http1Client] = WeakValueDictionary()  # type: ignore[name-defined]
# And the sides of upstreams that speak HTTP/2.
_SERVERS: WeakValueDictionary[str, Http2ToServer] = WeakValueDictionary()


def note_upstream(side: Any) -> None:
    """An upstream that speaks HTTP/1."""
    _UPSTREAMS[side.conn.id] = side


def has_windows(client: Connection) -> bool:
    """Does this client speak HTTP/2?"""
    return client.id in _CLIENTS


def is_ahead(client: Connection, upstream: Connection) -> bool:
    """Has this upstream sent more of an answer than its client may be sent by now?"""
    side, feeder = _CLIENTS.get(client.id), _UPSTREAMS.get(upstream.id)
    if side is None or feeder is None:
        return False
    return len(side.h2_conn.stream_buffers.get(feeder.stream_id, ())) > MOST


@dataclass
class Taken(_events.HttpEvent):
    """A stream has taken all that has come of its body."""


class GetConnection(http.GetHttpConnection):
    """The wish for a connection, which one that is going away does not fulfil."""

    def connection_spec_matches(self, connection: Connection) -> bool:
        """Can the connection be used?"""
        return connection not in _LEAVING and super().connection_spec_matches(connection)


def _heed(connection: H2Connection) -> None:
    """Tell of GOAWAY, and take it for no end: h2 would refuse all frames after it."""

    def received(frame: GoAwayFrame) -> tuple[list[Any], list[h2.events.Event]]:
        event = h2.events.ConnectionTerminated()
        event.error_code = frame.error_code
        event.last_stream_id = frame.last_stream_id
        return [], [event]

    connection._frame_dispatch_table[GoAwayFrame] = received  # noqa: SLF001


def _not_taken(stream: int) -> ReceiveHttp:
    reason = "the upstream went away before it took the call"
    return ReceiveHttp(
        _events.ResponseProtocolError(stream, reason, _events.ResponseProtocolError.code)
    )


class Http2ToClient(http.Http2Server):  # type: ignore[name-defined,misc]
    """The side of the client: what it asked before it went is answered."""

    def __init__(self, context: Context) -> None:
        self._above = context.layers[-1] if context.layers else None
        super().__init__(context)
        _heed(self.h2_conn)
        self.h2_conn.local_settings.initial_window_size = WINDOW
        self.h2_conn.local_settings.acknowledge()
        self.h2_conn.acknowledge_received_data = self._acknowledge
        # By stream, what its client has sent and it has not taken.
        self._untaken: dict[int, int] = {}
        _CLIENTS[context.client.id] = self

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if not isinstance(event, Taken):
            yield from super()._handle_event(event)
            return
        self._give(event.stream_id)
        if data := self.h2_conn.data_to_send():
            yield commands.SendData(self.conn, data)

    def handle_h2_event(self, event: h2.events.Event) -> Handled:
        """Of GOAWAY nothing follows: the client opens no streams after it, and closes by itself."""
        if isinstance(event, h2.events.ConnectionTerminated):
            return False
        if isinstance(event, h2.events.StreamReset):
            self._give(event.stream_id)
        return bool((yield from super().handle_h2_event(event)))

    def _acknowledge(self, size: int, stream: int) -> None:
        """As h2's own, but the window of a stream that waits is renewed when it goes on."""
        here = self._above
        on = here.streams.get(stream) if isinstance(here, http.HttpLayer) else None
        if on is not None and (on._paused is not None or _is_behind(on, stream)):  # noqa: SLF001
            self._untaken[stream] = self._untaken.get(stream, 0) + size
        else:
            H2Connection.acknowledge_received_data(self.h2_conn, size, stream)

    def _give(self, stream: int) -> None:
        if size := self._untaken.pop(stream, 0):
            H2Connection.acknowledge_received_data(self.h2_conn, size, stream)


def _is_behind(on: http.HttpStream, stream: int) -> bool:
    """Does a body wait for the window of its upstream?"""
    side = _SERVERS.get(on.context.server.id)
    return side is not None and side.is_behind(stream)


class Http2ToServer(http.Http2Client):  # type: ignore[name-defined,misc]
    """The side of the upstream: streams that it will not process fail, the others go on."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        _heed(self.h2_conn)
        # Streams whose client gets no window before this upstream has taken more.
        self._behind: set[int] = set()
        _SERVERS[context.server.id] = self

    def is_behind(self, stream: int) -> bool:
        """Does so much of the body of a client's stream wait? Then that stream is told once it does not."""
        if self._waiting(stream) <= MOST_SENT:
            return False
        self._behind.add(stream)
        return True

    def _waiting(self, stream: int) -> int:
        """How many pieces wait for a window, or for the stream to be opened."""
        ours = self.our_stream_id.get(stream)
        if ours is None:
            return len(self.stream_queue.get(stream, ()))
        # A stream that is over takes nothing any more.
        return len(self.h2_conn.stream_buffers.get(ours, ())) if ours in self.streams else 0

    def handle_h2_event(self, event: h2.events.Event) -> Handled:
        """After GOAWAY new calls take another connection."""
        if not isinstance(event, h2.events.ConnectionTerminated):
            return bool((yield from super().handle_h2_event(event)))
        _LEAVING.add(self.conn)
        for stream in [each for each in self.streams if each > (event.last_stream_id or 0)]:
            self.streams.pop(stream)
            yield _not_taken(stream)
        return False

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        yield from super()._handle_event(event)
        if self.conn in _LEAVING and self.stream_queue:
            yield from self._drop_waiting()
        for stream in [each for each in self._behind if self._waiting(each) <= MOST_SENT]:
            self._behind.discard(stream)
            yield http.SendHttp(Taken(stream), self.context.client)

    def _drop_waiting(self) -> layer.CommandGenerator[None]:
        """Streams that waited for room on this connection will get none."""
        waiting = list(self.stream_queue)
        self.stream_queue.clear()
        for stream in waiting:
            yield _not_taken(stream)
