from __future__ import annotations

from dataclasses import replace

import pytest

import refusing
import trails
from apitrail.evidence.verify import Verdict
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import learnt, statements
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller


@pytest.fixture
def trail(tmp_path):
    return refusing.make(tmp_path / "trail")


def told(trail, **thresholds):
    with Reader(trail) as reader:
        [said] = Teller(0, Thresholds(**thresholds)).read(reader, reader.size)
    return said


def append(trail, said):
    trails.write(trail, lambda opened: opened.append(statements.draft(said)))
    return trails.check(trail)


def test_an_insight_is_found_again(trail):
    report = append(trail, told(trail))
    assert report.verdict is Verdict.OK
    assert report.insights == 1
    assert "1 insight follows from its calls" in report.message


def test_with_the_thresholds_that_it_was_told_with(trail):
    assert append(trail, told(trail, distinct_refusals=4)).insights == 1


@pytest.mark.parametrize(
    "change",
    [{"caller": "somebody else"}, {"evidence": (1, 2)}, {"stop": 7}, {"why": ("so",)}, {"time": 5}],
)
def test_one_that_its_calls_do_not_tell_is_found_out(trail, change):
    report = append(trail, replace(told(trail), **change))
    assert report.verdict is Verdict.TAMPERED
    assert "do not tell this insight" in report.message


def test_one_that_speaks_of_later_entries_is_found_out(trail):
    report = append(trail, replace(told(trail), stop=1000))
    assert report.verdict is Verdict.TAMPERED
    assert "not before it" in report.message


@pytest.mark.parametrize("change", [{"detector": 99}, {"thresholds": {"later": 1}}])
def test_what_a_later_version_told_is_left(trail, change):
    report = append(trail, replace(told(trail), **change))
    assert (report.verdict, report.insights, report.insights_left) == (Verdict.OK, 0, 1)


@pytest.fixture
def kept(trail):
    """What the detectors have learnt from the first five calls."""
    with Reader(trail) as reader:
        teller = Teller(0, Thresholds())
        list(teller.read(reader, 6))
        found = teller.learnt(learnt.hash_before(reader, 6))
    learnt.write(trail, found)
    return found


def test_what_was_learnt_is_learnt_again(trail, kept):
    assert trails.check(trail).verdict is Verdict.OK
    assert append(trail, told(trail)).insights == 1


def test_what_the_calls_do_not_teach_is_found_out(trail, kept):
    poisoned = replace(kept, memory=kept.memory.replace(b"iam:List2", b"iam:List9"))
    assert poisoned != kept
    learnt.write(trail, poisoned)
    report = trails.check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert "the file 'insights' is not what the detectors learn" in report.message


@pytest.mark.parametrize("change", [{"next": 1000}, {"last": "00"}, {"thresholds": {"later": 1}}])
def test_what_no_recorder_goes_on_with_counts_for_nothing(trail, kept, change):
    learnt.write(trail, replace(kept, memory=b"[]", **change))
    assert trails.check(trail).verdict is Verdict.OK


def test_a_file_that_is_something_else_counts_for_nothing(trail):
    (trail / learnt.FILE).write_bytes(b"something else")
    assert trails.check(trail).verdict is Verdict.OK
