"""Counts are kept while the log has not grown."""

from __future__ import annotations

from dataclasses import dataclass, field

import trails
from apitrail.query import Filter
from apitrail.source import Tally
from apitrail.web.console import tallies
from apitrail.web.console.tallies import Tallies
from browsing import Pages


@dataclass
class Counting:
    """A log that notes what it was asked to count."""

    size: int = 7
    calls: int = 3
    asked: list[Filter] = field(default_factory=list)

    def tally(self, where, columns, **_):
        self.asked.append(where)
        return Tally(calls=self.calls, is_all=True, values={}, times=(), failed=())


def count(kept, source, where, limit=10):
    return kept.of(source, where, ("region",), limit=limit)


def test_the_same_question_is_counted_once_until_the_log_grows():
    kept, source = Tallies(), Counting()
    assert count(kept, source, Filter()) is count(kept, source, Filter())
    count(kept, source, Filter(run=("r",)))
    count(kept, source, Filter(), limit=11)
    assert len(source.asked) == 3
    source.size = 8
    count(kept, source, Filter())
    assert len(source.asked) == 4


def test_few_are_kept_and_none_that_is_large(monkeypatch):
    monkeypatch.setattr(tallies, "KEPT", 2)
    kept, source = Tallies(), Counting()
    for run in ("a", "b", "c", "a"):
        count(kept, source, Filter(run=(run,)))
    assert len(source.asked) == 4
    large = Counting(calls=tallies.LARGEST + 1)
    assert [count(kept, large, Filter()).calls for _ in range(2)] == [large.calls] * 2
    assert len(large.asked) == 2


def test_a_call_that_is_recorded_is_counted_on_the_next_page(tmp_path):
    path = trails.make(tmp_path / "trail", calls=3, close=False)
    pages = Pages(path)
    assert pages.get("/events.json").json["calls"] == 3
    trails.write(path, lambda trail: trail.append(trails.draft(3)))
    assert pages.get("/events.json").json["calls"] == 4
