"""WebSockets: frames pass as they come, counted and hashed, and none of them stays in memory.

mitmproxy's layer puts messages together and keeps each of them for as long as the connection lasts.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import wsproto.events as ws_events
from mitmproxy import http as messages
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import websocket
from wsproto.connection import ConnectionState

from apitrail.exchange import Passed, WebSocket

PASSED = "apitrail: websocket"
"""Key of a flow's metadata: a `Counter` for what the client sent, and one for the rest."""

# A frame is passed on whole, so that both sides see the same frames, but for one longer than this.
PIECE = 256 * 1024


@dataclass(slots=True)
class Counter:
    """What goes one way: how many messages and bytes, and their SHA-256."""

    messages: int = 0
    length: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, *, finished: bool) -> None:
        """A piece of a message."""
        self.messages += finished
        self.length += len(data)
        self.digest.update(data)

    def passed(self) -> Passed:
        """All that went by."""
        return Passed(messages=self.messages, length=self.length, sha256=self.digest.digest())


def told(flow: messages.HTTPFlow) -> WebSocket | None:
    """What passed on a flow's WebSocket; None where it has none."""
    if PASSED not in flow.metadata or flow.websocket is None:
        return None
    sent, received = flow.metadata[PASSED]
    return WebSocket(
        sent=sent.passed(),
        received=received.passed(),
        code=flow.websocket.close_code,
        by_client=flow.websocket.closed_by_client,
    )


class Relay(websocket.WebsocketLayer):
    """Passes frames on without keeping them."""

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Pass on what came from one side to the other."""
        if not isinstance(event, events.ConnectionEvent):
            return  # nobody injects messages here
        from_client = event.connection == self.context.client
        source, target = self.client_ws, self.server_ws
        if not from_client:
            source, target = target, source
        source.receive_data(event.data if isinstance(event, events.DataReceived) else None)
        counter = self.flow.metadata.setdefault(PASSED, (Counter(), Counter()))[not from_client]
        for seen in source.events():
            if isinstance(seen, ws_events.Message):
                yield from _pass_on(seen, source, target, counter)
            elif isinstance(seen, ws_events.Ping | ws_events.Pong):
                yield target.send2(seen)
            elif isinstance(seen, ws_events.CloseConnection):
                yield from self._close(seen, from_client=from_client)

    def _close(
        self, seen: ws_events.CloseConnection, *, from_client: bool
    ) -> layer.CommandGenerator[None]:
        assert self.flow.websocket is not None
        self.flow.websocket.timestamp_end = time.time()
        self.flow.websocket.closed_by_client = from_client
        self.flow.websocket.close_code = seen.code
        self.flow.websocket.close_reason = seen.reason
        for side in (self.server_ws, self.client_ws):
            if side.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
                yield side.send2(seen)
            yield commands.CloseConnection(side.conn)
        yield websocket.WebsocketEndHook(self.flow)
        self.flow.live = False
        self._handle_event = self.done


def _pass_on(
    seen: ws_events.Message[Any],
    source: websocket.WebsocketConnection,
    target: websocket.WebsocketConnection,
    counter: Counter,
) -> layer.CommandGenerator[None]:
    text = isinstance(seen.data, str)
    piece = seen.data.encode() if isinstance(seen.data, str) else bytes(seen.data)
    counter.add(piece, finished=seen.message_finished)
    source.frame_buf[-1] += piece
    if not seen.frame_finished and len(source.frame_buf[-1]) < PIECE:
        return
    data, source.frame_buf = source.frame_buf[-1], [b""]
    last = seen.message_finished
    if text:
        yield target.send2(ws_events.TextMessage(data.decode(), message_finished=last))
    else:
        yield target.send2(ws_events.BytesMessage(data, message_finished=last))
