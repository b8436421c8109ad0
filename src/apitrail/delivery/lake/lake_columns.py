"""The columns of a lake's files, and how a row is made of an entry and its event.

The names are those of CloudTrail's table in Athena: CloudTrail's own in lower case. Athena and Glue
know no other case, and engines that tell letters apart (ClickHouse) then need no quotes. Values are
typed where Athena's are strings: a time compares as a time. What is nested is JSON, as
Athena has `requestparameters`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from apitrail import when
from apitrail.codec import Json
from apitrail.entry import Entry
from apitrail.errors import FormatError
from apitrail.event import ORDER, load, record_of
from apitrail.query import searchable, username

if TYPE_CHECKING:
    import pyarrow as pa

# Seconds of Unix time that 32 bits hold: until 2106.
_LATEST = 1 << 32

type Type = Literal["string", "json", "timestamp", "boolean", "integer"]
type Value = str | int | bool | datetime | None
type Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `source` is the member of the record that it holds; None where it is no member."""

    name: str
    type: Type
    source: str | None = None
    required: bool = False


# CloudTrail's record contents: members that are objects or lists, and those that are booleans.
_NESTED = (
    "userIdentity", "requestParameters", "responseElements", "additionalEventData", "resources",
    "tlsDetails",
)  # fmt: skip
_BOOLEAN = ("readOnly", "managementEvent")
# What questions ask of `userIdentity` most, so that no JSON is read for them.
IDENTITY = ("type", "principalId", "arn", "accountId", "accessKeyId", "userName")


def _of_record(name: str) -> Column:
    if name == "eventTime":
        return Column("eventtime", "timestamp", name, required=True)
    kind: Type = "json" if name in _NESTED else "boolean" if name in _BOOLEAN else "string"
    return Column(name.lower(), kind, name)


OF_RECORD = tuple(map(_of_record, ORDER))
OF_IDENTITY = tuple(
    Column(f"useridentity_{name.lower()}", "string", f"userIdentity.{name}") for name in IDENTITY
)
# `username` is LookupEvents' Username; `recorded` is when the entry was written, to the
# millisecond; `log` is the log's origin; `leaf_hash` is in hex.
OF_ENTRY = (
    Column("username", "string"),
    Column("operator", "string"),
    Column("run", "string"),
    Column("labels", "json"),
    Column("kind", "string", required=True),
    Column("recorded", "timestamp", required=True),
    Column("log", "string", required=True),
    Column("idx", "integer", required=True),
    Column("leaf_hash", "string", required=True),
)
COLUMNS = (*OF_RECORD, *OF_IDENTITY, *OF_ENTRY)
_READ = dict(zip(ORDER, OF_RECORD, strict=True))
NAMES = tuple(column.name for column in COLUMNS)


def schema() -> pa.Schema:
    """The schema of every file: equal in all of them, whatever they hold."""
    import pyarrow as pa

    # Microseconds: Iceberg's timestamps have no other unit.
    types = {
        "string": pa.string(), "json": pa.string(), "boolean": pa.bool_(), "integer": pa.int64(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    return pa.schema(
        [pa.field(each.name, types[each.type], nullable=not each.required) for each in COLUMNS]
    )


def row(log: str, link: Entry, facets: Mapping[str, bytes]) -> Row:
    """The row of a call, of the facets that hold its record: all columns, in their order.

    What was erased is null. `eventtime` is then the entry's time, since a file is of one day.
    """
    record, who = record_of(facets), _object(facets.get("who"))
    run, user = who.get("run"), record.get("userIdentity")
    run = run if isinstance(run, dict) else {}
    made = of_record(record)
    made["eventtime"] = moment(happened(record, link.time))
    made["username"] = searchable(username(user)) if isinstance(user, dict) else None
    made["operator"] = _text(who.get("operator"))
    made["run"] = _text(run.get("id"))
    made["labels"] = _text(run.get("labels") or None)
    made["kind"] = link.kind
    made["recorded"] = moment(link.time)
    made["log"] = log
    made["idx"] = link.index
    made["leaf_hash"] = link.hash.hex()
    return made


def _object(facet: bytes | None) -> Mapping[str, Json]:
    found = None if facet is None else load(facet)
    return found if isinstance(found, dict) else {}


def of_record(record: Mapping[str, Any]) -> Row:
    """The columns that a CloudTrail record alone tells."""
    made: Row = {}
    for name, column in _READ.items():
        value = record.get(name)
        if value is None:
            made[column.name] = None
        elif type(value) is str and column.type == "string":
            made[column.name] = value if value.isascii() else searchable(value)
        else:
            made[column.name] = _value(column.type, value)
    user = record.get("userIdentity")
    user = user if isinstance(user, dict) else {}
    for name, column in zip(IDENTITY, OF_IDENTITY, strict=True):
        made[column.name] = _text(user.get(name))
    return made


def happened(record: Mapping[str, Any], otherwise: int) -> int:
    """When the event was, Unix milliseconds: a whole second where its record says a time.

    A time that no event can be of counts as none: engines differ in which years they know.
    """
    try:
        second = when.parse_iso_second(str(record.get("eventTime")))
    except FormatError:
        return otherwise
    return second * 1000 if 0 <= second < _LATEST else otherwise


def moment(milliseconds: int) -> datetime:
    """A time as a row has it."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def columns_of(rows: Iterable[Row]) -> dict[str, list[Value]]:
    """Rows turned: the values of each column."""
    held = list(rows)
    return {name: [row[name] for row in held] for name in NAMES}


def _value(kind: Type, value: Json) -> Value:
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "timestamp":
        try:
            return moment(when.parse_iso_second(str(value)) * 1000)
        except FormatError:
            return None
    return _text(value)


def _text(value: object) -> str | None:
    """A string as it is, and all else as JSON; half a surrogate pair as its escape."""
    if value is None or isinstance(value, str):
        return searchable(value)
    return searchable(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
