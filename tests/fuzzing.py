"""Requests as no client writes them, from a seed: HTTP/1 in bytes, HTTP/2 in frames."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from contextlib import suppress

import h2.config
import h2.connection
import h2.exceptions

from proxying import AWS, S3, authorization

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
NAMES = (
    "Content-Encoding: gzip", "Transfer-Encoding: chunked", "Content-Length: 7", "Connection: close",
    "Content-Length: -1", "Content-Length: 99999999999999999999", "Expect: 100-continue",
    "Upgrade: websocket", "Connection: Upgrade", "X-Amz-Target: DynamoDB_20120810.PutItem",
    "Content-Type: application/json", "Host: other.example", "Trailer: X-A", "Host:", ": empty",
    "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Transfer-Encoding: gzip, chunked",
    " folded", "X-Long: " + "l" * 20_000, "Proxy-Connection: keep-alive", "Smithy-Protocol: rpc-v2-cbor",
    "Content-Type: multipart/form-data; boundary=B", "Authorization: AWS4-HMAC-SHA256 Credential=",
)  # fmt: skip
METHODS = (
    "POST",
    "GET",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "get",
    "CONNECT",
    "TRACE",
    "A B",
)
VERSIONS = ("HTTP/1.1",) * 8 + ("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "")
TARGETS = (
    "/",
    "/?Action=GetUser",
    "/b/../k?acl",
    "//",
    "*",
    "/%zz%00",
    "/?" + "a=b&" * 300,
    "?",
    "/é",
)
BODIES: tuple[bytes, ...] = (
    b"", BODY, b"{}", b'{"TableName":"t"', gzip.compress(b"{}"), gzip.compress(bytes(100_000)),
    b"5\r\nhello\r\n0\r\n\r\n", b"5;x=y\r\nhello\r\n0\r\nX-A: b\r\n\r\n", b"zz\r\n", b"\x00" * 50,
    b"5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n", b"<a>" * 200, b"x" * 70_000,
)  # fmt: skip


def request(dice: random.Random, number: int, *, absolute: bool) -> bytes:
    """One request of HTTP/1, named `fuzz-NUMBER`, mostly sound, with a few things that are not."""
    host = dice.choice((AWS, S3, "dynamodb.eu-west-1.amazonaws.com", "iam.amazonaws.com"))
    target = dice.choice(TARGETS)
    target = f"{target}{'&' if '?' in target else '?'}fuzz-{number}"
    if absolute and dice.random() < 0.9:
        target = f"http://{host}{target}"
    body = dice.choice(BODIES)
    lines = [f"Host: {host}", f"Authorization: {authorization(host.partition('.')[0])}"]
    if body and dice.random() < 0.8:
        chunked = body[:1] in (b"5", b"z")
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}")
    lines += dice.choices(NAMES, k=dice.choice((0, 0, 1, 1, 2, 3)))
    dice.shuffle(lines)
    method = dice.choice(METHODS) if dice.random() < 0.5 else "POST"
    version = dice.choice(VERSIONS)
    head = "\r\n".join((f"{method} {target} {version}".rstrip(), *lines, "", ""))
    sent = head.encode("utf-8") + body
    return mutated(dice, sent) if dice.random() < 0.5 else sent


def frames(dice: random.Random, number: int) -> bytes:
    """A connection of HTTP/2 with one request or a few, named `fuzz-NUMBER`."""
    client = h2.connection.H2Connection(
        h2.config.H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False,
            header_encoding="utf-8",
        )
    )  # fmt: skip
    client.initiate_connection()
    for _ in range(dice.choice((1, 1, 2, 3))):
        # What this side itself takes for wrong is left out, what it has said so far is sent.
        with suppress(h2.exceptions.ProtocolError):
            _stream(dice, client, number)
    sent = client.data_to_send()
    return mutated(dice, sent) if dice.random() < 0.5 else sent


def _stream(dice: random.Random, client: h2.connection.H2Connection, number: int) -> None:
    body = dice.choice(BODIES)[:16_000]
    stream = client.get_next_available_stream_id()
    client.send_headers(stream, _fields(dice, number), end_stream=not body)
    if body:
        client.send_data(stream, body, end_stream=dice.random() < 0.9)
    odd = dice.random()
    if odd < 0.1:
        client.reset_stream(stream)
    elif odd < 0.2:
        client.ping(b"pingpong")
    elif odd < 0.25:
        client.close_connection()


def _fields(dice: random.Random, number: int) -> list[tuple[str, str]]:
    fields = [
        (":method", dice.choice(METHODS) if dice.random() < 0.3 else "POST"),
        (":scheme", "https"),
        (":authority", dice.choice((AWS, S3))),
        (":path", f"/?fuzz-{number}"),
        ("authorization", authorization()),
    ]
    if dice.random() < 0.3:
        fields.pop(dice.randrange(4))
    for line in dice.choices(NAMES, k=dice.choice((0, 0, 1, 2))):
        name, _, value = line.partition(": ")
        fields.append((name.lower() if dice.random() < 0.8 else name, value))
    if dice.random() < 0.1:
        dice.shuffle(fields)
    return fields


def _flip(dice: random.Random, data: bytearray, at: int) -> None:
    data[at] ^= 1 << dice.randrange(8)


def _insert(dice: random.Random, data: bytearray, at: int) -> None:
    data[at:at] = dice.choice((b"\r\n", b"\x00", b" ", b"\r", b"\xff" * 3, b":", dice.randbytes(4)))


def _remove(dice: random.Random, data: bytearray, at: int) -> None:
    del data[at : at + dice.choice((1, 1, 2, 20))]


def _cut(_dice: random.Random, data: bytearray, at: int) -> None:
    del data[at:]


def _repeat(dice: random.Random, data: bytearray, at: int) -> None:
    data[at:at] = data[at : at + dice.randrange(1, 200)]


MUTATIONS: tuple[Callable[[random.Random, bytearray, int], None], ...] = (
    _flip, _flip, _insert, _insert, _remove, _cut, _repeat,
)  # fmt: skip


def mutated(dice: random.Random, sent: bytes) -> bytes:
    """With one fault or a few, rather in the head than in the body."""
    data = bytearray(sent)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        if data:
            most = min(len(data), 400) if dice.random() < 0.8 else len(data)
            dice.choice(MUTATIONS)(dice, data, dice.randrange(most))
    return bytes(data)
