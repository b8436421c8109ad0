"""Uploads whose intent is still being written: little of them is read meanwhile, and nothing is lost."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import h2.events as h2e

import trails
from apitrail.recording.proxy import held, http2, layer, piles
from apitrail.recording.session import Session
from proxying import (
    AWS,
    OK,
    S3,
    Authority,
    authorization,
    dial,
    put,
    recording,
    secure,
    tunnel,
    upstream,
)
from recording.proxy.test_http2 import Http2, ended, play, status

MB = 1024 * 1024
BODY = hashlib.shake_256(b"a film").digest(MB) * 8

UPLOAD = put(BODY).replace(b" /", f" http://{S3}/".encode(), 1)


def piled() -> int:
    """The most that has come of any body whose call waits."""
    return max(each._piled for each in gc.get_objects() if isinstance(each, layer.Stream))


@asynccontextmanager
async def nothing_is_written(session: Session) -> AsyncIterator[None]:
    """While the context is open, the writer's thread is at something else."""
    go = threading.Event()
    busy = asyncio.ensure_future(trails.in_files(session.trail, lambda _: go.wait(100)))
    try:
        yield
    finally:
        go.set()
        await busy


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def test_no_more_of_an_upload_is_read_than_may_wait_for_its_intent(tmp_path: Path) -> None:
    # Its handshake, of two flights, is done while the client is not read from.
    authority = Authority.make(tmp_path, "localhost")
    authority.server.maximum_version = ssl.TLSVersion.TLSv1_2
    trusted = {"ssl_verify_upstream_trusted_ca": str(authority.path)}

    async def main() -> None:
        async with (
            upstream(tls=authority.server) as stub,
            recording(
                tmp_path / "trail", upstream=stub.url, settings=trusted, workers=0
            ) as session,
            dial(session) as client,
        ):
            async with nothing_is_written(session):
                sending = asyncio.create_task(client.send(UPLOAD))
                await until(lambda: bool(held.GATE._closed))
                # Both sides are in this loop: each turn could bring more.
                for _ in range(1_000):
                    await asyncio.sleep(0)
                assert piles.MOST < piled() <= piles.MOST + 64 * 1024
                assert stub.seen == []
            await sending
            assert await client.message() == OK
            assert stub.seen[0].endswith(BODY)
            # The next one is read as any.
            await client.send(UPLOAD)
            assert await client.message() == OK
            assert held.GATE._closed == {}

    asyncio.run(main())


def test_a_client_that_leaves_meanwhile_leaves_nothing_behind(tmp_path: Path) -> None:
    async def main() -> None:
        async with upstream() as stub, recording(tmp_path, upstream=stub.url, workers=0) as session:
            async with dial(session) as client, nothing_is_written(session):
                sending = asyncio.create_task(client.send(UPLOAD))
                await until(lambda: bool(held.GATE._closed))
                client.reset()
                await asyncio.gather(sending, return_exceptions=True)
            await until(lambda: held.GATE._closed == {})
            await session.recorder.drained()

    asyncio.run(main())


def test_a_stream_has_a_window_that_is_renewed_when_it_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url, workers=0) as session,
            dial(session) as peer,
        ):
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, tmp_path, AWS, "h2")
            side = Http2(peer, client=True)
            await side.flush()
            await side.until(
                lambda found: any(isinstance(e, h2e.RemoteSettingsChanged) for e in found)
            )
            machine, body = side.machine, BODY[:MB]
            async with nothing_is_written(session):
                stream = _begin_upload(side, body)
                assert machine.local_flow_control_window(stream) == http2.WINDOW
                await _send(side, stream, body[: http2.WINDOW])
                # What comes before the answer to this came before it.
                machine.ping(b"12345678")
                await side.flush()
                await side.until(
                    lambda found: any(isinstance(e, h2e.PingAckReceived) for e in found)
                )
                assert machine.local_flow_control_window(stream) == 0
            sent = http2.WINDOW
            while sent < len(body):
                await side.until(lambda _: machine.local_flow_control_window(stream) > 0)
                more = body[sent : sent + machine.local_flow_control_window(stream)]
                await _send(side, stream, more)
                sent += len(more)
            machine.end_stream(stream)
            await side.flush()
            assert status(await side.until(ended(stream)), stream) == "200"
            assert stub.seen[0].endswith(body)

    asyncio.run(main())


def _begin_upload(side: Http2, body: bytes) -> int:
    stream = side.machine.get_next_available_stream_id()
    side.machine.send_headers(stream, [
        (":method", "PUT"), (":scheme", "https"), (":authority", S3), (":path", "/bucket/key"),
        ("authorization", authorization("s3")), ("content-length", str(len(body))),
    ])  # fmt: skip
    return stream


def test_little_of_an_upload_is_kept_for_an_upstream_that_gives_no_window(tmp_path: Path) -> None:
    comes, go = asyncio.Event(), asyncio.Event()
    arrived: list[bytes] = []

    async def client(side: Http2) -> None:
        machine, stream = side.machine, _begin_upload(side, BODY)
        sent = 0

        async def send() -> None:
            nonlocal sent
            piece = BODY[sent : sent + machine.local_flow_control_window(stream)]
            await _send(side, stream, piece)
            sent += len(piece)

        await send()
        await comes.wait()
        window = True
        while window and sent < len(BODY):
            # A window that is given for what was sent comes before the answer to this.
            machine.ping(b"12345678")
            await side.flush()
            await side.until(lambda found: any(isinstance(e, h2e.PingAckReceived) for e in found))
            window = machine.local_flow_control_window(stream) > 0
            await send()
        assert sent <= 65_535 + (http2.MOST_SENT + 1) * 16_384 + 2 * http2.WINDOW
        go.set()
        while sent < len(BODY):
            await side.until(lambda _: machine.local_flow_control_window(stream) > 0)
            await send()
        machine.end_stream(stream)
        await side.flush()
        assert status(await side.until(ended(stream)), stream) == "200"

    async def server(side: Http2) -> None:
        found = await side.until(
            lambda found: any(isinstance(each, h2e.DataReceived) for each in found), unread=1
        )
        comes.set()
        await go.wait()
        pieces = [each for each in found if isinstance(each, h2e.DataReceived)]
        side.machine.acknowledge_received_data(sum(len(each.data) for each in pieces), 1)
        await side.flush()
        found += await side.until(ended(1))
        arrived.extend(each.data for each in found if isinstance(each, h2e.DataReceived))
        side.answer(1)
        await side.flush()
        await side.peer.rest()

    assert play(tmp_path, client, server) == [200]
    assert b"".join(arrived) == BODY


async def _send(side: Http2, stream: int, data: bytes) -> None:
    size = side.machine.max_outbound_frame_size
    for start in range(0, len(data), size):
        side.machine.send_data(stream, data[start : start + size])
    await side.flush()
