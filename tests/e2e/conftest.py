"""A stand-in for AWS (moto's server, once per worker), and a clean machine for each test."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import Machine, clean, free_port, until


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a moto server, a process of its own so that it shares no interpreter with us."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=clean(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            until(lambda: _answers(url) or _ended(process, log), seconds=60)
            yield url
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{url}/moto-api/data.json", timeout=5
        ) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def _ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"moto ended: {log.read_text()}")
    return False


@pytest.fixture
def machine(tmp_path: Path, moto: str) -> Machine:
    """A machine of this test's own."""
    return Machine(tmp_path / "home", moto)
