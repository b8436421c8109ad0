"""A stand-in for AWS (moto's server, once per worker), and a clean machine for each test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import Machine, clean, free_port
from serving import serving

# npm packages of other languages' clients and tools, with a lock file.
JS = Path(__file__).parent / "js"


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a moto server, a process of its own so that it shares no interpreter with us."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    log = tmp_path_factory.mktemp("moto") / "log"
    with serving(command, f"{url}/moto-api/data.json", log, env=clean()):
        yield url


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
