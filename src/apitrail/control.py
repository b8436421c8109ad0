"""The door between commands and a running recorder: one JSON line each way on a Unix socket.

It does not know what the operations do.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from apitrail.errors import Error, UsageError
from apitrail.trail import durable

FILE = "recorder.json"
# sockaddr_un holds 108 bytes on Linux, 104 on macOS.
PATH_LIMIT = 100
LINE_LIMIT = 16 * 1024 * 1024

type Operation = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Door:
    """Serves operations on a socket of mode 0600 while a recorder runs."""

    def __init__(self, directory: Path, operations: Mapping[str, Operation]) -> None:
        self._file = directory / FILE
        path = directory / "control.sock"
        if len(str(path)) > PATH_LIMIT:
            path = Path(tempfile.mkdtemp(prefix="apitrail-")) / "control.sock"
        self._path = path
        self._operations = operations
        self._server: asyncio.Server

    async def open(self) -> None:
        """Listen, and say where in `recorder.json`."""
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, str(self._path), limit=LINE_LIMIT
            )
        finally:
            os.umask(mask)
        about = {"pid": os.getpid(), "control": str(self._path)}
        durable.write(self._file, json.dumps(about).encode(), mode=0o600)

    async def close(self) -> None:
        """Stop listening and leave nothing behind."""
        self._file.unlink(missing_ok=True)
        self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the command went away, or sent no line
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            operation = self._operations[request.pop("op")]
        except (ValueError, KeyError, AttributeError):
            return {"error": "the recorder does not know this request", "hint": None}
        try:
            return await operation(request)
        except Error as error:
            return {"error": str(error), "hint": error.hint}


def ask(directory: Path, op: str, **fields: Any) -> dict[str, Any] | None:
    """Ask the recorder of this trail; None where none is running.

    Raises:
        UsageError: it answered with an error.
    """
    try:
        about = json.loads((directory / FILE).read_text("utf-8"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(30)
            connection.connect(about["control"])
            connection.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer: dict[str, Any] = json.loads(stream.readline())
    except (OSError, ValueError, KeyError):
        return None
    if "error" in answer:
        raise UsageError(answer["error"], hint=answer.get("hint"))
    return answer
