"""A real file system that is full, and one that cannot be written; both need root to mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import trails
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from trails import SIGNER, check, make


def mount(path: Path, *options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(path)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def medium(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "medium"
    path.mkdir()
    if os.geteuid() or shutil.which("mount") is None or not mount(path, "size=3m"):
        pytest.skip("mounting a tmpfs needs root")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


async def record(trail: Trail, numbers: range, acknowledged: list[int]) -> None:
    for number in numbers:
        await trail.begin(f"key{number}", trails.call(number))
        acknowledged.append(await trail.append(trails.draft(number), settles=f"key{number}"))


def test_a_full_file_system_loses_nothing_that_was_acknowledged(medium):
    directory = medium / "trail"
    filler = medium / "filler"

    async def work(trail: Trail) -> list[int]:
        acknowledged = [await trail.append(trails.opening())]
        filler.write_bytes(bytes(1_000_000))
        with pytest.raises(RecordingError, match="cannot be written"):
            await record(trail, range(5_000), acknowledged)
        # From then on nothing is let through, however often it is asked for.
        for number in range(9_000, 9_050):
            with pytest.raises(RecordingError, match="cannot be written"):
                await trail.begin(f"key{number}", trails.call(number))
        assert check(directory).verdict is Verdict.OK
        filler.unlink()
        acknowledged.append(await trail.append(trails.draft(7_000)))
        return acknowledged

    acknowledged = trails.write(directory, work)
    report = check(directory)
    assert report.verdict is Verdict.OK
    with Reader(directory) as reader:
        assert max(acknowledged) < reader.size
        assert len(set(acknowledged)) == len(acknowledged)


def test_a_trail_on_a_medium_that_cannot_be_written_verifies(medium):
    make(medium / "trail", 20, signer=SIGNER)
    subprocess.run(["mount", "-o", "remount,ro", str(medium)], check=True)
    report = check(medium / "trail")
    assert (report.verdict, report.calls) == (Verdict.OK, 20)
