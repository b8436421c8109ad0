"""A fresh root: an empty home, a PATH with a few tools, and nothing else of this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# What any machine has.
TOOLS = ("sh", "cat", "dirname", "env", "ls", "realpath", "rm", "uname")
# How installers reach an index from here; their caches save fetching the same again.
_REACHING = re.compile(r"^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_BUNDLE$|.*_proxy$)", re.IGNORECASE)
# A client of AWS that belongs to nobody's package: this suite's botocore.
CLIENT = """
import sys, botocore.session
iam = botocore.session.get_session().create_client("iam", region_name="us-east-1")
print(iam.create_user(UserName=sys.argv[1])["User"]["Arn"])
"""


@dataclass
class Root:
    """A home and a PATH that is empty but for tools."""

    directory: Path
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.home, self.bin = self.directory / "home", self.directory / "bin"
        for path in (self.home, self.bin):
            path.mkdir(parents=True)
        for tool in TOOLS:
            self.put(Path(str(shutil.which(tool))))
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.home / '.local/bin'}:{self.bin}",
            "LANG": "C.UTF-8",
            **caches(),
        }

    def put(self, program: Path) -> None:
        """Have a program on the PATH."""
        (self.bin / program.name).symlink_to(program)

    def run(self, *words: str | Path, status: int = 0, **environment: str) -> str:
        """Run something; what it said on stdout, or on stderr too where it should fail."""
        done = subprocess.run(
            words, cwd=self.home, env={**self.environment, **environment}, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stdout + done.stderr

    def install(self, *words: str | Path) -> str:
        """Run an installer, which may reach an index as this machine does."""
        reaching = {key: value for key, value in os.environ.items() if _REACHING.match(key)}
        return self.run(*words, **reaching)

    def files(self) -> set[str]:
        """Every file below the home."""
        return {
            str(path.relative_to(self.home)) for path in self.home.rglob("*") if not path.is_dir()
        }


@cache
def caches() -> dict[str, str]:
    """Where installers keep what they fetched, and how they are configured for this machine."""
    home = Path.home()
    found = {
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(home / ".cache/pip")),
        "UV_CACHE_DIR": _said(BIN / "uv", "cache", "dir"),
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_NO_COMPILE": "1",  # half of an installation's time
    }
    configured = {
        "PIP_CONFIG_FILE": home / ".config/pip/pip.conf", "UV_CONFIG_FILE": home / ".config/uv/uv.toml",
    }  # fmt: skip
    return found | {name: str(path) for name, path in configured.items() if path.is_file()}


@cache
def pythons() -> dict[str, Path]:
    """The Pythons of this machine that the package is for, one of each minor version."""
    found: dict[str, Path] = {}
    for candidate in _candidates():
        says = _said(candidate, "-c", "import sys, venv, ensurepip, sqlite3, ssl; print(*sys.version_info[:2], sep='.')")  # fmt: skip
        if says and tuple(map(int, says.split("."))) >= (3, 12):
            found.setdefault(says, candidate)
    return found


def _candidates() -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / "python3"
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(versions.glob("3.*/bin/python3"), reverse=True)
    for minor in (12, 13, 14):
        if path := shutil.which(f"python3.{minor}"):
            yield Path(path)


def _said(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def story(root: Root, apitrail: Sequence[str | Path], endpoint: str, user: str) -> None:
    """What a user does first: record a call, find it, prove it."""
    client = root.home / "client.py"
    client.write_text(CLIENT)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    said = root.run(*apitrail, "exec", "--upstream", endpoint, "--", sys.executable, client, user, **keys)  # fmt: skip
    assert said.strip().endswith(f":user/{user}")
    [event] = events(root, apitrail, "--run", "last")
    assert (event["eventName"], event["requestParameters"]) == ("CreateUser", {"userName": user})
    assert root.run(*apitrail, "verify").startswith("OK: ")


def events(root: Root, apitrail: Sequence[str | Path], *options: str) -> list[dict[str, Any]]:
    """Events as they are listed."""
    return list(
        map(
            json.loads,
            root.run(*apitrail, "events", "--output", "jsonl", *options).splitlines(),
        )
    )
