"""The shorter ways give what mitmproxy's own give."""

from __future__ import annotations

import importlib.util

import pytest
from mitmproxy import http, optmanager
from mitmproxy.connection import Client
from mitmproxy.options import Options
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers import http as layers
from mitmproxy.proxy.layers.http import _base, _events, _http1

from apitrail.recording.proxy import trims

FIELDS = (
    (b"Host", b"a.example"), (b"accept", b"x"), (b"Accept", b"y"), (b"X-B\xc3\xa9", b"caf\xc3\xa9"),
    (b"empty", b""), (b"X-Raw", b"\xff\xfe"),
)  # fmt: skip
NAMES = (
    "host", "HOST", b"Host", "accept", "Accept", "hos", "hosts", "x-b\u00e9", "X-B\u00e9", "empty",
    "x-raw", b"x-raw", "missing", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def stock():
    """mitmproxy's headers, whoever has put something in their place meanwhile."""
    spec = importlib.util.find_spec("mitmproxy.http")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh.Headers(FIELDS)


@pytest.mark.parametrize("name", NAMES)
def test_headers_are_found_as_by_mitmproxy(stock, name):
    ours = http.Headers(FIELDS)
    assert trims.get_all(ours, name) == stock.get_all(name)
    assert trims.folded_or(ours, name) == stock.get(name)
    assert trims.folded_or(ours, name, "else") == stock.get(name, "else")
    assert trims.has(ours, name) == (name in stock)


def test_a_header_that_is_not_there_is_a_key_error():
    assert trims.folded(http.Headers(FIELDS), "Accept") == "x, y"
    with pytest.raises(KeyError, match="missing"):
        trims.folded(http.Headers(FIELDS), "missing")


def test_fields_that_were_changed_are_found_as_they_are_now():
    ours = http.Headers(FIELDS)
    assert trims.get_all(ours, "host") == ["a.example"]
    ours.fields = ((b"Host", b"b.example"),)
    assert trims.get_all(ours, "host") == ["b.example"]
    ours["Host"] = "c.example"
    assert trims.get_all(ours, "host") == ["c.example"]
    ours.fields = [(b"Host", b"d.example")]
    assert trims.get_all(ours, "host") == ["d.example"]
    ours.fields.append((b"host", b"e.example"))
    assert trims.get_all(ours, "host") == ["d.example", "e.example"]


@pytest.mark.parametrize(
    "lines",
    [
        [], [b"A: 1", b"b:2 ", b"C:\t", b"D:e:f", b"\xff: \xfe"], [b"A: 1", b" more", b"\tand more"],
        [b" A: 1"], [b"A 1"], [b": 1"], [b"A: 1", b":"], [b"A : 1"],
    ],
)  # fmt: skip
def test_heads_are_read_as_by_mitmproxy(lines):
    assert _outcome(trims.read_headers, lines) == _outcome(trims._read_headers, lines)


def _outcome(read, lines):
    try:
        return read(lines).fields
    except ValueError as error:
        return str(error)


SIZED = (
    (), ((b"Content-Length", b"5"),), ((b"content-length", b"0"),), ((b"Content-Length", b"05"),),
    ((b"Content-Length", b"x"),), ((b"Content-Length", b""),), ((b"Content-Length", b"-1"),),
    ((b"Content-Length", b"5"), (b"Content-Length", b"6")), ((b"Content-Length", b"9" * 30),),
    ((b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")),
    ((b"Transfer-Encoding", b"gzip"),), ((b"Transfer-Encoding", b"gzip"), (b"Content-Length", b"5")),
    ((b"Transfer-Encoding", b""), (b"Content-Length", b"5")), ((b"Content-Length", b"\xb2"),),
)  # fmt: skip


@pytest.mark.parametrize("fields", SIZED)
def test_a_body_is_as_long_as_mitmproxy_says(fields):
    for method in ("GET", "HEAD", "POST", "CONNECT", "OPTIONS", "get"):
        asked = http.Request.make(method, "http://a.example/", headers=http.Headers(fields))
        asked.headers.fields = fields
        assert _size(trims.body_size, asked) == _size(trims._body_size, asked, None)
        for status in (100, 101, 200, 204, 206, 304, 404, 500, 999):
            answered = http.Response.make(status, headers=http.Headers(fields))
            answered.headers.fields = fields
            sizes = [_size(each, asked, answered) for each in (trims.body_size, trims._body_size)]
            assert sizes[0] == sizes[1]


def _size(measure, *messages):
    try:
        return measure(*messages)
    except ValueError as error:
        return str(error)


NAMED = (
    ((b"Host", b"a"),), ((b"Ho st", b"a"),), ((b"", b"a"),), ((b"Host", b"a"), (b"X:Y", b"b")),
    ((b"Host\n", b"a"),), ((b":path", b"/"),), ((b"X" * 100, b"a"),),
)  # fmt: skip


@pytest.mark.parametrize("fields", [*SIZED, *NAMED])
def test_headers_are_refused_as_by_mitmproxy(fields):
    messages = [http.Request.make("POST", "http://a.example/")]
    messages += [http.Response.make(status) for status in (100, 200, 204)]
    for message in messages:
        message.headers.fields = fields
        theirs = _size(trims._validate_headers, message)
        # The second time its names are known.
        assert [_size(trims.validate_headers, message) for _ in range(2)] == [theirs, theirs]


def test_few_names_are_remembered_and_no_long_one(monkeypatch):
    monkeypatch.setattr(trims, "_NAMES", set())
    message = http.Request.make("GET", "http://a.example/")
    for number in range(2 * trims._MOST_NAMES):
        message.headers.fields = ((b"x-%d" % number, b""), (b"y" * 65, b""))
        trims.validate_headers(message)
    assert len(trims._NAMES) == trims._MOST_NAMES
    assert max(map(len, trims._NAMES)) < 65


def test_an_option_that_can_be_changed_is_a_copy():
    option = optmanager._Option("names", list, ["a"], "", None)
    trims.current(option).append("b")
    assert trims.current(option) == ["a"]
    option.set(["c"])
    trims.current(option).append("d")
    assert trims.current(option) == ["c"]


def test_an_option_has_its_value_or_its_default():
    option = optmanager._Option("many", int, 1, "", None)
    assert trims.current(option) == 1
    option.set(0)
    assert trims.current(option) == 0


def test_a_fork_shares_the_server_and_not_the_layers():
    whole = context.Context(_client(), Options())
    forked = trims.fork(whole)
    assert (forked.client, forked.server, forked.options) == (
        whole.client, whole.server, whole.options,
    )  # fmt: skip
    forked.layers.append(object())
    assert whole.layers == []


class Child(layer.Layer):
    """Wants these things done."""

    def __init__(self, around, *wanted):
        super().__init__(around)
        self.wanted, self.heard = wanted, []

    def _handle_event(self, event):
        self.heard.append(event)
        yield from self.wanted


class Wakeup(commands.RequestWakeup):
    """Of a class below mitmproxy's."""


class Wanted(layers.GetHttpConnection):
    """As we have one of our own."""


def test_commands_go_to_where_mitmproxy_sends_them():
    around = context.Context(_client(), Options())
    http_layer = layers.HttpLayer(around, layers.HTTPMode.regular)
    stream, asked = Child(around), []
    http_layer.streams = {1: stream}
    http_layer.get_connection = lambda wish: asked.append(wish) or iter(())
    wake, log = Wakeup(1.0), commands.Log("said")
    data = commands.SendData(around.client, b"x")
    wish = Wanted(("a.example", 80), False, None, "tcp")
    received = _base.ReceiveHttp(_events.RequestData(1, b"r"))
    late = _base.ReceiveHttp(_events.RequestData(3, b"late"))
    child = Child(around, data, received, late, wake, log, layers.DropStream(1), wish)
    passed = list(trims.event_to_child(http_layer, child, _events.RequestData(1, b"")))
    assert passed == [data, wake, log]
    assert [event.data for event in stream.heard] == [b"r"]
    assert asked == [wish]
    assert http_layer.command_sources == {wake: child, wish: child}
    assert http_layer.streams == {}


class ToUpstream(_http1.Http1Client):
    """Says what it is sent."""

    def send(self, event):
        yield commands.SendData(self.conn, event.data)


class Between(Child):
    """Hands all on to the layer below it."""

    def __init__(self, around, below):
        super().__init__(around)
        self._handle_event = below.handle_event


def test_what_is_sent_finds_its_side_past_those_that_hand_it_on():
    around = context.Context(_client(), Options())
    http_layer = layers.HttpLayer(around, layers.HTTPMode.regular)
    side, other = ToUpstream(around), Child(around)
    server = around.server
    sent = layers.SendHttp(_events.RequestData(1, b"x"), server)
    child = Child(around, sent)
    for way in (side, Between(around, side)):
        http_layer.connections = {server: way}
        [data] = trims.event_to_child(http_layer, child, _events.RequestData(1, b""))
        assert (data.connection, data.data) == (server, b"x")
    http_layer.connections = {server: other}
    assert list(trims.event_to_child(http_layer, child, _events.RequestData(1, b""))) == []
    assert other.heard == [sent.event]


class FromUpstream(ToUpstream):
    """Says what it is told."""

    def _handle_event(self, event):
        yield commands.Log(f"got {event.data!r}")


def test_what_comes_on_a_connection_goes_to_its_side():
    around = context.Context(_client(), Options())
    http_layer = layers.HttpLayer(around, layers.HTTPMode.regular)
    side, other = FromUpstream(around), Child(around, commands.Log("other"))
    came = events.DataReceived(around.server, b"x")
    for way in (side, Between(around, side)):
        http_layer.connections = {around.server: way}
        assert [each.message for each in trims.handle_event(http_layer, came)] == ["got b'x'"]
    http_layer.connections = {around.server: other}
    assert [each.message for each in trims.handle_event(http_layer, came)] == ["other"]


def test_what_comes_for_a_side_that_waits_is_kept_until_it_goes_on():
    around = context.Context(_client(), Options())
    http_layer = layers.HttpLayer(around, layers.HTTPMode.regular)
    side = FromUpstream(around)
    side._paused = layer.Paused(commands.OpenConnection(around.server), iter(()))
    http_layer.connections = {around.server: side}
    came = events.DataReceived(around.server, b"x")
    assert list(trims.handle_event(http_layer, came)) == []
    assert list(side._paused_event_queue) == [came]


def test_what_is_sent_to_a_side_that_waits_is_kept_until_it_goes_on():
    around = context.Context(_client(), Options())
    http_layer = layers.HttpLayer(around, layers.HTTPMode.regular)
    side = ToUpstream(around)
    http_layer.connections = {around.server: side}
    sent = layers.SendHttp(_events.RequestData(1, b"x"), around.server)
    side._paused = layer.Paused(commands.OpenConnection(around.server), iter(()))
    child = Child(around, sent)
    assert list(trims.event_to_child(http_layer, child, _events.RequestData(1, b""))) == []
    assert list(side._paused_event_queue) == [sent.event]


def _client():
    return Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
