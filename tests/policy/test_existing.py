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


def test_what_is_no_policy():
    with pytest.raises(UsageError, match="no Statement"):
        parse("{}")
    with pytest.raises(UsageError, match="not a policy"):
        parse("nothing")
    with pytest.raises(UsageError, match="Resource is None"):
        parse('{"Statement": {"Effect": "Allow", "Action": "*"}}')
