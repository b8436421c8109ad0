"""What is kept of a call, and the two shapes it is shown in."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.aws.call import Blob, Call, Error, EventStream, Map
from apitrail.errors import FormatError
from apitrail.event import ORDER, Event, Resource, Run, plain
from apitrail.exchange import Body, Exchange, Request, Response
from apitrail.recording.describing import Description, describe

EXCHANGE = Exchange(
    id="11111111-2222-4333-8444-555555555555",
    started=1795330234000,
    ended=1795330234123,
    client="10.0.0.7",
    upstream="https://iam.amazonaws.com:443",
    request=Request(
        method="POST",
        scheme="https",
        host="iam.amazonaws.com",
        target="/",
        http_version="HTTP/1.1",
        headers=(("Host", "iam.amazonaws.com"), ("X-Odd", "ÿ")),
        body=Body.of(b"Action=CreateUser&UserName=Mary"),
    ),
    response=Response(
        status=409, http_version="HTTP/1.1", headers=(), body=Body.of(b"<ErrorResponse/>")
    ),
)
CALL = Call(
    service="iam",
    operation="CreateUser",
    region="us-east-1",
    parameters={"UserName": "Mary"},
    error=Error(code="EntityAlreadyExists", message="exists", shape="EntityAlreadyExistsException"),
    problems=("a doubt",),
)
ABOUT = Description(
    record={
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accessKeyId": "AKIA1"},
        "eventTime": "2026-11-22T06:10:34Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "sourceIPAddress": "10.0.0.7",
        "userAgent": "aws-cli",
        "errorCode": "EntityAlreadyExistsException",
        "errorMessage": "exists",
        "requestParameters": {"userName": "Mary"},
        "responseElements": None,
        "eventID": EXCHANGE.id,
    },
    identity={"type": "IAMUser", "known": "learned"},
    resources=(Resource(name="Mary", type="AWS::IAM::User"),),
    error="EntityAlreadyExistsException",
    run=Run(id="r1"),
)


def event():
    return describe(EXCHANGE, CALL, ABOUT)


def test_the_record_comes_back_whole_and_in_cloudtrails_order():
    record = event().record()
    assert record == ABOUT.record
    assert list(record) == [name for name in ORDER if name in record]


def test_facets_and_event_are_inverses():
    assert Event.parse(event().facets()) == event()


def test_each_facet_holds_its_part_alone():
    facets = {tag: content.decode("latin-1") for tag, content in event().facets().items()}
    assert "AKIA1" in facets["who"]
    assert not any("AKIA1" in facets[tag] for tag in facets if tag != "who")
    assert "EntityAlreadyExistsException" in facets["what"]
    assert "EntityAlreadyExistsException" not in facets["request"]
    assert facets["reqbody"] == "Action=CreateUser&UserName=Mary"


def test_the_botocore_shape_keeps_the_models_words():
    call = event().botocore()
    assert call["parameters"] == {"UserName": "Mary"}
    assert call["error"] == {
        "code": "EntityAlreadyExists",
        "message": "exists",
        "shape": "EntityAlreadyExistsException",
    }
    assert call["eventTime"] == "2026-11-22T06:50:34.123Z"
    assert call["accessKeyId"] == "AKIA1"
    assert call["identity"]["known"] == "learned"


def test_an_erased_facet_leaves_the_rest_readable():
    facets = event().facets()
    del facets["who"], facets["request"]
    left = Event.parse(facets)
    assert left.record()["eventName"] == "CreateUser"
    assert "userIdentity" not in left.record()
    assert left.botocore()["parameters"] is None


def test_native_values_as_json():
    assert plain(
        {
            "blob": b"\x00\xff",
            "time": datetime(2026, 11, 23, tzinfo=UTC),
            "nan": math.nan,
            "map": Map(a=[1, 2.5, None, True]),
            "body": Blob(length=3, sha256=bytes(32)),
            "events": EventStream(counts=Map(Records=2)),
        }
    ) == {
        "blob": "AP8=",
        "time": "2026-11-23T00:00:00Z",
        "nan": "nan",
        "map": {"a": [1, 2.5, None, True]},
        "body": {"length": 3, "sha256": "0" * 64},
        "events": {"events": {"Records": 2}},
    }


@pytest.mark.parametrize("content", [b"{", b"1", b'"x"', b"\xff", b"[" * 100_000])
def test_a_facet_that_is_no_object_is_refused(content):
    with pytest.raises(FormatError):
        Event.parse({"what": content})


@given(st.text(), st.floats(), st.binary(), st.text())
def test_whatever_was_decoded_is_json(name, number, blob, message):
    call = Call(parameters={name: number, "b": [blob, Map({name: message})]})
    facets = describe(EXCHANGE, call, ABOUT).facets()
    assert json.loads(facets["request"])["parameters"].keys() == {name, "b"}
