import json

import pytest

from apitrail.errors import UsageError
from apitrail.policy.existing import compare, parse
from apitrail.policy.needed import Use

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:films"


def rows(uses, *statements):
    return list(compare(parse(json.dumps({"Statement": list(statements)})), uses))


def allow(action, resource="*", **others):
    return {"Sid": "A", "Effect": "Allow", "Action": action, "Resource": resource, **others}


def test_what_fits_is_not_told():
    assert rows([Use("sqs:SendMessage", QUEUE)], allow("sqs:SendMessage", QUEUE)) == []


def test_unused_missing_and_too_broad():
    found = rows([Use("sqs:SendMessage", QUEUE), Use("s3:GetObject", "arn:aws:s3:::b/k")],
                 allow(["sqs:*", "iam:GetUser"]))  # fmt: skip
    assert found == [
        ["missing", "-", "s3:GetObject", "no statement allows it on arn:aws:s3:::b/k"],
        ["too broad", "A", "sqs:*", "used: sqs:SendMessage"],
        ["unused", "A", "iam:GetUser", "no call needed it"],
        ["too broad", "A", "*", f"used: {QUEUE}"],
    ]


def test_a_denied_use_is_missing_and_a_statement_may_be_unused():
    found = rows([Use("sqs:SendMessage", QUEUE)], allow("sqs:*", QUEUE),
                 {"Sid": "D", "Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"},
                 allow("s3:*", Sid="B"))  # fmt: skip
    assert found[0] == ["missing", "D", "sqs:SendMessage", f"denied on {QUEUE}"]
    assert found[-1] == ["unused", "B", "s3:*", "no call needed it"]


def test_an_account_that_was_not_known_is_the_policys():
    unknown, others = "arn:aws:sqs:eu-west-1:*:films", "arn:aws:sqs:eu-west-1:*:other"
    assert rows([Use("sqs:SendMessage", unknown)], allow("sqs:SendMessage", QUEUE)) == []
    found = rows([Use("sqs:SendMessage", others)], allow("sqs:SendMessage", QUEUE))
    assert [row[0] for row in found] == ["missing", "unused"]
    made = Use("ec2:RunInstances", "arn:aws:ec2:eu-west-1:1:instance/*")
    found = rows([made], allow("ec2:RunInstances", "arn:aws:ec2:eu-west-1:1:instance/i-1"))
    assert found[0][0] == "missing"  # which one is started, nobody knows before


def test_a_deny_that_may_not_hold_makes_nothing_missing():
    deny = {"Sid": "Mfa", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}  # fmt: skip
    assert rows([Use("sqs:SendMessage", QUEUE)], allow("sqs:SendMessage", QUEUE), deny) == []


def test_what_is_no_policy():
    with pytest.raises(UsageError, match="Effect is 'allow'"):
        parse('{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}')
    with pytest.raises(UsageError, match="no Statement"):
        parse("{}")
    with pytest.raises(UsageError, match="not a policy"):
        parse("nothing")
    with pytest.raises(UsageError, match="Resource is None"):
        parse('{"Statement": {"Effect": "Allow", "Action": "*"}}')
