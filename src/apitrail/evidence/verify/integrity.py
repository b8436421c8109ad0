"""SQLite's own check of a database, which can run beside that of the entries.

It is one long call into SQLite, which lets go of the interpreter meanwhile.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from apitrail.trail.audit import Audit


class Integrity(AbstractContextManager["Integrity"]):
    """What SQLite finds wrong with a trail: begun at once, in a thread with a connection of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._audit: Audit | None = None
        self._ended = False
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._found: Future[str | None] = self._pool.submit(self._check)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        # Where something else does not hold, nobody waits for this.
        self._ended = True
        if (audit := self._audit) is not None:
            audit.interrupt()
        self._pool.shutdown()

    def damage(self) -> str | None:
        """What it finds first; waits until it is done. Raises sqlite3.DatabaseError."""
        return self._found.result()

    def _check(self) -> str | None:
        with Audit(self._directory) as audit:
            self._audit = audit
            try:
                return None if self._ended else audit.damage()
            finally:
                self._audit = None
