import json

import pytest

from apitrail.errors import UsageError
from apitrail.policy.budget import Budget
from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards


def guard(condition, effect="Deny"):
    said = {"Sid": "Five", "Effect": effect, "Action": "*", "Condition": condition}
    return Guard.parse("b", json.dumps({"Statement": [said]}))


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("apitrail:spent/run/calls/ec2:RunInstances", ("run", "calls", "ec2:runinstances")),
        ("Apitrail:Spent/label.Team/bytes/s3:Put*", ("label.team", "bytes", "s3:put*")),
        ("apitrail:spent/operator/tokens/*", ("operator", "tokens", "*")),
        ("apitrail:spent/all/instances/ec2:*", ("all", "instances", "ec2:*")),
    ],
)
def test_a_key_says_what_is_counted_and_for_whom(key, parts):
    found = Budget.parse(key)
    assert (found.scope, found.measure, found.action) == parts
    assert found.key == key.lower()
    assert Guards((guard({"NumericGreaterThan": {key: 5}}),)).budgets == (found,)


def test_which_actions_draw_on_it():
    assert Budget.parse("apitrail:spent/all/calls/s3:Put*").counts("s3:PutObject")
    assert not Budget.parse("apitrail:spent/all/calls/s3:Put*").counts("s3:GetObject")


@pytest.mark.parametrize(
    "key",
    [
        "apitrail:spent/", "apitrail:spent/run", "apitrail:spent/run/calls", "apitrail:spent/rum/calls/*",
        "apitrail:spent/run/money/*", "apitrail:spent/run/calls/RunInstances",
        "apitrail:spent/label./calls/*", "apitrail:spent/run/calls/ec2:RunInstances/5",
        "apitrail:spent/run//*",
    ],
)  # fmt: skip
def test_a_malformed_key_is_refused_in_one_line_with_a_hint(key):
    with pytest.raises(UsageError, match=r"guard 'b': statement Five: condition key") as refused:
        guard({"NumericGreaterThan": {key: 5}})
    assert "\n" not in str(refused.value)
    assert "apitrail:spent/run/calls/ec2:RunInstances" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "operator",
    ["StringEquals", "Null", "Bool", "NumericGreaterThanIfExists", "ForAnyValue:NumericEquals"],
)
def test_a_budget_is_compared_as_a_number(operator):
    with pytest.raises(UsageError, match="a budget is a number") as refused:
        guard({operator: {"apitrail:spent/run/calls/*": "true"}})
    assert refused.value.hint == "write NumericGreaterThan"
    with pytest.raises(UsageError, match="not a number: 'many'"):
        guard({"NumericGreaterThan": {"apitrail:spent/run/calls/*": "many"}})
