"""A worker makes intents by itself while nothing is owed to the log, and asks the owner else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from apitrail.recording.workers.crew import Crew
from apitrail.trail import journal
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from proxying import Peer, dial, recording, request, upstream

pytestmark = pytest.mark.timeout(300)


def named(name: str) -> bytes:
    return request(body=f"Action=AssumeRole&Version=2011-06-15&RoleSessionName={name}".encode())


async def ask(peer: Peer, name: str) -> bytes:
    await peer.send(named(name))
    return (await peer.message())[9:12]


def kinds(trail: Path) -> list[str]:
    with Reader(trail) as reader:
        return [json.loads(data)["k"] for data in reader.entries()]


def in_journals(trail: Path) -> bytes:
    return b"".join(path.read_bytes() for path in journal.paths(trail))


def test_intents_are_the_owners_until_the_log_says_what_was_refused(tmp_path: Path) -> None:
    trail = tmp_path / "trail"

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url, workers=1) as session,
            dial(session) as client,
        ):
            front = session.front
            assert isinstance(front, Crew)
            assert await ask(client, "call-one") == b"200"
            assert b"call-one" in in_journals(trail)
            await session.recorder.recount()  # what the worker has told of it has arrived
            session.recorder._state = "closed for a moment"
            front._weigh()
            await session.recorder.recount()  # it has heard of it
            assert await ask(client, "call-two") == b"503"
            session.recorder._state = ""
            front._weigh()
            await session.recorder.recount()
            assert session.recorder.refusals.unstated
            # As if this had been on its way while the worker refused a call.
            front._members[0].channel.tell("allow", 0)
            await session.recorder.recount()
            assert await ask(client, "call-three") == b"200"
            assert b"call-three" not in in_journals(trail)
            assert await ask(client, "call-four") == b"200"
            assert b"call-four" in in_journals(trail)

    asyncio.run(scenario())
    assert kinds(trail) == ["open", "api", "refused", "api", "api", "close"]
    assert journal.paths(trail) == []


def test_what_is_erased_while_it_records_is_in_no_journal(tmp_path: Path) -> None:
    trail = tmp_path / "trail"

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url, workers=1) as session,
            dial(session) as client,
        ):
            for name in ("call-one", "call-two"):
                assert await ask(client, name) == b"200"
            await session._say_alive()  # what was answered is in the log
            assert b"call-one" in in_journals(trail)
            [path] = journal.paths(trail)
            with Reader(trail) as reader:
                [index] = reader.find(journal.read(path)[0].key)
            await session.trail.erase([Target(index, ("request",))])
            assert b"call-one" not in in_journals(trail)
            assert await ask(client, "call-three") == b"200"

    asyncio.run(scenario())
    assert kinds(trail) == ["open", "api", "api", "heartbeat", "erase", "api", "close"]


def test_receipts_have_each_answer_wait_for_the_log(tmp_path: Path) -> None:
    trail, config = tmp_path / "trail", tmp_path / "config.toml"
    config.write_text("receipts = true\n")

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url, workers=1, configuration=config) as session,
            dial(session) as client,
        ):
            for number in range(20):
                await client.send(named(f"n{number}"))
                answer = await client.message()
                assert f"#{session.trail.size - 1}\r\n".encode() in answer

    asyncio.run(scenario())
