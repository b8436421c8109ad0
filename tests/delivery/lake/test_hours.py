"""A log is cut where its entries' hours change, and each entry is told of once."""

from __future__ import annotations

import delivering
import trails
from apitrail.delivery.lake import hours
from apitrail.entry import TAGS
from apitrail.tlog import merkle
from apitrail.tlog.merkle import Frontier
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from delivering import HOUR, HOURS


def cut(trail):
    with Reader(trail) as source:
        return [
            (each.start, each.stop, each.is_over, [day.indexes for day in each.days()],
             [(r.index, r.kind) for r in each.rowless], each.edge.root())
            for each in hours.hours(source, Frontier(), source.size)
        ]  # fmt: skip


def test_an_hour_ends_where_an_entry_of_a_later_one_begins(tmp_path):
    trail = delivering.record(
        tmp_path / "t", [delivering.at(HOUR + n, n) for n in range(3)] + [delivering.at(HOUR + 5 * HOURS, 9)]
    )  # fmt: skip
    assert [each[:4] for each in cut(trail)] == [(0, 3, True, ["0-2"]), (3, 4, False, ["3"])]


def test_the_edge_is_that_of_the_logs_tree(tmp_path):
    trail = delivering.record(
        tmp_path / "t", [delivering.at(HOUR + n * HOURS, n) for n in range(3)]
    )
    with Reader(trail) as source:
        leaves = [merkle.leaf_hash(data) for data in source.entries()]
    assert [each[5] for each in cut(trail)] == [merkle.root_of(leaves[:n]) for n in (1, 2, 3)]


def test_what_has_no_row_is_named(tmp_path):
    trail = delivering.record(tmp_path / "t", [delivering.at(HOUR, 0), delivering.at(HOUR, 1)])
    clock = trails.Clock(HOUR + 10)

    async def work(log):
        await log.append(trails.book("heartbeat", calls=2))
        await log.erase([Target(0, TAGS)], reason="a test")

    trails.write(trail, work, signer=delivering.signer(trail), clock=clock)
    [(_, _, _, days, rowless, _)] = cut(trail)
    assert days == ["1"]
    assert rowless == [(0, "api"), (2, "heartbeat"), (3, "erase")]


def test_a_call_is_a_row_as_long_as_anything_is_left_of_it(tmp_path):
    trail = delivering.record(tmp_path / "t", [delivering.at(HOUR, 0)])

    async def work(log):
        await log.erase([Target(0, ("what",))], reason="a test")

    trails.write(trail, work, signer=delivering.signer(trail), clock=trails.Clock(HOUR + 10))
    [(_, _, _, days, rowless, _)] = cut(trail)
    assert (days, [r[1] for r in rowless]) == (["0"], ["erase"])
    with Reader(trail) as source:
        [row] = hours.rows(source, "log", [0])
        assert row["eventtime"].timestamp() == source.entry(0).time / 1000
        assert row["eventname"] is None
