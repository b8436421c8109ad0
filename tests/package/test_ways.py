"""Every way of installing that docs/install.md names, with each Python that is here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from package.roots import BIN, REPOSITORY, Root, pythons, story

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

type Way = Callable[[Root, Path, Path], list[str | Path]]
PIPX = REPOSITORY / ".venv-release/bin/pipx"


def uv_tool(root: Root, wheel: Path, python: Path) -> list[str | Path]:
    root.put(BIN / "uv")
    root.install("uv", "tool", "install", "-q", "--python", python, wheel)
    assert (root.home / ".local/bin/apitrail").exists()
    return ["apitrail"]


def uvx(root: Root, wheel: Path, python: Path) -> list[str | Path]:
    root.put(BIN / "uvx")
    root.put(BIN / "uv")
    run: list[str | Path] = ["uvx", "-q", "--python", python, "--from", wheel, "apitrail"]
    root.install(*run, "--version")
    return [run[0], "--offline", *run[1:]]  # what it has fetched is enough


def pipx(root: Root, wheel: Path, python: Path) -> list[str | Path]:
    root.install(PIPX, "install", "--quiet", "--python", python, wheel)
    assert (root.home / ".local/share/man/man1/apitrail-events.1").exists()  # pipx links pages
    return ["apitrail"]


def venv_and_pip(root: Root, wheel: Path, python: Path) -> list[str | Path]:
    root.install(python, "-m", "venv", root.home / "env")
    root.install(root.home / "env/bin/pip", "install", "--quiet", wheel)
    return [root.home / "env/bin/apitrail"]


@pytest.mark.parametrize("version", pythons())
@pytest.mark.parametrize("way", [uv_tool, uvx, pipx, venv_and_pip])
def test_what_is_installed_so_records_reads_and_proves(
    root: Root, release, endpoint: str, way: Way, version: str
):
    run = way(root, release.wheel, pythons()[version])
    assert root.run(*run, "--version").startswith("apitrail, version 0.")
    story(root, run, endpoint, f"{way.__name__}-{version}")
