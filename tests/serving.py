"""A server of others as a process of its own: a stand-in for AWS."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from machine import until


@contextmanager
def serving(
    command: Sequence[str], url: str, log: Path, *, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[None]:
    """Run it until the block ends, which begins when there is an answer at the URL."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, env=env
        )
    try:
        until(lambda: answers(url) or _ended(process, log), seconds=120)
        yield
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Is there any answer, be it an error's?"""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    return False
