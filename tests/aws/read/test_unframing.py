"""A payload is taken out of its chunks, however the pieces of the body come."""

from __future__ import annotations

import hashlib

import pytest

from apitrail.aws.read.unframing import Unframer, unframed

SIGNED = (
    b"5;chunk-signature=ab\r\nhello\r\n3;chunk-signature=cd\r\n yo\r\n0;chunk-signature=ef\r\n\r\n"
)
PLAIN = b"5\r\nhello\r\n3\r\n yo\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n"


@pytest.mark.parametrize("framed", [SIGNED, PLAIN])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_of_any_size_give_the_payload(framed, size):
    unframer = Unframer(limit=6)
    for at in range(0, len(framed), size):
        unframer.feed(framed[at : at + size])

    body = unframer.body()

    assert (body.data, body.length) == (b"hello ", 8)
    assert body.sha256 == hashlib.sha256(b"hello yo").digest()


def test_a_payload_may_hold_what_looks_like_framing():
    content = b"\r\n0\r\n\r\n"

    assert unframed(b"7\r\n" + content + b"\r\n0\r\n\r\n").data == content


@pytest.mark.parametrize(
    "framed",
    [
        b"",
        b"hello",
        SIGNED[:-60],
        b"zz\r\nhello\r\n0\r\n",
        b"1" * 2000,
        b"-1\r\nx\r\n0\r\n",
        b"\r\n0\r\n",
    ],
)
def test_what_is_not_framed_so_gives_nothing(framed):
    assert unframed(framed) is None
