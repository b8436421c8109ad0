"""The search tables of some calls, in memory: connections to it find nothing else."""

from __future__ import annotations

import secrets
import sqlite3

from apitrail.query import Row
from apitrail.trail import database
from apitrail.trail.rows import BOOK_SQL, EVENT_SQL, SPAN_SQL, event_row, labels_text, spans
from apitrail.trail.statements import Run


class MemoryIndex:
    """An empty trail's tables. Those of the log stay empty, those that are searched are filled.

    SQLite keeps a database of the VFS `memdb` while a connection to it is open, and under a name
    that only this process can use.
    """

    def __init__(self) -> None:
        self._name = f"file:/apitrail-{secrets.token_hex(16)}?vfs=memdb"
        self._own = self._connect(self._name)
        self._numbers: dict[str, int] = {}
        self._own.executescript(database.schema() + f"PRAGMA user_version={database.VERSION};")

    def close(self) -> None:
        """Let go of it; it is gone once all connections are closed."""
        self._own.close()

    def connect(self) -> sqlite3.Connection:
        """One more connection, which cannot write."""
        connection = self._connect(f"{self._name}&mode=ro")
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.execute("PRAGMA trusted_schema=OFF")
        return connection

    @staticmethod
    def _connect(name: str) -> sqlite3.Connection:
        return sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)

    def add(self, index: int, row: Row) -> None:
        """A call of this entry."""
        values = event_row(index, row, self._number)
        self._own.execute(EVENT_SQL, values)
        self._own.executemany(SPAN_SQL, spans([values]))
        self._own.executemany(
            "INSERT INTO resource(name, type, idx) VALUES (?, ?, ?)",
            [
                (self._number(name), self._number(kind), index)
                for name, kind in sorted(row.resources)
            ],
        )

    def add_book(self, index: int, run: Run | None = None) -> None:
        """An entry that is no call; `run` is what it says, if it starts one."""
        self._own.execute(BOOK_SQL, (index,))
        if run is not None:
            row = (index, run.id, labels_text(run.labels))
            self._own.execute("INSERT INTO run VALUES (?, ?, ?)", row)

    def _number(self, value: str | None) -> int | None:
        if value is None:
            return None
        if value not in self._numbers:
            self._numbers[value] = len(self._numbers) + 1
            row = (self._numbers[value], value)
            self._own.execute("INSERT INTO string(id, value) VALUES (?, ?)", row)
        return self._numbers[value]
