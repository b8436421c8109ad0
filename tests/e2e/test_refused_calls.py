"""Whatever keeps calls from being recorded: they are refused, and the log says so before the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import trails
from apitrail.recording.proxy import flows
from apitrail.recording.proxy.held import Budget
from apitrail.recording.session import Session
from faults import refused, told_of_range
from proxying import (
    AWS,
    OK,
    Peer,
    Upstream,
    calls,
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

type Act = Callable[[Session], Awaitable[object]]


def starve() -> int:
    raise MemoryError


def by_trigger(expression: str) -> Act:
    """No intent can be written: SQLite fails as `expression` does."""

    async def act(session: Session) -> None:
        pending = session.trail._appender._pending._connection
        await session.trail._run(lambda: pending.create_function("starve", 0, starve))
        await of_intents(
            session,
            f"CREATE TEMP TRIGGER broken BEFORE INSERT ON main.intent BEGIN SELECT {expression}; END",
        )

    return act


async def mend(session: Session) -> None:
    await of_intents(session, "DROP TRIGGER broken")


# What keeps the intents out: how it is begun and ended, and what the statement says.
FAILURES: dict[str, tuple[Act, Act, str]] = {
    "full": (
        by_trigger("RAISE(FAIL, 'database or disk is full')"), mend,
        "the trail cannot be written: database or disk is full",
    ),
    "read-only": (
        lambda session: of_intents(session, "PRAGMA query_only = ON"),
        lambda session: of_intents(session, "PRAGMA query_only = OFF"),
        "the trail cannot be written: attempt to write a readonly database",
    ),
    "memory": (by_trigger("starve()"), mend, "the trail cannot be written: out of memory"),
}  # fmt: skip


async def ask(client: Peer, sent: bytes = request()) -> bytes:
    await client.send(sent)
    return await client.message()


@asynccontextmanager
async def connected(session: Session, trail: Path) -> AsyncIterator[Peer]:
    """A client that has its tunnel."""
    async with dial(session) as client:
        await tunnel(client, f"{AWS}:443")
        await secure(client, trail)
        yield client


@asynccontextmanager
async def scene(trail: Path, **settings: int) -> AsyncIterator[tuple[Upstream, Session, Peer]]:
    """A recorder before an upstream, and a client of it."""
    async with (
        upstream() as stub,
        recording(trail, upstream=stub.url, **settings) as session,
        connected(session, trail) as client,
    ):
        yield stub, session, client


@pytest.mark.parametrize("failure", FAILURES)
def test_they_are_stated_before_the_first_call_that_passes(tmp_path, failure):
    trail = tmp_path / "trail"
    begin, end, reason = FAILURES[failure]

    async def scenario() -> None:
        async with scene(trail, body_limit=1024) as (stub, session, client):
            assert await ask(client) == OK
            await begin(session)
            for sent in (request(), put(b"x" * 5000), request()):
                assert (await ask(client, sent)).startswith(b"HTTP/1.1 503 ")
            assert len(stub.seen) == 1
            await end(session)
            assert await ask(client) == OK

    asyncio.run(scenario())
    assert kinds(trail) == ["open", "api", "refused", "api", "close"]
    [said] = refused(trail)
    assert (said.calls, said.reason) == (3, reason)
    first, last = calls(trail)
    assert first.call.ended <= said.start <= said.end <= last.call.started
    [line] = told_of_range(trail)
    assert line.startswith("entry 2: 3 calls from ")
    assert line.endswith(f'could not be recorded: "{reason}"')


def test_a_defect_of_ours_is_stated_too(tmp_path, monkeypatch):
    def defect(*_: object, **__: object) -> None:
        raise ValueError("SECRET")

    async def scenario() -> None:
        async with scene(tmp_path) as (_stub, session, client):
            monkeypatch.setattr(flows, "request", defect)
            assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
            monkeypatch.undo()
            assert await ask(client) == OK
            assert session.recorder.refusals.total == 1

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "refused", "api", "close"]
    [said] = refused(tmp_path)
    assert said.calls == 1
    assert said.reason.startswith("ValueError at defect:")


def test_a_call_that_the_statement_kept_out_leaves_no_trace_of_its_own(tmp_path):
    """Its intent was written, the statement before it was not: it went nowhere."""

    async def scenario() -> None:
        async with upstream() as stub:
            async with (
                recording(tmp_path, upstream=stub.url) as session,
                connected(session, tmp_path) as client,
            ):
                begin, end, _ = FAILURES["full"]
                await begin(session)
                assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
                await end(session)
                await trails.sql(
                    session.trail,
                    "CREATE TEMP TRIGGER full BEFORE INSERT ON main.entry "
                    "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
                )
                assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
                assert stub.seen == []
                await trails.sql(session.trail, "DROP TRIGGER full")
                assert await ask(client) == OK
            async with recording(tmp_path, upstream=stub.url) as session:
                assert session.recovered == 0

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "refused", "refused", "api", "close", "open", "close"]
    assert [said.calls for said in refused(tmp_path)] == [1, 1]


def test_calls_that_nobody_made_after_a_failure_are_stated_at_the_end(tmp_path):
    async def scenario() -> None:
        async with scene(tmp_path) as (_stub, session, client):
            begin, end, _ = FAILURES["memory"]
            await begin(session)
            assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
            await end(session)

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "refused", "close"]


def test_a_lack_of_room_for_long_bodies_is_stated_too(tmp_path):
    long = request(body=b"Action=GetCallerIdentity&Version=2011-06-15&X=" + b"x" * 300_000)

    async def scenario() -> None:
        async with scene(tmp_path) as (stub, session, client):
            addon = session.front.addon
            usual, addon.budget = addon.budget, Budget(1_000, patience=0.01)
            assert addon.budget.has(1_000)
            assert (await ask(client, long)).startswith(b"HTTP/1.1 503 ")
            assert stub.seen == []
            addon.budget = usual
            async with connected(session, tmp_path) as other:
                assert await ask(other, long) == OK

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "refused", "api", "close"]
    assert refused(tmp_path)[0].reason == "too many large requests at once"
