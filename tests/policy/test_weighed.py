"""Whatever is left out of a call's parameters, the actions that it asks for stay the same."""

from __future__ import annotations

import itertools

import pytest

from apitrail.iam.authorised import actions
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.needed import wanted
from apitrail.policy.weighed import KEYED, answered, weighed
from aws.wire import Wire
from policy.every_operation import ACCOUNT, SERVICES, SHARDS, events

STEP = 130
# Texts that spell nothing out, in the place of others.
TEXTS = (("one", "FROM other"), ("a/b c", "2026-11-27T10:00:00Z", "two"))


def asked(call, parameters):
    """What a policy names for a call with these parameters."""
    changed = call.changed(parameters=parameters)
    return wanted(changed, actions(changed, account=ACCOUNT, region=call.region))


def others(value, seen, texts):
    """The same parameters with other texts and numbers where these were left out."""
    if isinstance(value, dict):
        if not isinstance(seen, dict):
            return value
        kept = {name: others(value[name], seen[name], texts) for name in value if name in seen}
        return type(value)(kept)  # a map stays one
    if isinstance(value, list) and isinstance(seen, list):
        return [others(each, kept, texts) for each, kept in zip(value, seen, strict=True)]
    if isinstance(value, str) and seen is None:
        return next(texts)
    return value + 7 if type(value) in (int, float) and seen is True else value


def check(services, step):
    for event in events(services, step):
        call = KeptCall.parse(event.facets()).call
        if call.parameters is None:
            continue
        seen = weighed(call.service, call.parameters)
        changed = [others(call.parameters, seen, itertools.cycle(texts)) for texts in TEXTS]
        needed = asked(call, call.parameters)
        assert all(asked(call, each) == needed for each in changed), event.what


def test_what_is_left_out_of_some_operations_makes_no_difference():
    check(SERVICES[::STEP], 3)


@pytest.mark.conformance
@pytest.mark.parametrize("shard", range(6 * SHARDS))
def test_what_is_left_out_of_any_operation_makes_no_difference(shard):
    check(SERVICES[shard :: 6 * SHARDS], 1)


@pytest.mark.parametrize(
    ("service", "one", "other"),
    [
        ("dynamodb", {"Item": {"id": {"S": "1"}}}, {"Item": {"id": {"S": "2"}}}),
        ("logs", {"nextToken": "a"}, {"nextToken": "b"}),
        (
            "cloudtrail",
            {"StartTime": "2026-11-27T10:00:00Z"},
            {"StartTime": "2025-01-01T00:00:00Z"},
        ),
        ("sqs", {"Entries": [{"MessageBody": "a"}]}, {"Entries": [{"MessageBody": "b"}]}),
        ("kinesis", {"PartitionKey": "a", "Limit": 3}, {"PartitionKey": "b", "Limit": 4}),
    ],
)
def test_calls_on_other_data_are_alike(service, one, other):
    assert weighed(service, one) == weighed(service, other)


@pytest.mark.parametrize(
    ("service", "one", "other"),
    [
        ("sns", {"Message": "a"}, {"Message": "arn:aws:s3:::b"}),
        ("ec2", {"Message": "a"}, {"Message": "i-0123456789abcdef0"}),
        ("s3", {"MaxKeys": 1}, {"MaxKeys": 2}),
        ("ec2", {"Count": 0}, {"Count": 1}),
        (
            "rds",
            {"Tags": [{"Key": "Subject", "Value": "a"}]},
            {"Tags": [{"Key": "Subject", "Value": "b"}]},
        ),
        ("lambda", {"Tags": {"Subject": "a"}}, {"Tags": {"Subject": "b"}}),
        ("dynamodb", {"RequestItems": {"Item": {}}}, {"RequestItems": {"Keys": {}}}),
        ("x", {"RunTime": "python"}, {"RunTime": "node"}),
    ],
)
def test_calls_that_may_ask_for_something_else_are_not(service, one, other):
    assert weighed(service, one) != weighed(service, other)


def test_of_an_answer_the_keys_of_kms_count():
    assert answered({"ETag": "x", "SSEKMSKeyId": "k"}) == {"SSEKMSKeyId": "k"}
    assert answered({"ETag": "x"}) is answered(None) is None


@pytest.mark.conformance
def test_answers_of_other_services_name_no_key_of_kms():
    session, found = Wire().session, set()
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            shape = model.operation_model(name).output_shape
            if any("kms" in member.lower() for member in getattr(shape, "members", ())):
                found.add(service)
    assert found - {"kms"} == KEYED


@pytest.mark.parametrize("service", ["s3", "lambda", "frauddetector"])
def test_services_whose_answers_may_name_a_key_are_known(service):
    assert service in KEYED
