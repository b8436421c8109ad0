import json
import re

import pytest

from apitrail.errors import UsageError
from apitrail.iam.action import Action
from apitrail.policy.guard import Guard
from apitrail.policy.guard_question import Question

BUCKET = "arn:aws:s3:::films"


def guard(*statements, name="prod"):
    return Guard.parse(name, json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def statement(effect, action="*", resource="*", **others):
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def asked(*actions, **others):
    return Question(actions=actions, **others)


def action(name="s3:PutObject", *resources, level="Write", **others):
    return Action(name=name, level=level, resources=resources or ("*",), **others)


def effect(found, question):
    return found.decide(question).effect


def test_an_explicit_deny_wins():
    found = guard(statement("Allow"), statement("Deny", "s3:Put*", Sid="NoPut"))
    decision = found.decide(asked(action()))
    assert (decision.effect, decision.statement, decision.action) == (
        "deny",
        "NoPut",
        "s3:PutObject",
    )
    assert effect(found, asked(action("s3:GetObject"))) == "allow"


def test_a_guard_that_allows_lets_pass_only_that():
    found = guard(statement("Allow", "s3:GetObject"))
    assert effect(found, asked(action("s3:GetObject"))) == "allow"
    decision = found.decide(asked(action("s3:PutObject")))
    assert (decision.effect, decision.statement) == ("deny", None)


def test_a_guard_that_only_denies_lets_all_else_pass():
    found = guard(statement("Deny", "s3:DeleteObject"))
    assert effect(found, asked(action())) == "allow"
    assert effect(found, asked(action("s3:DeleteObject"))) == "deny"


def test_the_strictest_effect_decides():
    found = guard(statement("Watch"), statement("Ask", "s3:Put*"))
    assert effect(found, asked(action())) == "ask"
    assert effect(found, asked(action("s3:GetObject"))) == "watch"


def test_names_of_actions_are_compared_in_any_case():
    assert effect(guard(statement("Deny", "S3:putobject")), asked(action())) == "deny"


def test_every_action_must_pass_on_every_resource():
    found = guard(statement("Allow", "s3:*", f"{BUCKET}/*"))
    two = action("s3:DeleteObject", f"{BUCKET}/a", "arn:aws:s3:::songs/a")
    assert found.decide(asked(two)).resource == "arn:aws:s3:::songs/a"
    assert effect(found, asked(action("s3:GetObject", f"{BUCKET}/a"), two)) == "deny"
    assert effect(found, asked(action("s3:GetObject", f"{BUCKET}/a"))) == "allow"


def test_what_is_excepted():
    found = guard({"Effect": "Deny", "NotAction": ["s3:Get*"], "NotResource": [f"{BUCKET}/*"]})
    assert effect(found, asked(action("s3:PutObject", f"{BUCKET}/a"))) == "allow"
    assert effect(found, asked(action("s3:PutObject", "arn:aws:s3:::songs/a"))) == "deny"
    assert effect(found, asked(action("s3:GetObject", "arn:aws:s3:::songs/a"))) == "allow"


@pytest.mark.parametrize("known", [("arn:aws:s3:::*/a",), None])
def test_a_resource_that_is_not_known_counts_against_the_call(known):
    unknown = Action(name="s3:PutObject", level="Write", resources=known)
    assert effect(guard(statement("Deny", "s3:*", f"{BUCKET}/*")), asked(unknown)) == "deny"
    assert effect(guard(statement("Allow", "s3:*", f"{BUCKET}/*")), asked(unknown)) == "deny"
    excepted = {"Effect": "Deny", "Action": "*", "NotResource": f"{BUCKET}/*"}
    assert effect(guard(excepted), asked(unknown)) == "deny"


def test_an_action_without_resources_is_on_none():
    listing = action("s3:ListAllMyBuckets")
    assert effect(guard(statement("Deny", "s3:*", f"{BUCKET}/*")), asked(listing)) == "allow"
    assert effect(guard(statement("Deny", "s3:*")), asked(listing)) == "deny"


def test_a_call_that_cannot_be_told_does_not_pass():
    decision = guard(statement("Allow")).decide(asked(action(), doubt="two readers"))
    assert (decision.effect, decision.reason) == ("deny", "two readers")
    assert effect(guard(statement("Allow")), asked()) == "deny"


def test_conditions_that_are_not_known_count_against_the_call():
    here = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    unknown = {"unknown": frozenset({"aws:requestedregion"})}
    assert effect(guard(statement("Deny", Condition=here)), asked(action(), **unknown)) == "deny"
    assert effect(guard(statement("Allow", Condition=here)), asked(action(), **unknown)) == "deny"
    keys = {"keys": {"aws:requestedregion": ("eu-west-1",)}}
    assert effect(guard(statement("Allow", Condition=here)), asked(action(), **keys)) == "allow"


def test_the_owner_of_a_resource_is_a_key():
    elsewhere = {"StringNotEqualsIfExists": {"aws:ResourceAccount": "111122223333"}}
    found = guard(statement("Deny", Condition=elsewhere))
    own = action("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q")
    others = action("sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:q")
    anybodys = action("sqs:SendMessage", "arn:aws:sqs:eu-west-1:*:q")
    found_for = [effect(found, asked(each)) for each in (own, others, anybodys)]
    assert found_for == ["allow", "deny", "deny"]


def test_many_statements_say_what_few_say():
    many = [statement("Deny", "s3:*", f"arn:aws:s3:::b{n}/*", Sid=f"S{n}") for n in range(200)]
    found = guard(*many)
    assert found.decide(asked(action("s3:GetObject", "arn:aws:s3:::b7/k"))).statement == "S7"
    assert effect(found, asked(action("s3:GetObject", "arn:aws:s3:::c/k"))) == "allow"
    assert effect(found, asked(action("s3:GetObject", "arn:aws:s3:::*"))) == "deny"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "not a policy"),
        ("{", "not JSON"),
        ('{"Statement": []}', "no Statement"),
        ('{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*"}}', "twice"),
        ('{"Statement": {"Effect": "Block", "Action": "*"}}', "Effect is 'Block'"),
        ('{"Statement": {"Effect": "Deny"}}', "Action is None"),
        ('{"Statement": {"Effect": "Deny", "Action": "GetObject"}}', "not an action"),
        ('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "films"}}', "not a resource"),
        ('{"Statement": {"Effect": "Deny", "Action": "*", "Principal": "*"}}', "'Principal'"),
        ('{"Version": "1", "Statement": {"Effect": "Deny", "Action": "*"}}', "unknown Version"),
        ('{"Statement": {"Sid": "A", "Effect": "Deny", "Action": "*", "NotAction": "*"}}',
         "statement A: Action and NotAction"),
    ],
)  # fmt: skip
def test_what_is_no_guard_is_refused(text, problem):
    with pytest.raises(UsageError, match=problem):
        Guard.parse("prod", text)


def test_a_key_that_nobody_can_know_is_refused_when_the_guard_is_loaded():
    owned = {"StringEquals": {"aws:ResourceTag/env": "prod"}}
    with pytest.raises(UsageError, match="'aws:ResourceTag/env' cannot be known"):
        guard(statement("Deny", Condition=owned))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Condition": {"StringEquals": {"aws:username": []}}}, "has no value"),
        ({"Condition": {"NumericLessThan": {"s3:max-keys": "nan"}}}, "not a number: 'nan'"),
        ({"Condition": {"DateLessThan": {"aws:CurrentTime": "inf"}}}, "not a date: 'inf'"),
        ({"Condition": {"StringEquals": {"apitrail:label/": "x"}}}, "cannot be known"),
        ({"Sid": 5}, "Sid is 5"),
        ({"Effect": "deny"}, "Effect is 'deny'"),
    ],
)
def test_what_would_hold_for_no_call_is_refused_with_a_hint(change, told):
    said = {"Effect": "Deny", "Action": "s3:*"} | change
    with pytest.raises(UsageError, match=re.escape(told)) as refused:
        Guard.parse("g", json.dumps({"Statement": [said]}))
    assert refused.value.hint


def test_two_statements_of_one_sid_are_refused():
    said = {"Sid": "A", "Effect": "Deny", "Action": "s3:*"}
    with pytest.raises(UsageError, match="two statements have the Sid 'A'"):
        Guard.parse("g", json.dumps({"Statement": [said, said]}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Statement": 5}', "\ufeff{}"])
def test_what_is_no_policy_is_refused_with_a_hint(text):
    with pytest.raises(UsageError) as refused:
        Guard.parse("g", text)
    assert "apitrail guard show" in (refused.value.hint or "")
