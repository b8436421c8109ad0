"""A recorder killed at any moment leaves a trail that opens, holds, and accounts for every call."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import subprocess
from collections import Counter

import pytest

from apitrail.errors import Error
from apitrail.trail import control
from apitrail.trail.reader import Reader
from apitrail.trail.tickets import rulings
from machine import Machine, free_port
from proxying import AWS, calls, connect, entries, request, secure, tunnel, upstream

# Rounds of each layout, by its workers: those start slowly.
ROUNDS = {0: 5, 2: 1}
CLIENTS = 6
PATIENCE = 100
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def body(name: str) -> bytes:
    return f"Action=AssumeRole&Version=2011-06-15&RoleSessionName={name}&RoleArn=arn".encode()


async def call_until_the_end(
    port: int, trail, client: int, round_: int, answered: list[str]
) -> None:
    """Calls one after another, each with a name of its own, until the recorder is gone."""
    number = 0
    try:
        # A machine may be so busy that the first answer, which needs models, takes a minute.
        async with connect(port, PATIENCE) as peer:
            await tunnel(peer, f"{AWS}:443")
            await secure(peer, trail)
            while True:
                name = f"call-{round_}-{client}-{number}"
                await peer.send(request(body=body(name)))
                if (await peer.message())[9:12] == b"200":
                    answered.append(name)
                number += 1
    except (ConnectionError, asyncio.IncompleteReadError, OSError):
        pass


async def round_of(
    machine: Machine, stub, round_: int, chance: random.Random, workers: int, *options: str
) -> list[str]:
    """Start, load, kill; gives the calls that were answered."""
    port, answered = free_port(), []
    process = machine.start(
        "apitrail", "record", "--mode", f"regular@{port}", "--upstream", stub.url,
        "--workers", str(workers), *options, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    while "env)" not in (line := await asyncio.to_thread(process.stderr.readline)):
        assert line, "the recorder did not start"
    clients = [
        asyncio.create_task(call_until_the_end(port, machine.trail, each, round_, answered))
        for each in range(CLIENTS)
    ]
    approver = asyncio.create_task(approve(machine.trail)) if options else None
    wanted = chance.randrange(1, 10 if options else 60)
    while len(answered) < wanted and not (options and len(stub.seen) >= MOST):
        assert not all(each.done() for each in clients), "nobody calls any more"
        await asyncio.sleep(0.001 * chance.random())
    process.kill()
    await asyncio.gather(*clients)
    if approver is not None:
        approver.cancel()
        await asyncio.gather(approver, return_exceptions=True)
    process.stderr.close()
    process.wait()
    return answered


@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", ROUNDS)
def test_every_call_the_upstream_saw_is_accounted_for(tmp_path, workers):
    chance = random.Random(20261123)

    async def scenario() -> tuple[set[str], set[str]]:
        async with upstream(ANSWER) as stub:
            machine = Machine(tmp_path / "home", stub.url)
            answered = [
                name
                for round_ in range(ROUNDS[workers])
                for name in await round_of(machine, stub, round_, chance, workers)
            ]
            machine.apitrail("exec", "--upstream", stub.url, "--", "true")  # accounts for the rest
            machine.apitrail("verify")
            seen = {re.search(rb"call-[0-9-]+[0-9]", each)[0].decode() for each in stub.seen}  # type: ignore[index]
            trail = machine.trail
            recorded = Counter(
                event.request.parameters["RoleSessionName"] for event in calls(trail)
            )
            api = {
                event.request.parameters["RoleSessionName"]
                for kind, event in entries(trail)
                if kind == "api"
            }
            assert max(recorded.values()) == 1
            assert seen <= recorded.keys()
            assert set(answered) <= api
            return seen, api

    seen, api = asyncio.run(scenario())
    assert len(seen) > ROUNDS[workers]
    assert api <= seen


GUARD = """{"Statement": [
  {"Sid": "First", "Effect": "Ask", "Action": "sts:AssumeRole"},
  {"Sid": "Most", "Effect": "Deny", "Action": "*",
   "Condition": {"NumericGreaterThan": {"apitrail:spent/all/calls/sts:AssumeRole": %d}}}
]}"""
MOST = 14


async def approve(trail) -> None:
    """Approve whatever waits, until there is no recorder any more."""
    answer = {"verdict": "approve", "road": "command", "name": "mary", "reason": ""}
    with contextlib.suppress(Error, OSError):
        while (told := await asyncio.to_thread(control.ask, trail, "approvals")) is not None:
            for each in told["waiting"]:
                with contextlib.suppress(Error):
                    await asyncio.to_thread(
                        control.ask, trail, "decide", ticket=each["ticket"], **answer
                    )


@pytest.mark.layouts
@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_no_held_call_leaves_without_an_approval_nor_over_a_budget(tmp_path, workers):
    chance = random.Random(20261127)
    guard = tmp_path / "guard.json"
    guard.write_text(GUARD % MOST)

    async def scenario() -> set[str]:
        async with upstream(ANSWER) as stub:
            machine = Machine(tmp_path / "home", stub.url)
            for round_ in range(2):
                await round_of(
                    machine, stub, round_, chance, workers, "--guard", str(guard)
                )  # fmt: skip
            machine.apitrail("exec", "--upstream", stub.url, "--", "true")  # accounts for the rest
            machine.apitrail("verify")
            return {re.search(rb"call-[0-9-]+[0-9]", each)[0].decode() for each in stub.seen}  # type: ignore[index]

    seen = asyncio.run(scenario())
    trail = tmp_path / "home" / "trail"
    with Reader(trail) as reader:
        approved = {said.event for _, said in rulings(reader) if said.step == "approved"}
    left = {
        event.request.parameters["RoleSessionName"]: event.record()["eventID"]
        for event in calls(trail)
        if not event.what.withheld
    }
    assert seen <= left.keys()
    assert set(left.values()) <= approved
    assert 1 < len(left) <= MOST
