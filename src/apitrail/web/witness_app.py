"""`apitrail witness`: C2SP tlog-witness over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from apitrail.address import Address, listen
from apitrail.evidence.witness.witness import Answer, Witness
from apitrail.tlog import add_checkpoint
from apitrail.web import host_check, listener

type Say = Callable[[str], None]


def application(witness: Witness, say: Say) -> Starlette:
    """The routes; `say` is told what the operator should know."""

    async def add(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > add_checkpoint.MAX_BODY:
                # The rest is not read: the connection cannot be used again.
                return _response(Answer(400, "the request is too long\n"), close=True)
        return told(await run_in_threadpool(witness.add, bytes(body)))

    async def newest(request: Request) -> Response:
        return told(await run_in_threadpool(witness.newest, request.path_params["digest"]))

    def told(answer: Answer) -> Response:
        if answer.told is not None:
            say(f"apitrail: {answer.told}")
        return _response(answer)

    return Starlette(
        routes=[
            Route(f"/{add_checkpoint.PATH}", add, methods=["POST"]),
            Route("/{digest}/checkpoint", newest, methods=["GET"]),
        ]
    )


def serve(witness: Witness, address: Address, *, names: Iterable[str], say: Say) -> None:
    """Serve until asked to end.

    What a witness says is public, but a page in a browser must not ask one that only this machine
    can reach.
    """
    listening = listen(address)
    guarded = host_check.Guard(
        application(witness, say), frozenset(name.lower() for name in (*names, address.host))
    )
    app = guarded if address.is_loopback else guarded.app
    words = list(_welcome(witness, f"http://{_reached(Address.of(listening))}/"))
    listener.run(app, listening, ready=lambda: say("\n".join(words)))


def _response(answer: Answer, *, close: bool = False) -> Response:
    # Named as a header: as a media type, Starlette would append a charset to `text/…`.
    headers = {"content-type": answer.kind} | ({"connection": "close"} if close else {})
    return Response(answer.body, answer.status, headers=headers)


def _reached(address: Address) -> Address:
    """Where others reach it: of every address of this machine there is a name."""
    is_any = address.host in ("0.0.0.0", "::")  # noqa: S104  # this does not listen
    return Address(socket.gethostname(), address.port) if is_any else address


def _welcome(witness: Witness, url: str) -> Iterator[str]:
    yield f"apitrail: the witness {witness.name} on {url}"
    for origin in witness.origins:
        yield f"    for the log {origin}"
    yield "apitrail: its lines for a policy; one of them is enough"
    name = "".join(c if c.isascii() and (c.isalnum() or c in ".-_/") else "-" for c in witness.name)
    for suffix, vkey in zip(("", "-pq"), witness.vkeys, strict=True):
        yield f"witness {name}{suffix} {vkey} {url}"
