"""Members of REST requests, from every place on the wire."""

from __future__ import annotations

import pytest

from aws.requests import decoded, request


@pytest.mark.parametrize(
    ("target", "body", "parameters"),
    [
        ("/bucket?logging", b"<BucketLoggingStatus/>", {"BucketLoggingStatus": {}}),
        (
            "/bucket?notification",
            b"<NotificationConfiguration/>",
            {"NotificationConfiguration": {}},
        ),
        ("/bucket?tagging", b"<Tagging><TagSet/></Tagging>", {"Tagging": {"TagSet": []}}),
        (
            "/bucket?accelerate",
            b"<AccelerateConfiguration><Status/></AccelerateConfiguration>",
            {"AccelerateConfiguration": {"Status": ""}},
        ),
    ],
)
def test_an_empty_element_says_something(target, body, parameters):
    found = decoded(request("PUT", target, body=body, service="s3"))

    assert found.parameters == {"Bucket": "bucket"} | parameters


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (b'{"attributePayload": {}}', {"attributePayload": {}}),
        (b'{"attributePayload": {"attributes": {}}}', {"attributePayload": {"attributes": {}}}),
        (b'{"billingGroupName": ""}', {"billingGroupName": ""}),
        (b"{}", {}),
    ],
)
def test_an_empty_object_says_something(body, parameters):
    found = decoded(request("POST", "/things/t", body=body, service="iot"))

    assert found.parameters == {"thingName": "t"} | parameters


def test_an_empty_header_says_something():
    found = decoded(request("PUT", "/bucket/k", ("Content-Encoding", ""), service="s3"))

    assert found.parameters["ContentEncoding"] == ""


def test_what_is_required_and_missing_is_doubted():
    found = decoded(request("POST", "/bucket/k", service="s3"))

    assert found.problems == ("required 'UploadId' is missing",)
