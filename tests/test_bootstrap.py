"""The bootstrap: which Python it takes, what it says when there is none, when it does nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("sh", "cat", "cksum", "dirname", "ls", "sort", "rm", "env")


class Desk:
    """A checkout with nothing installed, and a PATH with nothing on it but what is put there."""

    def __init__(self, directory: Path) -> None:
        self.checkout = directory / "checkout"
        self.bin = directory / "bin"
        self.home = directory / "home"
        for path in (self.checkout, self.bin, self.home):
            path.mkdir()
        for name in ("bootstrap.sh", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)

    def put(self, path: Path, script: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "./bootstrap.sh"], cwd=self.checkout, capture_output=True, text=True,
            check=False, env={"PATH": str(self.bin), "HOME": str(self.home), **environment},
        )  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


# A Python that works, as far as the bootstrap asks; it "installs" by writing down what it was told.
WORKS = """
case "$*" in
  --version) echo "Python 3.13.0";;
  "-m venv .venv") /bin/mkdir -p .venv/bin; /bin/cp "$0" .venv/bin/python; : > .venv/bin/pip;;
  *) echo "$0 $*" >> "$HOME/told";;
esac
"""
FAILS = "echo 'pyenv: python3: command not found' >&2; exit 127"


def test_without_a_python_it_says_what_to_install(desk):
    desk.put(desk.bin / "python3", FAILS)
    done = desk.run()
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert re.search(r"needs Python 3\.12 or newer", line)
    assert "install" in line
    assert not (desk.checkout / ".venv").exists()


@pytest.mark.parametrize("place", ["bin/python3.13", "home/.pyenv/versions/3.13.0/bin/python3", "home/.local/share/uv/python/cpython-3.13/bin/python3"])  # fmt: skip
def test_a_python_is_found_by_running_candidates(desk, place):
    desk.put(desk.bin / "python3", FAILS)
    desk.put(desk.bin.parent / place, WORKS)
    done = desk.run()
    assert done.returncode == 0, done.stderr
    told = (desk.home / "told").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in told
    assert "--no-build-isolation -e ." in told


def test_uv_is_used_where_it_works(desk):
    desk.put(desk.bin / "python3", WORKS)
    desk.put(
        desk.bin / "uv", 'echo "uv $*" >> "$HOME/told"; [ "$1" != venv ] || /bin/mkdir -p .venv/bin'
    )
    assert desk.run().returncode == 0
    told = (desk.home / "told").read_text()
    assert "uv pip install --quiet --require-hashes --no-deps -r requirements.lock" in told


def test_a_uv_that_only_prints_an_error_is_passed_over(desk):
    desk.put(desk.bin / "python3", WORKS)
    desk.put(desk.bin / "uv", FAILS)
    assert desk.run().returncode == 0
    assert "pip --disable-pip-version-check install" in (desk.home / "told").read_text()


def test_done_twice_is_done_once_until_the_lock_changes(desk):
    desk.put(desk.bin / "python3", WORKS)
    assert desk.run().returncode == 0
    (desk.home / "told").unlink()
    done = desk.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert not (desk.home / "told").exists()
    with (desk.checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert desk.run().returncode == 0
    assert (desk.home / "told").exists()


def test_the_lock_names_hashes_and_no_host():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"https?://|--index|--find-links", lock)
    pins = re.findall(r"^[a-z0-9._-]+==\S+", lock, re.MULTILINE)
    assert len(pins) > 100
    assert lock.count("--hash=sha256:") >= len(pins)


def test_this_suite_runs_on_a_python_that_it_takes():
    assert sys.version_info >= (3, 12)
