"""A bash that commands are typed into, one after the other, each with its status and output."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

from shapes import Shown

LIMIT = 100
# So long a program that goes on may say nothing, such as `events --follow` where no call comes.
QUIET = 3
# Programs that go on until they are stopped: a reader sees their first lines, and stops them with Ctrl-C.
GOES_ON = re.compile(
    r"^(\w+=\S+ )*apitrail (--trail \S+ )?"
    r"(record(?!.*--detach)|serve|playback|top|lake serve|witness serve|mcp\b.*--http|.*--follow|.*--every)"
)


class Typed:
    """One shell of one page: its variables, its directory and its jobs stay."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._scratch = directory / ".typed"
        self._scratch.mkdir()
        self._count = 0
        self._status, told = os.pipe()
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory / "work",
            env=environment | {"TYPED_STATUS": f"/dev/fd/{told}"},
            pass_fds=(told,),
            start_new_session=True,
            text=True,
        )
        os.close(told)
        self._told = told

    def run(self, command: str, said: str | None = None) -> tuple[int, str]:
        """Type a command; its status and what it printed."""
        goes_on = GOES_ON.match(command) and not command.rstrip().endswith("&")
        # A comment would hide the `&`.
        program = re.sub(r"\s+#.*", "", command)
        out = self._type(f'{program} &\nforeground="$foreground $!"' if goes_on else command)
        status = self._wait(out, command)
        if goes_on:
            self._shows(out, said, command)
        return status, out.read_text("utf-8", "replace")

    def stop(self) -> None:
        """Ctrl-C for what a block left in the foreground."""
        self._type('[ -z "$foreground" ] || { kill $foreground; wait $foreground; }; foreground=')
        self._wait(Path(os.devnull), "Ctrl-C")

    def close(self) -> None:
        """End the shell, and all that it started."""
        if self._bash.stdin:
            self._bash.stdin.close()
        for ending in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self._bash.pid, ending)
            except ProcessLookupError:
                break
            try:
                self._bash.wait(3 if ending is signal.SIGINT else None)
            except subprocess.TimeoutExpired:
                continue
        os.close(self._status)

    def _type(self, command: str) -> Path:
        self._count += 1
        file, out = (self._scratch / f"{self._count}.{kind}" for kind in ("sh", "out"))
        file.write_text(command + "\n", "utf-8")
        out.touch()
        assert self._bash.stdin
        self._bash.stdin.write(f". {file} >{out} 2>&1 </dev/null; echo $? >&{self._told}\n")
        self._bash.stdin.flush()
        return out

    def _wait(self, out: Path, command: str) -> int:
        deadline = time.monotonic() + LIMIT
        while not select.select([self._status], [], [], 0.5)[0]:
            if self._bash.poll() is not None:
                raise AssertionError(f"{command!r} ended the shell:\n{out.read_text()}")
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{command!r} has not ended after {LIMIT} s:\n{out.read_text()}"
                )
        told = os.read(self._status, 64).decode().strip()
        return int(told)

    def _shows(self, out: Path, said: str | None, command: str) -> None:
        """Wait until a program that goes on has printed what it is said to; where nothing is said, a while."""
        deadline = time.monotonic() + (LIMIT / 4 if said else QUIET)
        while time.monotonic() < deadline:
            printed = out.read_text("utf-8", "replace")
            if Shown().matches(said, printed) if said else printed:
                return
            time.sleep(0.05)
        if said:
            raise AssertionError(f"{command!r} did not show what the page says:\n{out.read_text()}")
