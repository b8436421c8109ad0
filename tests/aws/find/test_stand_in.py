"""What is a stand-in's own, and what only looks like it."""

from __future__ import annotations

import pytest

from aws.requests import decoded, request


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_localstack/health"),
        ("POST", "/_localstack/state/reset"),
        ("GET", "/_aws/sqs/messages?QueueUrl=q"),
        ("POST", "/moto-api/reset"),
        ("GET", "/moto-api/data.json"),
        ("GET", "/moto-api/"),
        ("GET", "/minio/health/live"),
        ("GET", "/minio/v2/metrics/cluster"),
    ],
)
def test_its_own_endpoints_are_no_calls_to_aws(method, path):
    found = decoded(request(method, path))

    assert found.stand_in
    assert (found.service, found.operation, found.problems) == (None, None, ())


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/minio/key", {}),
        ("/minio/health/live", {"service": "s3"}),
        ("/moto-api/key", {}),
        ("/minio/health/live", {"host": "s3.eu-west-1.amazonaws.com"}),
    ],
)
def test_buckets_may_have_such_names(path, options):
    found = decoded(request("GET", path, **options))

    assert not found.stand_in
    assert (found.service, found.operation) == ("s3", "GetObject")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/_health/x"),
        ("GET", "/Health"),
        ("GET", "/ab"),
        ("POST", "/bucket/key"),
        ("GET", "/10.0.0.1/x"),
    ],
)
def test_unsigned_requests_that_nothing_says_s3_of_are_no_one_s(method, path):
    found = decoded(request(method, path))

    assert found.operation is None
    assert found.problems == ("no operation fits",)


def test_a_bucket_and_a_key_say_s3():
    found = decoded(request("GET", "/my-bucket/a/b"))

    assert (found.operation, found.parameters) == (
        "GetObject",
        {"Bucket": "my-bucket", "Key": "a/b"},
    )


def test_a_signed_call_without_a_required_key_is_doubted():
    found = decoded(request("POST", "/my-bucket/k", service="s3"))

    assert found.problems == ("required 'UploadId' is missing",)
