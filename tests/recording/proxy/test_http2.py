"""GOAWAY (RFC 9113 section 6.8): streams that run go on, whichever side says it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import h2.config
import h2.connection
import h2.events as h2e

from apitrail.recording.proxy import http2
from proxying import (
    AWS,
    Authority,
    Done,
    Peer,
    authorization,
    call,
    calls,
    dial,
    recording,
    secure,
    tunnel,
    upstream,
)

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"


class Http2:
    """One end of an HTTP/2 connection, by h2 itself."""

    def __init__(self, peer: Peer, *, client: bool) -> None:
        self.peer = peer
        self.machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=client))
        self.machine.initiate_connection()

    async def flush(self) -> None:
        await self.peer.send(self.machine.data_to_send())

    async def until(
        self, done: Callable[[list[h2e.Event]], bool], *, unread: int = 0
    ) -> list[h2e.Event]:
        """All events up to when they are enough, or the connection ends; `unread` gets no window."""
        found: list[h2e.Event] = []
        async with asyncio.timeout(20):
            while not done(found):
                data = await self.peer.reader.read(65536)
                if not data:
                    break
                found += self.machine.receive_data(data)
                for event in found:
                    if (
                        isinstance(event, h2e.DataReceived)
                        and event.flow_controlled_length
                        and event.stream_id != unread
                    ):
                        length, event.flow_controlled_length = event.flow_controlled_length, 0
                        self.machine.acknowledge_received_data(length, event.stream_id)
                await self.flush()
        return found

    def ask(self, path: str = "/") -> int:
        """A call on a new stream."""
        stream = self.machine.get_next_available_stream_id()
        self.machine.send_headers(stream, [
            (":method", "POST"), (":scheme", "https"), (":authority", AWS), (":path", path),
            ("authorization", authorization()), ("content-length", str(len(BODY))),
            ("content-type", "application/x-www-form-urlencoded"),
        ])  # fmt: skip
        self.machine.send_data(stream, BODY, end_stream=True)
        return stream

    def answer(self, stream: int) -> None:
        self.machine.send_headers(stream, [(":status", "200"), ("content-length", "2")])
        self.machine.send_data(stream, b"ok", end_stream=True)

    def go_away(self, last: int) -> None:
        """Say it on the wire, without h2's own idea that everything is over."""
        frame = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + last.to_bytes(4) + (0).to_bytes(4)
        self.peer.writer.write(self.machine.data_to_send() + frame)


def ended(stream: int) -> Callable[[list[h2e.Event]], bool]:
    return lambda found: any(
        isinstance(each, h2e.StreamEnded | h2e.StreamReset) and each.stream_id == stream
        for each in found
    )


def status(found: list[h2e.Event], stream: int) -> str:
    for event in found:
        if isinstance(event, h2e.ResponseReceived) and event.stream_id == stream:
            return dict(event.headers)[b":status"].decode()
    return "none"


def play(tmp_path: Path, client_side, server_side) -> list[int | None]:
    """Both through a recorder, HTTP/2 on both sides; gives the recorded statuses."""
    authority = Authority.make(tmp_path, "localhost")
    authority.server.set_alpn_protocols(["h2"])
    trail = tmp_path / "trail"

    async def answer(peer: Peer) -> None:
        side = Http2(peer, client=False)
        await side.flush()
        await server_side(side)
        raise Done

    async def main() -> None:
        async with AsyncExitStack() as stack:
            stub = await stack.enter_async_context(upstream(answer, tls=authority.server))
            trusted = {"ssl_verify_upstream_trusted_ca": str(authority.path)}
            session = await stack.enter_async_context(
                recording(trail, upstream=stub.url, settings=trusted)
            )
            peer = await stack.enter_async_context(dial(session))
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, trail, AWS, "h2")
            side = Http2(peer, client=True)
            await side.flush()
            await client_side(side)
            await session.recorder.drained()
            assert stub.connections >= 1

    asyncio.run(main())
    return [call(each).get("status") for each in calls(trail)]


def test_an_empty_frame_does_not_end_a_body_that_goes_on_in_chunks(tmp_path):
    async def main() -> bytes:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as peer,
        ):
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, tmp_path, AWS, "h2")
            side = Http2(peer, client=True)
            stream = side.machine.get_next_available_stream_id()
            side.machine.send_headers(stream, [
                (":method", "PUT"), (":scheme", "https"), (":authority", AWS), (":path", "/b/k"),
                ("authorization", authorization("s3")),
            ])  # fmt: skip
            for part in (b"", BODY, b""):
                side.machine.send_data(stream, part)
            side.machine.end_stream(stream)
            await side.flush()
            assert status(await side.until(ended(stream)), stream) == "200"
            [seen] = stub.seen
            return seen

    seen = asyncio.run(main())
    assert seen.endswith(b"\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))


def asked(count: int) -> Callable[[list[h2e.Event]], bool]:
    return lambda found: sum(isinstance(each, h2e.StreamEnded) for each in found) >= count


def test_a_client_that_goes_away_gets_the_answers_it_waits_for(tmp_path):
    gone = asyncio.Event()

    async def client(side):
        stream = side.ask()
        side.go_away(0)
        gone.set()
        assert status(await side.until(ended(stream)), stream) == "200"

    async def server(side):
        await side.until(asked(1))
        await gone.wait()
        side.answer(1)
        await side.flush()
        await side.peer.rest()

    assert play(tmp_path, client, server) == [200]


def test_an_upstream_that_goes_away_finishes_what_it_took(tmp_path):
    async def client(side):
        streams = [side.ask(), side.ask()]
        await side.flush()
        both = lambda found: all(ended(each)(found) for each in streams)  # noqa: E731
        found = await side.until(both)
        assert [status(found, each) for each in streams] == ["200", "200"]

    async def server(side):
        await side.until(asked(2))
        side.go_away(3)
        side.answer(1)
        side.answer(3)
        await side.flush()
        await side.peer.rest()

    assert play(tmp_path, client, server) == [200, 200]


def test_a_new_call_takes_another_connection_than_the_one_that_goes_away(tmp_path):
    served = []
    answered = asyncio.Event()

    async def client(side):
        first = side.ask()
        await side.flush()
        found = await side.until(lambda found: status(found, first) != "none")
        second = side.ask()
        await side.flush()
        found += await side.until(ended(second))
        assert status(found, second) == "200"
        answered.set()
        assert ended(first)(await side.until(ended(first)))

    async def server(side):
        served.append(side)
        await side.until(asked(1))
        if len(served) == 1:
            # It goes away in the middle of its first answer, which ends after the second.
            side.go_away(1)
            side.machine.send_headers(1, [(":status", "200")])
            side.machine.send_data(1, b"begin")
            await side.flush()
            await answered.wait()
            side.machine.send_data(1, b"end", end_stream=True)
            await side.flush()
            await side.peer.rest()
            return
        side.answer(1)
        await side.flush()
        await side.peer.rest()

    assert play(tmp_path, client, server) == [200, 200]
    assert len(served) == 2


def test_a_call_that_the_upstream_did_not_take_fails_and_is_recorded(tmp_path):
    async def client(side):
        streams = [side.ask(), side.ask()]
        await side.flush()
        found = await side.until(lambda found: all(ended(each)(found) for each in streams))
        # Which of them goes up first is not told.
        assert sorted(status(found, each) for each in streams) == ["200", "502"]

    async def server(side):
        await side.until(asked(2))
        side.go_away(1)
        side.answer(1)
        await side.flush()
        await side.peer.rest()

    assert sorted(map(str, play(tmp_path, client, server))) == ["200", "None"]


LONG = 40_000_000


async def _answers(peer: Peer) -> None:
    """A long answer, or a short one; one call a connection."""
    head = await peer.head()
    await peer.exactly(len(BODY))
    body = b"x" * LONG if b"/long" in head else b"ok"
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    await peer.send(body)
    raise Done


def _kept(stream: int) -> int:
    """How many pieces wait for the window of this stream."""
    sides = [each.h2_conn.stream_buffers for each in http2._CLIENTS.values()]
    return max((len(each.get(stream, ())) for each in sides), default=0)


def test_of_an_answer_that_is_not_read_little_is_kept_and_other_streams_go_on(tmp_path):
    async def main() -> int:
        async with (
            upstream(_answers) as stub,
            recording(tmp_path, upstream=stub.url, workers=0) as session,
            dial(session) as peer,
        ):
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, tmp_path, AWS, "h2")
            side = Http2(peer, client=True)
            # Other streams have room on the connection.
            side.machine.increment_flow_control_window(1_000_000)
            long = side.ask("/long")
            await side.flush()
            async with asyncio.timeout(20):
                while _kept(long) <= http2.MOST:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            unread: list[h2e.Event] = []
            for _ in range(5):
                short = side.ask()
                await side.flush()
                found = await side.until(ended(short), unread=long)
                assert status(found, short) == "200"
                unread += [each for each in found if isinstance(each, h2e.DataReceived)]
            assert _kept(long) < 2 * http2.MOST
            length = sum(len(each.data) for each in unread if each.stream_id == long)
            side.machine.acknowledge_received_data(length, long)
            await side.flush()
            found = await side.until(ended(long))
            return length + sum(
                len(each.data)
                for each in found
                if isinstance(each, h2e.DataReceived) and each.stream_id == long
            )

    assert asyncio.run(main()) == LONG
