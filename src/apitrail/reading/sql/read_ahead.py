"""Rows that are computed ahead of whoever reads them.

While a statement runs, the trail's write-ahead log can only grow. So a thread runs it to its end, however
slowly its rows are read: they may go to a pager that stands still.
"""

from __future__ import annotations

import pickle
import struct
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, Any

# Rows wait in memory, and from so many bytes on in a file without a name; with so many bytes there too the
# statement waits.
IN_MEMORY = 4 * 1024 * 1024
IN_FILE = 256 * 1024 * 1024
_LENGTH = struct.Struct("!Q")

type Row = tuple[Any, ...]


class ReadAhead(Iterator[Row]):
    """The rows of an iterable, in its order; what it raises comes after the rows before.

    `start` it where it is certain to be closed: its thread goes on until it has. Nothing is computed once it is.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self._turn = threading.Condition()
        self._memory: deque[bytes] = deque()
        self._held = 0
        self._file: IO[bytes] | None = None
        self._read, self._written = 0, 0
        self._is_done = self._is_closed = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._compute, name="read-ahead", daemon=True)

    def start(self) -> None:
        """Begin to compute."""
        self._thread.start()

    def __next__(self) -> Row:
        """The next row; waits until there is one."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or self._is_done)
            if self._waiting:
                data = self._take()
                self._turn.notify()
                row: Row = pickle.loads(data)  # noqa: S301  # our own thread has written it
                return row
            if self._failure is not None:
                raise self._failure
            raise StopIteration

    def close(self) -> None:
        """Want no more rows, and wait for the thread; interrupt what it runs before.

        One more Ctrl-C ends no wait: SQLite ends the process where its connection is closed under the thread.
        """
        interrupted: KeyboardInterrupt | None = None
        is_waited_for = False
        while not is_waited_for:
            try:
                with self._turn:
                    self._is_closed = True
                    self._turn.notify()
                if self._thread.is_alive():
                    self._thread.join()
                is_waited_for = True
            except KeyboardInterrupt as error:
                interrupted = error
        if self._file is not None:
            self._file.close()
        if interrupted is not None:
            raise interrupted

    # -- the thread ------------------------------------------------------------------------------

    def _compute(self) -> None:
        try:
            with self._turn:
                if self._is_closed:  # before this thread had its first turn
                    return
            for row in self._rows:
                data = pickle.dumps(row, pickle.HIGHEST_PROTOCOL)
                with self._turn:
                    self._turn.wait_for(lambda: self._has_room or self._is_closed)
                    if self._is_closed:
                        return
                    if not self._keep(data):
                        # There is no room for a file, so they wait for each other.
                        self._turn.wait_for(lambda: not self._waiting or self._is_closed)
                        self._keep(data)
                    self._turn.notify()
        except BaseException as error:  # noqa: BLE001  # whoever reads the rows is told
            self._failure = error
        finally:
            with self._turn:
                self._is_done = True
                self._turn.notify()

    # -- what waits: first that in memory, then that in the file ---------------------------------

    @property
    def _waiting(self) -> bool:
        return bool(self._memory) or self._read < self._written

    @property
    def _has_room(self) -> bool:
        return self._written - self._read < IN_FILE

    def _keep(self, data: bytes) -> bool:
        if self._read == self._written and self._held < IN_MEMORY:
            self._memory.append(data)
            self._held += len(data)
            return True
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # `close` closes it
            self._file.seek(self._written)
            written = self._file.write(_LENGTH.pack(len(data)) + data)
        except OSError:
            return False
        if written < _LENGTH.size + len(data):
            return False
        self._written += written
        return True

    def _take(self) -> bytes:
        if self._memory:
            data = self._memory.popleft()
            self._held -= len(data)
            return data
        assert self._file is not None
        self._file.seek(self._read)
        (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
        data = self._file.read(length)
        self._read += _LENGTH.size + length
        if self._read == self._written:
            self._file.seek(0)
            self._file.truncate()
            self._read = self._written = 0
        return data
