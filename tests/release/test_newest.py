"""Which bounds there are, what is tried without them, and what is told of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from release import newest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("declared", "tried"),
    [
        ("h2>=4.3,<5", "h2>=4.3"),
        ("mitmproxy>=12.3,<=12.3.1", "mitmproxy>=12.3"),
        ("a==1", "a"),
        ("a~=1.4; python_version < '3.14'", 'a; python_version < "3.14"'),
        ("pyiceberg[sql-sqlite]>=0.12,<1", "pyiceberg[sql-sqlite]>=0.12"),
    ],
)
def test_a_bound_is_taken_away_and_the_rest_stays(declared, tried):
    [found] = newest.without_upper(newest.bounded([Requirement(declared)]))
    assert str(found) == tried


def test_what_has_no_upper_bound_is_none():
    assert newest.bounded([Requirement("a>=1"), Requirement("b!=2"), Requirement("c")]) == []


def test_every_dependency_extra_and_tool_of_the_tests_is_tried():
    names = {each.name for each in newest.requirements(ROOT)}
    assert names >= {"mitmproxy", "duckdb", "boto3", "pysigma", "pytest"}
    assert "apitrail" not in names


@pytest.mark.parametrize(
    ("works", "verdict"), [(True, "could be raised: the tests pass"), (False, "stays: the tests fail")]
)  # fmt: skip
def test_a_bound_is_told_with_what_it_keeps_out(works, verdict):
    ours = [Requirement("duckdb<1.6"), Requirement("h2<5")]
    told = newest.report({"duckdb": "2.0.1", "x": "2"}, {"duckdb": "1.5", "x": "1"}, ours, works=works)  # fmt: skip
    assert told == [f"duckdb<1.6 keeps out duckdb 2.0.1: {verdict}", "with them come: x 1 → 2"]
