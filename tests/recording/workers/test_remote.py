"""The trail as a worker has it, over a real pair of sockets and with a real journal."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from apitrail.recording.workers import convoy
from apitrail.recording.workers.channel import Acts, Channel
from apitrail.recording.workers.remote import LEARNED, RemoteTrail
from apitrail.trail import journal
from apitrail.trail.rows import Draft


class Owner:
    """The process with the trail, as far as it is asked for entries."""

    def __init__(self) -> None:
        self.entered: list[object] = []

    async def enter_all(self, calls: Sequence[str], _entries: object) -> list[int]:
        self.entered += calls
        return [0] * len(calls)

    async def enter(self, _entry: object, call: str) -> int:
        self.entered.append(call)
        return 7

    async def append(self, entry: Sequence[object], _settles: object) -> int:
        self.entered.append(entry[0])
        return 8


def draft(**facets: bytes) -> Draft:
    return Draft(kind="api", facets=facets, row=None)


def test_the_log_has_calls_in_the_order_in_which_they_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convoy, "LINGER", 3_600.0)  # nothing leaves by itself
    owner, path = Owner(), tmp_path / "pending-1.journal"

    async def scenario() -> None:
        one, other = socket.socketpair()
        ours = await Channel.over(one, Acts(lost=lambda: None))
        answers = {"enter-all": owner.enter_all, "enter": owner.enter, "append": owner.append}
        hears = {"in-flight": lambda _number: None}
        far = await Channel.over(other, Acts(lost=lambda: None, answers=answers, hears=hears))
        trail = RemoteTrail(ours, "example.com/log", path, receipts=False)
        trail.allow(0)
        for call in ("a", "b", "c"):
            await trail.begin(call, {})
        assert await trail.settle(draft(), "a") is None
        assert (owner.entered, [each.key for each in journal.read(path)]) == ([], ["a", "b", "c"])
        assert await trail.settle(draft(**{LEARNED: b"whom"}), "b") == 7
        assert await trail.settle(draft(), "c") is None
        assert await trail.append(Draft(kind="denied", facets={}, row=None)) == 8
        await trail.entered()
        ours.close()
        far.close()

    asyncio.run(scenario())
    assert owner.entered == ["a", "b", "c", "denied"]
