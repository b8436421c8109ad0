"""Calls are told alike by their bytes, and never where something that matters differs."""

from __future__ import annotations

import orjson
import pytest

from apitrail.policy import alike

WHAT = {
    "record": {"eventID": "1"},
    "call": {"service": "s3", "operation": "GetObject", "started": 1, "ended": 2, "status": 200},
    "resources": [],
}
REQUEST = {"record": {}, "parameters": {"Bucket": "b"}, "http": {"method": "GET"}}


def facets(what=WHAT, request=REQUEST, **others):
    return {"what": orjson.dumps(what), "request": orjson.dumps(request), **others}


def call(**facts):
    return {**WHAT, "call": {**WHAT["call"], **facts}}


@pytest.mark.parametrize(
    "other",
    [
        facets({**WHAT, "record": {"eventID": "2"}}),
        facets(call(started=7, ended=8)),
        facets(request={**REQUEST, "http": {"method": "PUT"}}),
        facets(response=b'{"result":{"ETag":"x"}}'),
    ],
)
def test_ids_times_and_http_make_no_difference(other):
    assert alike.same(facets()) == alike.same(other)


@pytest.mark.parametrize(
    "other",
    [
        facets(call(operation="PutObject")),
        facets(call(started="late")),
        facets(call(status=403)),
        facets({**WHAT, "standIn": True}),
        facets(request={**REQUEST, "parameters": {"Bucket": "c"}}),
        facets(request={"parameters": {"a": 1, "http": {"b": 2}}}),
        facets(who=b"{}"),
        {},
    ],
)
def test_all_else_does(other):
    assert alike.same(facets()) != alike.same(other)


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        {"record": {"requestParameters": {"parameters": {"x": 1}}}, "parameters": {"Bucket": "b"}},
        {"record": {"x": '"parameters":{"Bucket":"c"}}'}, "parameters": {"Bucket": "b"}},
        {"parameters": {"Bucket": "b"}},
    ],
)
def test_the_parameters_are_those_of_the_request(request_):
    assert alike.parameters(facets(request=request_)) == {"Bucket": "b"}


def test_parameters_inside_others_are_not_taken_for_them():
    asked = {"record": {"parameters": {"Bucket": "c"}, "z": 1}, "http": {}}
    assert alike.parameters(facets(request=asked)) is None
    assert alike.parameters({}) is None


def test_a_call_is_read_without_its_record():
    assert alike.what(facets()) == {"call": WHAT["call"], "resources": []}
    nested = {"record": {"call": {"service": "x"}}, "call": {"service": "s3"}}
    assert alike.what(facets(nested))["call"] == {"service": "s3"}


def test_the_service_is_told_where_it_is_written_as_usual():
    assert alike.service(alike.same(facets())) == "s3"
    other = {**WHAT, "call": {"operation": "GetObject", "service": "s3"}}
    assert alike.service(alike.same(facets(other))) is alike.service(alike.same({})) is None
