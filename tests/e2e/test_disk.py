"""A disk that cannot be written: one line before any port opens; nothing passes unrecorded."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from machine import Machine, free_port

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a tmpfs needs root"
)


def mount(*options: str) -> None:
    done = subprocess.run(["mount", *options], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("mounting a tmpfs needs root")


@contextmanager
def disk(at: Path, size: str = "64m") -> Iterator[Path]:
    at.mkdir(parents=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at))
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def refused(machine: Machine, trail: Path, *arguments: str) -> str:
    """What a command says that cannot write; it has two lines and no traceback."""
    said = machine.apitrail("--trail", str(trail), *arguments, status=2).stderr
    first, second = said.splitlines()
    assert second.startswith("hint: ")
    return first


@needs_root
def test_a_disk_that_is_read_only_is_told_before_a_port_opens(machine, tmp_path):
    with disk(tmp_path / "disk") as at:
        trail, port = at / "trail", free_port()
        machine.apitrail("--trail", str(trail), "exec", "--", "true")
        mount("-o", "remount,ro", str(at))
        mode = ("--mode", f"regular@{port}")
        first = refused(machine, trail, "record", *mode)
        assert (
            first == f"apitrail: cannot write to the trail at {str(trail)!r}: Read-only file system"
        )
        assert "Read-only file system" in refused(machine, at / "new", "record", *mode)
        mark = tmp_path / "ran"
        assert "Read-only" in refused(machine, trail, "exec", "--", "touch", str(mark))
        assert not mark.exists()


@needs_root
def test_a_disk_that_is_full_is_told(machine, tmp_path):
    with disk(tmp_path / "disk", "64k") as at:
        first = refused(machine, at / "trail", "record", "--mode", f"regular@{free_port()}")
        assert first.endswith("database or disk is full")
