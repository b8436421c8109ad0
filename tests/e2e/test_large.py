"""Large S3 objects flow through: memory stays flat, all of a body is hashed, a part of it kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from machine import Machine, Recorder, boto3

MB = 1024 * 1024
SIZE = 100 * MB
LIMIT = 64 * 1024
# Measured growth is some 30 MB (models, buffers of ten connections); buffering would take
# more than the object's size.
GROWTH = 80 * MB


@pytest.fixture(scope="module")
def desk(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("large") / "home", moto)


@pytest.fixture(scope="module")
def recorder(desk: Machine, moto: str) -> Iterator[Recorder]:
    options = ("--mode", "regular@0", "--body-limit", "64k")
    with desk.recording("--upstream", moto, *options) as recorder:
        # What the first call loads is not what a body takes.
        desk.apitrail("exec", "--", "aws", "s3", "mb", "s3://large")
        yield recorder


@pytest.fixture(scope="module")
def film(desk: Machine) -> Path:
    """A file of 100 MB, no two blocks of it alike."""
    path = desk.directory / "film"
    with path.open("wb") as file:
        for number in range(SIZE // MB):
            file.write(hashlib.shake_256(bytes([number])).digest(MB))
    return path


def memory(recorder: Recorder, field: str) -> int:
    """A figure of the process in bytes; VmHWM is the most it ever had."""
    status = Path(f"/proc/{recorder.process.pid}/status")
    if not status.exists():
        pytest.skip("memory is measured by /proc, which is not here")
    line = next(line for line in status.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def bodies(desk: Machine, name: str, side: str) -> list[dict[str, Any]]:
    """What was recorded of the bodies of the last run's calls of this name."""
    found = []
    for event in desk.events("--run", "last", "--event-name", name):
        shown = json.loads(desk.apitrail("show", event["eventID"], "--output", "json").stdout)
        found.append(shown[side]["http"]["body"])
    return found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_multipart_upload_and_download_take_no_memory(
    desk: Machine, recorder: Recorder, film: Path
) -> None:
    before = memory(recorder, "VmHWM")
    desk.apitrail("exec", "--", "aws", "s3", "cp", "--quiet", str(film), "s3://large/film")
    uploaded = desk.names("--run", "last")
    assert uploaded[0] == "CreateMultipartUpload"
    assert uploaded[-1] == "CompleteMultipartUpload"
    assert uploaded.count("UploadPart") == 13
    copy = film.with_name("copy")
    desk.apitrail("exec", "--", "aws", "s3", "cp", "--quiet", "s3://large/film", str(copy))
    assert desk.names("--run", "last").count("GetObject") == 13
    with film.open("rb") as one, copy.open("rb") as other:
        digests = [hashlib.file_digest(file, "sha256").digest() for file in (one, other)]
    assert digests[0] == digests[1]
    assert memory(recorder, "VmHWM") - before < GROWTH


def test_all_of_a_body_is_hashed_and_a_part_of_it_kept(
    desk: Machine, recorder: Recorder, film: Path
) -> None:
    code = f"""
from botocore.config import Config
s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
data = open({str(film)!r}, "rb").read(20 * {MB})
s3.put_object(Bucket="large", Key="reel", Body=data)
body = s3.get_object(Bucket="large", Key="reel")["Body"]
assert b"".join(body.iter_chunks(65536)) == data
"""
    desk.apitrail("exec", "--", *boto3(code))
    with film.open("rb") as file:
        data = file.read(20 * MB)
    [sent] = bodies(desk, "PutObject", "request")
    [received] = bodies(desk, "GetObject", "response")
    assert sent == received == {"length": len(data), "sha256": sha256(data), "kept": LIMIT}


def test_an_upload_in_chunks_with_a_trailing_checksum_is_hashed_as_it_went(
    desk: Machine, recorder: Recorder
) -> None:
    code = f"boto3.client('s3').put_object(Bucket='large', Key='c', Body=bytes({MB}))"
    desk.apitrail("exec", "--", *boto3(code))
    [sent] = bodies(desk, "PutObject", "request")
    # The frame: sizes, and `x-amz-checksum-crc32` behind the last chunk.
    assert MB < sent["length"] < MB + 1000
    assert len(bytes.fromhex(sent["sha256"])) == 32


def test_what_passes_does_not_fill_the_disk(desk: Machine, recorder: Recorder) -> None:
    assert sum(path.stat().st_size for path in desk.trail.rglob("*")) < 20 * MB


def test_a_presigned_url_is_recorded_without_its_signature(
    desk: Machine, recorder: Recorder
) -> None:
    code = """
import os, urllib.request
s3 = boto3.client("s3")
s3.put_object(Bucket="large", Key="note", Body=b"hello")
url = s3.generate_presigned_url("get_object", Params={"Bucket": "large", "Key": "note"})
print(url)
assert urllib.request.urlopen(url).read() == b"hello"
"""
    url = desk.apitrail("exec", "--", *boto3(code)).stdout.strip()
    put, got = desk.events("--run", "last")
    assert (put["eventName"], got["eventName"]) == ("PutObject", "GetObject")
    assert got["userIdentity"]["accessKeyId"] == desk.environment["AWS_ACCESS_KEY_ID"]
    assert got["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    signature = url.rpartition("Signature=")[2].partition("&")[0]
    assert len(signature) > 20
    shown = desk.apitrail("show", got["eventID"], "--output", "json").stdout
    assert signature not in shown


def test_a_client_that_reads_only_the_start_is_recorded_as_that(
    desk: Machine, recorder: Recorder
) -> None:
    code = f"""
s3 = boto3.client("s3")
s3.put_object(Bucket="large", Key="long", Body=bytes(30 * {MB}))
body = s3.get_object(Bucket="large", Key="long")["Body"]
body.read(1000)
body.close()
"""
    desk.apitrail("exec", "--", *boto3(code))
    [received] = bodies(desk, "GetObject", "response")
    assert 1000 <= received["length"] < 30 * MB
