"""Killed, out of space, or with a disk that fails: acknowledged stays, and all of it verifies."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import trails
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from trails import SIGNER, check

WRITER = Path(__file__).with_name("writer.py")
ROUNDS = 5


def start(trail: Path, first: int, *prefix: str) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [*prefix, sys.executable, str(WRITER), str(trail), str(first)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={"PYTHONPATH": tests, "PATH": os.environ["PATH"]}, start_new_session=True,
    )  # fmt: skip


def acknowledged(lines: list[str]) -> tuple[list[str], list[int]]:
    """Ids of intents and indexes of entries; a last line that was cut short says nothing."""
    whole = [line.split() for line in lines if line.endswith("\n")]
    return (
        [words[1] for words in whole if words[0] == "B"],
        [int(words[1]) for words in whole if words[0] == "A"],
    )


def recover(trail: Path) -> None:
    async def main() -> None:
        async with await Trail.open(trail, signer=SIGNER, clock=trails.Clock()) as opened:
            await opened.recover()

    asyncio.run(main())


def test_kill_under_load(tmp_path):
    trail, dice = tmp_path / "trail", random.Random(3)
    begun: list[str] = []
    appended: list[int] = []
    for number in range(ROUNDS):
        process = start(trail, number * 1_000_000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(dice.randint(20, 600))]
        os.killpg(process.pid, signal.SIGKILL)
        more_begun, more_appended = acknowledged([*lines, *process.stdout])
        process.communicate()
        begun += more_begun
        appended += more_appended
        assert check(trail).verdict is Verdict.OK
    recover(trail)
    assert check(trail).verdict is Verdict.OK
    with Reader(trail) as reader:
        assert len(appended) == len(set(appended))
        assert max(appended) < reader.size
        assert [key for key in begun if not reader.find(key)] == []


def test_a_full_disk_lets_no_call_through_and_loses_none(tmp_path):
    """What cannot be written is owed; as soon as there is room it is, before anything else."""
    trail = tmp_path / "trail"

    async def main() -> None:
        async with await Trail.open(trail, signer=SIGNER, clock=trails.Clock()) as opened:
            await opened.append(trails.opening())
            await trails.sql(opened, "PRAGMA max_page_count=1")
            with pytest.raises(RecordingError, match="cannot be written"):
                await trails.append_each(opened, [trails.draft(n) for n in range(200)])
            owed = len(opened._owed)
            assert owed == 1
            key = str(uuid.UUID(int=5_000))
            with pytest.raises(RecordingError, match="cannot be written"):
                await opened.begin(key, trails.call(5_000))
            await trails.sql(opened, "PRAGMA max_page_count=1000000")
            await opened.begin(key, trails.call(5_000))
            assert opened._owed == []
            await opened.append(trails.draft(4_999), settles=key)

    asyncio.run(main())
    report = check(trail)
    assert report.verdict is Verdict.OK
    with Reader(trail) as reader:
        assert reader.size == report.calls + 1
        stored = [reader.find(str(uuid.UUID(int=n + 1))) for n in range(report.calls - 1)]
        assert all(stored)


def _traced() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not _traced(), reason="strace is not installed, or may not trace")
@pytest.mark.parametrize("when", ["15+", "15"])
def test_a_disk_that_fails_to_sync(tmp_path, when):
    """EIO from fsync, once or for good: the trail says so, and what it said before stands."""
    trail = tmp_path / "trail"
    process = start(
        trail, 0, "strace", "-f", "-qq", "-o", str(tmp_path / "trace"),
        "-e", "trace=fsync,fdatasync", "-e", f"inject=fsync,fdatasync:error=EIO:when={when}",
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) > 250 or lines.count("E\n"):
            break
    os.killpg(process.pid, signal.SIGKILL)
    lines += process.stdout
    process.communicate()
    assert "(INJECTED)" in (tmp_path / "trace").read_text()
    begun, appended = acknowledged(lines)
    assert begun
    recover(trail)
    assert check(trail).verdict is Verdict.OK
    with Reader(trail) as reader:
        assert not appended or max(appended) < reader.size
        assert [key for key in begun if not reader.find(key)] == []
