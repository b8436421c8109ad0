"""A file has the rows that it was given, in few bytes, the same each time."""

from __future__ import annotations

import hashlib
import io
import uuid
from random import Random

import pyarrow.parquet as pq
import pytest

from apitrail.delivery.lake import hour_file
from apitrail.delivery.lake.lake_columns import moment, of_record
from delivering import HOUR


def rows(count):
    """Events of which none is like another: ids, keys, times and hashes are drawn."""
    draw = Random(1)
    time = HOUR
    for index in range(count):
        time += draw.randrange(8)
        user = f"u{draw.randrange(40)}"
        record = {
            "eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "readOnly": False,
            "eventName": draw.choice(["PutObject", "GetObject", "HeadObject", "DeleteObject"]),
            "awsRegion": "eu-central-1", "sourceIPAddress": f"10.0.0.{draw.randrange(99)}",
            "userIdentity": {"type": "IAMUser", "userName": user, "accountId": "123456789012"},
            "requestParameters": {"bucketName": "b", "key": f"data/{draw.randrange(10**12)}"},
            "responseElements": None, "eventID": str(uuid.UUID(int=draw.getrandbits(128))),
            "requestID": str(uuid.UUID(int=draw.getrandbits(128))), "eventType": "AwsApiCall",
            "recipientAccountId": "123456789012",
        }  # fmt: skip
        yield of_record(record) | {
            "eventtime": moment(time // 1000 * 1000), "recorded": moment(time), "username": user,
            "operator": None, "run": None, "labels": None, "kind": "api", "log": "example.com/log",
            "idx": index, "leaf_hash": hashlib.sha256(str(index).encode()).hexdigest(),
        }  # fmt: skip


def written(count):
    out = io.BytesIO()
    assert hour_file.write(out, rows(count)) == count
    return out.getvalue()


def test_the_rows_come_back():
    assert pq.read_table(io.BytesIO(written(50))).to_pylist() == list(rows(50))


def test_equal_rows_are_equal_bytes():
    assert written(1100) == written(1100)


def test_an_event_that_is_like_no_other_takes_at_most_120_bytes():
    assert len(written(4000)) / 4000 < 120


@pytest.mark.parametrize("bound", ["GROUP_ROWS", "GROUP_BYTES"])
def test_rows_are_held_in_memory_up_to_a_bound(monkeypatch, bound):
    monkeypatch.setattr(hour_file, bound, 1)
    found = pq.ParquetFile(io.BytesIO(written(2100)))
    assert found.metadata.num_row_groups == 3
    assert found.read().to_pylist() == list(rows(2100))


def test_a_file_without_rows_has_the_columns():
    assert pq.read_table(io.BytesIO(written(0))).num_rows == 0
