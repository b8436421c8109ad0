"""Server processes of a benchmark: started, measured, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens on `port`, and all that it started."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used, with its children."""
        fields = [_stat(pid) for pid in family(self.pid)]
        return sum(int(tick) for each in fields for tick in each[11:15]) / _TICKS

    def memory(self) -> int:
        """Bytes that are resident, with its children."""
        return sum(int(_stat(pid)[21]) for pid in family(self.pid)) * _PAGE


def _stat(pid: int) -> list[str]:
    """The fields of `proc_pid_stat(5)` from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(port: int, *command: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server process, from when it listens on `port`."""
    process = subprocess.Popen(
        command, env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise SystemExit(f"ended at once: {process.args!r}")
        time.sleep(0.05)
