"""What mitmproxy does many times for each message, done in fewer steps with the same outcome.

A call looks up some 25 headers and 15 options and makes two contexts. mitmproxy's ways to do so are
general: each header that is looked up converts the names of all of them, each option is copied deeply,
each context makes a server that is thrown away.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from mitmproxy import flow as flows
from mitmproxy import optmanager
from mitmproxy.http import Headers, Message, Request, Response
from mitmproxy.net.http import http1, validate
from mitmproxy.net.http.http1 import read
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http import _base, _events, _http1

from apitrail.recording.proxy import random_ids
from apitrail.recording.proxy.hook_runner import inner

type Commands = layer.CommandGenerator[None]


def install() -> None:
    """Do so from now on."""
    Headers.get_all = get_all  # type: ignore[method-assign,assignment]
    Headers.__getitem__ = folded  # type: ignore[method-assign,assignment]
    Headers.__contains__ = has  # type: ignore[method-assign,assignment]
    Headers.get = folded_or  # type: ignore[method-assign,assignment]
    optmanager._Option.current = current  # type: ignore[method-assign,assignment]  # noqa: SLF001
    read._read_headers = read_headers  # noqa: SLF001
    http1.expected_http_body_size = body_size
    http.validate_headers = validate_headers  # type: ignore[attr-defined]
    flows.uuid = SimpleNamespace(uuid4=random_ids.new)  # type: ignore[attr-defined,assignment]
    context.Context.fork = fork  # type: ignore[method-assign,assignment]
    http.HttpLayer.event_to_child = event_to_child  # type: ignore[method-assign,assignment]
    http.HttpLayer._handle_event = handle_event  # type: ignore[method-assign,assignment]  # noqa: SLF001


def get_all(headers: Headers, name: str | bytes) -> list[str]:
    """The values of a header, in wire order."""
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    values = _by_name(headers).get(raw.lower(), ())
    return [value.decode("utf-8", "surrogateescape") for value in values]


def _by_name(headers: Headers) -> dict[bytes, list[bytes]]:
    """The values by name, made once for the fields as they are: a change is another tuple."""
    fields, own = headers.fields, headers.__dict__
    found: tuple[object, dict[bytes, list[bytes]]] | None = own.get(_INDEX)
    if found is not None and found[0] is fields and type(fields) is tuple:
        return found[1]
    by_name: dict[bytes, list[bytes]] = {}
    for key, value in fields:
        by_name.setdefault(key.lower(), []).append(value)
    own[_INDEX] = fields, by_name
    return by_name


_INDEX = "apitrail: by name"


def read_headers(lines: Iterable[bytes]) -> Headers:
    """The fields of a head. Each is looked at once; a line that goes on another is mitmproxy's."""
    found: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name[0] in b" \t":
            return _read_headers(lines)
        found.append((name, value.strip()))
    headers = Headers.__new__(Headers)
    headers.fields = tuple(found)
    return headers


_read_headers: Callable[[Iterable[bytes]], Headers] = read._read_headers  # noqa: SLF001


def folded(headers: Headers, name: str | bytes) -> str:
    """The values of a header in one; raises KeyError where it is not there."""
    values = get_all(headers, name)
    if not values:
        raise KeyError(name)
    return ", ".join(values)


def folded_or(headers: Headers, name: str | bytes, default: Any = None) -> Any:
    """The same, or the default."""
    if not has(headers, name):
        return default
    values = get_all(headers, name)
    return values[0] if len(values) == 1 else ", ".join(values)


def has(headers: Headers, name: str | bytes) -> bool:
    """Is the header there? Mostly that is all that is asked, and it is not."""
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    return raw.lower() in _by_name(headers)


def body_size(request: Request, response: Response | None = None) -> int | None:
    """How long a body will be, where one length alone tells it; else as mitmproxy finds out."""
    told = _by_name((response or request).data.headers)
    lengths = told.get(b"content-length", [])
    usual = len(lengths) == 1 and b"transfer-encoding" not in told
    if response is not None:
        # Answers that have no body, whatever their length says.
        usual = (
            usual and request.data.method in _ANSWERED and 200 <= response.data.status_code < 600
        )
        usual = usual and response.data.status_code not in _BODILESS
    if not usual or _LENGTH.fullmatch(lengths[0]) is None:
        return _body_size(request, response)
    return int(lengths[0])


_body_size: Callable[[Request, Response | None], int | None] = http1.expected_http_body_size
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,17}")
_ANSWERED = frozenset({b"DELETE", b"GET", b"PATCH", b"POST", b"PUT"})
_BODILESS = frozenset({204, 304})


def validate_headers(message: Message) -> None:
    """As mitmproxy does, which need not look at names again that it has found right before."""
    headers = message.data.headers
    told = _by_name(headers)
    lengths = told.get(b"content-length")
    names = [name for name, _ in headers.fields]
    if (
        b"transfer-encoding" in told
        or (lengths and (len(lengths) > 1 or _LENGTH.fullmatch(lengths[0]) is None))
        or not _NAMES.issuperset(names)
    ):
        _validate_headers(message)
        if len(_NAMES) < _MOST_NAMES:
            _NAMES.update([name for name in names if len(name) <= _LONGEST_NAME])


_validate_headers: Callable[[Message], None] = validate.validate_headers
# Names of headers that are right, as they were spelled.
_NAMES: set[bytes] = set()
_MOST_NAMES, _LONGEST_NAME = 1024, 64

# What nobody can change need not be copied.
_ATOMS = frozenset({str, int, bool, float, type(None)})


def current(option: optmanager._Option) -> Any:
    """The value of an option."""
    value = option._default if option.value is optmanager.unset else option.value  # noqa: SLF001
    return value if type(value) in _ATOMS else copy.deepcopy(value)


def fork(here: context.Context) -> context.Context:
    """A context for what is below; it has the same server, so that none is made."""
    forked = context.Context.__new__(context.Context)
    forked.client, forked.options, forked.server = here.client, here.options, here.server
    forked.layers = here.layers.copy()
    return forked


def handle_event(here: http.HttpLayer, event: events.Event) -> Commands:
    """Where an event goes; bytes of a connection that is known go to its side."""
    if type(event) is events.DataReceived:
        child = here.connections.get(event.connection)
        side = None if child is None else _side(child)
        if side is not None and side._paused is None:  # noqa: SLF001
            return _wanted(here, child, side._handle_event(event))  # noqa: SLF001
    return _handle_event(here, event)


_handle_event: Callable[[http.HttpLayer, events.Event], Commands] = http.HttpLayer._handle_event  # noqa: SLF001


def event_to_child(here: http.HttpLayer, child: Any, event: events.Event) -> Commands:
    """What a child wants done upon an event: its command's class says who does it."""
    return _wanted(here, child, child.handle_event(event))


def _wanted(here: http.HttpLayer, child: Any, wants: Commands) -> Commands:
    for command in wants:
        kind = type(command)
        if kind is commands.SendData:
            yield command
            continue
        # What blocks is answered later, and the answer must find its way back.
        if command.blocking or isinstance(command, commands.RequestWakeup):
            here.command_sources[command] = child
        if (step := _step(kind)) is not None:
            yield from step(here, command)
            continue
        if isinstance(command, commands.OpenConnection):
            here.connections[command.connection] = child
        yield command


def _received(here: http.HttpLayer, command: _base.ReceiveHttp) -> Commands:
    event = command.event
    if type(event) is _events.RequestHeaders:
        yield from here.make_stream(event.stream_id)
    # There may be more of a stream that is done with already.
    if (stream := here.streams.get(event.stream_id)) is not None:
        yield from event_to_child(here, stream, event)


def _sent(here: http.HttpLayer, command: http.SendHttp) -> Commands:
    child = here.connections[command.connection]
    side = _side(child)
    if side is None or side._paused is not None:  # noqa: SLF001
        return event_to_child(here, child, command.event)
    # HTTP/1 waits for nothing, and what is on the way to it does nothing else than hand on.
    return _wanted(here, child, side.send(command.event))


def _side(child: Any) -> _http1.Http1Connection | None:
    """The layer of HTTP/1 that gets all that this child gets, if there is one."""
    found: _http1.Http1Connection | None = child.__dict__.get(_SIDE)
    if found is None and isinstance(side := inner(child), _http1.Http1Connection):
        found = child.__dict__[_SIDE] = side
    return found


_SIDE = "apitrail: side"


def _dropped(here: http.HttpLayer, command: http.DropStream) -> Commands:
    here.streams.pop(command.stream_id, None)
    yield from ()


type _Step = Callable[[http.HttpLayer, Any], Commands]

# The commands that go no further than here; any other goes on its way up.
_STEPS: dict[type[commands.Command], _Step] = {
    _base.ReceiveHttp: _received,
    http.SendHttp: _sent,
    http.DropStream: _dropped,
    http.GetHttpConnection: lambda here, command: here.get_connection(command),
    http.RegisterHttpConnection: lambda here, command: here.register_connection(command),
}


# What is done with a command of each class that was met: as with the one above it.
_MET: dict[type[commands.Command], _Step | None] = {}


def _step(kind: type[commands.Command]) -> _Step | None:
    if kind not in _MET:
        _MET[kind] = next((_STEPS[each] for each in kind.__mro__ if each in _STEPS), None)
    return _MET[kind]
