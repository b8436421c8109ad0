"""Several processes find what one would, also where a call cannot be read or a process is killed."""

from __future__ import annotations

import multiprocessing
import os

import pytest
import zstandard

import trails
from apitrail.errors import FormatError
from apitrail.policy import shares
from apitrail.policy.kept_call import TOGETHER
from apitrail.query import Filter
from apitrail.trail import database

COUNT = 4 * TOGETHER + 30
TAGS = ("who", "what")


class Seen:
    """Notes each call with how long its facets are."""

    def __init__(self):
        self.calls = []

    def add(self, source, indexes):
        found = dict(source.many(indexes, TAGS))
        self.calls += [(index, sorted(map(len, found[index].values()))) for index in indexes]

    def take(self):
        found, self.calls = self.calls, []
        return found


def killed():
    """As a process that was killed for lack of memory, where it is not the first one."""
    if multiprocessing.parent_process() is not None:
        os._exit(9)
    return Seen()


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
            shares.totals(copy, Filter(), Seen, processes=processes)
