"""CloudTrail's log files, as they are found."""

import gzip
import json
import os
from collections import Counter

import boto3
import pytest
from moto import mock_aws

from apitrail.delivery.reconcile import aws_logs
from apitrail.errors import FormatError, UsageError

RECORD = {"eventName": "GetUser", "eventTime": "2026-11-22T06:46:40Z"}
OTHER = {"eventName": "PutUser", "eventTime": "2026-11-22T06:46:41Z"}
LOG = json.dumps({"Records": [RECORD, OTHER]}).encode()


@pytest.mark.parametrize(
    "data",
    [
        LOG,
        gzip.compress(LOG, mtime=0),
        gzip.compress(LOG[:10], mtime=0) + gzip.compress(LOG[10:]),
        json.dumps([RECORD, OTHER]).encode(),
        f"{json.dumps(RECORD)}\n{json.dumps(OTHER)}\n".encode(),
        json.dumps({"Events": [{"CloudTrailEvent": json.dumps(r)} for r in (RECORD, OTHER)]}).encode(),
    ],
    ids=["plain", "gzip", "two members", "list", "lines", "LookupEvents"],
)  # fmt: skip
def test_every_form_is_read(data):
    assert list(aws_logs.parse(data, "log")) == [RECORD, OTHER]


def test_one_record_is_a_file_too():
    assert list(aws_logs.parse(json.dumps(RECORD).encode(), "log")) == [RECORD]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "log is not JSON"),
        (b"{}", "log is no log file"),
        (b"7", "log is no log file"),
        (b'{"Records": [7]}', "log holds something"),
        (b'{"Events": [{}]}', "log has an event without"),
        (gzip.compress(LOG, mtime=0)[:20], "log cannot be read"),
        (b"\xff\xfe", "log cannot be read"),
        (b"[" * 100_000, "log is not JSON"),
    ],
)
def test_what_is_no_log_file_is_named(data, problem):
    with pytest.raises(FormatError, match=problem):
        list(aws_logs.parse(data, "log"))


def test_a_long_file_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(aws_logs, "SIZE_LIMIT", 100)
    with pytest.raises(FormatError, match="longer than 100 bytes"):
        list(aws_logs.parse(gzip.compress(b" " * 101, mtime=0), "log"))


KEYS = {
    "AWSLogs/1/CloudTrail/us-east-1/2026/11/22/1_CloudTrail_us-east-1_x.json.gz": gzip.compress(
        LOG
    ),
    "AWSLogs/1/CloudTrail-Digest/us-east-1/2026/11/22/digest.json.gz": b"not read",
    "AWSLogs/1/CloudTrail-Insight/us-east-1/2026/11/22/insight.json.gz": b"not read",
    "apitrail/manifest.json": b"not read",
    "README": b"not read",
}


def test_only_log_files_of_a_directory_are_read(tmp_path):
    for key, data in KEYS.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = list(aws_logs.read([str(tmp_path)]))
    assert [record for _, record in found] == [RECORD, OTHER]
    assert found[0][0].endswith("1_CloudTrail_us-east-1_x.json.gz")


def test_only_log_files_of_a_bucket_are_read(monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="delivered")
        for key, data in KEYS.items():
            s3.put_object(Bucket="delivered", Key=f"prefix/{key}", Body=data)
        found = list(aws_logs.read(["s3://delivered/prefix/AWSLogs/"]))
        assert [record for _, record in found] == [RECORD, OTHER]
        assert found[0][0].startswith("s3://delivered/prefix/AWSLogs/1/CloudTrail/")
        with pytest.raises(UsageError, match="cannot read 's3://nothing/x'"):
            list(aws_logs.read(["s3://nothing/x"]))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="there is no"):
        list(aws_logs.read([str(tmp_path / "nothing")]))


def test_what_is_no_record_is_counted_and_the_rest_is_read(tmp_path):
    insight = {"eventType": "AwsCloudTrailInsight", "eventTime": "2026-11-22T06:00:00Z",
               "insightDetails": {"state": "Start"}}  # fmt: skip
    files = {
        "a.json": LOG,
        "b.json.gz": gzip.compress(LOG, mtime=0)[:20],
        "c.json": b'{"Records": [{"eventName": "x"',
        "d.json": json.dumps({"fileVersion": "1.0", "configurationItems": []}).encode(),
        "e.json": json.dumps({"Records": [insight, OTHER, 7, {"eventTime": "x"}]}).encode(),
        "f.json": json.dumps({"Records": [{"eventName": "GetUser"}]}).encode(),
        "g.json": json.dumps({"digestS3Object": "x"}).encode(),
        "h.json": b"7",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    left = Counter()
    found = [record for _, record in aws_logs.read([str(tmp_path)], left)]
    assert found == [RECORD, OTHER, OTHER]
    assert left == {
        "file that is cut short or no JSON": 2, "AWS Config file": 1, "Insight": 1,
        "thing that is no record": 1, "record without eventName": 1,
        "record without eventTime": 1, "digest file": 1, "other file": 1,
    }  # fmt: skip
