"""Results out of JSON and CBOR."""

from __future__ import annotations

import json

from apitrail.aws.call import Map
from aws import answers
from aws.responses import parse


def test_maps_are_told_from_structures():
    body = {"Item": {"k": {"M": {"inner": {"B": "AAE="}}}}}
    result = parse("dynamodb", 200, json.dumps(body)).result
    assert type(result["Item"]) is Map
    assert type(result["Item"]["k"]) is dict
    assert type(result["Item"]["k"]["M"]) is Map
    assert result["Item"]["k"]["M"]["inner"] == {"B": b"\x00\x01"}


def test_member_that_the_model_does_not_have_is_kept_with_a_doubt():
    call = parse("secret", 200, '{"Name": "n", "Novel": {"a": 1}, "__type": "x"}')
    assert call.result == {"Name": "n", "Novel": {"a": 1}}
    assert call.problems == ("unknown member 'Novel' in the response",)


def test_null_is_absent_but_stays_in_lists_and_maps():
    body = {"Configuration": None, "Tags": {"a": None}}
    assert parse("lambda", 200, json.dumps(body)).result == {"Tags": {"a": None}}


def test_kinesis_may_answer_in_cbor():
    tree = {"Records": [{"Data": b"\x00\xff", "PartitionKey": "p"}], "MillisBehindLatest": 0}
    call = parse(
        "records", 200, answers.plain_cbor(tree), ("Content-Type", "application/x-amz-cbor-1.1")
    )
    assert call.result == tree
    assert call.problems == ()
