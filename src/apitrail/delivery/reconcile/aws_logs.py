"""Reads CloudTrail's log files: from a directory, from a bucket, or as LookupEvents gave them.

What lies among them and is no record of an event is counted by kind and left out: Insights, AWS
Config's files, digests, files that are cut short.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from apitrail.errors import FormatError, UsageError
from apitrail.when import parse_iso_second

S3 = "s3://"
INSIGHT = "AwsCloudTrailInsight"
# Files in a trail's bucket that are not log files.
OTHERS = ("/CloudTrail-Digest/", "/CloudTrail-Aggregated/", "/apitrail/")
ENDINGS = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
# CloudTrail's are at most 50 MB (User Guide, "CloudTrail log files").
SIZE_LIMIT = 1 << 30

type Found = Iterator[tuple[str, dict[str, Any]]]
"""Records, each with the name of the file it is in."""


def read(
    places: Iterable[str],
    left_out: Counter[str] | None = None,
    timed: Callable[[str], object] = parse_iso_second,
) -> Found:
    """Every record in these directories, files and `s3://BUCKET/PREFIX`es.

    Args:
        places: where to look.
        left_out: told how many of each kind of thing were no records.
        timed: raises where an eventTime is none.

    Raises:
        UsageError: a place cannot be read.
    """
    left = Counter[str]() if left_out is None else left_out
    for place in places:
        for name, data in _in_bucket(place) if place.startswith(S3) else _on_disk(Path(place)):
            try:
                document = _document(data, name)
                items = _items(document, name)
            except FormatError:
                left[_kind_of_file(data, name)] += 1
                continue
            for item in items:
                if (kind := _kind_of_item(item, timed)) is None:
                    yield name, item
                else:
                    left[kind] += 1


def parse(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    """The records in a log file, a LookupEvents answer, a list of records, or lines of records.

    Raises:
        FormatError: it is none of these.
    """
    for item in _items(_document(data, name), name):
        if not isinstance(item, dict) or "eventName" not in item:
            raise FormatError(f"{name} holds something that is no CloudTrail record")
        yield item


def _document(data: bytes, name: str) -> Any:
    text = _text(data, name)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{name} is not JSON: {error}") from error


# A member that only such files have. CloudTrail User Guide, "CloudTrail digest file structure";
# AWS Config Developer Guide, "Configuration snapshot" and "Configuration history".
_FILES = {
    "configurationItems": "AWS Config file",
    "configSnapshotId": "AWS Config file",
    "configurationItem": "AWS Config file",
    "digestS3Object": "digest file",
    "digestStartTime": "digest file",
}


def _kind_of_file(data: bytes, name: str) -> str:
    """The kind of a file that is not a log file."""
    try:
        document = _document(data, name)
    except FormatError:
        return "file that is cut short or no JSON"
    members = document if isinstance(document, dict) else {}
    return next((kind for mark, kind in _FILES.items() if mark in members), "other file")


def _kind_of_item(item: Any, timed: Callable[[str], object]) -> str | None:
    """The kind of an item that is not a record; None for a record."""
    if not isinstance(item, dict):
        return "thing that is no record"
    if item.get("eventType") == INSIGHT or "insightDetails" in item:
        return "Insight"
    if next((kind for mark, kind in _FILES.items() if mark in item), None) is not None:
        return "AWS Config item"
    if not isinstance(item.get("eventName"), str):
        return "record without eventName"
    try:
        timed(str(item.get("eventTime")))
    except (FormatError, ValueError):
        return "record without eventTime"
    return None


def _items(document: Any, name: str) -> list[Any]:
    match document:
        case {"Records": [*records]}:
            return records
        case {"Events": [*events]}:
            return [_looked_up(event, name) for event in events]
        case {"eventName": str()}:
            return [document]
        case [*records]:
            return records
        case _:
            raise FormatError(f"{name} is no log file of CloudTrail's: it has no Records")


def _looked_up(event: Any, name: str) -> Any:
    try:
        return json.loads(event["CloudTrailEvent"])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{name} has an event without a CloudTrailEvent") from error


def _text(data: bytes, name: str) -> str:
    try:
        if data.startswith(b"\x1f\x8b"):
            data = _inflated(data, name)
        return data.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FormatError(f"{name} cannot be read: {error}") from error


def _inflated(data: bytes, name: str) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        content = stream.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise FormatError(f"{name} is longer than {SIZE_LIMIT} bytes")
    return content


def _is_log(name: str) -> bool:
    return name.endswith(ENDINGS) and not any(part in f"/{name}" for part in OTHERS)


def _on_disk(place: Path) -> Iterator[tuple[str, bytes]]:
    if not place.exists():
        raise UsageError(
            f"there is no {str(place)!r}", hint="aws s3 sync s3://BUCKET/AWSLogs DIR fetches it"
        )
    found = (
        [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    )
    for path in found:
        if place.is_file() or _is_log(path.relative_to(place).as_posix()):
            try:
                yield str(path), path.read_bytes()
            except OSError as error:
                raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _in_bucket(place: str) -> Iterator[tuple[str, bytes]]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise UsageError(
            "reading a bucket needs boto3", hint="pip install 'apitrail[s3]'"
        ) from error
    bucket, _, prefix = place.removeprefix(S3).partition("/")
    try:
        client = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if _is_log(item["Key"]):
                    answer = client.get_object(Bucket=bucket, Key=item["Key"])
                    yield f"{S3}{bucket}/{item['Key']}", answer["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"cannot read {place!r}: {error}") from error
