"""A release of this checkout, a stand-in for AWS, and an installation that several tests look at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from package.roots import BIN, REPOSITORY, Root, pythons


@dataclass(frozen=True)
class Release:
    """The files that `make release` makes."""

    directory: Path

    @property
    def wheel(self) -> Path:
        [found] = self.directory.glob("*.whl")
        return found

    @property
    def sdist(self) -> Path:
        [found] = self.directory.glob("apitrail-?.?.?.tar.gz")
        return found


def made(directory: Path, **environment: str) -> Release:
    """Make a release, in whichever environment."""
    subprocess.run(
        [sys.executable, "-m", "release", directory], cwd=REPOSITORY, check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / ".ci"), **environment}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return Release(directory)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return made(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """moto, for every test; a user's name may be used once."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "root")


@dataclass(frozen=True)
class Installed:
    """A root with an environment in it that has the wheel and no extra."""

    root: Root
    prefix: Path

    @property
    def apitrail(self) -> Path:
        return self.prefix / "bin" / "apitrail"


@pytest.fixture(scope="module")
def plain(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = Root(tmp_path_factory.mktemp("plain") / "root")
    prefix = root.home / "environment"
    root.install(BIN / "uv", "venv", "-q", "--python", next(iter(pythons().values())), prefix)
    root.install(BIN / "uv", "pip", "install", "-q", "--python", prefix / "bin/python", release.wheel)  # fmt: skip
    return Installed(root, prefix)
