"""The chain of signatures over the chunks of an upload."""

from __future__ import annotations

import hashlib

import pytest

from apitrail.aws.sign.signedchunks import Seed, problem

SEED = Seed(key=b"k" * 32, timestamp="20260101T000000Z", scope="20260101/r/s3/aws4_request", signature="0" * 64)  # fmt: skip
EMPTY = hashlib.sha256(b"").hexdigest()


def signed(*pieces: bytes) -> bytes:
    """The body that a client sends for these pieces."""
    previous, body = SEED.signature, b""
    for piece in (*pieces, b""):
        digest = hashlib.sha256(piece).hexdigest()
        previous = SEED.sign("AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY, digest)
        body += f"{len(piece):x};chunk-signature={previous}\r\n".encode() + piece
        body += b"\r\n" if piece else b""
    return body + b"\r\n"


def test_a_chain_that_holds_has_no_problem():
    assert problem(signed(b"hello", b" yo"), SEED, trailer=False) is None


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (signed(b"hello", b" yo").replace(b"hello", b"HELLO"), "the signature of chunk 0"),
        (signed(b"hello", b" yo").replace(b" yo", b" YO"), "the signature of chunk 1"),
        (signed(b"hello")[:40], "chunk 0 is not framed"),
        (signed(b"hello")[:88], "chunk 0 is cut off"),
        (signed(b"hello") + b"more", "bytes after the last chunk"),
        (b"", "chunk 0 is not framed"),
    ],
)
def test_what_does_not_hold_is_told(body, what):
    assert problem(body, SEED, trailer=False).startswith(what)


def test_pieces_may_not_change_places():
    first, second = signed(b"hello", b" yo"), signed(b" yo", b"hello")
    swapped = second[: second.index(b"5;")] + first[first.index(b"0;") :]

    assert problem(swapped, SEED, trailer=False) is not None


def test_a_trailer_that_was_promised_must_be_signed():
    assert problem(signed(b"hello"), SEED, trailer=True) == "the trailer has no signature"
