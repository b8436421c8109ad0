"""A lake's Parquet file: rows in, bytes out, the same bytes for the same rows and the same pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import IO, TYPE_CHECKING

from apitrail.delivery.lake.lake_columns import COLUMNS, Row, columns_of, schema

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".parquet"
# Rows are Python's for so long, then Arrow's until their row group is full: a hundredth of a
# million rows is what is ever in memory.
ROWS = 1024
GROUP_ROWS, GROUP_BYTES = 1 << 16, 1 << 26

# Values that are each their own: a dictionary of them would be larger than they are. Text of one
# length is kept apart from its lengths, so that zstd sees hexadecimal digits and nothing else.
_UNIQUE = {
    "eventid": "DELTA_LENGTH_BYTE_ARRAY",
    "requestid": "DELTA_LENGTH_BYTE_ARRAY",
    "leaf_hash": "DELTA_LENGTH_BYTE_ARRAY",
    "idx": "DELTA_BINARY_PACKED",
    "eventtime": "DELTA_BINARY_PACKED",
    "recorded": "DELTA_BINARY_PACKED",
}
# What nobody compares with a bound needs no smallest and largest value.
_UNBOUNDED = ("json",)
_LEVEL = 9


def write(out: IO[bytes], rows: Iterable[Row]) -> int:
    """Write one file; gives how many rows it has."""
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(out, schema(), **settings()) as writer:
        for group in _groups(rows):
            count += group.num_rows
            writer.write_table(group, row_group_size=group.num_rows)
    return count


def settings() -> dict[str, object]:
    """How pyarrow writes a file."""
    plain = ("boolean",)
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": [
            each.name for each in COLUMNS if each.name not in _UNIQUE and each.type not in plain
        ],
        "column_encoding": dict(_UNIQUE),
        "write_statistics": [each.name for each in COLUMNS if each.type not in _UNBOUNDED],
        # The Arrow schema would be said twice, in each of many small files.
        "store_schema": False,
    }


def _groups(rows: Iterable[Row]) -> Iterator[pa.Table]:
    import pyarrow as pa

    form, held, size = schema(), [], 0
    for some in batched(rows, ROWS, strict=False):
        batch = pa.record_batch(columns_of(some), schema=form)
        held.append(batch)
        size += batch.nbytes
        if len(held) * ROWS >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.Table.from_batches(held, form)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held, form)
