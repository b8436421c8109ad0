"""A facet's content comes out as it went in; whatever is not such a frame is refused."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from apitrail import zstd
from apitrail.errors import FormatError
from apitrail.trail import frames

CONTENT = b'{"record":{}}' * 9
FRAMES = zstandard.ZstdCompressor()
FRAME = FRAMES.compress(CONTENT)


def test_a_frame_is_its_content():
    assert frames.decompress(FRAME) == CONTENT


SHIPPED = {1: "9c155f2171838177677d5af6c8075f077a4527ea7ca812b4dc7fc2208a9472d2"}


@pytest.mark.parametrize("number", SHIPPED)
def test_a_dictionary_that_was_shipped_stays_as_it_is(number):
    """Trails that are written with it must stay readable."""
    data = frames.path(number).read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHIPPED[number]
    assert zstandard.ZstdCompressionDict(data).dict_id() == number


def test_new_frames_need_the_newest_dictionary_and_are_much_smaller():
    content = b'{"record":{"userIdentity":{"type":"Unknown","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}}}'
    frame = frames.compress(frames.compressor(), content)
    assert frames.decompress(frame) == content
    assert zstandard.get_frame_parameters(frame).dict_id == frames.NEWEST == max(SHIPPED)
    assert len(frame) < len(content) / 2


def test_a_frame_of_a_later_version_is_told_from_a_broken_one():
    later = zstandard.train_dictionary(
        1024, [b"%d %d" % (n, n * n) * 4 for n in range(2000)], dict_id=77
    )
    frame = zstandard.ZstdCompressor(dict_data=later).compress(CONTENT)
    with pytest.raises(FormatError, match="needs dictionary 77"):
        frames.decompress(frame)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ("text", "not bytes"),
        (b"x" * 40, "not zstd"),
        (FRAME + b"x", "not zstd"),
        (FRAME[:-3], "not zstd"),
        (FRAMES.compress(b"") + b"x", "not zstd"),
        (FRAMES.compress(b"")[:-1], "not zstd"),
        (zstandard.ZstdCompressor(write_content_size=False).compress(CONTENT), "states no size"),
    ],
)
def test_what_is_no_frame_is_refused(stored, message):
    with pytest.raises(FormatError, match=message):
        frames.decompress(stored)


def test_a_frame_that_claims_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(frames, "CONTENT_LIMIT", 99_999)
    for frame in both(bytes(100_000)):
        with pytest.raises(FormatError, match="too large"):
            frames.decompress(frame)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_791, 65_792])
def test_every_size_is_unpacked_with_a_dictionary_and_without(size):
    for frame in both(bytes(size)):
        assert frames.decompress(frame) == bytes(size)


def test_a_broken_frame_is_judged_as_by_the_library_that_knows_no_shortcut():
    """Small frames are unpacked by a road of their own."""
    dice = random.Random(4)
    pool = [frame for size in (0, 9, 255, 256, 3000) for frame in both(dice.randbytes(size))]
    pool += both(CONTENT)
    judged = Counter[str]()
    for _ in range(4000):
        frame = bytearray(dice.choice(pool))
        match dice.randrange(4):
            case 0:
                frame[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
            case 1:
                del frame[dice.randrange(len(frame)) :]
            case 2:
                frame += dice.randbytes(dice.randrange(1, 5))
            case _:
                frame[dice.randrange(4, 9)] = dice.randrange(256)
        expected, found = slowly(bytes(frame)), quickly(bytes(frame))
        assert found == expected, bytes(frame)
        judged[expected if isinstance(expected, str) else "whole"] += 1
    assert min(judged["whole"], judged["not zstd"], judged["refused"]) > 100


def slowly(frame: bytes) -> bytes | str:
    """What the general road says of a frame."""
    try:
        size, number = zstd.stated(frame)
        if size is None or size > frames.CONTENT_LIMIT or number > frames.NEWEST:
            return "refused"
        dictionary = zstd.Dictionary(frames.path(number).read_bytes()) if number else None
        content, rest = zstd.decompress(frame, frames.CONTENT_LIMIT, dictionary)
    except zstd.Error:
        return "not zstd"
    return content if rest == b"" else "not zstd"


def quickly(frame: bytes) -> bytes | str:
    """What ours says of it."""
    try:
        return frames.decompress(frame)
    except FormatError as error:
        return "not zstd" if "not zstd" in str(error) else "refused"


def test_threads_unpack_at_the_same_time():
    contents = [random.Random(number).randbytes(30_000).hex().encode() for number in range(4)]
    packed = [(both(content)[number % 2], content) for number, content in enumerate(contents)]

    def work(number: int) -> bool:
        frame, content = packed[number]
        return all(frames.decompress(frame) == content for _ in range(400))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(4)))


def test_our_frames_are_those_that_another_library_makes():
    """As earlier versions made them, so that a log does not change its size with the library."""
    dictionary = zstandard.ZstdCompressionDict(frames.path(frames.NEWEST).read_bytes())
    made = zstandard.ZstdCompressor(level=frames.LEVEL, dict_data=dictionary).compress(CONTENT)
    assert frames.compress(frames.compressor(), CONTENT) == made


def both(content: bytes) -> tuple[bytes, bytes]:
    """The content with our dictionary, and without one."""
    return frames.compress(frames.compressor(), content), FRAMES.compress(content)


# Enough for the frame, and not for what zstd wants to make it: at this level tens of megabytes.
STARVED = """
import resource
from apitrail import zstd
from apitrail.trail import frames
compressor, content = zstd.Compressor(level=19), bytes(range(256)) * 8192
status = open("/proc/self/status").read()
size = int(status.partition("VmSize:")[2].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + (8 << 20), resource.RLIM_INFINITY))
try:
    frames.compress(compressor, content)
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc")
def test_a_lack_of_memory_is_no_fault_of_the_content():
    done = subprocess.run(
        [sys.executable, "-c", STARVED], capture_output=True, text=True, check=True
    )
    assert "not enough memory" in done.stdout
