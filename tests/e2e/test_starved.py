"""A recorder that the system starves: a disk that fails, no descriptors, no memory, no time."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import resource
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults import injected, limited, needs_strace, refused, told_of_range
from machine import Machine, Process, until
from proxying import (
    AWS,
    EMPTY,
    OK,
    Peer,
    Upstream,
    calls,
    connect,
    kinds,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the limits of another process are Linux's"
)


@dataclass
class Scene:
    """A recorder in a process of its own, and the upstream that it sends calls to."""

    machine: Machine
    stub: Upstream
    process: Process
    port: int

    @asynccontextmanager
    async def client(self, host: str = AWS) -> AsyncIterator[Peer]:
        async with connect(self.port) as peer:
            await tunnel(peer, f"{host}:443")
            await secure(peer, self.machine.trail, host)
            yield peer


@asynccontextmanager
async def scene(directory: Path, *answers: object, survives: bool = True) -> AsyncIterator[Scene]:
    async with upstream(*answers) as stub:  # type: ignore[arg-type]
        machine = Machine(directory / "home", stub.url)
        recording = machine.recording("--mode", "regular@0", "--upstream", stub.url)
        recorder = await asyncio.to_thread(recording.__enter__)
        try:
            port = int(recorder.urls[0].rpartition(":")[2])
            yield Scene(machine, stub, recorder.process, port)
            status, said = await asyncio.to_thread(recorder.stop)
            assert status == 0 or not survives, said
        finally:
            await asyncio.to_thread(recording.__exit__, None, None, None)


async def ask(peer: Peer, sent: bytes = request()) -> bytes:
    await peer.send(sent)
    return await peer.message()


def named(name: str, size: int = 0) -> bytes:
    """A call with a name of its own."""
    text = f"Action=AssumeRole&Version=2011-06-15&RoleSessionName={name}&RoleArn=arn"
    return request(body=text.encode() + b"x" * size)


def is_published(pid: int, trail: Path, entries: int) -> bool:
    """Does the checkpoint beside the database speak of so many entries, and is its directory, which
    is synced last, closed again?"""
    said = int((trail / "checkpoint").read_text().splitlines()[1])
    return said == entries and not any(
        each.exists() and each.samefile(trail) for each in Path(f"/proc/{pid}/fd").iterdir()
    )


# The system calls by which SQLite writes, how they fail, and what the statement says.
WRITES = "pwrite64"
DISKS = {
    "EIO from fsync": ("fsync,fdatasync", "error=EIO", "disk I/O error"),
    "EIO": (WRITES, "error=EIO", "disk I/O error"),
    "full": (WRITES, "error=ENOSPC", "database or disk is full"),
    "read-only": (WRITES, "error=EROFS", "disk I/O error"),
    "over quota": (WRITES, "error=EDQUOT", "disk I/O error"),
}


@needs_strace
def test_a_disk_that_fails_stops_calls_until_it_works_again_and_a_slow_one_is_waited_for(tmp_path):
    async def scenario() -> Machine:
        async with scene(tmp_path) as it, it.client() as client:
            assert await ask(client) == OK
            for system_calls, fault, _ in DISKS.values():
                seen = len(it.stub.seen)
                with injected(it.process.pid, system_calls, fault):
                    for _ in range(2):
                        assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
                assert len(it.stub.seen) == seen
                assert await ask(client) == OK
            with injected(it.process.pid, "fsync,fdatasync", "delay_enter=100000"):
                assert await ask(client) == OK
            return it.machine

    machine = asyncio.run(scenario())
    assert kinds(machine.trail) == ["open", "api", *["refused", "api"] * len(DISKS), "api", "close"]
    said = refused(machine.trail)
    assert [each.calls for each in said] == [2] * len(DISKS)
    assert [each.reason for each in said] == [
        f"the trail cannot be written: {reason}" for _, _, reason in DISKS.values()
    ]
    assert len(told_of_range(machine.trail)) == len(DISKS)


@needs_strace
def test_a_disk_that_fails_while_the_upstream_answers_withholds_no_answer(tmp_path):
    arrived, answering = asyncio.Event(), asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.message()
        arrived.set()
        await answering.wait()
        await peer.send(OK)

    async def scenario() -> Machine:
        async with scene(tmp_path, answer, EMPTY) as it, it.client() as client:
            await client.send(named("first"))
            await arrived.wait()
            with injected(it.process.pid, "fsync,fdatasync", "error=EIO"):
                answering.set()
                assert await client.message() == OK
                assert (await ask(client)).startswith(b"HTTP/1.1 503 ")
                assert it.stub.seen == []
            assert await ask(client) == EMPTY
            return it.machine

    machine = asyncio.run(scenario())
    assert kinds(machine.trail) == ["open", "api", "refused", "api", "close"]
    assert calls(machine.trail)[0].request.parameters["RoleSessionName"] == "first"


@linux_only
def test_without_descriptors_clients_wait_and_calls_fail_as_they_should(tmp_path):
    host = "kms.eu-west-1.amazonaws.com"
    ask_kms = request(body=b"{}", host=host, headers=[("X-Amz-Target", "TrentService.ListKeys")])

    async def scenario() -> Machine:
        async with scene(tmp_path) as it:
            pid = it.process.pid
            async with it.client() as client, it.client(host) as other, it.client() as third:
                assert await ask(client) == OK
                # Else the checkpoint would be what cannot be written.
                await asyncio.to_thread(until, lambda: is_published(pid, it.machine.trail, 2))
                with limited(pid, resource.RLIMIT_NOFILE, 1):
                    assert await ask(client) == OK  # all that it needs is open
                    # No file can be opened in which the service is described.
                    assert (await ask(other, ask_kms)).startswith(b"HTTP/1.1 503 ")
                    await third.send(named("third"))  # no connection to the upstream
                    assert (await third.head()).startswith(b"HTTP/1.1 502 ")
                    late = asyncio.create_task(_late(it))
                    await asyncio.to_thread(_has_waiting, it.port)
                assert await late == OK
                assert await ask(other, ask_kms) == OK
            return it.machine

    async def _late(it: Scene) -> bytes:
        async with it.client() as peer:
            return await ask(peer, named("late"))

    machine = asyncio.run(scenario())
    assert kinds(machine.trail) == ["open", "api", "api", "refused", *["api"] * 3, "close"]
    [said] = refused(machine.trail)
    assert said.reason.startswith("OSError at ")
    *_, failed, late, listed = calls(machine.trail)
    assert os.strerror(errno.EMFILE) in failed.call.failure
    assert late.request.parameters["RoleSessionName"] == "late"
    assert listed.call.operation == "ListKeys"


def _has_waiting(port: int) -> None:
    """A client has connected, and nobody has accepted it: it stands in the listener's queue."""
    mine = f":{port:04X}"

    def waits() -> bool:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        # Of a listening socket the receive queue is how many wait to be accepted.
        return any(r[1].endswith(mine) and r[3] == "0A" and r[4][9:] != "00000000" for r in rows)

    until(waits)


@linux_only
def test_without_memory_nothing_passes_unrecorded(tmp_path):
    """Which calls fail is the system's choice; each is accounted for, whatever its client saw.

    A connection whose reading failed may stand until its idle limit: clients do not wait for that.
    Programs in other languages, of which parts of the proxy are made, end where they get no memory.
    """
    sizes = (10, 1_000_000, 8_000_000, 20_000_000)
    numbers = iter(range(1_000))

    async def one(it: Scene, size: int) -> None:
        try:
            async with asyncio.timeout(10), it.client() as peer:
                await ask(peer, named(f"n{next(numbers)}", size))
        except (OSError, asyncio.IncompleteReadError):
            pass

    async def passes(it: Scene) -> bool:
        try:
            async with it.client() as peer:
                return await ask(peer, named(f"n{next(numbers)}")) == OK
        except (OSError, asyncio.IncompleteReadError):
            return False

    async def scenario() -> tuple[Machine, list[bytes]]:
        async with scene(tmp_path, survives=False) as it:
            await one(it, 10)
            status = Path(f"/proc/{it.process.pid}/status").read_text()
            size = int(status.partition("VmSize:")[2].split()[0]) * 1024
            with (
                suppress(ProcessLookupError),
                limited(it.process.pid, resource.RLIMIT_AS, size + 24_000_000),
            ):
                await asyncio.gather(*(one(it, size) for size in sizes * 4))
            # What was held for clients that left is let go meanwhile. A recorder whose writer has
            # ended lets nothing pass until it is started again.
            for _ in range(50):
                if it.process.poll() is not None or await passes(it):
                    break
        # The next recorder settles what the one before left open, if that could not go on.
        with it.machine.recording("--mode", "regular@0"):
            pass
        return it.machine, it.stub.seen

    machine, seen = asyncio.run(scenario())
    sent = {re.search(rb"RoleSessionName=(\w+)", each)[1].decode() for each in seen}  # type: ignore[index]
    recorded, unread = Counter[str](), 0
    for event in calls(machine.trail):
        if event.request.parameters is None:
            assert "decoding failed: MemoryError" in event.call.problems
            unread += 1
        else:
            recorded[event.request.parameters["RoleSessionName"]] += 1
    assert max(recorded.values()) == 1
    assert len(sent - recorded.keys()) <= unread
    machine.apitrail("verify")


@linux_only
def test_a_recorder_that_is_stopped_and_goes_on_loses_nothing(tmp_path):
    async def scenario() -> Machine:
        async with scene(tmp_path) as it, it.client() as client, it.client() as other:
            assert await ask(client, named("before")) == OK
            it.process.send_signal(signal.SIGSTOP)
            state = Path(f"/proc/{it.process.pid}/stat")
            await asyncio.to_thread(until, lambda: state.read_text().rpartition(")")[2][1] == "T")
            # What is sent meanwhile waits in the sockets.
            await client.send(named("while"))
            await other.send(named("other")[:-5])
            it.process.send_signal(signal.SIGCONT)
            assert await client.message() == OK
            await other.send(named("other")[-5:])
            assert await other.message() == OK
            return it.machine

    machine = asyncio.run(scenario())
    names = [event.request.parameters["RoleSessionName"] for event in calls(machine.trail)]
    assert names == ["before", "while", "other"]
    assert kinds(machine.trail) == ["open", "api", "api", "api", "close"]
