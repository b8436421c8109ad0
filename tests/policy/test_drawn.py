import json

import pytest

from apitrail.aws.call import Call, Error
from apitrail.policy.drawn import Drawn, asked


def call(service, operation, **parameters):
    return Call(service=service, operation=operation, parameters=parameters)


def test_calls_and_bytes():
    found = asked(call("s3", "PutObject", Bucket="b"), 70)
    assert found == {"calls": 1, "bytes": 70, "instances": 0, "tokens": 0}
    assert asked(call("s3", "PutObject"), None)["bytes"] is None


def test_instances_are_those_asked_for_until_it_is_known_how_many_came():
    started = call("ec2", "RunInstances", MinCount=1, MaxCount=5)
    before = Drawn(("ec2:RunInstances",), {}, asked(started, 10))
    assert before.amounts["instances"] == 5
    came = started.changed(result={"Instances": [{}, {}]})
    assert before.answered(came, {}, 10).amounts["instances"] == 2
    failed = started.changed(error=Error(code="Quota"))
    assert before.answered(failed, {}, 10).amounts["instances"] == 0
    assert before.answered(started, {}, 10).amounts["instances"] == 5
    assert asked(call("ec2", "RunInstances"), 1)["instances"] is None


@pytest.mark.parametrize(
    ("parameters", "body", "most"),
    [
        ({"inferenceConfig": {"maxTokens": 300}}, b"", 300),
        ({"modelId": "x", "body": b'{"max_tokens": 20}'}, b"", 20),
        ({"modelId": "x"}, b'{"textGenerationConfig": {"maxTokenCount": 7}}', 7),
        ({"modelId": "x"}, b"no json", 0),
        ({"modelId": "x"}, b"[]", 0),
    ],
)
def test_tokens_are_the_most_that_may_come(parameters, body, most):
    found = asked(call("bedrock-runtime", "InvokeModel", **parameters), len(body), body)
    assert found["tokens"] == most


def test_tokens_are_read_off_the_answer():
    converse = call("bedrock-runtime", "Converse", inferenceConfig={"maxTokens": 300})
    before = Drawn(("bedrock:InvokeModel",), {}, asked(converse, 1))
    usage = {"usage": {"inputTokens": 10, "outputTokens": 20, "totalTokens": 30}}
    assert before.answered(converse.changed(result=usage), {}, 1).amounts["tokens"] == 30
    counts = {"x-amzn-bedrock-input-token-count": "4", "x-amzn-bedrock-output-token-count": "5"}
    assert before.answered(converse, counts, 1).amounts["tokens"] == 9
    assert before.answered(converse, {}, 1).amounts["tokens"] == 300
    failed = converse.changed(error=Error(code="Throttling"))
    assert before.answered(failed, {}, 1).amounts["tokens"] == 0
    assert json.dumps(dict(before.amounts))
