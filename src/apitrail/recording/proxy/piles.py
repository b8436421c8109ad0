"""Bodies that come while their call cannot be passed on: its intent is being written, or a connection made.

Of a client that sends on nothing more is read then. HTTP/2 has a window for each stream instead, since
the other streams of a connection must not wait for this one: `http2` renews it, also where an upstream gives
no window for what was passed on.
"""

from __future__ import annotations

from mitmproxy.connection import Connection
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers import http

from apitrail.recording.proxy import departures, http2
from apitrail.recording.proxy.held import GATE

MOST = 1024 * 1024
"""Bytes of a body that may come meanwhile, and the piece that is being read."""


def grown(size: int, client: Connection, flow: str) -> None:
    """So many bytes of a body have come by now."""
    # That a client leaves is to be seen while its call waits for an approval. Then there is room for
    # the body: see `Addon`.
    if size > MOST and not http2.has_windows(client) and not departures.is_watched(flow):
        GATE.close(client.id)


def taken(stream: int, client: Connection) -> layer.CommandGenerator[None]:
    """All that has come of a body is passed on."""
    if http2.has_windows(client):
        yield http.SendHttp(http2.Taken(stream), client)
    else:
        GATE.open(client.id)
