"""What a witness remembers: the newest head of each log, and what a log should not have signed.

One SQLite database. A head is durable here before it is cosigned, so that the witness never signs
two histories of one log, wherever it is killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.tlog import merkle

FILE = "witness.db"
# What is kept as evidence: two trees of one size, or a larger one without a proof that holds.
FORK = "fork"
PROOF = "proof"
# So many are kept for each log and kind: who has its key could send any number.
MOST_REFUSED = 100

_APPLICATION_ID = 0x41505749  # "APWI"
_SCHEMA = f"""
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
BEGIN IMMEDIATE;
PRAGMA application_id={_APPLICATION_ID};
CREATE TABLE head(
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note TEXT NOT NULL,               -- the checkpoint as the log signed it
  time INTEGER NOT NULL             -- seconds since the epoch, of the newest cosignature
) STRICT;
CREATE TABLE refused(
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,               -- 'fork': the log signed two trees of one size; 'proof': the proof failed
  held TEXT NOT NULL,               -- the checkpoint that was known
  note TEXT NOT NULL,               -- the one that does not continue it
  request TEXT NOT NULL,
  UNIQUE (held, note)
) STRICT;
PRAGMA user_version=1;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A log's newest head; before the first one, the empty tree."""

    size: int = 0
    root: bytes = merkle.root_of(())
    note: str | None = None
    time: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A signed checkpoint that was not shown to continue the one that was `held`.

    With the kind FORK both are of one size, and prove that the log signed two histories.
    """

    origin: str
    time: int
    kind: str
    held: str
    note: str


class Sizes:
    """The database of one witness; used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open it, or make it. Raises UsageError where something else is there."""
        self._path = directory / FILE
        try:
            self._database = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._path.chmod(0o600)
            if self._one("PRAGMA user_version") == 0:
                self._database.executescript(_SCHEMA)
            self._database.executescript("PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;")
            known = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error
        if known != (_APPLICATION_ID, 1):
            raise self._unusable("it is of another program, or of a newer version")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """What is read and kept in the block is one transaction, durable at its end."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def seen(self, origin: str) -> Seen:
        """The newest head of a log."""
        row = self._database.execute(
            "SELECT size, root, note, time FROM head WHERE origin = ?", (origin,)
        ).fetchone()
        return Seen() if row is None else Seen(*row)

    def keep(self, origin: str, seen: Seen) -> None:
        """Remember a log's newest head."""
        self._database.execute(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?)",
            (origin, seen.size, seen.root, seen.note, seen.time),
        )

    def refuse(self, refused: Refused, request: str) -> None:
        """Keep what was refused, each once, and not without end."""
        origin, kind = refused.origin, refused.kind
        values = (origin, refused.time, kind, refused.held, refused.note, request)
        self._database.execute(
            "INSERT OR IGNORE INTO refused(origin, time, kind, held, note, request) "
            "SELECT ?, ?, ?, ?, ?, ? "
            "WHERE (SELECT count(*) FROM refused WHERE origin = ? AND kind = ?) < ?",
            (*values, origin, kind, MOST_REFUSED),
        )

    def refused(self) -> Iterator[Refused]:
        """All that is kept of it, oldest first."""
        sql = "SELECT origin, time, kind, held, note FROM refused ORDER BY id"
        for row in self._database.execute(sql).fetchall():
            yield Refused(*row)

    def _one(self, sql: str) -> int:
        return int(self._database.execute(sql).fetchone()[0])

    def _unusable(self, why: object) -> UsageError:
        return UsageError(
            f"{str(self._path)!r} is no witness's memory: {why}",
            hint="name the directory that `apitrail witness` made with --state",
        )
