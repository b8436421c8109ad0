"""SQL over a lake: one SELECT by DuckDB, which can read the lake's files and nothing else.

DuckDB is the whole engine. It loads no extension, has a bounded memory, and puts what is larger
into a directory of its own that is removed.
"""

from __future__ import annotations

import math
import re
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apitrail import when
from apitrail.delivery.lake import lake_view
from apitrail.delivery.lake.dialects import ALWAYS, Period
from apitrail.delivery.lake.lake_files import LakeFiles
from apitrail.errors import UsageError
from apitrail.reading.sql import TABLE, Answer, cell, rewrite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
_BATCH = 1024
_MEMORY = re.compile(r"\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)


@contextmanager
def ask(
    files: LakeFiles,
    statement: str,
    *,
    period: Period = ALWAYS,
    log: str | None = None,
    memory: str = MEMORY,
    timeout: float | None = None,
) -> Generator[Answer]:
    """Run one SELECT over `events`, the calls of a period and of one log, or of all.

    Columns are those of `apitrail sql`, with `log`, `leaf_hash` and `eventday`. Times are DuckDB's
    own; what a path leads to is text.

    Raises:
        UsageError: DuckDB is not installed, or the statement does not parse, writes, reads
            something else, takes too long or too much memory.
    """
    check_installed()
    text, paths = rewrite.prepare(statement)
    with (
        tempfile.TemporaryDirectory(prefix="apitrail-lake-") as made,
        _errors(files.place.root, made),
    ):
        connection = _connect(made, memory)
        try:
            source = _source(connection, files, Path(made))
            connection.execute(lake_view.view(source, paths, period, log))
            _fence(connection, made)
            _require_select(connection, text)
            with _ending(connection, timeout):
                found = connection.execute(text).to_arrow_reader(_BATCH)
                yield Answer(tuple(found.schema.names), _rows(found))
        finally:
            connection.close()


def check_installed() -> None:
    """Raises UsageError where DuckDB or pyarrow is not installed."""
    try:
        import duckdb  # noqa: F401
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "a lake is asked by DuckDB, which is not installed", hint="pip install 'apitrail[lake]'"
        ) from error


def _connect(directory: str, memory: str) -> DuckDBPyConnection:
    import duckdb

    if not _MEMORY.fullmatch(memory):
        raise UsageError(f"not a size of memory: {memory!r}", hint="--memory 2GB")
    return duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "temp_directory": f"{directory}/spilled",
        },
    )


def _source(connection: DuckDBPyConnection, files: LakeFiles, made: Path) -> str:
    if not files.names:
        return lake_view.nothing()
    if not files.place.local:
        connection.register(lake_view.REGISTERED, files.dataset())
        return lake_view.REGISTERED
    # A link: DuckDB would take some characters of a directory's name for a pattern.
    link = made / lake_view.LINK
    link.symlink_to(files.place.root)
    return lake_view.reading(str(link), files.names)


def _fence(connection: DuckDBPyConnection, made: str) -> None:
    """From here on the lake's files alone, and no other settings."""
    quoted = f"{made}/{lake_view.LINK}".replace("'", "''")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_directories = ['{quoted}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _require_select(connection: DuckDBPyConnection, text: str) -> None:
    import duckdb

    found = connection.extract_statements(text)
    if not found:
        raise UsageError(
            "no statement", hint=f'apitrail lake sql DIR "SELECT eventName FROM {TABLE}"'
        )
    if len(found) > 1 or found[0].type != duckdb.StatementType.SELECT:
        raise UsageError("the query fails: only one SELECT is allowed", hint="a lake is only read")


@contextmanager
def _ending(connection: DuckDBPyConnection, timeout: float | None) -> Iterator[None]:
    """Stop what runs after `timeout` seconds."""
    timer = threading.Timer(timeout or 0, connection.interrupt)
    timer.daemon = True
    if timeout is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _rows(found: Any) -> Iterator[tuple[Any, ...]]:
    for batch in found:
        columns = [column.to_pylist() for column in batch.columns]
        yield from (tuple(map(_value, row)) for row in zip(*columns, strict=True))


def _value(value: Any) -> Any:
    """A value of Arrow as `apitrail sql` gives values."""
    return value if isinstance(value, bytes) else cell(_plain(value))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return _time(value)
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case None | bool() | int() | str():
            return value
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return str(value)


def _time(moment: datetime) -> str:
    if moment.tzinfo is not None and not moment.microsecond:
        return when.iso_second(int(moment.timestamp()))
    return when.iso_exact(moment.astimezone(UTC) if moment.tzinfo else moment)


# DuckDB's words → what to do next.
_HINTS: tuple[tuple[str, str], ...] = (
    ("Table with name", f"the table is called {TABLE}"),
    ("disabled by configuration", f"only {TABLE} can be read"),
    ("configuration has been locked", "a lake is only read: --memory and --timeout are options"),
    ("Interrupted", "narrow it down with --since and --until, or give more time with --timeout"),
    ("Out of Memory Error", "narrow it down with --since and --until, or give more with --memory"),
    ("WITH TIME ZONE", "eventTime is a time: strftime(eventTime, '%H'), or CAST(eventTime AS VARCHAR)"),
    ("Referenced column", 'columns are named as in CloudTrail: eventName, userIdentity.arn, requestParameters.userName; text stands in single quotes'),
    (".parquet", "`apitrail lake verify` names files that were altered"),
)  # fmt: skip


@contextmanager
def _errors(root: str, made: str) -> Iterator[None]:
    """DuckDB's and Arrow's errors as ours, in one line."""
    import duckdb

    try:
        yield
    except OSError as error:
        raise UsageError(f"the query fails: {_line(error, root, made)}") from error
    except duckdb.Error as error:
        words = str(error)
        hint = next((hint for key, hint in _HINTS if key in words), None)
        if "Interrupted" in words:
            raise UsageError("the query took too long", hint=hint) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise UsageError("the query needs more memory than it has", hint=hint) from error
        raise UsageError(f"the query fails: {_line(error, root, made)}", hint=hint) from error


def _line(error: Exception, root: str, made: str) -> str:
    """The first line, without the kind that DuckDB puts before it and the link's name."""
    line = str(error).splitlines()[0].replace(f"{made}/{lake_view.LINK}", root)
    line = re.sub(r"^[A-Z][\w ]* Error: ", "", line).rstrip("!. ")
    return line[:1].lower() + line[1:]
