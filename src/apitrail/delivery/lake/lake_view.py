"""The table `events` of a lake, in DuckDB: columns of `apitrail sql`, and each path as a column."""

from __future__ import annotations

import json

from apitrail.delivery.lake.dialects import DUCKDB, FLAT, Period, member
from apitrail.delivery.lake.lake_columns import COLUMNS, schema
from apitrail.errors import UsageError
from apitrail.reading.sql import TABLE

# Where `define` finds the files: under a link, whose name needs no quoting, or registered.
LINK, REGISTERED = "lake", "lake_files"


def reading(link: str, names: tuple[str, ...]) -> str:
    """A table function that reads these files of a directory."""
    listed = ", ".join(_text(f"{link}/{name}") for name in names)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'eventday': 'VARCHAR'}})"


def nothing() -> str:
    """A table without a row, where no file is of the period."""
    types = {"string": "VARCHAR", "bool": "BOOLEAN", "int64": "BIGINT"}
    columns = [
        f"NULL::{types.get(str(each.type), 'TIMESTAMPTZ')} AS {each.name}" for each in schema()
    ]
    return f"(SELECT {', '.join(columns)}, NULL::VARCHAR AS eventday WHERE false)"


def view(files: str, paths: tuple[str, ...], period: Period, log: str | None) -> str:
    """The statement that makes the view `events` over `files`.

    Raises:
        UsageError: a path that a lake does not have.
    """
    columns = {column.source or column.name: f'"{column.name}"' for column in COLUMNS}
    columns["eventday"] = "eventday"
    for path in paths:
        columns.setdefault(path, _at(path))
    shown = ", ".join(f"{sql} AS {_name(name)}" for name, sql in columns.items())
    holds = [DUCKDB.during(period)] if period != Period() else []
    holds += [] if log is None else [f"log = {_text(log)}"]
    where = f" WHERE {' AND '.join(holds)}" if holds else ""
    return f"CREATE TEMP VIEW {TABLE} AS SELECT {shown} FROM {files}{where}"


def _at(path: str) -> str:
    if path == "record":
        raise UsageError(
            "a lake has no column 'record'",
            hint="`apitrail show` has all of a call, where its trail is",
        )
    if path in FLAT:
        return FLAT[path]
    column, *keys = path.split(".")
    column = column.lower()
    # Most paths lead through objects alone. Lists are looked through where such a path finds
    # nothing and yet the text has the name, which is rare.
    return (
        f"coalesce({DUCKDB.at(path)}, CASE WHEN contains({column}, {_text(json.dumps(keys[-1], ensure_ascii=False))}) "
        f"THEN {_through_lists(column, keys)} END)"
    )


def _through_lists(column: str, keys: list[str]) -> str:
    found = f"[TRY(json({column}))]"
    for key in keys:
        here = f"'/{member(key)}'"
        found = (
            f"list_filter(flatten(list_transform({found}, lambda x: CASE json_type(x) WHEN 'ARRAY' "
            f"THEN list_transform(json_extract(x, '$[*]'), lambda y: json_extract(y, {here})) "
            f"ELSE [json_extract(x, {here})] END)), lambda x: x IS NOT NULL)"
        )
    return (
        f"list_transform([{found}], lambda f: CASE len(f) WHEN 0 THEN NULL "
        "WHEN 1 THEN f[1] ->> '$' ELSE to_json(f)::VARCHAR END)[1]"
    )


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
