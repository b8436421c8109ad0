"""A request's body as the service reads it: chunk framing and compression undone, within bounds."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from apitrail.aws.call import Blob
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.read.shortage import is_shortage
from apitrail.exchange import Request

LARGEST = 32 * 1024 * 1024
"""Bytes that are read after decompression; no service takes more outside of streams."""

_LONGEST_CHUNK_HEAD = 1024


def encodings(request: Request) -> list[str]:
    """The Content-Encoding tokens in order, lower case."""
    joined = ",".join(request.header_values("content-encoding"))
    return [token.strip().lower() for token in joined.split(",") if token.strip()]


def is_chunked(request: Request) -> bool:
    """Is the body framed in signed or trailing-checksum chunks?"""
    sha256 = request.header("x-amz-content-sha256") or ""
    if sha256.startswith("STREAMING-"):
        return not sha256.endswith("-EVENTS")
    return "aws-chunked" in encodings(request)


def chunks(data: bytes) -> Iterator[bytes]:
    """The chunks' contents; ValueError at the first byte that breaks the framing."""
    position = 0
    while True:
        end = data.find(b"\r\n", position, position + _LONGEST_CHUNK_HEAD)
        if end < 0:
            raise ValueError("chunk without a size")
        text = data[position:end].partition(b";")[0].strip()
        if not text.isalnum() or len(text) > 16:
            raise ValueError("malformed chunk size")
        size = int(text, 16)
        if size == 0:
            return
        position = end + 2 + size
        if position > len(data):
            raise ValueError("chunk is cut off")
        yield data[end + 2 : position]
        if data[position : position + 2] == b"\r\n":
            position += 2


def blob(request: Request, doubts: Doubts) -> Blob:
    """Length and digest of a streaming payload, without its chunk framing."""
    body = request.body
    if not is_chunked(request):
        return Blob(length=body.length, sha256=body.sha256)
    if body.payload is not None:
        return Blob(length=body.payload.length, sha256=body.payload.sha256)
    if body.whole:
        return _unframed(request, doubts)
    doubts.add("digest is of the framed payload, of which a part was kept")
    length = request.header("x-amz-decoded-content-length") or ""
    known = length.isascii() and length.isdigit() and len(length) < 20
    return Blob(length=int(length) if known else body.length, sha256=body.sha256)


def _unframed(request: Request, doubts: Doubts) -> Blob:
    body = request.body
    digest, length = hashlib.sha256(), 0
    try:
        for chunk in chunks(body.data):
            digest.update(chunk)
            length += len(chunk)
    except ValueError as error:
        # Some clients announce chunks and then send none, for instance over plain HTTP.
        if str(length) != request.header("x-amz-decoded-content-length"):
            doubts.add(f"aws-chunked body: {error}")
            return Blob(length=body.length, sha256=body.sha256)
    return Blob(length=length, sha256=digest.digest())


def content(request: Request, doubts: Doubts) -> bytes | None:
    """The body for parsing; None, with a doubt, where it cannot be had whole."""
    if not request.body.whole:
        doubts.add("body was not kept whole")
        return None
    data = request.body.data
    try:
        if is_chunked(request):
            data = b"".join(chunks(data))
        for encoding in reversed(encodings(request)):
            data = _decompressed(data, encoding)
    except (ValueError, zlib.error) as error:
        if is_shortage(error):
            raise MemoryError from error
        doubts.add(f"body cannot be decoded: {error!s:.80}")
        return None
    return data


def _decompressed(data: bytes, encoding: str) -> bytes:
    match encoding:
        case "gzip" | "x-gzip":
            return _inflated(data, 16 + zlib.MAX_WBITS)
        case "deflate":
            return _inflated(data, zlib.MAX_WBITS)
        case _:
            # Tokens of the client's own (`custom, gzip`) do not change the bytes.
            return data


def _inflated(data: bytes, window: int) -> bytes:
    if not data:
        return data
    inflater = zlib.decompressobj(window)
    inflated = inflater.decompress(data, LARGEST)
    if inflater.unconsumed_tail:
        raise ValueError("decompressed body is too large")
    if not inflater.eof:
        raise ValueError("compressed body is cut off")
    return inflated
