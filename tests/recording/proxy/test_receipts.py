"""`x-apitrail-receipt`: which entry a client's call is, told with its answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from apitrail.recording.session import Session
from apitrail.trail.reader import Reader
from proxying import AWS, OK, dial, header_lines, recording, request, upstream

RECEIPT = b"x-apitrail-receipt"
IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    b"<Arn>arn:aws:iam::123456789012:user/a</Arn><UserId>A</UserId></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("receipts = true\n")
    return path


def answered(trail: Path, *answers: bytes, **settings: object) -> tuple[bytes, str]:
    """The answer to one call, and the log's name."""

    async def scenario() -> tuple[bytes, str]:
        async with (
            upstream(*answers) as stub,
            recording(trail, upstream=stub.url, **settings) as session,
            dial(session) as client,
        ):
            await client.send(request(f"http://{AWS}/"))
            return await client.message(), session.trail.origin

    return asyncio.run(scenario())


def test_the_answer_names_the_entry_of_its_call(tmp_path: Path, config: Path) -> None:
    answer, origin = answered(tmp_path / "trail", configuration=config)
    assert header_lines(answer)[RECEIPT] == f"{origin}#1".encode()
    assert answer.replace(b"x-apitrail-receipt: %s#1\r\n" % origin.encode(), b"") == OK
    with Reader(tmp_path / "trail") as reader:
        entry = reader.entry(1)
        assert entry is not None
        assert entry.kind == "api"
        assert all(b"apitrail-receipt" not in data for data in reader.facets(1).values())


def test_nobody_is_told_who_did_not_ask(tmp_path: Path) -> None:
    answer, _ = answered(tmp_path)
    assert answer == OK


def test_a_streamed_answer_carries_none(tmp_path: Path, config: Path) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + b"x" * 400_000
    answer, _ = answered(tmp_path / "trail", long, configuration=config)
    assert answer == long


def test_boto3_reads_it(tmp_path: Path, config: Path) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s"

    def call(session: Session) -> list[str]:
        sts = boto3.client(
            "sts", endpoint_url=session.endpoint(), region_name="us-east-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 1}, proxies={}),
        )  # fmt: skip
        return [
            sts.get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["x-apitrail-receipt"]
            for _ in range(2)
        ]

    async def scenario() -> tuple[list[str], str]:
        async with upstream(body % (len(IDENTITY), IDENTITY)) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(tmp_path / "t", modes=modes, configuration=config) as session:
                return await asyncio.to_thread(call, session), session.trail.origin

    found, origin = asyncio.run(scenario())
    assert found == [f"{origin}#1", f"{origin}#2"]
