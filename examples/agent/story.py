"""An agent's story in one command: it is refused, reads why, asks, is approved, and goes on.

The agent reads and asks by the tools of `apitrail mcp`, which show it its own run alone.

    python examples/agent/story.py

It runs `agent.py` through a recorder with `guard.json`, against moto on this machine (or against
`--upstream URL`), plays the person who approves, and hands over the evidence as one bundle, which it
verifies. The trail and the bundle are left in a directory whose name it prints; `--directory DIR`
chooses it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
APITRAIL = [sys.executable, "-m", "apitrail"]
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "an-example-and-no-secret",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@contextlib.contextmanager
def moto(environment: Mapping[str, str]) -> Iterator[str]:
    """The URL of a stand-in for AWS, a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class Story:
    """One trail, and the commands on it."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.trail = directory / "trail"
        self.bundle = directory / "story.zip"
        self.environment = {
            **environment, **KEYS, "APITRAIL_CONFIG": str(directory / "config"),
            "APITRAIL_TRAIL": str(self.trail),
        }  # fmt: skip

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of apitrail."""
        return subprocess.run(
            [*APITRAIL, *arguments], env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def show(self, *arguments: str) -> None:
        """Run a command of apitrail as a person would, and print both."""
        print(f"$ apitrail {shlex.join(arguments)}", flush=True)
        done = self.command(*arguments)
        print(done.stdout + done.stderr, end="", flush=True)
        if done.returncode:
            raise SystemExit(done.returncode)

    def work(self, upstream: str) -> None:
        """Let the agent work, and approve what it asks for."""
        options = ["--upstream", upstream, "--guard", str(HERE / "guard.json"), "--ask", "ticket"]
        agent = subprocess.Popen(
            [*APITRAIL, "exec", *options, "--label", "agent=clerk", "--",
             sys.executable, str(HERE / "agent.py")],
            env=self.environment,
        )  # fmt: skip
        try:
            self.approve_for(agent)
        finally:
            agent.terminate()
        if agent.wait():
            raise SystemExit(agent.returncode)

    def approve_for(self, agent: subprocess.Popen[bytes]) -> None:
        """Be the person who looks what the agent asks for, until it has done."""
        approved = False
        while agent.poll() is None:
            time.sleep(0.5)
            if approved or not (self.trail / "recorder.json").exists():
                continue
            for line in self.command("approvals", "--output", "json").stdout.splitlines():
                told = json.loads(line)
                if "stated" not in told:
                    continue  # the agent has not yet said why
                print(f"person: {told['call']['event']} of {told['call']['parameters']['TableName']!r}, since {told['stated']!r}? Yes")  # fmt: skip
                reason = "a table for notes is in the plan"
                self.show("approvals", "approve", told["ticket"], "--name", "Mary", "--reason", reason)  # fmt: skip
                approved = True

    def tell(self) -> None:
        """Show what is in the log, and hand it over."""
        self.show("approvals", "--all")
        self.show("events", "--run", "last")
        self.show("export", "--run", "last", "--prove-complete", "-o", str(self.bundle))
        self.show("verify", str(self.bundle))


def main() -> None:
    """Tell it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--upstream", help="a stand-in for AWS that is running; else moto is started"
    )
    parser.add_argument("--directory", type=Path, help="where the trail and the bundle go")
    given = parser.parse_args()
    directory = given.directory or Path(tempfile.mkdtemp(prefix="apitrail-agent-"))
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("AWS_", "APITRAIL_"))
    }
    story = Story(directory, environment)
    with contextlib.nullcontext(given.upstream) if given.upstream else moto(environment) as url:
        story.work(url)
    story.tell()
    print(f"the trail and the bundle are in {directory}")


if __name__ == "__main__":
    main()
