"""One frame is packed and unpacked, with a bound, and shortage of memory is no fault of the data."""

from __future__ import annotations

import random

import pytest
import zstandard

from apitrail import zstd

CONTENT = random.Random(1).randbytes(300_000)  # more than two blocks


@pytest.fixture
def frame():
    return zstd.compress(zstd.Compressor(level=3), CONTENT)


def test_a_frame_states_its_size_and_another_library_reads_it(frame):
    assert zstd.stated(frame) == (len(CONTENT), 0)
    assert zstandard.ZstdDecompressor().decompress(frame) == CONTENT


def test_what_follows_a_frame_is_told(frame):
    assert zstd.decompress(frame + b"more", len(CONTENT)) == (CONTENT, b"more")


def test_of_a_frame_that_is_cut_off_there_is_what_came(frame):
    content, rest = zstd.decompress(frame[:-9], len(CONTENT))
    assert CONTENT.startswith(content)
    assert len(content) > 100_000
    assert rest is None


def test_no_more_is_unpacked_than_was_allowed_and_one_byte(frame):
    content, rest = zstd.decompress(frame, 1000)
    assert (len(content), rest) == (1001, None)


def test_a_window_that_is_too_large_is_refused():
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = packer.compress(CONTENT) + packer.flush()
    with pytest.raises(zstd.Error, match="too much memory"):
        zstd.decompress(frame, len(CONTENT))


def test_what_is_no_frame_is_an_error():
    with pytest.raises(zstd.Error):
        zstd.decompress(b"x" * 40, 100)
    with pytest.raises(zstd.Error):
        zstd.stated(b"x" * 40)
