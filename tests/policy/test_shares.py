"""Several processes find what one would, also where a call cannot be read or a process is killed."""

from __future__ import annotations

import os
from functools import partial

import pytest
import zstandard

import trails
from apitrail.errors import FormatError
from apitrail.policy import shares
from apitrail.policy.kept_call import TOGETHER
from apitrail.query import Filter
from apitrail.trail import database
from policy.looks import Meeting, Seen, killed

COUNT = 4 * TOGETHER + 30


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shares") / "trail"

    async def work(trail):
        await trails.append_all(trail, [trails.draft(number) for number in range(COUNT)])

    trails.write(directory, work)
    return directory


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(shares, "WORTH", 400)
    monkeypatch.setattr(shares, "PIECE", TOGETHER)


def in_order(trail, make, processes):
    return list(shares.in_order(trail, Filter(), make, processes=processes))


@pytest.mark.parametrize("make", [Seen, killed])
def test_they_find_what_one_finds(trail, make):
    alone = in_order(trail, Seen, 1)
    calls = [call for some in alone for call in some]
    assert [index for index, _ in calls] == list(range(COUNT))
    assert in_order(trail, make, 2) == alone
    both = shares.totals(trail, Filter(), make, processes=2)
    assert sorted(call for each in both for call in each) == calls
    assert len(both) == (2 if make is Seen else 1)


def test_the_first_call_that_cannot_be_read_is_told(trail, tmp_path):
    copy = tmp_path / "trail"
    copy.mkdir()
    (copy / database.FILE).write_bytes((trail / database.FILE).read_bytes())
    later = zstandard.train_dictionary(
        1024, [b"%d %d" % (n, n * n) * 4 for n in range(2000)], dict_id=77
    )
    unknown = zstandard.ZstdCompressor(dict_data=later).compress(b"{}" * 9)
    broken = TOGETHER + 10
    with database.connect(copy / database.FILE) as connection:
        change = "UPDATE facet SET data = ? WHERE tag = 'what' AND idx = ?"
        connection.execute(change, (b"x" * 40, broken))
        for index in range(broken + TOGETHER, COUNT, TOGETHER):
            connection.execute(change, (unknown, index))
    for processes in (1, 2):
        told = []
        with pytest.raises(FormatError, match="not zstd"):
            told.extend(shares.in_order(copy, Filter(), Seen, processes=processes))
        assert [index for some in told for index, _ in some] == list(range(TOGETHER))
    with pytest.raises(FormatError, match="not zstd"):
        shares.totals(copy, Filter(), Seen, processes=1)
    # Both come to one, each in its first piece.
    with database.connect(copy / database.FILE) as connection:
        connection.execute(change, (b"x" * 40, 10))
        connection.execute(change, (unknown, broken))
    os.mkfifo(tmp_path / "door")
    with pytest.raises(FormatError, match="not zstd"):
        shares.totals(copy, Filter(), partial(Meeting, str(tmp_path)), processes=2)
