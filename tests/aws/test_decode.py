"""Requests that today's botocore does not send, or sends in ways of its own."""

from __future__ import annotations

import pytest

from apitrail.aws import decode
from apitrail.aws.sign import auth
from aws.requests import FORM, call, named, request
from aws.wire import Wire


def test_action_may_stand_in_the_url():
    target = (
        "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAQYLPMN5HFIQR7XYA%2F20260101%2Fus-east-1%2Fsts%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )

    found = call("GET", target, host="sts.us-east-1.amazonaws.com")

    assert named(found) == ("sts", "GetCallerIdentity")
    assert (found.region, found.parameters, found.problems) == ("us-east-1", {}, ())


def test_targets_are_not_case_sensitive():
    found = call(
        "POST", "/", ("x-amz-target", "dynamodb_20120810.getitem"), body=b"{}", service="dynamodb"
    )

    assert named(found) == ("dynamodb", "GetItem")


def test_a_form_that_is_uploaded_is_an_object():
    found = call("PUT", "/b/k", FORM, body=b"Action=CreateUser&UserName=x", service="s3")

    assert named(found) == ("s3", "PutObject")


@pytest.mark.parametrize(("version", "region"), [("s3v4", "eu-west-1"), ("s3", None)])
def test_presigned_url_keeps_the_operation_s_own_query(version, region):
    wire = Wire()
    url = wire.client("s3", config={"signature_version": version}).generate_presigned_url(
        "get_object", {"Bucket": "my-bucket", "Key": "k", "VersionId": "v"}, ExpiresIn=60
    )
    host, _, target = url.partition("://")[2].partition("/")

    found = call("GET", "/" + target, host=host)

    assert named(found) == ("s3", "GetObject")
    assert found.parameters == {"Bucket": "my-bucket", "Key": "k", "VersionId": "v"}
    assert (found.region, found.problems) == (region, ())


def test_presigned_url_may_hold_headers():
    target = (
        "/k?x-amz-acl=private&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAQYLPMN5HFIQR7XYA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )

    assert call("PUT", target, host="b.s3.amazonaws.com").parameters["ACL"] == "private"


def test_a_customer_s_own_api_is_invoked():
    found = call(
        "GET",
        "/prod/pets",
        host="abc123.execute-api.eu-west-1.amazonaws.com",
        service="execute-api",
    )

    assert named(found) == ("execute-api", "Invoke")
    assert found.region == "eu-west-1"


def test_needs_names_what_must_be_loaded_first():
    made = request("GET", "/v2/apis", service="apigateway")
    credential = auth.read(made)
    route = decode.route(made, credential)
    while need := decode.needs(route):
        decode.prepare(need)

    assert decode.needs(route) is None
    assert decode.request(made, credential, route).operation == "GetApis"


def starved(*_args, **_named):
    raise MemoryError


@pytest.mark.parametrize("stage", ["find.find", "_read", "held.longest"])
def test_a_request_is_not_doubted_for_want_of_memory(monkeypatch, stage):
    made = request("POST", "/", FORM, body=b"Action=GetUser", service="iam")
    credential = auth.read(made)
    found = decode.route(made, credential)
    monkeypatch.setattr(f"apitrail.aws.decode.{stage}", starved)

    with pytest.raises(MemoryError):
        _ = decode.request(made, credential), decode.holds(made, found)


def test_an_encoded_slash_after_a_bucket_may_begin_a_key():
    found = call("GET", "/films%2Fa.jpg", service="s3")
    assert found.problems == ("an encoded slash in the bucket's name",)
    assert call("GET", "/films/a%2Fb.jpg", service="s3").problems == ()
