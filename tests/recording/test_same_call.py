"""Two requests make the same call where all that matters is the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.exchange import EMPTY, Request
from apitrail.recording.same_call import same_call

REQUEST = Request(
    method="POST", scheme="https", host="ec2.eu-west-1.amazonaws.com", target="/",
    http_version="HTTP/1.1", headers=(("Content-Length", "5"),), body=EMPTY,
)  # fmt: skip
RUN = Call(
    service="ec2", operation="RunInstances", region="eu-west-1",
    parameters={"MaxCount": 1, "ClientToken": "11111111-2222-3333-4444-555555555555"},
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _models():
    decode.prepare()


def of(call=RUN, who="mary", operator=None, request=REQUEST, *, streamed=False):
    digest = lambda data: hashlib.sha256(data).digest()  # noqa: E731
    return same_call(request, call, who, operator, digest, streamed=streamed)


def changed(**parameters):
    return replace(RUN, parameters=RUN.parameters | parameters)


def test_an_idempotency_token_is_made_anew_for_each_attempt():
    assert of(changed(ClientToken="66666666-2222-3333-4444-555555555555")) == of()


@pytest.mark.parametrize(
    "other",
    [
        {"call": changed(MaxCount=2)}, {"call": replace(RUN, region="us-east-1")},
        {"call": replace(RUN, operation="StopInstances")}, {"who": "bob"}, {"operator": "ci"},
        {"request": replace(REQUEST, host="localhost")},
    ],
)  # fmt: skip
def test_anything_else_makes_it_another_call(other):
    assert of(**other) != of()


def test_a_body_that_is_yet_to_come_is_told_by_its_headers():
    longer = replace(REQUEST, headers=(("Content-Length", "6"),))
    assert of(request=longer) == of()
    assert of(request=longer, streamed=True) != of(streamed=True)


def test_an_operation_without_a_model_is_compared_whole():
    call = replace(RUN, service="nothing", operation="Nothing")
    assert of(call) == of(call)
    assert of(call) != of(replace(call, parameters={}))
