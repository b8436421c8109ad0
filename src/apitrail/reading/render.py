"""Events as people and programs read them: table, JSON, JSON lines, CSV, tab-separated text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from apitrail.event import Event, Run
from apitrail.query import username
from apitrail.reading import columns

FORMATS = ("table", "json", "jsonl", "csv", "text")

# Column → how it is read off a CloudTrail record.
CSV_COLUMNS = (
    "eventTime", "eventSource", "eventName", "awsRegion", "userName", "accessKeyId",
    "sourceIPAddress", "readOnly", "errorCode", "errorMessage", "requestID", "eventID",
)  # fmt: skip


def outcome(event: Event) -> str:
    """`ok`, the error code, or why there is none."""
    call = event.call
    if call.failure:
        return "no answer"
    return call.error or ("ok" if call.status is not None else "unknown")


def operation(event: Event) -> str:
    """`iam:CreateUser`."""
    record = event.record()
    service = str(record.get("eventSource") or "?").partition(".")[0]
    return f"{service}:{record.get('eventName') or '?'}"


def labels(run: Run) -> list[str]:
    """A run's labels as they are asked for: `build=1234`."""
    return [f"{key}={value}" for key, value in sorted(run.labels.items())]


def touched(event: Event) -> list[str]:
    """What the call touched, each with its type."""
    return [" ".join(filter(None, (item.type, item.arn or item.name))) for item in event.resources]


def table(rows: Sequence[Sequence[str]], header: Sequence[str], width: int | None) -> Iterator[str]:
    """Aligned columns; where `width` is given the widest ones are cut to fit."""
    shown = [[clean(cell) for cell in line] for line in rows]
    yield from columns.laid_out(shown, columns.plain([*map(clean, header)]), width, colour=False)


def clean(text: str) -> str:
    """Control characters made visible: what was recorded must not drive a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def csv_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A header and one line per record, RFC 4180 quoting."""
    yield csv_line(CSV_COLUMNS)
    for record in records:
        yield csv_line([_cell(value) for value in flat(record)])


def text_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One tab-separated line per record, in the columns of the CSV, without a header."""
    for record in records:
        yield "\t".join(clean(_cell(value)) or "None" for value in flat(record))


def flat(record: Mapping[str, Any]) -> list[Any]:
    """The CSV columns of a record."""
    user = record.get("userIdentity") or {}
    looked_up = {"userName": username(user), "accessKeyId": user.get("accessKeyId")}
    return [looked_up[name] if name in looked_up else record.get(name) for name in CSV_COLUMNS]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
        case _:
            return json.dumps(value)


def csv_line(cells: Sequence[str]) -> str:
    """One row with RFC 4180's quoting, without the end of the line."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def json_document(value: Any) -> str:
    """JSON for people and jq: indented, non-ASCII as it is."""
    return _printable(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: Any) -> str:
    """JSON on one line."""
    return _printable(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _printable(text: str) -> str:
    """Lone surrogates, which are no characters, as JSON's escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def queried(value: Any, output: str) -> Iterator[str]:
    """The result of a --query: JSON as asked, or as the AWS CLI's text output has it."""
    items = value if isinstance(value, list) else [value]
    match output:
        case "json":
            yield json_document(value)
        case "jsonl":
            yield from map(json_line, items)
        case "table":
            yield from _query_table(items)
        case _:
            join = csv_line if output == "csv" else _tabs
            yield from (join([_cell(cell) for cell in _cells(item)]) for item in items)


def _query_table(items: list[Any]) -> Iterator[str]:
    rows = [[_cell(cell) for cell in _cells(item)] for item in items]
    size = max(map(len, rows), default=0)
    rows = [row + [""] * (size - len(row)) for row in rows]
    header = list(items[0]) if items and isinstance(items[0], dict) else rows.pop(0) if rows else []
    yield from table(rows, header, None) if header else ()


def _tabs(cells: Sequence[str]) -> str:
    return "\t".join(clean(cell) or "None" for cell in cells)


def _cells(item: Any) -> list[Any]:
    match item:
        case list():
            return item
        case dict():
            return list(item.values())
        case _:
            return [item]
