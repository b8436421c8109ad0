from __future__ import annotations

import pytest

import trails
from apitrail.query import Filter
from apitrail.reading import top
from apitrail.reading.top import Asked, Hit, Live, Window
from apitrail.trail.reader import Reader

MINUTE = 60_000


def hit(time, operation="iam:GetUser", who="ada", failed=False, took=10):
    return Hit(time, operation, who, failed, took)


def window(*hits, length=5 * MINUTE):
    made = Window(length)
    for each in hits:
        made.add(each)
    return made


def test_calls_are_grouped_and_the_most_come_first():
    made = window(
        hit(1), hit(2, who="bob"), hit(3, who="bob"), hit(4, "s3:GetObject", failed=True, took=900)
    )
    assert next((row.operation, row.caller, row.calls) for row in made.rows(5)) == (
        "iam:GetUser",
        "bob",
        2,
    )
    assert [(row.caller, row.calls) for row in made.rows(5, by="caller")] == [
        ("ada", 2),
        ("bob", 2),
    ]
    assert [row.calls for row in made.rows(5, by="operation")] == [3, 1]
    assert made.rows(5, sort="errors")[0].operation == "s3:GetObject"
    assert made.rows(5, sort="latency")[0].share(0.95) == 900


def test_what_is_older_than_the_window_is_gone():
    made = window(hit(1), hit(10 * MINUTE))
    assert [row.calls for row in made.rows(10 * MINUTE)] == [1]
    assert made.rows(20 * MINUTE) == []


def test_latencies_are_those_of_the_calls_that_have_one():
    [row] = window(*(hit(n, took=n) for n in range(100)), hit(100, took=None)).rows(100)
    assert (row.share(0.5), row.share(0.95), row.share(1.0)) == (50, 95, 99)
    [row] = window(hit(1, took=None)).rows(1)
    assert row.share(0.5) is None
    assert row.to_json(MINUTE)["p95"] is None


@pytest.mark.parametrize("by", top.BY)
def test_a_table_fits_the_screen(by):
    rows = window(hit(1, "a" * 60, "b" * 60), hit(2, failed=True, took=20_000)).rows(3, by=by)
    for width in (34, 60, 100):
        lines = list(top.table(rows, Asked(by=by), width, colour=False))
        assert max(map(len, lines)) <= width
    lines = list(top.table(rows, Asked(by=by), None, colour=False))
    assert "20.0 s" in "".join(lines)
    assert ("CALLER" in lines[0], "OPERATION" in lines[0]) == (by != "operation", by != "caller")


def test_a_log_is_read_on_as_it_grows(tmp_path):
    trails.make(tmp_path, 5, close=False)
    with Reader(tmp_path) as reader:
        live = Live(reader, Filter(), Asked(by="operation", window=MINUTE))
        now = trails.T0 + 30_000
        assert sum(row.calls for row in live.look(now)) == 5
        trails.write(tmp_path, lambda trail: trail.append(trails.draft(6)))
        assert sum(row.calls for row in live.look(now)) == 6
        assert sum(row.calls for row in live.look(now)) == 6
        assert live.look(now + 3 * MINUTE) == []
        assert not live.window.is_full
