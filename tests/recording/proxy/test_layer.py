"""What a stream does at once has the outcome that it has by mitmproxy's way."""

from __future__ import annotations

import itertools

import pytest
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import context
from mitmproxy.proxy.layers import http

from apitrail.recording.proxy.http2 import GetConnection
from apitrail.recording.proxy.layer import Stream

OPEN, HALF = ConnectionState.OPEN, ConnectionState.CAN_WRITE


def _kept(tls, state, error, alpn):
    made = Server(address=("a.example", 443), tls=tls, alpn=alpn)
    made.state, made.error = state, error
    return made


KEPT = [
    _kept(*each)
    for each in itertools.product(
        (True, False), (OPEN, HALF), (None, "reset"), (b"h2", b"http/1.1")
    )
]


class _Answered:
    """Stands where the stream is to which mitmproxy hands a connection."""

    def __init__(self):
        self.given = None

    def handle_event(self, event):
        self.given = event.reply[0]
        yield from ()


@pytest.mark.parametrize("alpn", [b"h2", b"http/1.1"])
@pytest.mark.parametrize("waits", [False, True])
def test_a_connection_is_the_one_that_mitmproxy_would_give(alpn, waits):
    given = []
    for kept in KEPT:
        above = _above(alpn, kept, waits=waits)
        wish = GetConnection(("a.example", 443), True, None, "tcp")
        stream = Stream(above.context.fork(), 1)
        found = stream._open_connection(wish)
        above.command_sources[wish] = answered = _Answered()
        next(above.get_connection(wish), None)
        assert found is answered.given
        given.append(found)
    # HTTP/1 upstream of a client of HTTP/2 is for one call; what is broken or half closed for none.
    assert sum(each is not None for each in given) == (0 if waits else 1 if alpn == b"h2" else 2)


def _above(alpn, kept, *, waits):
    client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), alpn=alpn)
    above = http.HttpLayer(context.Context(client, Options()), http.HTTPMode.regular)
    above.connections = {client: object(), kept: object()}
    if waits:
        above.waiting_for_establishment[kept] = []
    return above
