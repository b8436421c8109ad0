import random

import pytest

from apitrail.aws import models
from apitrail.aws.call import Call
from apitrail.aws.find import index
from apitrail.identity.identity import Identity
from apitrail.policy.guarding import Around, question
from apitrail.policy.loading import load
from aws.generator import Generator

CALL = Call(service="sqs", operation="ListQueues", region="eu-west-1", parameters={})


def test_what_is_known_of_the_caller_and_the_run():
    identity = Identity(
        type="IAMUser", account="111122223333", arn="arn:aws:iam::111122223333:user/mary",
        user_name="mary",
    )  # fmt: skip
    around = Around.identified(
        identity, at=0, source_ip="192.0.2.1", secure=True, operator="ci", labels={"Build": "7"}
    )
    found = question(CALL, around)
    assert found.keys["aws:principalarn"] == ("arn:aws:iam::111122223333:user/mary",)
    assert found.keys["aws:username"] == ("mary",)
    assert found.keys["aws:currenttime"] == ("1970-01-01T00:00:00+00:00",)
    assert found.keys["aws:requestedregion"] == ("eu-west-1",)
    assert found.keys["apitrail:operator"] == ("ci",)
    assert found.keys["apitrail:label/build"] == ("7",)
    assert found.unknown == {"aws:multifactorauthpresent"}


def test_what_a_caller_has_and_nobody_knows():
    found = question(CALL, Around(access_key_id="AKIA"))
    assert {"aws:principalarn", "aws:principalaccount", "aws:username"} <= found.unknown
    assert found.who == "AKIA"


def test_doubts_keep_a_call_from_being_judged():
    def doubt(**changes):
        return question(CALL.changed(**changes), Around()).doubt

    assert doubt() is None
    assert doubt(ambiguous=("two calls",)) == "two calls"
    assert doubt(problems=("a member twice",)) == "a member twice"
    assert doubt(service=None) == "which operation it is cannot be told"
    assert doubt(parameters=None) == "its parameters cannot be told"
    # What is not clear about an answer came after the call.
    assert doubt(problems=("the answer",), answer_problems=1) is None


def test_both_readings_of_a_call_are_asked_about():
    other = CALL.changed(operation="PurgeQueue", parameters={})
    found = question(CALL.changed(other=other), Around())
    assert [each.name for each in found.actions] == ["sqs:ListQueues", "sqs:PurgeQueue"]


def test_to_look_at_a_stand_in_is_no_call():
    health = Call(stand_in=True)
    assert question(health, Around(), method="GET") is None
    assert question(health, Around(), method="POST").doubt is not None


def test_a_call_of_more_resources_than_are_told_is_not_judged():
    many = [{"Key": str(number)} for number in range(6000)]
    call = CALL.changed(
        service="s3", operation="DeleteObjects",
        parameters={"Bucket": "films", "Delete": {"Objects": many}},
    )  # fmt: skip
    assert question(call, Around()).doubt == "it names more resources than can be told"


ODD = (None, 3, 1.5, {}, [], [None], b"x", "arn:aws:s3:::*/?", "a" * 3000, "${x}", "")


def scrambled(value, dice):
    """The same with some parts replaced by what no model has there."""
    if dice.random() < 0.2:
        return dice.choice(ODD)
    if isinstance(value, dict):
        return {name: scrambled(each, dice) for name, each in value.items()}
    return [scrambled(each, dice) for each in value] if isinstance(value, list) else value


def check_odd_calls(step):
    guards = load(
        ["read-only", "no-delete", "no-iam", "one-region=eu-west-1", "sandbox-account=1"], {}
    )
    tried = 0
    for service in [each for each in index.load().services if each.current][::step]:
        model = models.service(service.name)
        for name in model.operation_names[::step]:
            asked = Generator(name).parameters(model.operation_model(name))
            dice = random.Random(name)
            parameters = {member: scrambled(each, dice) for member, each in asked.items()}
            call = CALL.changed(service=service.name, operation=name, parameters=parameters)
            assert guards.decide(question(call, Around())).effect in ("allow", "deny")
            tried += 1
    return tried


def test_whatever_is_asked_can_be_judged():
    assert check_odd_calls(19) > 20


@pytest.mark.conformance
@pytest.mark.timeout(600)
def test_whatever_is_asked_of_any_operation_can_be_judged():
    assert check_odd_calls(1) > 10_000
