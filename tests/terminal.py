"""A terminal to run commands in: what they print on it, and what it is told."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
_UNSET = ("NO_COLOR", "COLUMNS", "LINES", "PAGER", "APITRAIL_PAGER", "LESS")


def run(*arguments: str, columns: int = 80, **environment: str) -> tuple[int, str]:
    """The exit status and what appeared on a terminal of 24 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in _UNSET}
    with subprocess.Popen(
        [sys.executable, "-m", "apitrail", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**kept, "TERM": "xterm", **environment},
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # nobody has the other end any more
        return b""


def plain(shown: str) -> str:
    """Without what drives the terminal."""
    return _ESCAPES.sub("", shown)


def script(path: Path, text: str) -> str:
    """An executable script; gives its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)
