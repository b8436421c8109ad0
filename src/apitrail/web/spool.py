"""Rows of an answer, kept in a file without a name so that few of them are held in memory."""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

type Value = str | int | float | bytes | None
type Row = tuple[Value, ...]

# Up to here an answer stays in memory.
IN_MEMORY = 1024 * 1024


def _file() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(IN_MEMORY)


@dataclass(slots=True)
class Spool:
    """Rows in order; `size` is how many bytes they take.

    The file has no name and mode 0600, and is gone with the process.
    """

    size: int = 0
    _places: list[int] = field(default_factory=list)
    _file: IO[bytes] = field(default_factory=_file)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._places)

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        with self._lock:
            self._file.seek(self.size)
            self._places.append(self.size)
            pickle.dump(row, self._file, pickle.HIGHEST_PROTOCOL)
            self.size = self._file.tell()

    def page(self, start: int, most: int, limit: int) -> Iterator[Row]:
        """Rows from `start` on: at most `most`, and not more than `limit` bytes of them but for the first."""
        for number in range(start, min(start + most, len(self))):
            end = self._places[number + 1] if number + 1 < len(self) else self.size
            if number > start and end - self._places[start] > limit:
                return
            yield self._read(number)

    def _read(self, number: int) -> Row:
        with self._lock:
            self._file.seek(self._places[number])
            # Ours: nobody else can write to a file without a name.
            row: Row = pickle.load(self._file)  # noqa: S301
        return row

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()
            self._places.clear()
