"""Pieces checked on several cores come to what one core finds."""

from __future__ import annotations

import trails
from apitrail.evidence.verify import Verdict, parallel
from trails import check, make


def test_in_pieces_on_several_cores_it_comes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PIECE", 512)
    monkeypatch.setattr(parallel, "PARALLEL", 100)
    trail = make(tmp_path / "trail", 1_500)
    done: list[int] = []
    report = check(trail, processes=2, progress=done.append)
    assert report == check(trail, processes=1)
    assert (report.verdict, sum(done)) == (Verdict.OK, report.entries)
    with monkeypatch.context() as patch:
        patch.setattr(parallel, "_result", lambda _: None)  # every other process failed
        assert check(trail, processes=2) == report
    with trails.forge(trail) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE idx = 1200")
    report = check(trail, processes=2)
    assert (report.verdict, report.index) == (Verdict.TAMPERED, 1200)
