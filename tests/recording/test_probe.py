"""What a health check says, of a recorder that works, one that closes, and none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from apitrail.address import Address, listen
from apitrail.recording import probe
from apitrail.recording.health import Health
from proxying import recording


async def asked(address: object, *arguments: str) -> int:
    return await asyncio.to_thread(probe.main, arguments, {probe.VARIABLE: str(address)})


def test_a_recorder_is_ready_until_it_closes_and_alive_until_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            health = Health.start(session.recorder, session.trail, listen(Address("127.0.0.1", 0)))
            assert await asked(health.address) == 0
        assert await asked(health.address) == 1
        assert await asked(health.address, "healthz") == 0
        await health.close()
        assert await asked(health.address, "healthz") == 1

    asyncio.run(scenario())
    assert capsys.readouterr().out.splitlines()[:3] == ["ok", "the trail is closing", "ok"]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:none", "no such host:1", "[::1"])
def test_what_does_not_answer_is_one_line(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main([], {probe.VARIABLE: address}) == 1
    assert capsys.readouterr().out.startswith(f"no answer from {address}: ")


@pytest.mark.parametrize("arguments", [["/readyz"], ["metrics"], ["readyz", "healthz"], ["--help"]])
def test_it_asks_for_nothing_else(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe.main(arguments, {}) == 2
    assert "readyz or healthz" in capsys.readouterr().err
