"""Secrets in unusual places through the real proxy; every byte on the disk is searched meanwhile."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

from apitrail.trail.reader import Reader
from proxying import AWS, FORM, dial, recording, upstream

SECRETS = [f"cnry{number}Kq7fT2mWx9ZrB4nLp8sVd" for number in range(6)]
_WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def sent(line: str, *headers: str, body: bytes = _WHO) -> bytes:
    fields = (f"Host: {AWS}", f"Content-Type: {FORM}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((line, *fields, "", "")).encode() + body


def told(body: bytes, *headers: str) -> bytes:
    fields = (f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(("HTTP/1.1 200 OK", *fields, "", "")).encode() + body


def exchanges() -> list[tuple[bytes, bytes]]:
    key = f"<a><SecretAccessKey>{SECRETS[0]}</SecretAccessKey></a>".encode()
    behind = gzip.compress(b"<a/>") + gzip.compress(key)
    asked = gzip.compress(_WHO) + f"&Note={SECRETS[5]}".encode()
    jwt = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{SECRETS[1]}"
    url = f"https://b.example/k?X-Amz-Signature={SECRETS[3]}&a=1"
    return [
        (sent("POST / HTTP/1.1"), told(behind, "Content-Encoding: gzip")),
        (sent(f"POST /v1/{jwt}/x HTTP/1.1"), told(b"<a/>")),
        (sent("POST / HTTP/1.1", f"X-Note: Bearer {SECRETS[2]}"), told(b"<a/>")),
        (sent("POST / HTTP/1.1"), told(b"", f"Location: {url}")),
        (sent("POST / HTTP/1.1"), told(f"<b>login password: {SECRETS[4]}</b>".encode())),
        (sent("POST / HTTP/1.1", "Content-Encoding: gzip", body=asked), told(b"<a/>")),
    ]


async def on_the_disk(trail: Path) -> bytes:
    """Every byte of the trail's files, write-ahead logs and all, while the recorder runs."""
    pairs = exchanges()
    async with upstream(*[answer for _, answer in pairs]) as stub:
        modes = (f"reverse:{stub.url}@127.0.0.1:0",)
        async with recording(trail, modes=modes) as session, dial(session) as client:
            for request, _ in pairs:
                await client.send(request)
                await client.message()
            return b"".join(path.read_bytes() for path in trail.rglob("*") if path.is_file())


def test_no_secret_is_stored(tmp_path):
    trail = tmp_path / "trail"
    files = asyncio.run(on_the_disk(trail))
    with Reader(trail) as reader:
        entries = [reader.facets(index) for index in range(reader.size)]
    facets = [data for entry in entries for data in entry.values()]
    assert len([entry for entry in entries if "request" in entry]) == len(SECRETS)
    stored = b"\n".join([files, *facets])
    assert [secret for secret in SECRETS if secret.encode() in stored] == []
