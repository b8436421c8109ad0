"""Alerts that are to be delivered, in an SQLite file beside the trail: `alerts.db`.

It holds no content of any call: an alert is a rule, entries and a time, and what is sent is read from the
log then. The cursor over the log and the alerts found up to it are written in one transaction, so that
after a crash each entry is judged again or not at all; an alert that is found twice has the same id and
is kept once. Nothing is lost where a power cut takes the newest transactions: the log is read again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from apitrail.errors import RecordingError, UsageError

FILE = "alerts.db"
VERSION = 1
# An index beside each table that grows; deliveries that wait are few among those that were.
_DDL = """
CREATE TABLE cursor(one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE known(rule TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (rule, value)) STRICT, WITHOUT ROWID;
CREATE TABLE sink(name TEXT PRIMARY KEY, shown TEXT NOT NULL, active INTEGER NOT NULL) STRICT;
CREATE TABLE alert(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, title TEXT NOT NULL,
    level TEXT NOT NULL, rule TEXT NOT NULL, entries TEXT NOT NULL, count INTEGER NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE TABLE delivery(
    alert INTEGER NOT NULL, sink TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
    since INTEGER NOT NULL, due INTEGER NOT NULL, at INTEGER, problem TEXT, PRIMARY KEY (alert, sink)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery(sink, due) WHERE state = 'waiting';
"""
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
# So many alerts that nothing waits for are kept to be looked at.
KEPT = 10_000
# No delivery is put off for longer, in milliseconds.
LONGEST = 600_000
_BUSY = 5.0
_NOTHING: Mapping[str, Iterable[str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alert as it is kept; `time` is Unix milliseconds."""

    id: str
    name: str
    title: str
    level: str
    rule: str
    entries: tuple[int, ...]
    count: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far the delivery of an alert to a sink is; `since` is when it was first to be made."""

    sink: str
    state: str
    tries: int
    since: int
    due: int
    at: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Entries before `next` were judged; `hash` is that of the last of them, in hex."""

    next: int
    hash: str


class Outbox:
    """The file, opened by the recorder to write or by others to look at. One thread uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._database = connection

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open or make it, mode 0600. Raises RecordingError."""
        path = directory / FILE
        try:
            path.touch(mode=0o600)
            connection = sqlite3.connect(
                path, timeout=_BUSY, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            # Losing the newest transactions is harmless here, see above.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA trusted_schema=OFF")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                connection.executescript(f"BEGIN; {_DDL} PRAGMA user_version={VERSION}; COMMIT;")
            elif version != VERSION:
                raise RecordingError(
                    f"{FILE!r} is of version {version}, this apitrail knows {VERSION}"
                )
        except (sqlite3.Error, OSError) as error:
            raise RecordingError(f"{FILE!r} cannot be opened: {error}") from error
        return cls(connection)

    @classmethod
    def look(cls, directory: Path) -> Self | None:
        """Open it to read; None where there is none. Raises UsageError."""
        path = directory / FILE
        if not path.is_file():
            return None
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY, isolation_level=None
            )
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as error:
            raise UsageError(f"{str(path)!r} cannot be read: {error}") from error
        if version != VERSION:
            connection.close()
            raise UsageError(f"{str(path)!r} is of version {version}", hint="use a newer apitrail")
        return cls(connection)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise RecordingError(f"{FILE!r} cannot be written: {error}") from error

    # -- what was found ----------------------------------------------------------------------

    def cursor(self) -> Cursor | None:
        """How far the log was judged; None where it never was."""
        row = self._database.execute("SELECT next, hash FROM cursor").fetchone()
        return None if row is None else Cursor(int(row[0]), str(row[1]))

    def known(self, rule: str) -> set[str] | None:
        """What a rule has seen; None where it was never asked."""
        rows = self._database.execute("SELECT value FROM known WHERE rule = ?", (rule,)).fetchall()
        # The empty text says that it was asked, though it has seen nothing.
        return {str(row[0]) for row in rows if row[0]} if rows else None

    def add(
        self,
        found: Iterable[tuple[Kept, Sequence[str]]],
        cursor: Cursor,
        *,
        now: int,
        known: Mapping[str, Iterable[str]] = _NOTHING,
    ) -> int:
        """Keep alerts, each for these sinks, how far the log was judged, and what rules have seen;
        gives how many deliveries are new."""
        with self._transaction() as database:
            added = sum(self._keep(kept, sinks, now) for kept, sinks in found)
            for rule, values in known.items():
                database.executemany(
                    "INSERT OR IGNORE INTO known VALUES (?, ?)",
                    [(rule, value) for value in ("", *values)],
                )
            database.execute(
                "INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)", (cursor.next, cursor.hash)
            )
        return added

    def _keep(self, kept: Kept, sinks: Sequence[str], now: int) -> int:
        row = (
            kept.id, kept.name, kept.title, kept.level, kept.rule, json.dumps(kept.entries),
            kept.count, kept.time,
        )  # fmt: skip
        columns = "id, name, title, level, rule, entries, count, time"
        self._database.execute(
            f"INSERT OR IGNORE INTO alert({columns}) VALUES ({', '.join('?' * len(row))})", row
        )
        done = self._database.executemany(
            "INSERT OR IGNORE INTO delivery "
            f"SELECT number, ?, '{WAITING}', 0, ?, ?, NULL, NULL FROM alert WHERE id = ?",
            [(sink, now, now, kept.id) for sink in sinks],
        )
        return max(done.rowcount, 0)

    # -- what is delivered -------------------------------------------------------------------

    def sinks(self, shown: Mapping[str, str]) -> None:
        """There are these sinks now, by name; what waits for another one waits no more."""
        with self._transaction() as database:
            database.execute("UPDATE sink SET active = 0")
            database.executemany(
                "INSERT INTO sink VALUES (?, ?, 1) "
                "ON CONFLICT(name) DO UPDATE SET shown = excluded.shown, active = 1",
                list(shown.items()),
            )
            database.execute(
                f"UPDATE delivery SET state = '{GIVEN_UP}', problem = 'it is not configured any more' "
                f"WHERE state = '{WAITING}' AND sink NOT IN (SELECT name FROM sink WHERE active = 1)"
            )

    def due(self, sink: str, now: int) -> tuple[int, Kept, Delivery] | None:
        """The number of the alert that is to be delivered next, if one is due, with it."""
        row = self._database.execute(
            f"SELECT {_ALERT}, {_DELIVERY}, a.number FROM delivery d JOIN alert a ON a.number = d.alert "
            f"WHERE d.sink = ? AND d.state = '{WAITING}' AND (d.due <= ? OR d.due > ?) "
            "ORDER BY d.due, a.number LIMIT 1",
            # What is due later than ever was written shows that the clock was set back.
            (sink, now, now + LONGEST),
        ).fetchone()
        return None if row is None else (int(row[-1]), _kept(row), _delivery(row))

    def next_due(self, sink: str) -> int | None:
        """When the next one is due; None where none waits."""
        row = self._database.execute(
            f"SELECT min(due) FROM delivery WHERE sink = ? AND state = '{WAITING}'", (sink,)
        ).fetchone()
        return None if row[0] is None else int(row[0])

    def mark(
        self, number: int, sink: str, state: str, *, due: int, now: int, problem: str | None
    ) -> None:
        """What became of one try to deliver an alert."""
        with self._transaction() as database:
            database.execute(
                "UPDATE delivery SET state = ?, tries = tries + 1, due = ?, at = ?, problem = ? "
                "WHERE alert = ? AND sink = ?",
                (state, due, now, problem, number, sink),
            )

    def retry(self, now: int) -> int:
        """What was given up waits again, if its sink is there; gives how many."""
        with self._transaction() as database:
            done = database.execute(
                f"UPDATE delivery SET state = '{WAITING}', due = ?, since = ? WHERE state = '{GIVEN_UP}' "
                "AND sink IN (SELECT name FROM sink WHERE active = 1)",
                (now, now),
            )
            return done.rowcount

    def rewind(self) -> None:
        """Forget how far the log was judged."""
        with self._transaction() as database:
            database.execute("DELETE FROM cursor")

    def prune(self) -> None:
        """Forget the oldest alerts that nothing waits for."""
        with self._transaction() as database:
            database.execute(
                "DELETE FROM alert WHERE number <= (SELECT max(number) FROM alert) - ? AND number NOT IN "
                f"(SELECT alert FROM delivery WHERE state = '{WAITING}')",
                (KEPT,),
            )
            database.execute("DELETE FROM delivery WHERE alert NOT IN (SELECT number FROM alert)")

    # -- what can be looked at ---------------------------------------------------------------

    def waiting(self) -> int:
        """How many deliveries wait."""
        sql = f"SELECT count(*) FROM delivery WHERE state = '{WAITING}'"
        return int(self._database.execute(sql).fetchone()[0])

    def newest(self, limit: int) -> list[tuple[Kept, list[Delivery]]]:
        """The newest alerts, each with its deliveries."""
        rows = self._database.execute(
            f"SELECT {_ALERT}, a.number FROM alert a ORDER BY a.number DESC LIMIT ?", (limit,)
        ).fetchall()
        return [(_kept(row), self._deliveries(int(row[-1]))) for row in rows]

    def _deliveries(self, number: int) -> list[Delivery]:
        rows = self._database.execute(
            f"SELECT {', '.join('NULL' for _ in range(8))}, {_DELIVERY} FROM delivery d "
            "WHERE alert = ? ORDER BY sink",
            (number,),
        )
        return [_delivery(row) for row in rows.fetchall()]

    def states(self) -> list[tuple[str, str, bool, dict[str, int]]]:
        """Each sink: its name, how it is shown, is it configured, how many deliveries by state."""
        counted: dict[str, dict[str, int]] = {}
        sql = "SELECT sink, state, count(*) FROM delivery GROUP BY sink, state"
        for sink, state, number in self._database.execute(sql).fetchall():
            counted.setdefault(str(sink), {})[str(state)] = int(number)
        rows = self._database.execute("SELECT name, shown, active FROM sink ORDER BY name")
        return [
            (str(name), str(shown), bool(active), counted.get(str(name), {}))
            for name, shown, active in rows.fetchall()
        ]


_ALERT = "a.id, a.name, a.title, a.level, a.rule, a.entries, a.count, a.time"
_DELIVERY = "d.sink, d.state, d.tries, d.since, d.due, d.at, d.problem"


def _kept(row: Sequence[object]) -> Kept:
    number, name, title, level, rule, entries, count, time = row[:8]
    return Kept(
        id=str(number), name=str(name), title=str(title), level=str(level), rule=str(rule),
        entries=tuple(json.loads(str(entries))), count=int(str(count)), time=int(str(time)),
    )  # fmt: skip


def _delivery(row: Sequence[object]) -> Delivery:
    sink, state, tries, since, due, at, problem = row[8:15]
    return Delivery(
        sink=str(sink), state=str(state), tries=int(str(tries)), since=int(str(since)),
        due=int(str(due)), at=None if at is None else int(str(at)),
        problem=None if problem is None else str(problem),
    )  # fmt: skip


def forget(directory: Path) -> None:
    """No alert is configured: what is recorded meanwhile is never judged. A later recorder that has
    alerts begins with its own calls."""
    if (directory / FILE).is_file():
        with suppress(RecordingError, sqlite3.Error), closing(Outbox.open(directory)) as outbox:
            outbox.rewind()
