"""What a stream does at once has the outcome that it has by mitmproxy's way."""

from __future__ import annotations

import itertools

import pytest
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import context, events
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http import _http1

from apitrail.recording.proxy.http2 import GetConnection
from apitrail.recording.proxy.layer import Stream, ToClient

# mitmproxy's own, which ours are made from.
STREAM, SERVER = Stream.__bases__[0], _http1.Http1Server
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


def test_a_stream_begins_as_mitmproxy_has_it_begin():
    above = _above(b"http/1.1", KEPT[0], waits=False)
    ours, theirs = Stream(above.context.fork(), 1), STREAM(above.context.fork(), 1)
    for stream in (ours, theirs):
        assert stream.context.layers == [above, stream]
        stream.shown = {
            name: getattr(value, "__name__", repr(type(value)))
            for name, value in vars(stream).items()
        }
    assert theirs.shown.items() <= ours.shown.items()


HEAD = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: "


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"4\r\n\r\nbody"], [HEAD + b"4\r\n\r\n", b"bo", b"dy"], [HEAD + b"0\r\n\r\n"],
        [HEAD + b"4\r\n\r\nbo", b"dy and more"], [HEAD + b"4\r\n\r\nbo"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("ends", [False, True])
def test_a_body_of_known_length_is_read_as_by_mitmproxy(pieces, ends):
    assert _read(ToClient, pieces, ends=ends) == _read(SERVER, pieces, ends=ends)


def _read(side, pieces, *, ends):
    """What a side tells of a request that comes in pieces, and what is left of it."""
    client = Client(peername=("192.0.2.1", 1), sockname=("192.0.2.2", 2), state=OPEN)
    made = side(context.Context(client, Options()))
    came = [events.Start(), *(events.DataReceived(client, each) for each in pieces)]
    if ends:
        client.state = HALF
        came.append(events.ConnectionClosed(client))
    told = []
    for event in came:
        for command in made.handle_event(event):
            what = getattr(command, "event", command)
            told.append((type(what), getattr(what, "data", None), getattr(what, "message", None)))
    return told, bytes(made.buf), made.request_done, made.state.__name__
