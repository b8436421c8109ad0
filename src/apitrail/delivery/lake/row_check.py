"""A file's rows held against what they were made of: the trail's entries, or log files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apitrail.delivery.lake.hours import rows
from apitrail.delivery.lake.lake_columns import NAMES, Row, of_record, schema
from apitrail.delivery.lake.lake_list import LakeFile
from apitrail.errors import FormatError
from apitrail.source import Source
from apitrail.tlog.merkle import HASH_SIZE

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# Rows of a file that are Python's at one time.
_SOME = 1024
# What says where a row's entry is; nothing of it goes when the entry's content is erased.
_KEPT = ("kind", "recorded", "log", "idx", "leaf_hash")


def opened(data: bytes) -> pq.ParquetFile:
    """A file to read; raises FormatError where it is none, or has not the columns of a lake."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise FormatError("it is no Parquet file") from error
    here, expected = found.schema_arrow, schema()
    for name in (*_KEPT, "eventtime"):
        if name not in here.names or here.field(name).type != expected.field(name).type:
            raise FormatError(f"it has no column {name} as a lake has it")
    return found


def each_row(data: bytes, columns: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """A file's rows; raises FormatError where they cannot be read."""
    import pyarrow as pa

    wanted = None if columns is None else list(columns)
    try:
        for batch in opened(data).iter_batches(batch_size=_SOME, columns=wanted):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"its rows cannot be read: {error}") from error


def fill(leaves: bytearray, start: int, file: LakeFile, data: bytes, origin: str) -> Iterator[str]:
    """Put the leaf hashes of a file's rows in their places; gives what is not as it was listed."""
    expected = {index for run in file.runs() for index in run}
    before = None
    for row in each_row(data, ("idx", "leaf_hash", "log", "eventtime")):
        index, time, leaf = row["idx"], row["eventtime"], bytes.fromhex(row["leaf_hash"] or "")
        if time is None or len(leaf) != HASH_SIZE:
            yield f"{file.name}: its row of entry {index} has no time, or no leaf hash"
            continue
        if index not in expected:
            yield f"{file.name}: its row of entry {index} is not listed, or there twice"
            continue
        expected.discard(index)
        if row["log"] != origin:
            yield f"{file.name}: its row of entry {index} is of the log {row['log']!r}"
        if f"eventday={time:%Y%m%d}" != file.name.partition("/")[0] or (before and time < before):
            yield f"{file.name}: its row of entry {index} is not in its place"
        before = time
        at = (index - start) * HASH_SIZE
        leaves[at : at + HASH_SIZE] = leaf
    for index in sorted(expected)[:1]:
        yield f"{file.name}: the row of entry {index} is missing"


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs of one file, and the entries of which it holds more than is left of them."""

    differing: tuple[str, ...]
    erased: tuple[int, ...]


def against_trail(
    source: Source, file: LakeFile, data: bytes, origin: str, erased: set[int]
) -> Compared:
    """Each row made anew of its entry; what was erased since is not there to compare with."""
    differing: list[str] = []
    holding: list[int] = []
    found = each_row(data)
    for row in found:
        index = row["idx"]
        wanted = next(rows(source, origin, [index]), None)
        if wanted is None:
            differing.append(f"{file.name}: the trail has no entry {index}")
            continue
        names = _differing(row, wanted)
        if index in erased:
            more = [n for n in names if n not in _KEPT and _is_more(row[n], wanted[n])]
            names = [name for name in names if name not in more and name != "eventtime"]
            holding += [index] if more else []
        if names:
            differing.append(f"{file.name}: the row of entry {index} differs in {', '.join(names)}")
    return Compared(tuple(differing), tuple(sorted(holding)))


def _is_more(here: object, left: object) -> bool:
    """Is it what was erased: here, and not in the log?"""
    return here is not None and left is None


@dataclass(frozen=True, slots=True)
class Records:
    """What log files have of some entries: records by event id, and the entries they are of."""

    by_id: Mapping[str, Mapping[str, Any]]
    indexes: frozenset[int]


def against_records(file: LakeFile, data: bytes, records: Records) -> tuple[list[str], int]:
    """Each row held against its record in a log file; gives what differs, and how many were held."""
    differing, held = [], 0
    for row in each_row(data):
        if row["idx"] not in records.indexes:
            continue
        held += 1
        where = f"{file.name}: the row of entry {row['idx']}"
        record = records.by_id.get(str(row["eventid"]))
        if record is None:
            differing.append(f"{where} is not in the log file of this entry")
        elif names := _differing(row, _told(record)):
            differing.append(f"{where} differs from its log file's record in {', '.join(names)}")
    return differing, held


def _told(record: Mapping[str, Any]) -> Row:
    """What a record tells of its row. A row without an event's time has its entry's."""
    made = of_record(record)
    return {n: value for n, value in made.items() if n != "eventtime" or value is not None}


def _differing(row: Mapping[str, Any], wanted: Row) -> list[str]:
    """Columns whose values differ. Those that another version wrote are not known here."""
    return [name for name in NAMES if name in row and name in wanted and row[name] != wanted[name]]
