"""Compression undone to the last byte."""

import gzip
import random
import zlib

import pytest
import zstandard

from apitrail.errors import FormatError
from apitrail.redact import unpacking


def raw(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw),
    ("zstd", zstandard.ZstdCompressor().compress),
]


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_what_follows_the_first_member_is_there(encoding, pack):
    assert unpacking.unpacked(pack(b"one"), encoding) == (b"one", b"")
    behind = pack(b"two") if pack is raw else b"two"
    assert unpacking.unpacked(pack(b"one") + pack(b"two"), encoding) == (b"one", behind)
    assert unpacking.unpacked(pack(b"one") + b"{two}", encoding) == (b"one", b"{two}")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_what_is_not_compressed_says_so(encoding):
    with pytest.raises(FormatError, match="not compressed"):
        unpacking.unpacked(b"\xff plain", encoding)


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(unpacking.LARGEST + 1))
    with pytest.raises(unpacking.TooLargeError, match="too large"):
        unpacking.unpacked(bomb, "gzip")
    with pytest.raises(unpacking.TooLargeError, match="too large"):
        unpacking.unpacked(gzip.compress(b"x") + bomb, "gzip")


@pytest.mark.parametrize("stated", [True, False])
def test_a_bomb_of_zstd_is_not_unpacked_whether_or_not_it_states_its_size(stated):
    pack = zstandard.ZstdCompressor(write_content_size=stated).compress
    bomb = pack(bytes(unpacking.LARGEST + 1))
    with pytest.raises(unpacking.TooLargeError, match="too large"):
        unpacking.unpacked(bomb, "zstd")
    with pytest.raises(unpacking.TooLargeError, match="too large"):
        unpacking.unpacked(pack(b"x") + bomb, "zstd")


def test_a_body_of_zstd_that_was_cut_off_is_searched_as_far_as_it_goes():
    whole = zstandard.ZstdCompressor().compress(b"one" + random.Random(1).randbytes(300_000))
    found, behind = unpacking.unpacked(whole[:-20], "zstd")
    assert (found[:3], behind) == (b"one", b"")


def test_what_there_is_no_memory_for_is_not_passed_over(monkeypatch):
    class Starved:
        def decompress(self, *_: object) -> bytes:
            raise zlib.error("Error -4 while decompressing data")

    monkeypatch.setattr(zlib, "decompressobj", lambda *_: Starved())

    with pytest.raises(MemoryError):
        unpacking.unpacked(gzip.compress(b"password=secret"), "gzip")
