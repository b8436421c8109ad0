"""A command of the configuration that gets something on its standard input, and has to end in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence


async def piped(command: Sequence[str], text: bytes, patience: float) -> str | None:
    """Run it with `text` on its standard input; why that failed, if it did.

    What it prints goes nowhere. One that does not end within `patience` seconds is killed with all
    that it has started, and so is one that is not waited for any more.
    """
    shown, nowhere = repr(command[0]), asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=nowhere, stderr=nowhere,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return f"{shown} cannot be run: {getattr(error, 'strerror', None) or error}"
    try:
        async with asyncio.timeout(patience):
            await process.communicate(text)
    except TimeoutError:
        return f"{shown} did not end within {patience:g} s"
    finally:
        await _ended(process)
    return f"{shown} ended with {process.returncode}" if process.returncode else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """It, and those it has started: they are of its own session."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
