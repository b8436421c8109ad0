"""The table `events`: a view over a trail's index, or over a copy of a bundle's."""

from __future__ import annotations

import sqlite3

from apitrail.event import ORDER
from apitrail.evidence.bundle import Bundle
from apitrail.reading.sql.field import Fields
from apitrail.reading.sql.rewrite import TABLE
from apitrail.trail import database
from apitrail.trail.memory_index import MemoryIndex
from apitrail.trail.reader import Reader

# Column → column of the index table whose string it is. A condition on these uses an index.
INDEXED = {
    "eventSource": "source",
    "eventName": "name",
    "awsRegion": "region",
    "sourceIPAddress": "source_ip",
    "errorCode": "error",
    "userIdentity.accessKeyId": "access_key_id",
    "username": "username",
    "run": "run",
    "operator": "operator",
}
_ID = "lower(hex(e.id))"
# Column → SQL over `event e`.
COMPUTED = {
    "idx": "e.idx",
    "time": "e.time",
    "eventTime": "strftime('%Y-%m-%dT%H:%M:%SZ', e.time / 1000, 'unixepoch')",
    "eventID": "||'-'||".join(
        f"substr({_ID}, {start}, {size})"
        for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    ),
    "readOnly": "e.read_only",
}
IDENTITY = ("type", "principalId", "arn", "accountId", "accessKeyId", "userName")
# What `SELECT *` gives.
COLUMNS = (
    "idx", "time", *ORDER, *(f"userIdentity.{name}" for name in IDENTITY), "username", "run", "operator", "labels",
)  # fmt: skip


def define(
    connection: sqlite3.Connection, paths: tuple[str, ...], fields: Fields, *, regexp: bool
) -> None:
    """Make the views, with a column for each path too, and the functions they need."""
    connection.create_function("apitrail_field", 2, fields.value, deterministic=True)
    if regexp:
        connection.create_function("regexp", 2, fields.matches, deterministic=True)
    columns = dict.fromkeys((*COLUMNS, *paths))
    derived = database.derived_version(connection)
    there = {name: own for name, own in INDEXED.items() if database.has_column(derived, own)}
    shown = ", ".join(f"{_expression(name, there)} AS {_quoted(name)}" for name in columns)
    # The outer join becomes an inner one where a condition needs its string, and is left out
    # where nothing does. SQLite then searches by the string's index.
    joins = " ".join(
        f"LEFT JOIN main.string s_{name} ON s_{name}.id = e.{name}" for name in there.values()
    )
    # What is sorted may be larger than memory; SQLite's temporary files have no name.
    connection.execute("PRAGMA temp_store=FILE")
    # These modules declare themselves when first used, which the fence would forbid.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
    connection.execute(f"CREATE TEMP VIEW {TABLE} AS SELECT {shown} FROM main.event e {joins}")
    connection.execute(
        "CREATE TEMP VIEW event_resources AS SELECT r.idx AS idx, n.value AS name, "
        "nullif(t.value, '') AS type FROM main.resource r "
        "JOIN main.string n ON n.id = r.name JOIN main.string t ON t.id = r.type"
    )


def _expression(name: str, there: dict[str, str]) -> str:
    if name in COMPUTED:
        return COMPUTED[name]
    if name in INDEXED:
        # What the search tables of an older version do not have, its events do not say either.
        return f"s_{there[name]}.value" if name in there else "NULL"
    literal = name.replace("'", "''")
    return f"apitrail_field(e.idx, '{literal}')"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def connect(source: Reader | Bundle) -> sqlite3.Connection:
    """A connection that cannot write to the trail, and finds no more in it than `source` has."""
    if isinstance(source, Reader):
        return source.connect()
    index = MemoryIndex()
    for each in source.indexes():
        if (row := source.row(each)) is not None:
            index.add(each, row)
    connection = index.connect()
    index.close()
    return connection
