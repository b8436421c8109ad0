"""Sigma correlations: so many calls, of so many values, or one after the other, within a time."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.reading.rules import sigma_rule
from apitrail.reading.rules.looked_at import LookedAt

RULE = """
title: {name}
name: {name}
logsource: {{product: aws, service: cloudtrail}}
detection:
  sel: {{eventName: {name}}}
  condition: sel
---
"""
CORRELATION = """
title: together
correlation:
  type: {type}
  rules: [{rules}]
  group-by: [userIdentity.arn]
  timespan: 5m
{more}
"""
MINUTE = 60_000


def finders(kind: str, more: str, *names: str):
    text = "".join(RULE.format(name=name) for name in names)
    return sigma_rule.parse(text + CORRELATION.format(type=kind, rules=", ".join(names), more=more))


def played(calls, kind, more, *names):
    """The entries of each hit, over calls of (minute, name, caller, value)."""
    [finder] = finders(kind, more, *names)
    found = []
    for index, (minute, name, caller, value) in enumerate(calls):
        record = {"eventName": name, "userIdentity": {"arn": caller}, "requestParameters": {"v": value}}  # fmt: skip
        hit = finder.find(LookedAt(index=index, time=round(minute * MINUTE), record=record))
        if hit is not None:
            found.append(hit.entries)
    return found


def test_so_many_calls_of_one_caller_are_told_once():
    calls = [(0, "Get", "mary", 1), (1, "Get", "bob", 1), (2, "Get", "mary", 1),
             (2, "Put", "mary", 1), (3, "Get", "mary", 1), (3, "Get", "mary", 1)]  # fmt: skip
    assert played(calls, "event_count", "  condition: {gte: 3}", "Get") == [(0, 2, 4)]


def test_what_is_older_than_the_time_does_not_count():
    calls = [(minute, "Get", "mary", 1) for minute in (0, 3, 6, 9)]
    assert played(calls, "event_count", "  condition: {gte: 3}", "Get") == []


def test_a_window_is_told_again_when_it_was_incomplete_in_between():
    calls = [(minute, "Get", "mary", 1) for minute in (0, 1, 2, 3, 20, 21)]
    assert played(calls, "event_count", "  condition: {gte: 2}", "Get") == [(0, 1), (4, 5)]


def test_so_many_different_values_of_a_field():
    calls = [(0, "Get", "m", "a"), (1, "Get", "m", "a"), (2, "Get", "m", "b"), (3, "Get", "m", "c")]
    more = "  condition: {gt: 2, field: requestParameters.v}"
    assert played(calls, "value_count", more, "Get") == [(1, 2, 3)]


def test_values_are_summed():
    calls = [(0, "Put", "m", "400"), (1, "Put", "m", 500), (2, "Put", "m", 200)]
    more = "  condition: {gte: 1000, field: requestParameters.v}"
    assert played(calls, "value_sum", more, "Put") == [(0, 1, 2)]


def test_several_rules_in_any_order_or_in_theirs():
    calls = [(0, "Delete", "m", 1), (1, "Get", "m", 1), (2, "Get", "bob", 1), (3, "Delete", "m", 1)]
    assert played(calls, "temporal", "", "Get", "Delete") == [(0, 1)]
    assert played(calls, "temporal_ordered", "", "Get", "Delete") == [(0, 1, 3)]


def test_a_field_is_found_under_another_name():
    text = (
        "".join(RULE.format(name=name) for name in ("Get", "Put"))
        + """
title: together
correlation:
  type: temporal
  rules: [Get, Put]
  group-by: [who]
  timespan: 5m
  aliases: {who: {Get: userIdentity.arn, Put: other}}
"""
    )
    [finder] = sigma_rule.parse(text)
    first = {"eventName": "Get", "userIdentity": {"arn": "mary"}}
    for number, (who, found) in enumerate((("bob", False), ("mary", True))):
        finder.find(LookedAt(index=number, time=0, record=first))
        second = LookedAt(index=9, time=1, record={"eventName": "Put", "other": who})
        assert (finder.find(second) is not None) is found


def test_rules_that_are_counted_raise_no_alert_of_their_own_unless_asked():
    [one] = finders("event_count", "  condition: {gte: 2}", "Get")
    assert one.about.title == "together"
    assert one.span == 5 * MINUTE
    assert len(finders("event_count", "  condition: {gte: 2}\n  generate: true", "Get")) == 2


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("event_count", "  condition: {lt: 3}", "'lt' of a correlation"),
        ("event_count", "  condition: {gte: 100000}", "counts up to 10000"),
        ("value_avg", "  condition: {gte: 3, field: a}", "'value_avg' is not understood"),
        ("value_count", "  condition: {gte: 3}", "without field reference"),
        ("temporal", "  condition: Get and not Put", "cannot be an expression"),
        ("nonsense", "  condition: {gte: 3}", "no valid Sigma correlation type"),
    ],
)
def test_what_cannot_be_told_is_refused(kind, more, told):
    with pytest.raises(UsageError, match=told):
        finders(kind, more, "Get", "Put")
