"""No trace, no call: whatever fails, nothing passes unrecorded and no answer is replaced."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

import trails
from apitrail.errors import RecordingError
from apitrail.recording import describing
from apitrail.recording import recorder as recorder_module
from apitrail.recording.proxy import addon as addon_module
from apitrail.recording.proxy import flows, layer
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.recorder import Open, Recorder
from apitrail.recording.session import Session
from apitrail.redact import Redactor
from apitrail.trail.writer import Trail
from proxying import (
    AWS,
    EMPTY,
    OK,
    Done,
    Peer,
    Upstream,
    call,
    calls,
    connect,
    dial,
    kinds,
    of_intents,
    put,
    recording,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip


@asynccontextmanager
async def scene(
    trail: Path, *answers: object, **settings: object
) -> AsyncIterator[tuple[Upstream, Peer, Session]]:
    """A recorder before an upstream, and a client of it."""
    async with (
        upstream(*answers) as stub,  # type: ignore[arg-type]
        recording(trail, upstream=stub.url, body_limit=1024, **settings) as session,
        dial(session) as client,
    ):
        await tunnel(client, f"{AWS}:443")
        await secure(client, trail)
        yield stub, client, session


# -- a disk that is full ------------------------------------------------------------------------


async def fill(session: Session) -> None:
    """Let the database grow no more."""
    sql = "PRAGMA max_page_count = 1"
    await trails.sql(session.trail, sql)
    await of_intents(session, sql)


async def make_room(session: Session) -> None:
    sql = "PRAGMA max_page_count = 1000000"
    await trails.sql(session.trail, sql)
    await of_intents(session, sql)


# As much as is sure to need another page.
BULKY = b"Action=GetCallerIdentity&Version=2011-06-15&X=" + b"x" * 900


def test_a_full_disk_stops_calls_and_room_lets_them_go_on(tmp_path):
    async def scenario() -> int:
        async with scene(tmp_path) as (stub, client, session):
            statuses = []
            await fill(session)
            # Settled intents leave room for others now and then; what counts is which pass.
            for sent in [request(body=BULKY), put(b"x" * 5000)] * 40:
                await client.send(sent)
                statuses.append((await client.message())[9:12])
            assert statuses.count(b"503") > 20
            assert set(statuses) <= {b"200", b"503"}
            assert len(stub.seen) == statuses.count(b"200")
            await make_room(session)
            await client.send(request())
            assert await client.message() == OK
            return len(stub.seen)

    passed = asyncio.run(scenario())
    assert len(calls(tmp_path)) == passed
    assert kinds(tmp_path)[-1] == "close"


@pytest.mark.parametrize("workers", [0, 1])
def test_an_answer_passes_though_its_entry_is_owed(tmp_path, workers):
    holding = asyncio.Event()
    arrived = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.message()
        arrived.set()
        await holding.wait()
        await peer.send(OK)

    async def scenario() -> None:
        async with scene(tmp_path, answer, OK, workers=workers) as (stub, client, session):
            await client.send(request(body=BULKY))
            await arrived.wait()
            # No row goes into the log; intents still do.
            await trails.sql(
                session.trail,
                "CREATE TEMP TRIGGER full BEFORE INSERT ON main.entry "
                "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
            )
            holding.set()
            assert await client.message() == OK  # the true answer
            # A worker's answer does not wait for the entry: it is tried, and the worker has heard of it.
            async with asyncio.timeout(20):
                while session.recorder.clear:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            await session.recorder.recount()
            async with connect(session.listeners[0].port) as other:
                await tunnel(other, f"{AWS}:443")
                await secure(other, tmp_path)
                await other.send(request())
                assert (await other.message()).startswith(b"HTTP/1.1 503 ")
            assert stub.seen == []
            await trails.sql(session.trail, "DROP TRIGGER full")
            await client.send(request())
            assert await client.message() == OK

    asyncio.run(scenario())
    first, second = calls(tmp_path)
    assert len(str(first.request)) > len(str(second.request))  # the owed one went first
    # The call that was refused meanwhile is said before the next one passes.
    assert kinds(tmp_path) == ["open", "api", "refused", "api", "close"]


def test_a_trail_that_can_only_be_read_stops_calls(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, session):
            await of_intents(session, "PRAGMA query_only = ON")
            await client.send(request())
            assert (await client.message()).startswith(b"HTTP/1.1 503 ")
            assert stub.seen == []

    asyncio.run(scenario())
    assert calls(tmp_path) == []


@pytest.mark.parametrize("sent", [request(), put(b"x" * 5000)])
def test_nothing_goes_up_before_its_intent_is_durable(tmp_path, sent):
    async def scenario() -> None:
        async with scene(tmp_path, EMPTY) as (stub, client, session):
            busy = sqlite3.connect(tmp_path / "pending.db", isolation_level=None)
            busy.execute("BEGIN IMMEDIATE")
            await client.send(sent)
            while not session.recorder._entering:  # noqa: ASYNC110
                await asyncio.sleep(0)
            for _ in range(1000):
                await asyncio.sleep(0)
            assert session.recorder._entering
            assert stub.connections == 0
            busy.execute("ROLLBACK")
            busy.close()
            assert await client.message() == EMPTY

    asyncio.run(scenario())


def test_no_answer_is_released_before_its_entry_is_durable(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (_stub, client, session):
            busy = sqlite3.connect(tmp_path / "trail.db", isolation_level=None)
            busy.execute("BEGIN IMMEDIATE")
            await client.send(request())
            while not any(each.done for each in session.recorder.in_flight.values()):  # noqa: ASYNC110
                await asyncio.sleep(0)
            answer = asyncio.create_task(client.message())
            for _ in range(1000):
                await asyncio.sleep(0)
            assert not answer.done()
            busy.execute("ROLLBACK")
            busy.close()
            assert await answer == OK

    asyncio.run(scenario())


# -- what a client is told --------------------------------------------------------------------

SERVICES = {
    "json": ("dynamodb", "list_tables", {}),
    "query": ("sts", "get_caller_identity", {}),
    "ec2": ("ec2", "describe_vpcs", {}),
    "rest-xml": ("s3", "list_buckets", {}),
    "rest-xml upload": ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x" * 5000}),
    "rest-xml other": ("route53", "list_hosted_zones", {}),
    "rest-json": ("lambda", "list_functions", {}),
    "cbor": ("arc-region-switch", "list_plans", {}),
}


@pytest.mark.parametrize("service", SERVICES)
def test_sdks_say_why_a_call_was_refused(tmp_path, service):
    name, operation, parameters = SERVICES[service]

    def ask(proxy: str) -> ClientError:
        client = botocore.session.get_session().create_client(
            name, region_name="eu-west-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret", verify=str(tmp_path / "ca-cert.pem"),
            config=Config(proxies={"https": proxy}, retries={"max_attempts": 0}),
        )  # fmt: skip
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**parameters)
        return caught.value

    async def scenario() -> None:
        async with scene(tmp_path) as (stub, _, session):
            await of_intents(session, "PRAGMA query_only = ON")
            error = await asyncio.to_thread(ask, session.proxy() or "")
            assert error.response["Error"]["Code"] == "ServiceUnavailable"
            assert "apitrail cannot record this call" in error.response["Error"]["Message"]
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert stub.seen == []

    asyncio.run(scenario())


# -- every stage raises -----------------------------------------------------------------------


class Defect(Exception):  # noqa: N818
    """What nobody expects."""


def defect(*_: object, **__: object) -> None:
    raise Defect("SECRET")


async def async_defect(*_: object, **__: object) -> None:
    raise Defect("SECRET")


BEFORE = {
    "auth": (recorder_module.auth, "read", defect),
    "models": (recorder_module, "asked", async_defect),
    "decode": (recorder_module.decode, "request", defect),
    "redact": (Redactor, "halves", defect),
    "identity": (recorder_module.Known, "identify", defect),
    "resources": (describing.touching, "resources", defect),
    "record": (describing.record, "head", defect),
    "describe": (describing.Describer, "describe", defect),
    "keep": (describing, "cut", defect),
    "begin": (Trail, "begin", async_defect),
    "wire": (flows, "request", defect),
    "fields": (flows, "fields", defect),
    "host": (flows, "host", defect),
    "length": (flows, "declared_length", defect),
    "destination": (addon_module.Addon, "_is_call", async_defect),
    "route": (addon_module.Addon, "_route", defect),
}


@pytest.mark.parametrize("stage", BEFORE)
def test_a_stage_that_raises_before_the_call_stops_it(tmp_path, monkeypatch, capfd, stage):
    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, _):
            monkeypatch.setattr(*BEFORE[stage])
            for sent in (request(), put(b"x" * 5000)):
                await client.send(sent)
                assert (await client.message()).startswith(b"HTTP/1.1 503 ")
            assert stub.seen == []
            assert stub.connections == 0
            monkeypatch.undo()
            await client.send(request())
            assert await client.message() == OK

    asyncio.run(scenario())
    assert len(calls(tmp_path)) == 1
    assert "SECRET" not in capfd.readouterr().err


AFTER = {
    "decode": (recorder_module.decode, "response", defect),
    "redact": (Redactor, "halves", defect),
    "identity": (recorder_module.Known, "attribute", defect),
    "record": (describing.record, "head", defect),
    "describe": (describing.Describer, "describe", defect),
    "wire": (flows, "response", defect),
    "length": (flows, "declared_length", defect),
    "finish": (Recorder, "finish", async_defect),
}


@pytest.mark.parametrize("stage", AFTER)
@pytest.mark.parametrize("size", [2, 100_000])
def test_a_stage_that_raises_after_the_call_lets_its_answer_through(
    tmp_path, monkeypatch, stage, size
):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size

    async def scenario() -> None:
        async def answering(peer: Peer) -> None:
            await peer.message()
            monkeypatch.setattr(*AFTER[stage])
            await peer.send(answer)

        async with scene(tmp_path, answering, OK) as (_, client, _):
            await client.send(request())
            assert await client.message() == answer
            monkeypatch.undo()
            await client.send(request())
            assert await client.message() == OK

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "unknown", "api", "close"]


# -- ends of connections ----------------------------------------------------------------------


def test_an_upstream_that_answers_garbage(tmp_path):
    async def garbage(peer: Peer) -> None:
        await peer.message()
        await peer.send(b"\x00\xff SSH-2.0 what\r\n\r\n")
        raise Done

    async def scenario() -> None:
        async with scene(tmp_path, garbage, OK) as (_, client, session):
            await client.send(request())
            assert (await client.head()).startswith(b"HTTP/1.1 502 ")
            async with dial(session) as other:
                await tunnel(other, f"{AWS}:443")
                await secure(other, tmp_path)
                await other.send(request())
                assert await other.message() == OK

    asyncio.run(scenario())
    first, second = calls(tmp_path)
    assert call(first)["failure"]
    assert call(second)["status"] == 200


def test_an_upstream_that_nobody_runs(tmp_path, capsys):
    """The client is told in its SDK's words, whoever runs the recorder on stderr, once."""

    async def scenario() -> str:
        async with scene(tmp_path) as (stub, client, _):
            where = f"http://127.0.0.1:{stub.port}"
        async with recording(tmp_path, upstream=where) as session:
            for _ in range(2):
                async with dial(session) as client:
                    await tunnel(client, f"{AWS}:443")
                    await secure(client, tmp_path)
                    await client.send(request())
                    answer = await client.message()
                    assert answer.startswith(b"HTTP/1.1 502 ")
                    assert b"<Code>BadGateway</Code>" in answer
                    assert f"{where} cannot be reached: Connection refused".encode() in answer
                    assert await client.rest() == b""
        return where

    where = asyncio.run(scenario())
    said = capsys.readouterr().err
    assert said.count(f"apitrail: cannot reach {where}: Connection refused\n") == 1
    event, _ = calls(tmp_path)
    assert "status" not in call(event)
    assert call(event)["failure"]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nX-Secr", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"])  # fmt: skip
@pytest.mark.parametrize("reset", [True, False])
def test_an_upstream_that_leaves_half_way(tmp_path, sent, reset):
    async def answer(peer: Peer) -> None:
        await peer.message()
        await peer.send(sent)
        if reset:
            peer.reset()
        raise Done

    async def scenario() -> None:
        async with scene(tmp_path, answer) as (_, client, _):
            await client.send(request())
            await client.rest()

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert call(event)["failure"]
    assert ("status" in call(event)) == (b"\r\n\r\n" in sent)
    assert "X-Secr" not in str(event)


@pytest.mark.parametrize("sent", [request(), put(b"x" * 100_000)[:-50_000]])
@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_leaves_half_way(tmp_path, sent, reset):
    arrived, left = asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.head()
        arrived.set()
        await peer.rest()
        left.set()
        raise Done

    async def scenario() -> None:
        async with scene(tmp_path, answer) as (_, client, session):
            await client.send(sent)
            await arrived.wait()
            if reset:
                client.reset()
            else:
                await client.close()
            await left.wait()
            await session.recorder.drained()

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert call(event)["failure"]


# Where mitmproxy fails once a call is up, and how its entry says that no answer was seen.
CRASHES = {
    "of a connection": (layer.ToServer, "read_body", "api"),
    "of a call": (layer.Stream, "_handle_event", "unknown"),
}


@pytest.mark.parametrize("crash", CRASHES)
def test_a_connection_that_mitmproxy_loses_track_of_is_closed(tmp_path, monkeypatch, crash):
    owner, name, kind = CRASHES[crash]

    async def answering(peer: Peer) -> None:
        await peer.message()
        monkeypatch.setattr(owner, name, defect)
        await peer.send(OK)

    async def scenario() -> None:
        async with scene(tmp_path, answering, OK) as (_, client, session):
            await client.send(put(b"x" * 900))  # it is held, in a budget that must be free again
            assert await client.rest() == b""
            await session.recorder.drained()
            monkeypatch.undo()
            assert session.front.addon._seen == {}
            async with dial(session) as other:
                await tunnel(other, f"{AWS}:443")
                await secure(other, tmp_path)
                await other.send(request())
                assert await other.message() == OK

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", kind, "api", "close"]


@pytest.mark.parametrize("stage", ["server_connect", "server_connected"])
@pytest.mark.parametrize("body", [b"", b"x" * 3_000], ids=["held", "streamed"])
def test_a_client_that_leaves_while_its_upstream_is_connected_to(
    tmp_path, monkeypatch, stage, body
):
    connecting = asyncio.Event()

    class Slow:
        """An add-on that is asked while mitmproxy connects, and is cancelled with that."""

    async def waits(_self: object, data: ServerConnectionHookData) -> None:
        connecting.set()
        await asyncio.Event().wait()

    setattr(Slow, stage, waits)

    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, session):
            session.front.server._master.addons.add(Slow())
            await client.send(put(body) if body else request())
            await connecting.wait()
            await client.close()
            async with asyncio.timeout(20):
                await session.recorder.drained()
            assert session.front.addon._seen == {}
            assert stub.seen == []

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert call(event)["failure"] == "client disconnected"


@pytest.mark.parametrize("leaves_first", [True, False])
def test_a_call_whose_connection_is_lost_while_its_intent_is_written(
    tmp_path, monkeypatch, leaves_first
):
    begun, left, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    begin, disconnected = Recorder.begin, Addon.client_disconnected

    async def slow(*arguments: Any, **named: Any) -> Open:
        opened = await begin(*arguments, **named)
        begun.set()
        await go_on.wait()
        return opened

    async def leaves(*arguments: Any) -> None:
        await disconnected(*arguments)
        left.set()

    monkeypatch.setattr(Recorder, "begin", slow)
    monkeypatch.setattr(Addon, "client_disconnected", leaves)

    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, session):
            await client.send(request())
            await begun.wait()
            if leaves_first:
                await client.close()
                await left.wait()
                monkeypatch.setattr(layer.Stream, "check_killed", defect)
            else:
                monkeypatch.setattr(layer.ToClient, "_handle_event", defect)
                await client.send(b"GET")
                await left.wait()
            go_on.set()
            async with asyncio.timeout(20):
                await session.recorder.drained()
            assert session.front.addon._seen == {}
            assert stub.seen == []

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "unknown", "close"]


def test_a_client_that_leaves_before_its_request_is_whole_made_no_call(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, _):
            await client.send(request()[:-5])
            await client.close()
            assert stub.seen == []

    asyncio.run(scenario())
    assert calls(tmp_path) == []


def test_calls_without_an_answer_at_the_end_are_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr("apitrail.recording.session.DRAIN", 0.05)
    arrived, stopped = asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.message()
        arrived.set()
        await stopped.wait()
        await peer.send(OK)

    async def scenario() -> None:
        async with upstream(answer) as stub, AsyncExitStack() as stack:
            async with recording(tmp_path, upstream=stub.url) as session:
                client = await stack.enter_async_context(dial(session))
                await tunnel(client, f"{AWS}:443")
                await secure(client, tmp_path)
                await client.send(request())
                await arrived.wait()
            stopped.set()

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "unknown", "close"]


def test_a_stopping_recorder_takes_no_new_calls(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, session):
            await client.send(request())
            assert await client.message() == OK
            session.recorder._state = "closing"
            await client.send(request())
            assert (await client.message()).startswith(b"HTTP/1.1 503 ")
            assert len(stub.seen) == 1

    asyncio.run(scenario())


def test_recording_errors_are_what_a_closed_trail_gives(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (_, _, session):
            recorder = session.recorder
        with pytest.raises(RecordingError, match="closing"):
            await recorder.begin(None)  # type: ignore[arg-type]

    asyncio.run(scenario())
