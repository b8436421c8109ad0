"""The door between commands and a running recorder: one JSON line each way on a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from apitrail import durable
from apitrail.errors import Error, UsageError

FILE = "recorder.json"
# sockaddr_un holds 108 bytes on Linux, 104 on macOS.
PATH_LIMIT = 100
LINE_LIMIT = 16 * 1024 * 1024
# Seconds that an answer may take, and that a recorder may take to drain and to end.
ANSWER_TIMEOUT = 30
END_TIMEOUT = 60
# The same of what is answered at once, and asked for a page that somebody looks at.
_AT_ONCE = dict.fromkeys(("approvals", "ping"), 5)

# What the log says of who asks it.
_PERSONAL = frozenset({"decide"})

type Operation = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def _short() -> str:
    """A directory for temporary files whose name leaves room for a socket's."""
    chosen = tempfile.gettempdir()
    # TMPDIR may be as deep as the trail.
    return chosen if len(chosen) <= PATH_LIMIT // 2 else "/tmp"  # noqa: S108


class Door:
    """Serves operations on a socket of mode 0600 while a recorder runs.

    `left` says what to do, with the answer to a request that was held, when its asker goes away.
    """

    def __init__(
        self,
        directory: Path,
        operations: Mapping[str, Operation],
        *,
        left: Mapping[str, Operation] | None = None,
    ) -> None:
        self._file = directory / FILE
        path = directory.absolute() / "control.sock"
        if len(str(path)) > PATH_LIMIT:
            path = Path(tempfile.mkdtemp(prefix="apitrail-", dir=_short())) / "control.sock"
        self._path = path
        self._operations = operations
        self._left = dict(left or {})
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
        if self._path.parent != self._file.parent.absolute():
            self._path.parent.rmdir()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = _parse(await reader.readline())
            if request.get("op") in _PERSONAL:
                # As the kernel says it, whatever the asker says.
                request["uid"] = _uid(writer.get_extra_info("socket"))
            answer = await self._answer(dict(request))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            if request.get("hold") and "error" not in answer:
                await self._wait(reader, self._left.get(str(request["op"])), answer)
        except (ConnectionError, ValueError):
            pass  # the command went away, or sent no line
        finally:
            writer.close()

    @staticmethod
    async def _wait(
        reader: asyncio.StreamReader, left: Operation | None, answer: dict[str, Any]
    ) -> None:
        """An asker that is killed says no good-bye, but its end of the socket closes."""
        with contextlib.suppress(ConnectionError):
            await reader.read()
        if left is not None:
            await left(answer)

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        operation = self._operations.get(str(request.pop("op", None)))
        if operation is None:
            return {"error": "the recorder does not know this request", "hint": None}
        try:
            return await operation(request)
        except Error as error:
            return {"error": str(error), "hint": error.hint}


def _uid(connection: socket.socket) -> int | None:
    """Whose process is at the other end, as the kernel says it (Linux)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", data)[1])


def account(uid: object) -> str | None:
    """The name of a user of this machine; the number where it has none."""
    if type(uid) is not int:
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def ask(directory: Path, op: str, **fields: Any) -> dict[str, Any] | None:
    """Ask the recorder of this trail; None where none is running.

    Raises:
        UsageError: it answered with an error, or not in time.
    """
    with hold(directory, op, **fields) as answer:
        return answer


@contextlib.contextmanager
def hold(directory: Path, op: str, **fields: Any) -> Iterator[dict[str, Any] | None]:
    """Ask, and stay connected meanwhile: with `hold=True` the recorder sees when we are gone.

    Raises:
        UsageError: it answered with an error, or not in time.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        answer = _exchange(connection, directory, {"op": op, **fields})
        _must_be_good(answer)
        yield answer


def end(directory: Path) -> dict[str, Any] | None:
    """Ask the recorder to stop and wait until it has let go of the trail; None without one.

    Raises:
        UsageError: it will not, or it takes too long.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        answer = _exchange(connection, directory, {"op": "stop", "hold": True})
        _must_be_good(answer)
        if answer is not None:
            _outlive(connection)
        return answer


def _must_be_good(answer: dict[str, Any] | None) -> None:
    if answer is not None and "error" in answer:
        raise UsageError(answer["error"], hint=answer.get("hint"))


def _outlive(connection: socket.socket) -> None:
    """The recorder's end of a held connection closes when its process has nothing left to do."""
    connection.settimeout(END_TIMEOUT)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError as error:
        raise UsageError(
            f"the recorder has not ended within {END_TIMEOUT} s",
            hint="calls may still be in flight; `apitrail status` tells when it is gone",
        ) from error
    except OSError:
        return  # it was killed


def _exchange(
    connection: socket.socket, directory: Path, request: Mapping[str, Any]
) -> dict[str, Any] | None:
    patience = _AT_ONCE.get(request["op"], ANSWER_TIMEOUT)
    about: dict[str, Any] = {}
    try:
        about = json.loads((directory / FILE).read_text("utf-8"))
        connection.settimeout(patience)
        connection.connect(about["control"])
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = json.loads(stream.readline())
    except TimeoutError as error:
        raise UsageError(
            f"the recorder (process {about.get('pid')}) has not answered within {patience} s",
            hint="it is busy, waits for its disk, or stands still; if it is ended with `kill -9`, the "
            "next one accounts for its calls",
        ) from error
    except (OSError, ValueError, KeyError):
        return None
    return answer
