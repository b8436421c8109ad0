"""Pieces checked on several cores come to what one core finds."""

from __future__ import annotations

import trails
from apitrail.evidence.verify import Verdict, derived, parallel, segment
from apitrail.evidence.verify.numbers import Numbers
from apitrail.trail.audit import Audit
from apitrail.trail.statements import Target
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


def test_numbers_are_those_that_were_added():
    numbers, some = Numbers(), {0, 1, 9, 4095, 4096, 70_001, 1 << 62, -1}
    for each in some:
        numbers.add([each])
    asked = {other for each in some for other in (each - 8, each - 1, each, each + 1, each + 8)}
    assert {each for each in asked if each in numbers} == some
    assert "1" not in numbers


def test_what_another_process_saw_erased_later_is_left_to_this_one(tmp_path):
    trail = make(tmp_path / "trail", 20)
    trails.write(trail, lambda opened: opened.erase([Target(7, ("resbody",))]))
    assert parallel._work(trail, 0, 24, 24) is None
    assert parallel._work(trail, 0, 24, 25) is not None


def test_plain_entries_come_to_what_they_come_to_one_step_at_a_time(tmp_path, monkeypatch):
    trail = make(tmp_path / "trail", 300)
    trails.write(
        trail, lambda opened: opened.erase([Target(7, ("resbody",)), Target(9, ("what",))])
    )
    with Audit(trail) as audit:
        plain = parallel._piece(audit, 0, audit.size, audit.size)
        monkeypatch.setattr(segment._Walker, "_plain", lambda *_: None)
        monkeypatch.setattr(derived, "_plain_row", lambda _: None)
        assert parallel._piece(audit, 0, audit.size, audit.size) == plain
