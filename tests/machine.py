"""A user's machine: a home directory, a clean environment and the real executables.

It knows no test; a file beside the tests so that other suites can borrow it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import preloaded
from apitrail.aws.find import index

type Process = subprocess.Popen[str] | preloaded.Process

BIN = Path(sys.executable).parent
# Below the limit of a test, so that what hangs is named.
TIMEOUT = 110
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

# What CI machines and developers' shells preset, and what would change a test's meaning.
_STEERING = re.compile(
    r"^(AWS_|APITRAIL|.*_CA_BUNDLE$|SSL_CERT_|NODE_|npm_|.*_proxy$|PYTHON)", re.IGNORECASE
)


def clean() -> dict[str, str]:
    """The environment without anything that steers a client, a proxy or apitrail."""
    return {name: value for name, value in os.environ.items() if not _STEERING.match(name)}


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until[T](condition: Callable[[], T | None], *, seconds: float = 30) -> T:
    """Wait for a condition; what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"this did not come true in {seconds:.0f} s")


@dataclass
class Recorder:
    """A running `apitrail record`."""

    process: Process
    lines: list[str]

    @property
    def urls(self) -> list[str]:
        """Where it listens, in the order of its modes."""
        found = [re.search(r" on (127\.0\.0\.1|::1):(\d+) into ", line) for line in self.lines]
        return [f"http://{match[1]}:{match[2]}" for match in found if match]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to stop; its exit status and what else it said."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; its exit status and what else it said."""
        _, said = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, said


@dataclass
class Machine:
    """A home, its environment and its trail."""

    directory: Path
    endpoint: str
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **clean(),
            "HOME": str(self.directory),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_REGION": "eu-central-1",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
            "APITRAIL_TRAIL": str(self.trail),
            "APITRAIL_CONFIG": str(self.directory / "config"),
            # What is made once on a machine takes seconds of each test if each makes it.
            "APITRAIL_CACHE": str(index.cache().parent),
            # They take seconds to start; `make workers` is about them.
            "APITRAIL_WORKERS": "0",
            "COLUMNS": "200",
            **self.environment,
        }

    @property
    def trail(self) -> Path:
        """The trail every command here writes and reads."""
        return self.directory / "trail"

    def configure(self, text: str) -> None:
        """Write `~/.aws/config`."""
        path = self.directory / ".aws" / "config"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def script(self, name: str, text: str) -> str:
        """Write an executable file; its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def start(self, *command: str, env: Mapping[str, str | None] = {}, **options: Any) -> Process:
        """Start a command; a variable that is None is unset."""
        environment = {k: v for k, v in {**self.environment, **env}.items() if v is not None}
        if options.keys() <= set(preloaded.STREAMS) and preloaded.can(command):
            return preloaded.Process(command, environment, self.directory, options)
        return subprocess.Popen(
            command, env=environment, cwd=self.directory, text=True, **options
        )  # fmt: skip

    def run(
        self,
        *command: str,
        status: int | None = 0,
        env: Mapping[str, str | None] = {},
        given: str | None = None,
        timeout: float = TIMEOUT,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and hold its exit status against `status` (None: any)."""
        process = self.start(
            *command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = process.communicate(given, timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{command} hangs\n{out}\n{err}") from None
        assert status is None or process.returncode == status, (
            f"{command} ended with {process.returncode}\n{out}\n{err}"
        )
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def apitrail(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `apitrail`."""
        return self.run("apitrail", *arguments, **options)

    def exec(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command by `apitrail exec` against the stand-in."""
        return self.apitrail("exec", "--upstream", self.endpoint, "--", *command, **options)

    def events(self, *filters: str) -> list[dict[str, Any]]:
        """The recorded events, oldest first."""
        printed = self.apitrail("events", "--output", "jsonl", "-n", "1000", *filters).stdout
        return [json.loads(line) for line in printed.splitlines()][::-1]

    def names(self, *filters: str) -> list[str]:
        """The names of the recorded events, oldest first."""
        return [event["eventName"] for event in self.events(*filters)]

    def entries(self) -> list[str]:
        """The kinds of the log's entries, in order."""
        import sqlite3

        with sqlite3.connect(f"file:{self.trail / 'trail.db'}?mode=ro", uri=True) as database:
            found = database.execute("SELECT data FROM entry ORDER BY idx")
            return [json.loads(data)["k"] for (data,) in found]

    @contextmanager
    def recording(self, *options: str, env: Mapping[str, str | None] = {}) -> Iterator[Recorder]:
        """A running `apitrail record`; stopped at the end, whatever happens."""
        process = self.start(
            "apitrail", "record", *options, env=env, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stderr is not None
        lines: list[str] = []
        try:
            for line in process.stderr:
                lines.append(line)
                if "env)" in line:
                    break
            else:
                raise AssertionError(f"the recorder did not start: {lines}")
            recorder = Recorder(process, lines)
            yield recorder
            if process.poll() is None:
                recorder.stop()
        finally:
            if process.poll() is None:
                process.kill()
            process.stderr.close()
            process.wait()


def boto3(code: str) -> Sequence[str]:
    """A command that runs `code` with boto3 at hand."""
    return (sys.executable, "-c", f"import boto3\n{code}")
