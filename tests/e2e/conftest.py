"""A stand-in for AWS (moto's server, once per worker), and a clean machine for each test."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import Machine, clean, free_port, until

# npm packages of other languages' clients and tools, with a lock file.
JS = Path(__file__).parent / "js"


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


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with these packages installed as the lock file says."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    directory = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(JS / name, directory)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, env=clean(), check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot install the SDK here: {done.stderr.strip().splitlines()[-1]}")
    return directory


@pytest.fixture
def machine(tmp_path: Path, moto: str) -> Machine:
    """A machine of this test's own."""
    return Machine(tmp_path / "home", moto)
