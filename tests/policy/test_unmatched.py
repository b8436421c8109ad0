import json

import pytest

from apitrail.policy import built_in
from apitrail.policy.guard import Guard
from apitrail.policy.unmatched import unmatched


def told(*actions, condition=None, effect="Deny"):
    said = {"Sid": "A", "Effect": effect, "Action": list(actions), "Condition": condition or {}}
    return list(unmatched(Guard.parse("g", json.dumps({"Statement": [said]}))))


def test_an_action_that_iam_does_not_have_is_told_with_the_one_that_may_be_meant():
    [line] = told("s3:GetObject", "s3:GetObjekt", "s3:Get*", "*", "*:Get*")
    assert line == "guard 'g': statement A: IAM is not known to have an action 's3:GetObjekt'; is s3:GetObject meant?"  # fmt: skip
    assert "s3:Deleet*" in told("s3:Deleet*")[0]
    assert "service 'S33'" in told("S33:Get*")[0]
    assert told("S3:getobject", "EC2:runinstances") == []


def test_so_is_one_of_a_budget():
    key = "apitrail:spent/run/calls/ec2:RunInstance"
    assert "ec2:RunInstances meant" in told("*", condition={"NumericGreaterThan": {key: 1}})[0]


def test_so_is_an_allow_that_a_call_without_the_key_fulfils():
    tags = {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    [line] = told("*", condition=tags, effect="Allow")
    assert "ForAllValues holds for a call without aws:tagkeys" in line
    assert told("*", condition=tags) == []
    there = {"Null": {"aws:TagKeys": "false"}}
    assert told("*", condition=tags | there, effect="Allow") == []


@pytest.mark.parametrize("name", built_in.BUILT_IN)
def test_the_guards_that_come_with_apitrail_name_what_there_is(name):
    each = built_in.BUILT_IN[name]
    text = built_in.text(f"{name}={each.example}" if each.value else name, {})
    assert text is not None
    assert [line for line in unmatched(Guard.parse(name, text)) if "action" in line] == []
