"""Signatures of aws-chunked uploads: each chunk's, chained from the request's, and the trailer's."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

# S3 API reference, "Transferring payload in multiple chunks (chunked upload)" by SigV4,
# without and "including trailing headers".
_CHUNK = "AWS4-HMAC-SHA256-PAYLOAD"
_TRAILER = "AWS4-HMAC-SHA256-TRAILER"
_EMPTY = hashlib.sha256(b"").hexdigest()
_TRAILER_SIGNATURE = b"x-amz-trailer-signature"
_LONGEST_HEAD = 256

_HEAD = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What the chain starts from: signing key, time, scope and the request's own signature."""

    key: bytes
    timestamp: str
    scope: str
    signature: str

    def sign(self, kind: str, previous: str, *digests: str) -> str:
        """The signature that follows `previous`, hex."""
        text = "\n".join((kind, self.timestamp, self.scope, previous, *digests))
        return hmac.digest(self.key, text.encode("utf-8", "surrogateescape"), "sha256").hex()


def problem(body: bytes, seed: Seed, *, trailer: bool) -> str | None:
    """What does not hold of the chunks of `body`, None if all does."""
    previous = seed.signature
    position = number = 0
    while True:
        end = body.find(b"\r\n", position, position + _LONGEST_HEAD)
        head = _HEAD.fullmatch(body, position, end) if end >= 0 else None
        if head is None:
            return f"chunk {number} is not framed as signed chunks are"
        position = end + 2 + int(head[1], 16)
        if position > len(body):
            return f"chunk {number} is cut off"
        digest = hashlib.sha256(body[end + 2 : position]).hexdigest()
        expected = seed.sign(_CHUNK, previous, _EMPTY, digest)
        if not hmac.compare_digest(expected, head[2].decode()):
            return f"the signature of chunk {number} is another one"
        previous = expected
        if position == end + 2:
            break
        if body[position : position + 2] != b"\r\n":
            return f"chunk {number} does not end where it should"
        position += 2
        number += 1
    rest = body[position:]
    if trailer:
        return _trailer_problem(rest, seed, previous)
    return None if not rest.strip(b"\r\n") else "bytes after the last chunk"


def _trailer_problem(data: bytes, seed: Seed, previous: str) -> str | None:
    lines = [line for line in re.split(rb"\r?\n", data) if line]
    signed = [line for line in lines if not line.lower().startswith(_TRAILER_SIGNATURE)]
    signatures = [line for line in lines if line.lower().startswith(_TRAILER_SIGNATURE)]
    if len(signatures) != 1:
        return "the trailer has no signature"
    canonical = b"".join(_trimmed(line) + b"\n" for line in signed)
    expected = seed.sign(_TRAILER, previous, hashlib.sha256(canonical).hexdigest())
    sent = signatures[0].partition(b":")[2].strip()
    return None if hmac.compare_digest(expected.encode(), sent) else "another trailer signature"


def _trimmed(line: bytes) -> bytes:
    name, _, value = line.partition(b":")
    return name.strip().lower() + b":" + value.strip()
