"""The SQLite file of a trail: how it is made, opened and recognised."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from apitrail.errors import UsageError

FILE = "trail.db"
WAL = f"{FILE}-wal"
APPLICATION_ID = 0x41505431  # "APT1"
# The version of the tables that hold the log (2 adds `anchor`), and that of those which are
# derived from it.
VERSION = 2
DERIVED = 8

# Milliseconds that a writer waits for readers and for other writers.
BUSY = 10_000
# FULL: with NORMAL a power cut loses acknowledged commits (docs/threat-model.md).
WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA secure_delete=ON",
    "PRAGMA journal_size_limit=67108864",
    f"PRAGMA busy_timeout={BUSY}",
)


class NotATrailError(UsageError):
    """There is no trail here, or what is here cannot be read as one."""


# Column of `event` → the first version of the search tables that has it, where not the first.
SINCE = {"stand_in": 2, "operator": 3, "undetermined": 3}
# Columns of strings in `event` without an index before version 3.
UNINDEXED = ("region", "source_ip")
# So many entries are one block of the table `span`.
SPAN = 1_024


def has_index(derived: int, name: str) -> bool:
    """Do search tables of this version have an index on this column?"""
    return derived > 2 or name not in UNINDEXED


def has_spans(derived: int) -> bool:
    """Have search tables of this version the table `span`, and types in the order of entries?"""
    return derived > 2


def has_books(derived: int) -> bool:
    """Have search tables of this version the table `book`?"""
    return derived > 2


def has_blocks(derived: int) -> bool:
    """Have search tables of this version the tables `marked` and `coded`?"""
    return derived > 3


def has_grams(derived: int) -> bool:
    """Have search tables of this version the tables `operation` and `grams`?"""
    return derived > 4


def has_pairs(derived: int) -> bool:
    """Have search tables of this version the table `pairs`?"""
    return derived > 5


def has_posts(derived: int) -> bool:
    """Have search tables of this version the tables `gathered` and `met`, and `posted` as it is read here? The
    `posted` of version 7 is of another form, and nothing reads it."""
    return derived > 7


def has_column(derived: int, name: str) -> bool:
    """Do search tables of this version have this column of `event`?"""
    return derived >= SINCE.get(name, 1)


@cache
def _sql(name: str) -> str:
    return resources.files("apitrail.trail").joinpath(f"{name}.sql").read_text("utf-8")


def derived_schema(version: int = DERIVED) -> str:
    """The DDL of the tables that are searched; `expected` adds which version they are.

    Raises:
        UsageError: no such version is known here.
    """
    if not 1 <= version <= DERIVED:
        raise UsageError(
            f"the search tables are of version {version}, this apitrail knows up to {DERIVED}",
            hint="use a newer apitrail",
        )
    mark = f"INSERT INTO derived VALUES (0, {version});\n" if version > 1 else ""
    return _sql(f"derived_{version}") + mark


def schema(derived: int = DERIVED, version: int = VERSION) -> str:
    """The DDL of a trail of this version whose search tables are of the version `derived`."""
    anchors = _sql("truth_2") if has_anchors(version) else ""
    return _sql("truth") + anchors + derived_schema(derived)


def has_anchors(version: int) -> bool:
    """Has a trail of this version the table `anchor`?"""
    return version > 1


def log_version(database: sqlite3.Connection) -> int:
    """Which version the tables are that hold the log."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def bring_up(path: Path) -> None:
    """Add to an older trail the tables that it lacks, in one transaction; what it holds stays.

    Only the writer may call it, with the trail's lock held.
    """
    with closing(open_to_write(path)) as connection:
        if has_anchors(log_version(connection)):
            return
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(_sql("truth_2")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")


def statements(sql: str) -> list[str]:
    """The single statements of a script, to be run within a transaction."""
    found, rest = [], ""
    for line in sql.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            found.append(rest)
            rest = ""
    return found


def derived_version(database: sqlite3.Connection) -> int:
    """Which version the tables are that are searched; the first did not say."""
    there = database.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'derived'"
    ).fetchone()
    if there is None:
        return 1
    row = database.execute("SELECT version FROM derived").fetchone()
    return int(row[0]) if row is not None and isinstance(row[0], int) else 0


def creation() -> str:
    """The SQL that makes a trail of an empty file: all of it or nothing."""
    return (
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        f"BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION_ID};"
        f"{schema()} PRAGMA user_version={VERSION}; COMMIT;"
    )


def is_new(path: Path) -> bool:
    """Is there no trail yet: no file, or an empty one that a crash left?

    Raises:
        UsageError: there is something else, which is to be left as it is.
    """
    if not path.exists():
        return True
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            if _is_empty(database):
                return True
            recognise(database, path)
    except sqlite3.DatabaseError as error:
        raise _not_a_trail(path, error) from error
    return False


def _is_empty(database: sqlite3.Connection) -> bool:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(version == 0 and tables == 0)


def create(path: Path) -> None:
    """Make an empty trail database unless there is one; crash-safe by one transaction."""
    database = connect(path)
    try:
        if _is_empty(database):
            database.executescript(creation())
        recognise(database, path)
    except sqlite3.OperationalError:
        raise  # the disk, not the file: see `writing`
    except sqlite3.DatabaseError as error:
        raise _not_a_trail(path, error) from error
    finally:
        database.close()
    path.chmod(0o600)


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """A disk that is full, read-only or failing becomes one line for the user.

    Raises:
        UsageError: something in the trail's directory cannot be written.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"cannot write to the trail at {str(directory)!r}: {reason}",
            hint="make room there or make it writable, or name another directory with --trail",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose transactions begin and end when we say so."""
    return sqlite3.connect(path, isolation_level=None)


def open_to_write(path: Path) -> sqlite3.Connection:
    """The writer's connection; it belongs to the thread that opens it."""
    connection = connect(path)
    for pragma in WRITER_PRAGMAS:
        connection.execute(pragma)
    return connection


def truncate(connection: sqlite3.Connection, *, wait: bool) -> bool:
    """Empty the write-ahead log, where erased content may still be.

    False where a reader holds on to an older state; `wait` gives readers time to end.
    """
    connection.execute(f"PRAGMA busy_timeout={BUSY if wait else 0}")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY}")
    return not busy


def recognise(database: sqlite3.Connection, path: Path) -> None:
    """Raises UsageError unless the open database is a trail that this version reads."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise NotATrailError(
            f"{str(path)!r} is not a trail", hint="name the directory that `apitrail record` made"
        )
    if not 1 <= version <= VERSION:
        raise UsageError(
            f"{str(path)!r} is a trail of format {version}, this apitrail reads up to {VERSION}",
            hint="use a newer apitrail",
        )


def open_read_only(directory: Path) -> sqlite3.Connection:
    """A connection that cannot write; works while a recorder is writing.

    Raises:
        UsageError: there is no trail, or it is not one.
    """
    path = directory / FILE
    if not path.is_file():
        raise NotATrailError(
            f"no trail at {str(directory)!r}",
            hint="`apitrail record` starts one; --trail or APITRAIL_TRAIL names another",
        )
    try:
        return _open(path, "mode=ro")
    except sqlite3.OperationalError as error:
        # On a read-only medium SQLite cannot use shared memory. If the write-ahead log is empty,
        # nobody is writing and the file can be opened as immutable.
        wal = path.with_name(WAL)
        if wal.exists() and wal.stat().st_size:
            raise _not_a_trail(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _not_a_trail(path, error) from error
    try:
        return _open(path, "mode=ro&immutable=1")
    except sqlite3.DatabaseError as error:
        raise _not_a_trail(path, error) from error


def _open(path: Path, how: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=10,
        check_same_thread=False,
    )  # fmt: skip
    try:
        database.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        database.execute("PRAGMA trusted_schema=OFF")
        recognise(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _not_a_trail(path: Path, error: sqlite3.DatabaseError) -> NotATrailError:
    return NotATrailError(
        f"{str(path)!r} cannot be read as a trail: {error}",
        hint="name the directory that `apitrail record` made, and check its permissions",
    )
