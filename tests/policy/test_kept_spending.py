"""What was spent is kept over a stop, and only for the log and the budgets that it is of."""

from __future__ import annotations

import json

import trails
from apitrail.policy.budget import Budget
from apitrail.policy.kept_spending import FILE, Kept
from apitrail.policy.past_spending import recall
from apitrail.policy.spending import NOBODY, Spending, digested
from apitrail.trail.reader import Reader

EVERY = Budget.parse("apitrail:spent/all/calls/*")
OTHER = Budget.parse("apitrail:spent/run/calls/s3:*")
PLACE = digested(EVERY.key, NOBODY)


def recalled(trail, *budgets):
    spending = Spending(budgets)
    with Reader(trail) as source:
        recall(spending, source, Kept.read(trail))
    return spending


def test_sums_are_gone_on_with(tmp_path):
    trail = trails.make(tmp_path / "trail", 5)
    first = recalled(trail, EVERY)
    assert (first.sums[EVERY.key, NOBODY], dict(first.before)) == (5, {})
    with Reader(trail) as source:
        Kept.of(first, source).write(trail)
    again = recalled(trail, EVERY)
    assert (dict(again.sums), dict(again.before)) == ({}, {PLACE: 5})
    with Reader(trail) as source:
        assert Kept.of(again, source).sums == {PLACE: 5}


def test_those_of_another_log_or_other_budgets_are_not(tmp_path):
    trail = trails.make(tmp_path / "trail", 5)
    with Reader(trail) as source:
        good = Kept.of(recalled(trail, EVERY), source)
        good.write(trail)
    assert recalled(trail, EVERY, OTHER).sums[EVERY.key, NOBODY] == 5
    said = json.loads((trail / FILE).read_text())
    for wrong in ({"last": "00" * 32}, {"next": 99}, {"sums": {PLACE: "5"}}, {"next": True}):
        (trail / FILE).write_text(json.dumps(said | wrong))
        assert recalled(trail, EVERY).sums[EVERY.key, NOBODY] == 5
    (trail / FILE).write_text("{")
    assert recalled(trail, EVERY).sums[EVERY.key, NOBODY] == 5


def test_the_file_does_not_say_whose_they_are(tmp_path):
    trail = trails.make(tmp_path / "trail", 2)
    spending = Spending((OTHER,))
    spending.sums[OTHER.key, "mary"] = 3
    with Reader(trail) as source:
        Kept.of(spending, source).write(trail)
    assert "mary" not in (trail / FILE).read_text()
    assert (trail / FILE).stat().st_mode & 0o077 == 0
