"""Faults that are put upon a recorder from outside, and what its log says of them afterwards."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from apitrail.query import Filter
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Refused
from evidence.bundle import evidence, judges
from machine import until


@cache
def may_trace() -> bool:
    """Is strace here, and may it trace?"""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "true"], check=False, capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(
    not may_trace(), reason="strace is not installed, or may not trace"
)


@contextmanager
def injected(pid: int, calls: str, fault: str) -> Iterator[None]:
    """While the context is open, these system calls of a process end as strace's `fault` says."""
    tracer = subprocess.Popen(
        [
            "strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid),
            "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}",
        ],
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: _are_traced(pid))
        yield
    finally:
        tracer.send_signal(signal.SIGTERM)
        tracer.communicate(timeout=60)


def _are_traced(pid: int) -> bool:
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)


@contextmanager
def limited(pid: int, what: int, most: int) -> Iterator[None]:
    """While the context is open, a process may have no more of something."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


def refused(trail: Path) -> list[Refused]:
    """The statements about calls that could not be recorded, oldest first."""
    with Reader(trail) as reader:
        links = [reader.entry(index) for index in range(reader.size)]
        said = [
            statements.of(reader, Refused.KIND, index)
            for index, link in enumerate(links)
            if link is not None and link.kind == Refused.KIND
        ]
    return [each for each in said if isinstance(each, Refused)]


def told_of_range(trail: Path) -> list[str]:
    """What the statement of the whole range says of such calls, one line for each."""
    path = trail.parent / "range.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, Filter(), complete=True)))
    report = judges.by_package(path, evidence.Keys.of(trail).signer().verifier)
    assert report.holds
    return [line[15:] for line in report.statement if line[2:15].strip() == Refused.KIND]
