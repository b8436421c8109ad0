"""A worker's journal: what it says after a cut, and what becomes of the calls in it."""

from __future__ import annotations

import json
import random
import resource
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import trails
from apitrail import durable
from apitrail.event import Event
from apitrail.trail import intents, journal
from apitrail.trail.journal import Journal, Left
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import SIGNER, check

ONE, TWO, THREE = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
WHAT, WHO = {"what": b"{}", "who": b"{}"}, {"who": b"{}"}
FRAMES = [
    journal.begun(ONE, WHO), journal.begun(TWO, WHO), journal.ended(ONE, "api", WHAT),
    journal.gone(TWO), journal.begun(THREE, WHO),
]  # fmt: skip


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_call_that_has_ended_says_how_and_one_that_is_gone_nothing():
    assert journal.left(b"".join(FRAMES)) == [Left(ONE, WHAT, "api"), Left(THREE, WHO)]


def test_a_cut_leaves_the_frames_that_are_whole():
    data = b"".join(FRAMES)
    ends = [len(b"".join(FRAMES[:number])) for number in range(len(FRAMES) + 1)]
    for length in range(len(data) + 1):
        cut = data[:length] + bytes(64)
        whole = sum(end <= length for end in ends) - 1
        assert len([*journal.frames(cut)]) == whole


def test_torn_sectors_leave_what_was_durable_before():
    """Of what was written last some bytes arrive, in any order."""
    dice = random.Random(5)
    before, last = b"".join(FRAMES[:3]), b"".join(FRAMES[3:])
    for _ in range(300):
        torn = bytes(byte if dice.random() < 0.9 else 0 for byte in last)
        found = [*journal.frames(before + torn + bytes(64))]
        assert [each[:2] for each in found[:3]] == [["begun", ONE], ["begun", TWO], ["ended", ONE]]
        assert all(each[1] in (TWO, THREE) for each in found[3:])


@pytest.mark.parametrize(
    "content", [[], ["begun"], ["begun", 1, {}], ["ended", ONE, "api", {}], {"a": 1}, 7]
)
def test_a_frame_of_another_program_is_passed_over(content):
    data = journal._frame(content)
    assert journal.left(data + journal.begun(TWO, WHO)) == [Left(TWO, WHO)]


def test_a_checksum_that_holds_over_no_cbor_ends_the_journal():
    data = b"\xff\xff\xff"
    bad = journal._HEAD.pack(len(data), journal.zlib.crc32(data)) + data
    assert journal.left(bad + journal.begun(TWO, WHO)) == []


def test_a_file_without_room_is_written_anew_with_what_is_still_wanted(tmp_path):
    path = journal.path_of(tmp_path, 1)
    opened = Journal(path)
    opened.write(FRAMES[0])
    assert path.stat().st_mode & 0o777 == 0o600
    secret = journal.begun(TWO, {"request": b"secret" * 20_000})
    while opened.has_room(secret):
        opened.write(secret)
    more = journal.begun(THREE, {"request": bytes(120_000)})
    opened.write(more, [FRAMES[0]])
    assert journal.read(path) == [Left(ONE, WHO), Left(THREE, {"request": bytes(120_000)})]
    assert b"secret" not in path.read_bytes()
    long = journal.begun(TWO, {"request": bytes(3 * journal.SIZE)})
    opened.write(long, [more])
    assert [each.key for each in journal.read(path)] == [THREE, TWO]
    opened.close()


def test_a_write_that_fails_counts_for_nothing_and_takes_nothing_with_it(tmp_path):
    path = journal.path_of(tmp_path, 1)
    opened = Journal(path)
    opened.write(FRAMES[0])
    with no_file_longer_than(len(FRAMES[0]) + 20):
        for _ in range(2):
            with pytest.raises(OSError, match="File too large"):
                opened.write(FRAMES[1], [FRAMES[0]])
            assert journal.read(path) == [Left(ONE, WHO)]
    failed = path.stat().st_ino
    opened.write(FRAMES[4], [FRAMES[0]])
    assert journal.read(path) == [Left(ONE, WHO), Left(THREE, WHO)]
    # Of a file that could not be synced nobody knows what the disk has.
    assert path.stat().st_ino != failed
    opened.close()


def test_nothing_goes_into_a_file_that_has_lost_its_name(tmp_path, monkeypatch):
    """A new file has taken its place, and only then the disk fails."""

    def fail(_directory: Path) -> None:
        raise OSError("I/O error")

    path = journal.path_of(tmp_path, 1)
    opened = Journal(path)
    opened.write(FRAMES[0])
    with monkeypatch.context() as patch:
        patch.setattr(durable, "sync_directory", fail)
        with pytest.raises(OSError, match="I/O error"):
            opened.renew([FRAMES[0]])
    opened.write(FRAMES[4], [FRAMES[0]])
    assert journal.read(path) == [Left(ONE, WHO), Left(THREE, WHO)]
    opened.close()


# -- a trail whose workers are gone -----------------------------------------------------------


def call(number: int) -> tuple[str, dict[str, bytes], dict[str, bytes]]:
    """Id, the facets of the intent, and those that the answer adds."""
    facets = dict(trails.draft(number).facets)
    return str(uuid.UUID(int=number + 1)), dict(trails.call(number)), facets


def leave(directory: Path, *frames: bytes) -> Path:
    path = journal.path_of(directory, 3)
    opened = Journal(path)
    opened.write(b"".join(frames))
    opened.close()
    return path


def recover(directory: Path) -> int:
    async def work(trail: Trail) -> int:
        return await trail.recover()

    return trails.write(directory, work)


def test_the_next_start_accounts_for_the_calls_of_a_journal_once(tmp_path):
    directory = tmp_path / "trail"
    trails.make(directory, 1, signer=SIGNER)
    (in_log, asked, ended), (open_, asked_2, _), (done, asked_3, ended_3) = map(call, (0, 5, 6))
    path = leave(
        directory, journal.begun(in_log, asked), journal.ended(in_log, "api", ended),
        journal.begun(open_, asked_2), journal.begun(done, asked_3), journal.ended(done, "api", ended_3),
    )  # fmt: skip
    assert intents.count(directory) == 1
    assert recover(directory) == 2
    assert not path.exists()
    assert recover(directory) == 0
    assert check(directory).calls == 3
    with Reader(directory) as reader:
        [index] = reader.find(open_)
        assert json.loads(next(reader.entries(index, index + 1)))["k"] == "unknown"
        [index] = reader.find(done)
        assert json.loads(next(reader.entries(index, index + 1)))["k"] == "api"
        row = reader.connect().execute("SELECT time FROM event WHERE idx = ?", (index,)).fetchone()
        assert row == (Event.parse(ended_3).row().time,)


def test_what_is_erased_is_in_no_journal_either(tmp_path):
    directory = tmp_path / "trail"
    trails.make(directory, 2, signer=SIGNER)
    (erased, asked, ended), (other, asked_2, _) = map(call, (0, 8))
    path = leave(
        directory, journal.begun(erased, asked), journal.ended(erased, "api", ended),
        journal.begun(other, asked_2),
    )  # fmt: skip

    async def erase(trail: Trail) -> None:
        with Reader(directory) as reader:
            [index] = reader.find(erased)
        await trail.erase([Target(index, ("request",))])

    trails.write(directory, erase)
    assert [each.key for each in journal.read(path)] == [other]
    assert erased.encode() not in path.read_bytes()


def test_what_a_crash_left_of_a_journal_that_was_to_be_is_removed(tmp_path):
    directory = tmp_path / "trail"
    trails.make(directory, 1, signer=SIGNER)
    rest = directory / ".pending-1.journal.abc.tmp"
    rest.write_bytes(b"x")
    recover(directory)
    assert not rest.exists()


def test_a_journal_that_cannot_be_read_leaves_the_count_of_calls(tmp_path):
    journal.path_of(tmp_path, 1).mkdir()
    assert intents.count(tmp_path) == 0
