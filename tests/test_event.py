"""What is kept of a call, and the two shapes it is shown in."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.aws.call import Blob, EventStream, Map
from apitrail.errors import FormatError
from apitrail.event import (
    FACETS,
    ORDER,
    Answered,
    Asked,
    CallFacts,
    Event,
    Fault,
    Http,
    Resource,
    Run,
    What,
    Who,
    load,
    plain,
    record_of,
)

RECORD = {
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
    "eventID": "11111111-2222-4333-8444-555555555555",
}


def part(*names):
    return {name: RECORD[name] for name in names}


def event(**asked):
    return Event(
        who=Who(
            record=part("userIdentity", "sourceIPAddress", "userAgent"),
            identity={"type": "IAMUser", "known": "learned"},
            run=Run(id="r1"),
        ),
        what=What(
            record=part(
                "eventVersion", "eventTime", "eventSource", "eventName", "errorCode", "eventID"
            ),
            call=CallFacts(
                service="iam", operation="CreateUser", started=1795330234000,
                ended=1795330234123, status=409, error="EntityAlreadyExistsException",
            ),
            resources=(Resource(name="Mary", type="AWS::IAM::User"),),
        ),
        request=Asked(
            record=part("requestParameters"),
            http=Http(method="POST", headers=(("X-Odd", "\u00ff"),)),
            **{"parameters": {"UserName": "Mary"}, **asked},
        ),
        response=Answered(
            record=part("errorMessage", "responseElements"),
            error=Fault(
                code="EntityAlreadyExists", message="exists", shape="EntityAlreadyExistsException"
            ),
        ),
        request_body=b"Action=CreateUser&UserName=Mary",
    )  # fmt: skip


def test_the_record_comes_back_whole_and_in_cloudtrails_order():
    record = event().record()
    assert record == RECORD
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


@given(st.text(), st.floats(), st.binary(), st.text(), st.integers())
def test_whatever_was_decoded_is_json(name, number, blob, message, large):
    parameters = plain({name: number, "b": [blob, Map({name: message})], "c": large})
    facets = event(parameters=parameters).facets()
    assert Event.parse(facets).request.parameters == json.loads(facets["request"])["parameters"]
    assert json.loads(facets["request"])["parameters"].keys() == {name, "b", "c"}


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\U0001f600", "\0"])
def test_half_a_surrogate_pair_is_kept_as_it_came(text):
    assert Event.parse(event(parameters={"t": text}).facets()).request.parameters == {"t": text}


def test_members_of_a_newer_version_are_kept():
    content = json.loads(event().facets()["what"]) | {"of_tomorrow": [1]}
    content["call"]["weather"] = "fine"
    again = Event.parse({"what": json.dumps(content).encode()})
    assert json.loads(again.facets()["what"]) == content


def test_what_two_events_share_is_written_once():
    first = event()
    written = first.facets()
    second = replace(first, response=Answered())
    known = {tag: (getattr(first, tag), written[tag]) for tag in FACETS if tag in written}
    facets = second.facets(known)
    assert facets["request"] is written["request"]
    assert facets == second.facets()
    assert facets["response"] != written["response"]


def test_a_record_is_read_alone_as_with_the_whole_event():
    facets = event().facets()
    for left_out in ((), ("who",), ("response",), ("request", "who")):
        some = {tag: content for tag, content in facets.items() if tag not in left_out}
        assert record_of(some) == Event.parse(some).record()
        assert list(record_of(some)) == list(Event.parse(some).record())


@pytest.mark.parametrize("facet", [b"[]", b'{"record":[]}', b"{", b"null"])
def test_what_holds_no_record_is_malformed(facet):
    with pytest.raises(FormatError):
        record_of({"what": facet})


@pytest.mark.parametrize(
    "text",
    [
        "0", "-0", "1.5", "1e5", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
        "1e400", "-1e400", "123456789012345678", "12345678901234567890.5", "NaN", "1" * 4000, '"\\ud800"',
        '{"a":1,"a":2}', '[[[]]]', '"\u00e9\u2028"', '"' + "9" * 40 + '"',
    ],
)  # fmt: skip
def test_a_facet_is_read_as_json_is(text):
    read, wanted = load(text.encode()), json.loads(text)
    assert (repr(read), type(read)) == (repr(wanted), type(wanted))
