"""The dictionary in memory may be smaller than what one batch needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import trails
from apitrail.evidence.verify import Verdict
from apitrail.trail.strings import Strings
from apitrail.trail.writer import Trail
from trails import SIGNER, check


@pytest.mark.parametrize("limit", [0, 1, 64])
def test_a_batch_finds_what_it_has_looked_up_whatever_the_limit(tmp_path: Path, limit: int) -> None:
    trail = tmp_path / "trail"

    async def main() -> None:
        async with await Trail.open(trail, signer=SIGNER, clock=trails.Clock()) as opened:
            opened._appender.strings = Strings(1, limit)
            await opened.append(trails.opening())
            for number in range(70):
                await opened.append(trails.draft(number))
            older = [trails.draft(100 + n, resource=f"target{n * 5}") for n in range(12)]
            mixed = [trails.draft(200 + n) for n in range(40)]
            await trails.append_all(opened, [*older[:6], *mixed, *older[6:]])
            assert len(opened._appender.strings.known) <= limit

    asyncio.run(main())
    assert check(trail).verdict is Verdict.OK


def test_the_least_recently_used_is_forgotten_first() -> None:
    strings = Strings(1, 2)
    strings.learn({"a": 1, "b": 2, "c": 3})
    assert strings.get("a") == 1
    strings.trim()
    assert strings.known == {"c", "a"}
    assert strings.next_id == 4


def test_long_names_take_the_room_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apitrail.trail.strings._CHARACTERS", 10)
    strings = Strings(1)
    strings.learn({"a" * 8: 1, "b" * 8: 2, "c": 3})
    strings.learn({"c": 3})
    strings.trim()
    assert strings.known == {"b" * 8, "c"}
