"""Refusals in the shapes that SDKs parse."""

from __future__ import annotations

import pytest
from botocore import parsers
from botocore.loaders import Loader
from botocore.model import ServiceModel

from apitrail.recording import refusal

REASON = 'the disk <is> full & "more"'
SCOPE = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/{}/aws4_request, SignedHeaders=host"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}

REQUESTS = {
    "dynamodb": {"x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0"},
    "sts": FORM,
    "ec2": FORM,
    "s3": {},
    "route53": {},
    "cloudfront": {"content-type": "text/xml"},
    "lambda": {},
    "arc-region-switch": {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"},
}  # fmt: skip


def parsed(service, answer):
    status, headers, body = answer
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    protocol = "smithy-rpc-v2-cbor" if service == "arc-region-switch" else model.protocol
    parser = parsers.create_parser(protocol)
    fields = {name.lower(): value for name, value in headers.items()}
    return parser.parse(
        {"status_code": status, "headers": fields, "body": body},
        model.operation_model(model.operation_names[0]).output_shape,
    )


@pytest.mark.parametrize("service", REQUESTS)
def test_sdks_read_why_a_call_was_not_sent(service):
    headers = {**REQUESTS[service], "authorization": SCOPE.format(service)}
    answer = parsed(service, refusal.refuse(headers, REASON, "id-1"))
    assert answer["Error"]["Code"] == "ServiceUnavailable"
    assert answer["Error"]["Message"].endswith(REASON)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["ResponseMetadata"]["RequestId"] == "id-1"


@pytest.mark.parametrize("service", REQUESTS)
def test_sdks_read_that_a_signature_is_wrong(service):
    headers = {**REQUESTS[service], "authorization": SCOPE.format(service)}
    answer = parsed(service, refusal.reject(headers, REASON, "id-1"))
    assert answer["Error"]["Code"] in ("SignatureDoesNotMatch", "InvalidSignatureException")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_request_that_says_nothing_gets_json():
    assert refusal.refuse({}, "x", "id")[2].startswith(b"{")


@pytest.mark.parametrize("service", REQUESTS)
def test_a_guard_denies_in_the_words_of_the_service(service):
    headers = REQUESTS[service]
    if "smithy-protocol" not in headers and "x-amz-target" not in headers:
        headers = headers | {"authorization": SCOPE.format(service)}
    status, *_ = answer = refusal.deny(headers, REASON, "id-1")
    error = parsed(service, answer)["Error"]
    assert status == 403
    assert error["Code"] in ("AccessDenied", "AccessDeniedException")
    assert error["Message"] == REASON
