"""The endpoint: HTTP requests to a player, its replies back, on one loopback port."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from apitrail import asked_host
from apitrail.address import Address, listen
from apitrail.aws.find import host as aws_host
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.exchange import Body, Request
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.redact import Redactor
from apitrail.replay.playback.answers import Answers
from apitrail.replay.playback.forward import Forward
from apitrail.replay.playback.player import Player
from apitrail.replay.playback.reply import Reply
from apitrail.replay.recorded import in_order, read
from apitrail.trail.keys import REDACTION, Keys

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

_LARGEST = 5 * 1024**3
# Names that are this machine's for everybody; a bucket's name may stand before them.
_LOCAL = ("localhost", "127.0.0.1", "::1", "localhost.localstack.cloud")
_STARTING = 30.0
_POLL = 0.01


def prepare(
    path: Path,
    where: Filter | None = None,
    *,
    upstream: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Player:
    """A player of the calls in a trail or a bundle that match.

    Raises:
        UsageError: there is no trail, a run or an event that is named is not in it, or the upstream is no
            endpoint.
    """
    forward = Forward(upstream) if upstream is not None else None
    # Without the redaction key, as in a bundle, only the lengths of secrets can be compared.
    keyed = not is_archive(path) and (Keys.of(path).directory / REDACTION).exists()
    with open_source(path) as source:
        chosen = source.select(event_list.resolve(source, where or Filter(), say, exact=True))
        answers = Answers(read(source, in_order(source, chosen)), keyed=keyed)
    key = Keys.of(path).redaction() if keyed else secrets.token_bytes(32)
    return Player(answers=answers, redactor=Redactor(key), forward=forward, say=say)


def serve(player: Player, bound: socket.socket, *, names: Iterable[str] = ()) -> None:
    """Answer until interrupted; `names` are further ones by which clients may call."""
    _uvicorn(player, names).run(sockets=[bound])


@contextmanager
def running(player: Player, place: str = "127.0.0.1:0") -> Iterator[str]:
    """Answer in a thread of its own; gives the URL, and stops at the end."""
    with listen(Address.parse(place)) as bound:
        server = _uvicorn(player)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        deadline = time.monotonic() + _STARTING
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(_POLL)
        try:
            yield f"http://{Address.of(bound)}"
        finally:
            server.should_exit = True
            thread.join()


def _uvicorn(player: Player, names: Iterable[str] = ()) -> uvicorn.Server:
    config = uvicorn.Config(
        App(player, names), lifespan="off", log_config=None, log_level="warning", access_log=False,
        server_header=False, date_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)


class App:
    """The ASGI application."""

    def __init__(self, player: Player, names: Iterable[str] = ()) -> None:
        self._player = player
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        refusal = asked_host.refusal(_headers(scope), self._is_ours)
        if refusal is not None:
            await _send(Reply(status=403, body=f"{refusal}\n".encode()), send)
            return
        request = _request(scope, await _body(receive))
        if self._player.forward is not None:
            # Waiting for an upstream must not hold up the others.
            reply = await asyncio.to_thread(self._player.play, request)
        else:
            reply = self._player.play(request)
        await _send(reply, send)

    def _is_ours(self, host: str) -> bool:
        """Is it this server's name, or an AWS name through a proxy or /etc/hosts?"""
        name = aws_host.bare(host)
        return (
            asked_host.is_ours(host, self._names)
            or name.endswith(tuple(f".{own}" for own in (*_LOCAL, *self._names)))
            or name in _LOCAL
            or aws_host.is_aws(name)
        )


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _body(receive: Receive) -> bytes:
    found = bytearray()
    while len(found) <= _LARGEST:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(found)


def _request(scope: Message, data: bytes) -> Request:
    headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    return Request(
        method=scope["method"],
        scheme=scope["scheme"],
        host=next((value for name, value in headers if name == "host"), ""),
        target=scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
        http_version=f"HTTP/{scope['http_version']}",
        headers=headers,
        body=Body.of(data),
    )


async def _send(reply: Reply, send: Send) -> None:
    length = reply.length if reply.length is not None else len(reply.body)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in reply.headers
        if name.lower() != "content-length"
    ]
    if reply.status not in (204, 304):
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
