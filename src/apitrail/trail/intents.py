"""Requests that were let through and whose outcome is not in the log yet.

They live in a database of their own: they are neither committed to nor derived, and the trail's
database holds nothing else than that. Workers write theirs into files of their own (`journal`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

import cbor2

from apitrail.trail import database, journal, transaction
from apitrail.trail.journal import Left

FILE = "pending.db"
PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON")
DDL = "CREATE TABLE IF NOT EXISTS intent(id TEXT PRIMARY KEY, facets BLOB NOT NULL) STRICT"


def statements(
    begun: Iterable[tuple[str, Mapping[str, bytes]]], settled: Iterable[str]
) -> list[tuple[str, list[tuple[object, ...]]]]:
    """SQL and its rows of one transaction."""
    return [
        (
            "INSERT INTO intent VALUES (?, ?)",
            [(key, cbor2.dumps(dict(facets))) for key, facets in begun],
        ),
        ("DELETE FROM intent WHERE id IN (VALUES (?))", [(key,) for key in settled]),
    ]


class Pending:
    """Durable intents, one row each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, directory: Path) -> Pending:
        """Open or make the file, mode 0600."""
        path = directory / FILE
        path.touch(mode=0o600)
        connection = database.connect(path)
        for statement in (*PRAGMAS, DDL):
            connection.execute(statement)
        return cls(connection)

    def all(self) -> list[Left]:
        """Every intent in the order it was written."""
        rows = self._connection.execute("SELECT id, facets FROM intent ORDER BY rowid")
        return [Left(row[0], cbor2.loads(row[1])) for row in rows]

    def commit(
        self, begun: Iterable[tuple[str, Mapping[str, bytes]]], settled: Iterable[str]
    ) -> None:
        """Add and remove intents in one durable transaction, or raise sqlite3.Error."""
        transaction.commit(self._connection, statements(begun, settled))

    def truncate(self, *, wait: bool) -> bool:
        """Empty the write-ahead log, which may still hold removed intents; see `database`."""
        return database.truncate(self._connection, wait=wait)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def count(directory: Path, recorded: Callable[[str], object] = lambda _key: False) -> int:
    """How many calls are in flight, as a reader sees it; 0 where there is no such file.

    `recorded` says of a call whether the log has it: a journal does not always.
    """
    found = chain.from_iterable(map(_in_journal, journal.paths(directory)))
    return _in_database(directory / FILE) + sum(not recorded(key) for key in found)


def _in_database(path: Path) -> int:
    if not path.is_file():
        return 0
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with closing(connection):
        try:
            (number,) = connection.execute("SELECT count(*) FROM intent").fetchone()
        except sqlite3.DatabaseError:
            # The file is not made yet, or not readable here. In-flight calls are not evidence, so
            # 0 will do.
            return 0
    return int(number)


def _in_journal(path: Path) -> list[str]:
    try:
        return [each.key for each in journal.read(path) if each.kind is None]
    except OSError:
        return []
